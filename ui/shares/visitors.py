"""Visitors: where a request comes from, and whether a person is to look at the answer."""

from __future__ import annotations

import hashlib

from falcon.asgi import Request

from ...blobstore.handlers.auth import Scope, peer_of
from ...blobstore.handlers.peers import is_loopback
from ...blobstore.ref import Ref


def address_of(scope: Scope) -> str:
    """The address that a visitor's doings are counted under.

    Of what comes from this machine it is the one that a proxy on it has named, as proxies add it
    at the end of `X-Forwarded-For`: or all visitors would be one.
    """
    address = peer_of(scope).address
    if address and not is_loopback(address):
        return address
    named = b""
    for name, value in scope["headers"]:
        if name == b"x-forwarded-for":
            named = value.rpartition(b",")[2].strip()
    return named.decode("latin-1")[:100] or address


def guessed_name(req: Request, share: Ref) -> str:
    """A name for a visitor who shows no pass: the same for one program on one machine."""
    agent = req.get_header("user-agent") or ""
    said = f"{share}\n{address_of(req.scope)}\n{agent}".encode("utf-8", "replace")
    return hashlib.sha256(said).hexdigest()[:32]


def wants_page(req: Request) -> bool:
    """Whether a person looks at the answer: browsers say so when they go somewhere."""
    return req.method in ("GET", "HEAD") and "text/html" in (req.get_header("accept") or "")
