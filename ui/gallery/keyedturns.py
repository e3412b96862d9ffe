"""Turns by what they are about: two that have nothing in common do not wait for each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

K = TypeVar("K")


class KeyedTurns(Generic[K]):
    """For one event loop."""

    def __init__(self) -> None:
        self._held: set[K] = set()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def of(self, keys: Iterable[K]) -> AsyncIterator[None]:
        """Wait until nobody has any of these keys, and have all of them until this ends."""
        wanted = set(keys)
        async with self._changed:
            await self._changed.wait_for(lambda: self._held.isdisjoint(wanted))
            self._held |= wanted
        try:
            yield
        finally:
            # Before anything is waited for: whoever is cancelled here must not keep them.
            self._held -= wanted
            async with self._changed:
                self._changed.notify_all()
