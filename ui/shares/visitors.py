"""Visitors: who one is taken for, and whether a person is to look at the answer."""

from __future__ import annotations

import hashlib

from falcon.asgi import Request

from ...blobstore.handlers.auth import address_of
from ...blobstore.ref import Ref


def guessed_name(req: Request, share: Ref) -> str:
    """A name for a visitor who shows no pass: the same for one program on one machine."""
    agent = req.get_header("user-agent") or ""
    said = f"{share}\n{address_of(req.scope)}\n{agent}".encode("utf-8", "replace")
    return hashlib.sha256(said).hexdigest()[:32]


def wants_page(req: Request) -> bool:
    """Whether a person looks at the answer: browsers say so when they go somewhere."""
    return req.method in ("GET", "HEAD") and "text/html" in (req.get_header("accept") or "")
