"""Hanging up: by callers who wait no longer, and by us where an answer cannot be finished."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

from falcon.asgi import Request

from ..blobstore.handlers.problems import ClientGone

Check: TypeAlias = Callable[[], None]
"""Raises `ClientGone` if the caller has hung up."""


class BrokenOff(ClientGone):
    """An answer whose rest cannot be read: hanging up tells so. The log knows why."""


async def gone(req: Request) -> None:
    """Return when the caller of a request whose body has been read hangs up."""
    # falcon has no word for it, but for the answers it streams by itself.
    while (await req._receive())["type"] != "http.disconnect":
        pass


@asynccontextmanager
async def listening(req: Request) -> AsyncIterator[Check]:
    """Give what tells, as long as this lasts, whether the caller still waits.

    The body must have been read, and nobody else may be receiving.
    """
    leaving = asyncio.ensure_future(gone(req))

    def check() -> None:
        if leaving.done():
            raise ClientGone("the client hung up")

    try:
        yield check
    finally:
        leaving.cancel()
        with suppress(asyncio.CancelledError):
            await leaving
