"""The web application: everything the server answers, put together from its services."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import falcon.asgi
from falcon import HTTPError
from falcon.asgi import Request, Response

from ..blobstore.handlers import rights
from ..blobstore.handlers.answers import answer_bytes, redirect
from ..blobstore.handlers.auth import Scope, TooManyFailures
from ..blobstore.handlers.get import QuickReader
from ..blobstore.handlers.routes import ROOTS, add_routes
from .assets import add_assets, bundled
from .claims import add_claims
from .denial import Receive, Send, denial, turn_away
from .discovery import answer_discovery, is_discovery
from .errorpages import ErrorPages, OwnAnswers
from .files.routes import add_files
from .files.uploadhelper import UploadHelper
from .gallery.mounting import add_gallery
from .indexing import add_indexing
from .login.entrance import add_entrance
from .login.listing import add_session_list
from .login.way import HOME, wants_page
from .ownkey import OwnKey
from .pages import answer_page, read_templates
from .search import FEED_PATHS, add_search
from .searchfeed import MOST_TEXT
from .services import Services
from .shares.routes import add_shares
from .signing import add_signing
from .sinks import add_sink
from .status import add_status
from .thumbs.answering import add_thumbnails
from .vivifying import Vivifier

_SUBTREES = frozenset(
    [
        *(root + "camli" for root in ROOTS),
        *("/status", "/help", "/sighelper", "/share", "/my-search", "/ui"),
    ]
)


class Application(falcon.asgi.App[Request, Response]):
    """The falcon application, with a short way past it for the commonest request."""

    def __init__(self, services: Services) -> None:
        super().__init__(middleware=[_CleanPaths(), OwnAnswers(services), UploadHelper(services)])
        self._auth = services.auth
        self._feeds = FEED_PATHS if services.searches is not None else frozenset[str]()
        self._quick = QuickReader(services.blobs)

    async def __call__(  # type: ignore[override]  # as falcon's own
        self, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        if scope["type"] == "websocket" and scope["path"] in self._feeds:
            answer = denial(self._auth, scope)
            if answer is not None:
                await turn_away(answer, scope, receive, send)
                return
        await super().__call__(scope, receive, send)

    def most_text(self, path: str) -> int:
        """Bytes a text message of the websocket there may have; 0 where messages are binary."""
        return MOST_TEXT if path in self._feeds else 0

    def answer_now(self, scope: Scope) -> tuple[int, bytes] | None:
        """A status, and the header lines and body to go with it, if they are to be had at once.

        The server's connections ask this about every GET without a body, before anything else.
        """
        root, found, name = scope["path"].partition("camli/")
        if not found or root not in ROOTS:
            return None
        try:
            has = self._auth.rights_of(scope)
        except TooManyFailures:
            return None
        return self._quick.answer(name, scope["headers"]) if has & rights.GET else None


class _CleanPaths:
    """Sends `//`, `/./` and `/../` to the path they mean, and folders to their final slash."""

    async def process_request(self, req: Request, resp: Response) -> None:
        path = req.scope["path"]
        clean = _clean(path)
        if clean in _SUBTREES:
            clean += "/"
        if clean != path:
            location = quote(clean, safe="/!$&'()*+,;=:@~<>")
            redirect(resp, location + (f"?{req.query_string}" if req.query_string else ""))
            resp.complete = True


def _clean(path: str) -> str:
    if "//" not in path and "/." not in path and path.startswith("/"):
        return path
    clean = posixpath.normpath("/" + path.lstrip("/"))
    wants_slash = path.endswith(("/", "/.", "/..")) and clean != "/"
    return clean + "/" if wants_slash else clean


def create_app(services: Services) -> Application:
    """The ASGI application of one server."""
    read_templates()
    app = Application(services)
    app.req_options.strip_url_path_trailing_slash = False
    # A message may have 32 MiB: none is taken before the last one is dealt with.
    app.ws_options.max_receive_queue = 0
    errors = ErrorPages(services)
    app.add_error_handler(Exception, errors.on_error)
    app.add_error_handler(HTTPError, errors.on_http_error)

    async def root(req: Request, resp: Response, _rest: str) -> None:
        if is_discovery(req):
            answer_discovery(services, req, resp)
        elif req.path == "/" and req.method in ("GET", "HEAD"):
            resp.append_header("vary", "Accept")
            if wants_page(req):
                redirect(resp, HOME)
            else:
                answer_page(resp, "welcome.html")
        elif req.path == "/favicon.ico" and req.method in ("GET", "HEAD"):
            icon = bundled().find("icons/mark.svg")
            assert icon is not None
            answer_bytes(resp, icon.data, content_type=icon.media_type)
            resp.set_header("content-security-policy", "default-src 'none'")
        else:
            errors.answer_missing(req, resp)

    async def nothing(req: Request, resp: Response, _rest: str) -> None:
        errors.answer_missing(req, resp)

    add_sink(app, "/", root)
    # Strangers are not told what there is below it, and what not.
    add_sink(app, HOME, nothing, auth=services.auth)
    add_entrance(app, services)
    add_session_list(app, services)
    add_status(app, services)
    blobs, key = services.blobs, None
    if services.signer is not None:
        key = OwnKey(services.signer, blobs, hash_name=services.hash_name)
        blobs = replace(blobs, vivify=Vivifier(blobs, key, hash_name=services.hash_name))
    add_signing(app, services, key)
    if services.claims is not None:
        add_claims(app, services, services.claims)
        add_shares(app, services, services.claims)
    if services.index is not None:
        add_indexing(app, services, services.index)
    if services.index is not None and services.searches is not None:
        add_search(app, services, services.index, services.searches)
        add_gallery(app, services, services.index, services.searches, key)
    if services.thumbnails is not None:
        add_thumbnails(app, services.thumbnails, services.auth)
    add_files(app, services)
    add_assets(app, bundled())
    add_routes(app, blobs, services.auth)
    return app
