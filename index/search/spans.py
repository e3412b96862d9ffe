"""Spans: between which places there can be anything at all."""

from __future__ import annotations

from typing import Final, NamedTuple

from ..keys import date_text
from ..query.scalars import TimeConstraint, bound
from .streams import BEHIND_ALL


class Span(NamedTuple):
    """From `low` on, and before `high`."""

    low: bytes = b""
    high: bytes = BEHIND_ALL

    @property
    def is_empty(self) -> bool:
        """Whether there can be nothing in it."""
        return self.low >= self.high

    def within(self, other: Span) -> Span:
        """What is in both."""
        return Span(max(self.low, other.low), min(self.high, other.high))

    def around(self, other: Span) -> Span:
        """The least span that both are in."""
        return Span(min(self.low, other.low), max(self.high, other.high))


EVERYWHERE: Final = Span()


def span_of_time(time: TimeConstraint, now_ns: int) -> Span:
    """The places of what a constraint of its time lets pass."""
    since = since_ns(time, now_ns)
    return Span(
        b"" if since is None else moment_text(since).encode(),
        BEHIND_ALL if time.before is None else moment_text(time.before.ns).encode(),
    )


def since_ns(time: TimeConstraint, now_ns: int) -> int | None:
    """The first moment that a constraint lets pass; None if there is none."""
    if time.after is not None:
        return time.after.ns
    return now_ns - time.in_last if time.in_last else None


def span_of_prefix(prefix: str) -> Span:
    """The places of refs that begin so; none at all for what no ref begins with."""
    name, dash, digits = prefix.partition("-")
    if not (name and dash and digits) or not set(digits) <= set("0123456789abcdef"):
        return Span(BEHIND_ALL, b"")
    low = prefix.encode("utf-8", "replace")
    return Span(low, low + b"\xff")


def moment_text(ns: int) -> str:
    """A bound of time as it stands in keys."""
    return date_text(bound(ns))
