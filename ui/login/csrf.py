"""Proof that a request comes from a page of ours, where its rights are what a browser adds.

A cookie, a remembered password and the machine it runs on count for whatever page makes the
browser ask. `Auth` lets none of it count for a page that says it is another site's. Whoever
changes something must besides name a token that only our own pages can read.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from falcon import HTTPForbidden
from falcon.asgi import Request

if TYPE_CHECKING:
    from ..services import Services

HEADER = "x-holdfast-csrf"
FIELD = "csrf"
"""Where the token stands in forms that are sent without a script."""


class Forged(HTTPForbidden):
    """A request that cannot prove that a page of ours made it."""

    def __init__(self, why: str) -> None:
        super().__init__(description=f"{why}; reload the page and try again")


class Csrf:
    """Makes and knows the tokens of one server."""

    def __init__(self, key: bytes) -> None:
        """`key` is 32 random bytes. Who keeps it keeps pages working over a restart."""
        self._key = key

    @classmethod
    def fresh(cls) -> Csrf:
        return cls(secrets.token_bytes(32))

    def token(self, session: str = "") -> str:
        """The token of a session's pages, or of all pages without one."""
        return hmac.new(self._key, f"csrf {session}".encode(), hashlib.sha256).hexdigest()


def csrf_token(services: Services, req: Request) -> str:
    """What the page that answers `req` has to name in its requests."""
    sessions = services.sessions
    return services.csrf.token(sessions.name_of(req.scope) if sessions is not None else "")


def demand_csrf(services: Services, req: Request, *, field: str = "") -> None:
    """Raises `Forged` unless a page of ours, or no page at all, sent this request.

    To be asked about every request that changes something, once its rights are known. The token
    comes in `X-Holdfast-CSRF`, or in the form's field `csrf`, given as `field`.
    """
    if services.auth.is_deliberate(req.scope):
        return
    demand_own_origin(services, req)
    given = req.get_header(HEADER) or field
    # Compared as bytes: texts that are not ASCII would be an error.
    if not hmac.compare_digest(given.encode(), csrf_token(services, req).encode()):
        raise Forged("the page is of another session, or out of date")


def demand_own_origin(services: Services, req: Request) -> None:
    """Raises `Forged` unless the request says that a page of this server made it.

    Every browser says so of what is neither GET nor HEAD (Fetch standard, section 3.2).
    """
    if req.get_header("origin") is None or services.auth.is_foreign(req.scope):
        raise Forged("this was not sent by a page of this server")
