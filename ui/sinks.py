"""Sinks: which paths the application answers, by what, and for whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from falcon import HTTPNotFound
from falcon.asgi import App, Request, Response
from falcon.asgi.ws import WebSocket

from ..blobstore.handlers import rights
from ..blobstore.handlers.answers import answer_text, unauthorized
from ..blobstore.handlers.auth import Auth

Answer: TypeAlias = Callable[[Request, Response, str], Awaitable[None]]
"""Answers a request; the text is what the pattern of its path calls `rest`, else empty."""


def add_sink(app: App[Any, Any], pattern: str, answer: Answer, *, auth: Auth | None = None) -> None:
    """Let `app` answer requests for paths whose beginning the regular expression `pattern` fits.

    Websockets find nothing there. With `auth` it is for who has all rights, otherwise for all.
    """

    # falcon hands a sink the websocket only if it has an argument of that name.
    async def sink(
        req: Request, resp: Response | None, ws: WebSocket | None = None, **params: Any
    ) -> None:
        if ws is not None or resp is None:
            raise HTTPNotFound
        if auth is not None and not rights.allows(auth.rights_of(req.scope), rights.ALL):
            unauthorized(resp)
        else:
            await answer(req, resp, params.get("rest", ""))

    app.add_sink(sink, pattern)


def only_reads(req: Request, resp: Response) -> bool:
    """Whether a request is GET or HEAD. If not, it is answered."""
    if req.method in ("GET", "HEAD"):
        return True
    answer_text(resp, "only GET\n", status=405)
    resp.set_header("allow", "GET, HEAD")
    return False
