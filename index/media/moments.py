"""What a clock showed somewhere, as a moment; and which zone a place is in."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ...schema.timestamps import END_NS, FIRST_NS, NANOSECONDS, Timestamp

_EPOCH = datetime(1970, 1, 1)
_UNKNOWN_ZONE = -60


class Place(NamedTuple):
    """A position on Earth in degrees, north and east positive."""

    latitude: float
    longitude: float


FindZone = Callable[[Place], tzinfo | None]


def place(latitude: float, longitude: float) -> Place | None:
    """The position, unless there is none such on Earth."""
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        return None
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return Place(latitude, longitude)


def find_zone(place: Place) -> tzinfo | None:
    """The time zone of a place; None far out at sea, where ships keep whatever time they like."""
    # It holds the borders of all zones, 35 MB in memory, which many processes never need.
    from tzfpy import get_tz

    name = get_tz(place.longitude, place.latitude)
    if not name or name.startswith("Etc/"):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def local_time(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0
) -> datetime | None:
    """What a calendar and a clock showed; None if no clock shows that. Year 0 stands for none."""
    try:
        return datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None


def moment(shown: datetime, offset: int | None) -> Timestamp | None:
    """The moment at which a clock showed this, `offset` seconds ahead of UTC.

    Without an offset its zone is one nobody knows, and it is marked so. Returns None for moments
    outside the years that can be written.
    """
    seconds = seconds_of(shown) - (_UNKNOWN_ZONE if offset is None else offset)
    ns = seconds * NANOSECONDS
    return Timestamp(ns, offset is None) if FIRST_NS < ns < END_NS else None


def seconds_of(shown: datetime) -> int:
    """Seconds from the beginning of 1970 to a time, both of the same zone."""
    since = shown - _EPOCH
    return since.days * 86400 + since.seconds


def offset_at(shown: datetime, zone: tzinfo) -> int | None:
    """How many seconds a zone is ahead of UTC when its clocks show this time."""
    offset = shown.replace(tzinfo=zone).utcoffset()
    return None if offset is None else offset.days * 86400 + offset.seconds
