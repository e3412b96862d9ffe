"""Websockets turned away by an HTTP answer that says why; the framework alone knows only 403."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from falcon.asgi import Response

from ..blobstore.handlers import rights
from ..blobstore.handlers.answers import answer_text, unauthorized
from ..blobstore.handlers.auth import Auth, Scope, TooManyFailures
from ..blobstore.handlers.problems import answer_problem

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


def denial(auth: Auth, scope: Scope) -> Response | None:
    """The answer for a websocket whose caller has not all rights, or is a stranger's page.

    None if it is welcome.
    """
    answer = Response()
    try:
        has = auth.rights_of(scope)
    except TooManyFailures as error:
        answer_problem(answer, error)
        return answer
    if not rights.allows(has, rights.ALL):
        unauthorized(answer)
        return answer
    headers = dict(scope["headers"])
    origin, host = headers.get(b"origin"), headers.get(b"host", b"")
    # A page may know the token and still be none of ours.
    if origin is not None and origin.partition(b"://")[2].lower() != host.lower():
        answer_text(answer, "the page is not of this server\n", status=403)
        return answer
    return None


async def turn_away(answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Decline a handshake with an answer, where the server in front can do that."""
    await receive()
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    start = {"type": "websocket.http.response.start", "status": answer.status_code}
    await send({**start, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": answer.data or b""})
