"""Times as schema blobs write them: RFC 3339 text to the nanosecond."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from .errors import BadTimestamp

NANOSECONDS = 1_000_000_000

_UNIX_DAY = date(1970, 1, 1).toordinal()

FIRST_NS = (1 - _UNIX_DAY) * 86400 * NANOSECONDS
END_NS = (date.max.toordinal() + 1 - _UNIX_DAY) * 86400 * NANOSECONDS
"""The years that can be written, 1 to 9999: moments from `FIRST_NS` on and before `END_NS`."""


_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))",
    re.ASCII,
)


class Timestamp(NamedTuple):
    """A moment, in nanoseconds since 1970 UTC.

    With `is_zone_unknown` the moment is what a clock without time zone showed, as if that clock
    ran one minute west of Greenwich: Perkeep's mark for photos whose zone nobody knows.
    """

    ns: int
    is_zone_unknown: bool = False

    @property
    def is_any_zero(self) -> bool:
        """Whether Perkeep takes this for no time at all: any moment within second 0 of 1970."""
        return 0 <= self.ns < NANOSECONDS


def format_ns(ns: int) -> str:
    """A moment as text in UTC, without the zeros a fraction ends in.

    Raises `BadTimestamp` for years that have not four digits.
    """
    if not FIRST_NS <= ns < END_NS:
        raise BadTimestamp(f"{ns} nanoseconds from 1970")
    seconds, fraction = divmod(ns, NANOSECONDS)
    day, seconds = divmod(seconds, 86400)
    minutes, seconds = divmod(seconds, 60)
    text = f"{_day_text(day)}T{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    if fraction:
        return f"{text}.{fraction:09}".rstrip("0") + "Z"
    return text + "Z"


def format_time(time: Timestamp) -> str:
    """A timestamp as text: in UTC, or with the mark for an unknown zone, `-00:01`."""
    if time.is_zone_unknown:
        return format_ns(time.ns - 60 * NANOSECONDS)[:-1] + "-00:01"
    return format_ns(time.ns)


def parse_time(text: str) -> Timestamp | None:
    """What RFC 3339 text says, digits beyond nanoseconds cut off; None for "no time".

    No time is the empty text, the first second of year 0 in any zone, and the beginning of
    year 1. Raises `BadTimestamp`.
    """
    if not text or text.startswith("0000-00-00T00:00:00"):
        return None
    match = _TIME.fullmatch(text)
    if match is None:
        raise BadTimestamp(text)
    hour, minute, second = int(match[2]), int(match[3]), int(match[4])
    if hour > 23 or minute > 59 or second > 59:
        raise BadTimestamp(text)
    zone = 0
    if match[6]:
        zone_hours, zone_minutes = int(match[7]), int(match[8])
        if zone_hours > 23 or zone_minutes > 59:
            raise BadTimestamp(text)
        zone = (zone_hours * 60 + zone_minutes) * (60 if match[6] == "+" else -60)
    day = _day_of(match[1])
    if day is None:
        raise BadTimestamp(text)
    seconds = day * 86400 + hour * 3600 + minute * 60 + second - zone
    fraction = int((match[5] or "0")[:9].ljust(9, "0"))
    ns = seconds * NANOSECONDS + fraction
    if ns == FIRST_NS:
        return None
    return Timestamp(ns, is_zone_unknown=zone == -60)


@lru_cache(maxsize=4096)
def _day_text(day: int) -> str:
    return date.fromordinal(day + _UNIX_DAY).isoformat()


@lru_cache(maxsize=4096)
def _day_of(text: str) -> int | None:
    """Days from 1970 to a date; None if the calendar has no such date."""
    year = int(text[:4])
    try:
        # Year 0 is a leap year like 400; Python's calendar begins with year 1.
        day = date(year or 400, int(text[5:7]), int(text[8:])).toordinal()
    except ValueError:
        return None
    return day - _UNIX_DAY - (0 if year else 146097)
