"""Moments and durations as people write them."""

from __future__ import annotations

import re
from datetime import datetime

from ...schema.errors import BadTimestamp
from ...schema.timestamps import END_NS, FIRST_NS, NANOSECONDS, Timestamp, format_time, parse_time
from .errors import BadMoment

MOMENTS = "2026-11-21, 2026-11-21 14:30:05 (local time), or 2026-11-21T14:30:05Z"
"""Examples of every form of a moment."""

EXPIRIES = f"30d, 12h, 1h30m, {MOMENTS}"
"""Examples of every form of an expiry."""


def parse_moment(text: str) -> Timestamp:
    """The moment in RFC 3339 text, or a date, or a date and time, of this machine's time zone.

    Raises `BadMoment`.
    """
    match = _MOMENT.fullmatch(text.strip().upper())
    if match is None:
        raise BadMoment(text, MOMENTS)
    day, minute, second, fraction, zone = match.groups()
    whole = f"{day}T{minute or '00:00'}:{second or '00'}"
    try:
        if zone is not None:
            moment = parse_time(f"{whole}.{fraction or '0'}{zone}")
        else:
            seconds = int(datetime.fromisoformat(whole).timestamp())
            nanoseconds = int((fraction or "")[:9].ljust(9, "0"))
            moment = Timestamp(seconds * NANOSECONDS + nanoseconds)
    except (BadTimestamp, ValueError, OverflowError, OSError):
        moment = None
    if moment is None or not FIRST_NS < moment.ns < END_NS:
        raise BadMoment(text, MOMENTS)
    return moment


def parse_expiry(text: str, *, now: Timestamp) -> Timestamp:
    """When something that begins `now` is to end: after a duration, or at a moment.

    Raises `BadMoment`, also for moments that are past.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    if match is not None and match[0]:
        seconds = sum(
            int(number or 0) * unit for number, unit in zip(match.groups(), _UNITS, strict=True)
        )
        expires = Timestamp(now.ns + seconds * NANOSECONDS)
        if expires.ns >= END_NS:
            raise BadMoment(text, EXPIRIES)
    else:
        try:
            expires = parse_moment(text)
        except BadMoment:
            raise BadMoment(text, EXPIRIES) from None
    if expires.ns <= now.ns:
        raise BadMoment(text, f"a time to come: {EXPIRIES}")
    return expires


def local_text(moment: Timestamp) -> str:
    """A moment for a person: to the second, in local time; in UTC where nobody knows the zone."""
    try:
        return datetime.fromtimestamp(moment.ns // NANOSECONDS).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return format_time(moment)


_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)"
    r"(?:[T ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*(Z|[+-]\d\d:\d\d)?)?",
    re.ASCII,
)
_DURATION = re.compile(
    r"(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII
)
_UNITS = (7 * 86400, 86400, 3600, 60, 1)
