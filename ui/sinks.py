"""Sinks: which paths the application answers, by what, and for whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from falcon import HTTPForbidden, HTTPNotFound
from falcon.asgi import App, Request, Response
from falcon.asgi.ws import WebSocket

from ..blobstore.handlers import rights
from ..blobstore.handlers.answers import answer_text
from ..blobstore.handlers.auth import Auth
from .login.way import turn_away

Answer: TypeAlias = Callable[[Request, Response, str], Awaitable[None]]
"""Answers a request; the text is what the pattern of its path calls `rest`, else empty."""

Feed: TypeAlias = Callable[[Request, WebSocket, str], Awaitable[None]]
"""The same for a websocket, which it accepts and serves to its end."""


def add_sink(
    app: App[Any, Any],
    pattern: str,
    answer: Answer,
    *,
    auth: Auth | None = None,
    feed: Feed | None = None,
) -> None:
    """Let `app` answer requests for paths whose beginning the regular expression `pattern` fits.

    Websockets find nothing there without a `feed`. With `auth` it is for who has all rights,
    otherwise for all.
    """

    # falcon hands a sink the websocket only if it has an argument of that name.
    async def sink(
        req: Request, resp: Response | None, ws: WebSocket | None = None, **params: Any
    ) -> None:
        may = auth is None or rights.allows(auth.rights_of(req.scope), rights.ALL)
        rest = params.get("rest", "")
        if ws is not None or resp is None:
            if ws is None or feed is None:
                raise HTTPNotFound
            if not may:
                raise HTTPForbidden
            await feed(req, ws, rest)
        elif auth is not None and not may:
            turn_away(auth, req, resp)
        else:
            await answer(req, resp, rest)

    app.add_sink(sink, pattern)


def only_reads(req: Request, resp: Response) -> bool:
    """Whether a request is GET or HEAD. If not, it is answered."""
    if req.method in ("GET", "HEAD"):
        return True
    answer_text(resp, "only GET\n", status=405)
    resp.set_header("allow", "GET, HEAD")
    return False
