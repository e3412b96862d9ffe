"""The cookie that says whose session a request belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from falcon.asgi import Response

from ...blobstore.handlers.origin import is_https

if TYPE_CHECKING:
    from ...blobstore.handlers.auth import Scope

SECURE_PREFIX = "__Host-"
"""A browser takes a cookie of such a name only by HTTPS, from the host itself (RFC 6265bis)."""

MAX_AGE = 365 * 24 * 3600
"""Seconds a browser keeps it; the server may be done with it long before."""

_MOST_TRIED = 8


def cookie_values(scope: Scope, name: str) -> Iterator[str]:
    """What a request has under that name, or its secure form if it came by HTTPS.

    More than one is somebody else's doing: another host of the same domain, or another path.
    Only a few are given.
    """
    wanted = _full_name(name, scope)
    found = 0
    for header, value in scope["headers"]:
        if header != b"cookie":
            continue
        for pair in value.decode("latin-1").split(";"):
            key, _, text = pair.strip().partition("=")
            if key == wanted and found < _MOST_TRIED:
                found += 1
                yield text


def set_cookie(resp: Response, scope: Scope, name: str, value: str) -> None:
    _set(resp, scope, name, value, MAX_AGE)


def clear_cookie(resp: Response, scope: Scope, name: str) -> None:
    _set(resp, scope, name, "", 0)


def _set(resp: Response, scope: Scope, name: str, value: str, age: int) -> None:
    secure = "; Secure" if is_https(scope) else ""
    # No Domain: it goes to this host only. Strict: no link or form elsewhere brings it along.
    resp.append_header(
        "set-cookie",
        f"{_full_name(name, scope)}={value}; Path=/; Max-Age={age}; HttpOnly; "
        f"SameSite=Strict{secure}",
    )


def _full_name(name: str, scope: Scope) -> str:
    return SECURE_PREFIX + name if is_https(scope) else name
