"""Dates as people write them in expressions, and the moments and ranges they stand for."""

from __future__ import annotations

import re
from datetime import date

from ...schema.errors import BadTimestamp
from ...schema.timestamps import FIRST_NS, NANOSECONDS, Timestamp, parse_time
from .quoting import quoted
from .scalars import bound

_FULL = "0000-01-01T00:00:00Z"
_UNIT = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_DAY_NS = 86400 * NANOSECONDS
_UNIX_DAY = date(1970, 1, 1).toordinal()


class BadDate(ValueError):
    """Text that is no date."""


def moment_of(text: str) -> Timestamp:
    """The moment an RFC 3339 time, or the beginning of one, stands for. Raises `BadDate`.

    What is missing is taken, character by character, from the beginning of a year, as in the
    reference: `2016` is January, but `2016-1` is November. Moments before year 1 become the
    first bound there is.
    """
    whole = text + _FULL[len(text) :]
    try:
        time = parse_time(whole)
    except BadTimestamp:
        raise BadDate(
            f"parsing time {quoted(whole)}: not a date like 2016, 2016-06, 2016-06-07 or"
            ' "2016-06-07T10:20:30Z"'
        ) from None
    return bound(FIRST_NS if time is None else time.ns)


def range_of(text: str) -> tuple[Timestamp | None, Timestamp | None]:
    """Where the time that `A..B` or `A` names begins, and where it has ended. Raises `BadDate`.

    `A` and `B` are years, months or days in UTC, and all of `B` belongs to it. An end left out is
    open; so is one outside of the years 1 to 9999.
    """
    first, dots, last = text.partition("..")
    if not dots:
        last = first
    if not first and not last:
        raise BadDate(_wanted(text))
    start = _days_of(first, text)[0] if first else None
    end = _days_of(last, text)[1] if last else None
    if start is not None and end is not None and start >= end:
        raise BadDate(f"{text!r} ends before it begins")
    return _midnight(start), _midnight(end)


def _days_of(unit: str, text: str) -> tuple[int, int | None]:
    """The first day of a year, month or day, and the day after it; None if there is none."""
    match = _UNIT.fullmatch(unit)
    if match is None:
        raise BadDate(_wanted(text))
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    try:
        start = date(year, month, day).toordinal()
    except ValueError:
        raise BadDate(f"{unit!r} is not in the calendar") from None
    if match[3]:
        end = start + 1
    elif match[2] and month < 12:
        end = date(year, month + 1, 1).toordinal()
    elif year < 9999:
        end = date(year + 1, 1, 1).toordinal()
    else:
        return start, None
    return start, end if end <= date.max.toordinal() else None


def _midnight(day: int | None) -> Timestamp | None:
    if day is None or day == 1:  # the beginning of year 1 bounds nothing
        return None
    return Timestamp((day - _UNIX_DAY) * _DAY_NS)


def _wanted(text: str) -> str:
    return f"{text!r} is no range of dates like 2016, 2016-06-07, 2014..2016 or 2016-06.."
