"""How many bytes of blobs on their way in or out the process may hold at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

PATIENCE = 0.5
"""Seconds after which a slow holder has to make room for others that wait."""

LOOK_EVERY = 0.1
"""Seconds between two looks for slow holders while somebody waits."""

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
        """Those that hold something, the oldest first."""
        self._waiting: dict[Lease, tuple[int, asyncio.Future[None]]] = {}
        """Those that want more, in the order they came."""
        self._watch: asyncio.TimerHandle | None = None

    def lease(self, cut: Callable[[], None]) -> Lease:
        """Memory for one request; `cut` drops its peer, after which the lease must be left."""
        return Lease(self, cut)

    async def _take(self, lease: Lease, size: int) -> None:
        if (not self._waiting and self.used + size <= self.limit) or self._is_oldest(lease):
            self._count(lease, size)
            return
        loop = asyncio.get_running_loop()
        granted: asyncio.Future[None] = loop.create_future()
        self._waiting[lease] = size, granted
        if self._watch is None:
            self._watch = loop.call_later(LOOK_EVERY, self._look)
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self._give(lease, size)
            raise
        finally:
            self._waiting.pop(lease, None)

    def _count(self, lease: Lease, size: int) -> None:
        if lease not in self._leases:
            self._leases[lease] = None
            lease.restart()
        self.used += size

    def _give(self, lease: Lease, size: int) -> None:
        self.used -= size
        if lease.counted == 0:
            self._leases.pop(lease, None)
        self._grant()

    def _grant(self) -> None:
        """Let those go on for whom there is room now, in the order they came."""
        oldest = next(iter(self._leases), None)
        for lease, (size, granted) in list(self._waiting.items()):
            fits = self.used + size <= self.limit
            if not fits and lease is not oldest and self._leases:
                if oldest in self._waiting:
                    continue
                break
            del self._waiting[lease]
            if not granted.done():
                self._count(lease, size)
                granted.set_result(None)

    def _is_oldest(self, lease: Lease) -> bool:
        return next(iter(self._leases), lease) is lease

    def _look(self) -> None:
        """While somebody waits, see every now and then who is slow."""
        self._watch = None
        if self._waiting:
            self._cut_slowest()
            loop = asyncio.get_running_loop()
            self._watch = loop.call_later(LOOK_EVERY, self._look)

    def _cut_slowest(self) -> None:
        now = self._clock()
        slow = [
            (lease.rate(now), id(lease), lease)
            for lease in self._leases
            if lease not in self._waiting and lease.is_slow(now)
        ]
        if slow:
            min(slow)[2].cut()


class Lease:
    """The bytes one request holds. Leaving the context gives all of them back."""

    __slots__ = ("_budget", "_busy", "_seen", "_since", "counted", "cut", "held")

    def __init__(self, budget: Budget, cut: Callable[[], None]) -> None:
        self._budget = budget
        self.cut = cut
        self.held = 0
        self.counted = 0
        self._since = budget._clock()
        self._seen = 0
        self._busy = 0

    async def grow(self, size: int, *, came: bool = True) -> None:
        """Hold `size` bytes more, waiting until there is room for them.

        They `came` from the peer, or room is wanted for what is to be sent.
        """
        wanted = max(0, self.held + size - FREE) - self.counted
        if wanted > 0:
            with self.ours():
                await self._budget._take(self, wanted)
            self.counted += wanted
        self.held += size
        if came:
            self._seen += size

    @contextmanager
    def ours(self) -> Iterator[None]:
        """Time that passes in here is not the peer's slowness."""
        began = self._budget._clock()
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            now = self._budget._clock()
            self._since = min(self._since + now - began, now)

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

    def sent(self, size: int) -> None:
        """Note that the peer took `size` bytes, and let go of them."""
        self._seen += size
        self.shrink(size)

    def restart(self) -> None:
        """Begin to measure anew: a peer is only slow while memory is held for it."""
        self._since = self._budget._clock()
        self._seen = 0

    def is_slow(self, now: float) -> bool:
        """Whether the peer has had its time, and made little of it."""
        return not self._busy and now - self._since > PATIENCE and self.rate(now) < SLOW

    def rate(self, now: float) -> float:
        """Bytes a second, for as long as memory has been held without a break."""
        return self._seen / max(now - self._since, 0.001)

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shrink(self.held)
