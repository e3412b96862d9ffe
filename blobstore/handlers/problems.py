"""Errors into HTTP answers: the one place that decides what a caller is told."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from falcon import HTTPError
from falcon.asgi import Request, Response
from falcon.asgi.ws import WebSocket

from ..errors import Blame, CorruptBlob, HoldfastError, StoreFull
from .answers import answer_text
from .auth import TooManyFailures

_log = logging.getLogger(__name__)


class ClientGone(OSError):
    """The peer hung up in the middle; there is nobody to answer."""


def public_text(error: Exception) -> str:
    """What a caller may know of an error: never paths or other insides of the machine."""
    if isinstance(error, CorruptBlob):
        return f"blob {error.ref} is damaged here; send it again to heal it"
    if isinstance(error, StoreFull):
        return "the server's disk is full; make room there, then send it again"
    if isinstance(error, HoldfastError) and error.blame is not Blame.STORE:
        return str(error)
    return "the server failed; its log says more"


def status_of(error: Exception) -> int:
    """The HTTP status of an error."""
    if isinstance(error, TooManyFailures):
        return 429
    if isinstance(error, HoldfastError):
        if error.blame is Blame.CALLER:
            return 400
        if error.blame is Blame.ABSENCE:
            return 404
        if isinstance(error, StoreFull):
            return 507
    return 500


def answer_problem(resp: Response, error: Exception) -> None:
    """Tell a caller what went wrong, and the log when it is not the caller's doing."""
    status = status_of(error)
    if isinstance(error, TooManyFailures):
        resp.set_header("retry-after", str(error.wait))
    if status >= 500:
        report(error)
    answer_text(resp, public_text(error) + "\n", status=status)


def report(error: Exception) -> None:
    """Put an error that is ours into the log: with its trace if nobody raised it on purpose."""
    if isinstance(error, HoldfastError):
        _log.error("%s", error)
    else:
        _log.error("unexpected %s", type(error).__name__, exc_info=error)


async def on_error(
    req: Request,  # noqa: ARG001 - falcon passes it
    resp: Response | None,
    error: Exception,
    params: dict[str, Any],  # noqa: ARG001 - falcon passes it
    ws: WebSocket | None = None,
) -> None:
    """What the application does with every error a handler lets out."""
    if isinstance(error, ClientGone):
        raise error
    if resp is not None:
        answer_problem(resp, error)
        return
    if isinstance(error, OSError):
        return  # the peer of a websocket is gone
    if status_of(error) >= 500:
        report(error)
    if ws is not None and not ws.closed:
        with suppress(OSError):
            await ws.close(1011 if status_of(error) >= 500 else 1008)


async def on_http_error(
    req: Request,  # noqa: ARG001 - falcon passes it
    resp: Response | None,
    error: HTTPError,
    params: dict[str, Any],  # noqa: ARG001 - falcon passes it
    ws: WebSocket | None = None,
) -> None:
    """What the application does with errors of the web framework itself."""
    if resp is not None:
        answer_text(resp, f"{error.title}\n", status=error.status_code)
    elif ws is not None and not ws.closed:
        with suppress(OSError):
            await ws.close(1008)
