"""The way to the login page and back: who is sent there, and where they may be sent on to."""

from __future__ import annotations

import re
from urllib.parse import quote

import falcon
from falcon.asgi import Request, Response

from ...blobstore.handlers import rights
from ...blobstore.handlers.answers import answer_bytes, unauthorized
from ...blobstore.handlers.auth import Auth, TooManyFailures

LOGIN = "/ui/login"
LOGOUT = "/ui/logout"
HOME = "/ui/"

PAGES = (HOME, "/status/", "/help/")
"""What people look at is below these."""

MOST_LETTERS = 2000

# One slash and no second one, nor a backslash, which browsers take for one: `//evil.example` is
# another host. White space and control characters browsers leave out before they look.
_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def local_path(text: str) -> str:
    """Where to go on to: `text` if that is a path of this server, else the first page."""
    path, _, _ = re.split("[?#]", text, maxsplit=1)[0].partition(";")
    is_fine = (
        len(text) <= MOST_LETTERS
        and _LOCAL.fullmatch(text)
        and "//" not in path
        and "/." not in path
        and path not in (LOGIN, LOGOUT)
    )
    return quote(text, safe="/?#%&=+,;:@!$'()*~[]") if is_fine else HOME


def wants_page(req: Request) -> bool:
    """Whether whoever asks is a browser that shows the answer to a person."""
    return "text/html" in (req.get_header("accept") or "")


def is_owner(auth: Auth, req: Request) -> bool:
    """Whether whoever asks has all rights; not while too many attempts have failed."""
    try:
        return rights.allows(auth.rights_of(req.scope), rights.ALL)
    except TooManyFailures:
        return False


def turn_away(auth: Auth, req: Request, resp: Response) -> None:
    """Answer a request that needs more rights than it has.

    People are sent to the login page, where there is one, and everybody else is told 401. What is
    a part of a page gets no challenge, as browsers would ask for a password for each picture.
    """
    is_page = req.path.startswith(PAGES)
    if is_page and auth.has_login and wants_page(req) and req.method in ("GET", "HEAD"):
        here = quote(req.path, safe="/:@!$'()*+,;=~") + (
            f"?{req.query_string}" if req.query_string else ""
        )
        see_other(resp, f"{LOGIN}?next={quote(here, safe='/')}")
        return
    unauthorized(resp)
    if is_page and auth.has_login and req.get_header("sec-fetch-mode") not in (None, "navigate"):
        resp.set_header("www-authenticate", "Session")
    if is_page:
        resp.set_header("cache-control", "no-store")


def see_other(resp: Response, location: str) -> None:
    """Send a browser to another page, with GET, and this time only."""
    answer_bytes(resp, b"")
    resp.status = falcon.HTTP_303
    resp.set_header("location", location)
    resp.set_header("cache-control", "no-store")
