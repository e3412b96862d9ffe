"""Passes: cookies that say of a visitor what the server has seen, each good for one share."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ...blobstore.handlers.auth import Scope
from ...blobstore.handlers.origin import is_https
from ...blobstore.ref import Ref

COOKIE = "holdfast_share"

SECONDS = 7 * 86400
"""How long a pass is good for."""

_WRITTEN = re.compile(r"([pv])\.([0-9]{1,12})\.([0-9a-f]{32})\.([0-9a-f]{64})", re.ASCII)


class Pass(NamedTuple):
    """What a cookie says of who sends it."""

    visitor: str
    """A name that nobody else has."""
    knows_password: bool


class Passes:
    """Makes and reads passes. Nobody else can make one without the secret."""

    def __init__(self, secret: bytes, *, now: Callable[[], float]) -> None:
        """`now` gives seconds since 1970."""
        self._secret = secret
        self._now = now

    def new(self, share: Ref, *, knows_password: bool, visitor: str = "") -> str:
        """The text of a pass for a share, for a visitor who has been here, or a new one."""
        kind = "p" if knows_password else "v"
        text = f"{kind}.{int(self._now())}.{visitor or secrets.token_hex(16)}"
        return f"{text}.{self._mark(share, text)}"

    def read(self, share: Ref, text: str) -> Pass | None:
        """What a pass for this share says; None for what is none, or too old."""
        match = _WRITTEN.fullmatch(text)
        if match is None:
            return None
        kind, issued, visitor, mark = match.groups()
        if not hmac.compare_digest(mark, self._mark(share, text.rpartition(".")[0])):
            return None
        if not 0 <= self._now() - int(issued) < SECONDS:
            return None
        return Pass(visitor, knows_password=kind == "p")

    def _mark(self, share: Ref, text: str) -> str:
        # The share's ref covers its password: another one is another share.
        said = f"holdfast share pass\n{share}\n{text}".encode()
        return hmac.new(self._secret, said, hashlib.sha256).hexdigest()


def shown_passes(scope: Scope) -> Iterator[str]:
    """The texts of the passes that a request shows."""
    for header, value in scope["headers"]:
        if header == b"cookie":
            for pair in value.decode("latin-1").split(";"):
                name, _, text = pair.strip().partition("=")
                if name == COOKIE:
                    yield text


def pass_header(scope: Scope, share: Ref, text: str) -> str:
    """The `Set-Cookie` header that has a browser show a pass to this share, and nowhere else."""
    secure = "; Secure" if is_https(scope) else ""
    path = f"/share/{share}"
    return f"{COOKIE}={text}; Path={path}; Max-Age={SECONDS}; HttpOnly; SameSite=Lax{secure}"
