"""What every handler of the blob protocol is given, and the one way from them to threads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import ParamSpec, TypeAlias, TypeVar

from ..hub import Hub
from ..ref import Ref
from .budget import Budget

MEMORY = 192 * 1024 * 1024
"""Bytes of blobs in flight, over all connections, unless the service is told otherwise."""

Vivify: TypeAlias = Callable[[Ref], Awaitable[Ref]]
"""Makes and stores a permanode for an uploaded `file` blob; the permanode's ref.

Raises `HoldfastError` if it cannot; what its text says must be fit for strangers if the blame is
the caller's.
"""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class BlobService:
    """One store, as its handlers see it."""

    hub: Hub
    epoch: str
    """Random text of this process: deferred blobs of another epoch may be lost."""
    allow_remove: bool = False
    vivify: Vivify | None = None
    """None where nobody can sign."""
    readers: Executor
    """Threads that read; apart from the writers so that a slow disk sync delays no read."""
    bulk: Executor
    """Threads that read much at a time; apart, so that they delay no small question."""
    writers: Executor
    memory: Budget = field(default_factory=lambda: Budget(MEMORY))
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server wants to end: nobody should wait for news any longer."""

    async def read(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `call` returns, run in a thread for reading."""
        return await _in_thread(self.readers, partial(call, *args, **kwargs))

    async def read_much(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `read`, for megabytes."""
        return await _in_thread(self.bulk, partial(call, *args, **kwargs))

    async def write(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `call` returns, run in a thread for writing.

        A write that has begun is finished even when its request is dropped.
        """
        return await asyncio.shield(_in_thread(self.writers, partial(call, *args, **kwargs)))

    @contextmanager
    def arrivals(self, wanted: set[Ref] | None = None) -> Iterator[asyncio.Event]:
        """An event that is set when one of `wanted`, or anything at all, arrives."""
        loop = asyncio.get_running_loop()
        news = asyncio.Event()

        def watch(arrived: object) -> None:
            assert isinstance(arrived, list)
            if wanted is None or any(sized.ref in wanted for sized in arrived):
                loop.call_soon_threadsafe(news.set)

        with self.hub.watching(watch):
            yield news

    async def wait_for(self, news: asyncio.Event, seconds: float) -> bool:
        """Wait for `news`, at most so long, or until the server stops; whether it came."""
        waits = [asyncio.ensure_future(event.wait()) for event in (news, self.stopping)]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return news.is_set()


def _in_thread(threads: Executor, call: Callable[[], T]) -> asyncio.Future[T]:
    return asyncio.get_running_loop().run_in_executor(threads, call)
