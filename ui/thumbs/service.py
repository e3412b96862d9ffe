"""Thumbnails at work: out of memory, out of the cache, or drawn, each once whoever asks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

from ...blobstore.handlers.problems import ClientGone
from ...blobstore.handlers.service import BlobService
from ...blobstore.ref import Ref
from ...schema.filereader import FileReader
from .cache import ThumbnailCache
from .failures import Failures
from .kept import Kept, Key
from .looking import look
from .pool import Job, Pool
from .refusals import NoThumbnail, Reason
from .thumbnail import Box, Thumbnail

MEMORY = 64 * 1024 * 1024
"""Bytes of thumbnails that are kept in memory."""

PATIENCE = 120.0
"""Seconds somebody waits for a thumbnail, most of them for others' to be drawn."""

_QUIET = frozenset((Reason.NO_PICTURE, Reason.BUSY))

_log = logging.getLogger(__name__)

Gone = Callable[[], Awaitable[None]]
"""Returns when whoever asks has hung up."""


class Thumbnails:
    """The thumbnails of what is in one store. For one event loop, but for `removing`."""

    def __init__(
        self,
        blobs: BlobService,
        pool: Pool,
        cache: ThumbnailCache | None,
        *,
        memory: int = MEMORY,
        patience: float = PATIENCE,
        failures: Failures | None = None,
    ) -> None:
        """`pool` and `cache` are closed by `close`."""
        self._blobs = blobs
        self._pool = pool
        self._cache = cache
        self._kept = Kept(memory)
        self._patience = patience
        self._failures = failures or Failures()
        self._making: dict[Key, _Making] = {}
        # Of its own: what is read there is near, and must not wait behind what is far.
        self._thread = ThreadPoolExecutor(1, "thumbnail-cache")

    def at_hand(self, key: Key) -> Thumbnail | None:
        """A thumbnail, if it is in memory."""
        return self._kept.get(key)

    async def thumbnail(
        self, ref: Ref, width: int, height: int, *, gone: Gone | None = None
    ) -> Thumbnail:
        """A picture of what the file `ref` shows, at most so wide and high, upright.

        Raises `NoThumbnail`, and `ClientGone` when `gone` returns. A thumbnail that nobody waits
        for any longer is not drawn, if that is not begun.
        """
        key = Key(ref, Box.within(width, height))
        found = self._kept.get(key)
        if found is not None:
            return found
        self._failures.check(ref)
        if self._cache is not None and key not in self._making:
            found = await self._in_cache(self._cache, key)
            if found is not None:
                self._kept.put(key, found)
                return found
        making = self._making.get(key)
        if making is None:
            making = self._begin(key)
        try:
            return await making.wait(gone, self._patience)
        finally:
            if making.is_given_up:
                self._end(key, making)

    @contextmanager
    def removing(self, refs: Sequence[Ref]) -> Iterator[None]:
        """A remove hook of the hub: what is removed is not shown any longer either."""
        yield
        self._kept.forget(refs)
        if self._cache is not None:
            self._cache.forget(refs)

    def close(self) -> None:
        """End what is being drawn, at once. May take as long as a process takes to end."""
        self._pool.close()
        self._thread.shutdown()
        if self._cache is not None:
            self._cache.close()

    async def _in_cache(self, cache: ThumbnailCache, key: Key) -> Thumbnail | None:
        return await asyncio.get_running_loop().run_in_executor(self._thread, cache.get, key)

    def _begin(self, key: Key) -> _Making:
        making = self._making[key] = _Making(asyncio.ensure_future(self._made(key)))
        making.task.add_done_callback(lambda task: self._done(key, making, task))
        return making

    def _end(self, key: Key, making: _Making) -> None:
        """Let nobody join it any longer."""
        if self._making.get(key) is making:
            del self._making[key]

    async def _made(self, key: Key) -> Thumbnail:
        storage = self._blobs.hub.storage
        seen = await self._blobs.read_much(look, storage, key.ref)
        job = Job(key.ref, seen, lambda: FileReader(storage, key.ref), key.box)
        job.drawn.add_done_callback(lambda drawn: self._keep(key, drawn))
        self._pool.submit(job)
        return await asyncio.wrap_future(job.drawn)

    def _keep(self, key: Key, drawn: Future[Thumbnail]) -> None:
        """Keep what was drawn, even if meanwhile nobody waits for it; in the thread that drew."""
        if drawn.cancelled() or drawn.exception() is not None:
            return
        self._kept.put(key, drawn.result())
        if self._cache is not None:
            self._cache.put(key, drawn.result())

    def _done(self, key: Key, making: _Making, task: asyncio.Future[Thumbnail]) -> None:
        self._end(key, making)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, NoThumbnail):
            self._failures.note(key.ref, error)
            level = logging.DEBUG if error.reason in _QUIET else logging.WARNING
            _log.log(
                level, "no thumbnail of %s: %s (%s)", key.ref, error.reason.value, error.detail
            )


class _Making:
    """One thumbnail that is being made, for all who wait for it."""

    def __init__(self, task: asyncio.Future[Thumbnail]) -> None:
        self.task = task
        self.is_given_up = False
        self._waiting = 0

    async def wait(self, gone: Gone | None, seconds: float) -> Thumbnail:
        leaving = None if gone is None else asyncio.ensure_future(gone())
        waits: set[asyncio.Future[Any]] = {self.task} if leaving is None else {self.task, leaving}
        self._waiting += 1
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if self.task.done() and not self.task.cancelled():
                return self.task.result()
            if leaving is not None and leaving.done():
                raise ClientGone("the client hung up")
            raise NoThumbnail(Reason.BUSY)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self.is_given_up = True
                self.task.cancel()
            if leaving is not None:
                leaving.cancel()
                with suppress(asyncio.CancelledError):
                    await leaving
