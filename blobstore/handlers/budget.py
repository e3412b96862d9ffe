"""How many bytes of blobs on their way in or out the process may hold at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import TracebackType

PATIENCE = 1.0
"""Seconds after which a slow holder has to make room for others that wait."""

SLOW = 64 * 1024
"""Bytes a second below which a holder counts as slow."""

FREE = 64 * 1024
"""Bytes each lease has without counting, so that small requests never wait."""


class Budget:
    """Bytes in flight over all connections, kept near `limit`.

    Whoever wants more than there is waits, except the oldest lease, which may always go on:
    so somebody always finishes and gives back. While somebody waits, leases that hold memory
    for slow peers are cut off, the slowest first.
    """

    def __init__(self, limit: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self.used = 0
        self._clock = clock
        self._leases: dict[Lease, None] = {}
        self._freed = asyncio.Event()

    def lease(self, cut: Callable[[], None]) -> Lease:
        """Memory for one request; `cut` drops its peer, after which the lease must be left."""
        return Lease(self, cut)

    async def _take(self, lease: Lease, size: int) -> None:
        while self.used + size > self.limit and next(iter(self._leases), lease) is not lease:
            self._freed.clear()
            lease.is_waiting = True
            try:
                await asyncio.wait_for(self._freed.wait(), 0.25)
            except TimeoutError:
                self._cut_slowest()
            finally:
                lease.is_waiting = False
        if lease not in self._leases:
            self._leases[lease] = None
            lease.restart()
        self.used += size

    def _give(self, lease: Lease, size: int) -> None:
        self.used -= size
        if lease.counted == 0:
            self._leases.pop(lease, None)
        self._freed.set()

    def _cut_slowest(self) -> None:
        now = self._clock()
        slow = [
            (lease.rate(now), id(lease), lease)
            for lease in self._leases
            if not lease.is_waiting and now - lease.since > PATIENCE and lease.rate(now) < SLOW
        ]
        if slow:
            min(slow)[2].cut()


class Lease:
    """The bytes one request holds. Leaving the context gives all of them back."""

    __slots__ = ("_budget", "_seen", "counted", "cut", "held", "is_waiting", "since")

    def __init__(self, budget: Budget, cut: Callable[[], None]) -> None:
        self._budget = budget
        self.cut = cut
        self.held = 0
        self.counted = 0
        self.is_waiting = False
        self.since = budget._clock()
        self._seen = 0

    async def grow(self, size: int) -> None:
        """Hold `size` bytes more, waiting until there is room for them."""
        wanted = max(0, self.held + size - FREE) - self.counted
        if wanted > 0:
            waited_from = self._budget._clock()
            await self._budget._take(self, wanted)
            self.counted += wanted
            # Time spent waiting for memory is not the peer's slowness.
            self.since = min(
                self.since + self._budget._clock() - waited_from, self._budget._clock()
            )
        self.held += size
        self._seen += size

    def would_wait(self, size: int) -> bool:
        """Whether `grow(size)` would have to wait now."""
        wanted = max(0, self.held + size - FREE) - self.counted
        return wanted > 0 and self._budget.used + wanted > self._budget.limit

    def shrink(self, size: int) -> None:
        """Let go of `size` bytes."""
        self.held = max(0, self.held - size)
        surplus = self.counted - max(0, self.held - FREE)
        if surplus > 0:
            self.counted -= surplus
            self._budget._give(self, surplus)

    def progressed(self, size: int) -> None:
        """Note that the peer took or sent `size` bytes that were held already."""
        self._seen += size

    def restart(self) -> None:
        """Begin to measure anew: a peer is only slow while memory is held for it."""
        self.since = self._budget._clock()
        self._seen = 0

    def rate(self, now: float) -> float:
        """Bytes a second, for as long as memory has been held without a break."""
        return self._seen / max(now - self.since, 0.001)

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shrink(self.held)
