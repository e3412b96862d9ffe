"""Searches at work: some at a time, in threads of their own, given up when nobody waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from contextlib import suppress
from typing import TypeVar

from ..blobstore.handlers.problems import ClientGone
from ..index.search.desk import Desk
from ..index.search.service import SearchService

T = TypeVar("T")


class SearchEnded(Exception):
    """A search whose answer nobody waits for any longer."""


class Searches:
    """The searches of one server.

    They have threads of their own, so that slow ones keep neither readers of blobs waiting nor
    writers; and as many run at a time as there are threads, each within the bounds the service
    sets to one question. What waits costs nothing but its request.
    """

    def __init__(self, service: SearchService, threads: Executor) -> None:
        self._service = service
        self._threads = threads
        self.waiting = 0
        """How many are asked for, and not answered yet."""
        self.answered = 0
        """How many have been answered since the start, with errors too."""
        self.standing = 0
        """How many standing queries there are."""
        self.standing_runs = 0
        """How many times one of them has been run since the start."""

    async def ask(
        self,
        call: Callable[[SearchService], T],
        *,
        waits: bool = True,
        gone: Callable[[], Awaitable[None]] | None = None,
    ) -> T:
        """What `call` returns, run in a thread for searching.

        `gone` returns when the caller has hung up: then this raises `ClientGone`, and a search
        ends, or does not begin. So it does when this is cancelled. `waits` is as for
        `SearchService.for_one`.
        """
        stop = threading.Event()

        def check() -> None:
            if stop.is_set():
                raise SearchEnded

        service = self._service.for_one(check, waits=waits)
        asked = asyncio.get_running_loop().run_in_executor(self._threads, call, service)
        leaving = None if gone is None else asyncio.ensure_future(gone())
        self.waiting += 1
        try:
            if leaving is not None:
                await asyncio.wait((asked, leaving), return_when=asyncio.FIRST_COMPLETED)
                if not asked.done():
                    raise ClientGone("the client hung up")
            return await asked
        finally:
            stop.set()
            asked.cancel()
            self.waiting -= 1
            self.answered += 1
            if leaving is not None:
                leaving.cancel()
                with suppress(asyncio.CancelledError):
                    await leaving

    async def answer(self, question: Callable[[Desk], T]) -> T:
        """What a question of somebody else's comes to by what is known now."""
        return await self.ask(lambda search: search.answer(question, seconds=0))
