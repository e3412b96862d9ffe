"""Moments as answers write them, whatever year they are of."""

from __future__ import annotations

from ...schema.timestamps import END_NS, FIRST_NS, NANOSECONDS, Timestamp, format_ns, format_time

NEVER = format_ns(FIRST_NS)
"""How no moment is written where one is expected."""


def utc_text(moment: Timestamp) -> str:
    """A moment in UTC; those before the year 1 as its beginning."""
    return format_ns(min(max(moment.ns, FIRST_NS), END_NS - 1))


def shown_text(moment: Timestamp) -> str:
    """A moment in UTC, or with the mark for an unknown zone, `-00:01`."""
    if not moment.is_zone_unknown:
        return utc_text(moment)
    # Such a clock shows one minute less.
    first = FIRST_NS + 60 * NANOSECONDS
    return format_time(moment._replace(ns=min(max(moment.ns, first), END_NS - 1)))
