"""The clock claims are dated by: no two of its moments are the same."""

from __future__ import annotations

from collections.abc import Callable

from .timestamps import Timestamp


class ClaimClock:
    """Gives moments, each later than the one before, also while `clock_ns` stands still.

    So claims apply in the order in which they were dated. For one thread.
    """

    def __init__(self, clock_ns: Callable[[], int]) -> None:
        """`clock_ns` gives nanoseconds since 1970."""
        self._clock_ns = clock_ns
        self._last_ns = 0

    def now(self) -> Timestamp:
        """This moment, or the first one after the last that was given."""
        self._last_ns = max(self._clock_ns(), self._last_ns + 1)
        return Timestamp(self._last_ns)
