"""How often an address may fail to authenticate before it has to wait."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable


class FailureLimiter:
    """Forgives each address `burst` failures at once and one more every `seconds`.

    Remembers at most `size` addresses, the longest quiet ones are forgotten first. IPv6
    callers own whole networks, so a /64 counts as one address.
    """

    def __init__(
        self,
        *,
        burst: int = 10,
        seconds: float = 6.0,
        size: int = 4096,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._burst = burst
        self._seconds = seconds
        self._size = size
        self._clock = clock
        # For each address the time at which all its failures are forgiven.
        self._until: OrderedDict[tuple[str, str], float] = OrderedDict()

    def wait(self, address: str, about: str = "") -> int:
        """Whole seconds until this address may try again; 0 if it may now.

        What it does `about` one thing is no matter for what it does about others.
        """
        if not self._until:
            return 0
        until = self._until.get((_network(address), about), 0.0)
        allowed_at = until - (self._burst - 1) * self._seconds
        return max(0, math.ceil(allowed_at - self._clock()))

    def failed(self, address: str, about: str = "") -> None:
        """Note a failure of this address."""
        key = _network(address), about
        now = self._clock()
        self._until[key] = max(self._until.pop(key, now), now) + self._seconds
        while len(self._until) > self._size:
            self._until.popitem(last=False)


def _network(address: str) -> str:
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address
