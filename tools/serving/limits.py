"""How much a connection may take, and how many there may be."""

from __future__ import annotations

import resource
from collections import Counter
from dataclasses import dataclass, field

REFUSED_TIME = 2.0
"""Seconds a peer has to read why it was refused."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a connection may take. Sizes are bytes, times seconds."""

    header_bytes: int = 64 * 1024
    headers: int = 200
    header_time: float = 15.0
    """From the first byte of a request (or the connection) to the end of its headers."""
    idle_time: float = 75.0
    """Between requests."""
    stall_time: float = 30.0
    """Without a byte of a body that is waited for, or without room for a byte of an answer."""
    min_rate: int = 1024
    """Bytes a second a body must come with on the average, once `stall_time` has passed."""
    linger_time: float = 30.0
    """For the rest of a body nobody wants any more."""
    per_address: int = 512
    in_all: int = 4096


@dataclass(slots=True)
class Door:
    """All connections of this process together."""

    limits: Limits = field(default_factory=Limits)
    open: Counter[str] = field(default_factory=Counter)
    count: int = 0
    log_requests: bool = False

    def enter(self, address: str) -> bool:
        """Count a connection in; False if there are too many, and it should be sent away."""
        self.open[address] += 1
        self.count += 1
        return self.count <= self.limits.in_all and self.open[address] <= self.limits.per_address

    def leave(self, address: str) -> None:
        self.count -= 1
        self.open[address] -= 1
        if self.open[address] <= 0:
            del self.open[address]


def raise_file_limit() -> int:
    """Allow this process as many open files as it may have; how many that are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 1_000_000
