"""What pages hear while they are open: that something has changed, and how the server is.

An event stream, as browsers have them built in (HTML standard, section 9.2).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from time import monotonic
from typing import Any

from falcon.asgi import Request, Response

from ...blobstore.handlers.auth import Auth
from ...blobstore.ref import Ref
from ..hangups import gone
from .api import Refused, document_bytes
from .stamps import Stamp, Watching
from .state import State

MOST_LISTENERS = 100

INTERVAL = 0.25
"""Seconds between two changes that are told."""

LOOK_SECONDS = 1.0
"""How often is looked whether the state is another one, and whether the listener may still hear."""

HEARTBEAT_SECONDS = 20.0
"""After so long something is sent in any case."""

TYPE = "text/event-stream; charset=utf-8"

_HEARTBEAT = b":\n\n"


class Changes:
    """Tells all who listen. For one event loop.

    Of several changes only the last is told, so nothing is kept for who is slow; and who takes
    nothing at all is hung up on, as with every answer.
    """

    def __init__(
        self, watching: Watching, stamp: Stamp, state: State, auth: Auth, stopping: asyncio.Event
    ) -> None:
        """`stopping` is set when nobody should listen any longer."""
        self._watching = watching
        self._stamp = stamp
        self._state = state
        self._auth = auth
        self._stopping = stopping
        self._count = 0

    async def answer(self, req: Request, resp: Response, _rest: str) -> None:
        """Answer `GET changes`, for as long as it is listened to."""
        if self._count >= MOST_LISTENERS:
            raise Refused(
                f"{MOST_LISTENERS} pages are listening already",
                status=503,
                remedy="close some of them",
            )
        resp.content_type = TYPE
        resp.set_header("x-content-type-options", "nosniff")
        # nginx would keep events until they fill a buffer.
        resp.set_header("x-accel-buffering", "no")
        if req.method != "HEAD":
            resp.stream = self._events(req)

    async def _events(self, req: Request) -> AsyncGenerator[bytes, None]:
        news = _News()
        ends = [asyncio.ensure_future(end) for end in (gone(req), self._stopping.wait())]
        self._count += 1
        try:
            with self._watching(news.note):
                async for event in self._told(req, news, ends):
                    yield event
        finally:
            self._count -= 1
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)

    async def _told(
        self, req: Request, news: _News, ends: Iterable[asyncio.Future[Any]]
    ) -> AsyncGenerator[bytes, None]:
        stamp, state = self._stamp.text, await self._state.document()
        yield _event("change", stamp.encode()) + _event("state", document_bytes(state))
        told = beat = monotonic()
        while True:
            if not await _waited(news.event, ends, LOOK_SECONDS):
                return
            # Others may follow at once, and then one of them is enough.
            if not await _waited(None, ends, told + INTERVAL - monotonic()):
                return
            if self._auth.has_ended(req.scope):
                return
            text = b""
            news.event.clear()
            if stamp != self._stamp.text:
                stamp, told = self._stamp.text, monotonic()
                text += _event("change", stamp.encode())
            now = await self._state.document()
            if now != state:
                state = now
                text += _event("state", document_bytes(state))
            if monotonic() - beat >= HEARTBEAT_SECONDS:
                beat = monotonic()
                text = text or _HEARTBEAT
            if text:
                yield text


class _News:
    """An event that any thread can set."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def note(self, _changed: Iterable[Ref]) -> None:
        if not self.event.is_set():
            self._loop.call_soon_threadsafe(self.event.set)


async def _waited(
    news: asyncio.Event | None, ends: Iterable[asyncio.Future[Any]], seconds: float
) -> bool:
    """Wait for news, so long at most; false if it has come to an end."""
    coming = [] if news is None else [asyncio.ensure_future(news.wait())]
    try:
        await asyncio.wait(
            [*ends, *coming], timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        for one in coming:
            one.cancel()
    return not any(end.done() for end in ends)


def _event(name: str, data: bytes) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)
