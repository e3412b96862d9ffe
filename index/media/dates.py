"""Dates in file names: as phones, cameras and screenshots write them, and people."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...schema.timestamps import Timestamp
from .moments import local_time, moment

_LONGEST_NAME = 1000


@dataclass(frozen=True, slots=True)
class NameDate:
    """A date out of a file name; without `has_time` the beginning of that day."""

    time: Timestamp
    has_time: bool


# A date of eight digits is only trusted where it stands alone: with a time, at the beginning of
# the name, or behind what a device begins its names with. Any number of eight digits in three
# hundred would be a date of our century otherwise.
_DEVICES = "IMG|VID|MVIMG|PXL|PANO|DSC|BURST|AUD|PTT|STK|DOC|WIN|Screenshot|Screen[ _]Recording"
_DAY = r"(?P<year>(?:19|20)\d\d)(?P<month>[01]\d)(?P<day>[0-3]\d)"
_DASHED_DAY = r"(?P<year>(?:19|20)\d\d)(?P<dash>[-_.])(?P<month>[01]\d)(?P=dash)(?P<day>[0-3]\d)"
_CLOCK = r"(?P<hour>[0-2]\d)(?P<minute>[0-5]\d)(?P<second>[0-5]\d)(?:\d{3})?"
_DOTTED_CLOCK = (
    r"(?P<hour>[0-2]\d|\d(?=[-_.:]))(?P<dot>[-_.:]?)(?P<minute>[0-5]\d)(?P=dot)(?P<second>[0-5]\d)"
    r"(?:-\d{3}|[ \u202f]?(?P<half>[AP]M)|(?P<utc>Z))?(?![A-Za-z\d])"
)
_ALONE = r"(?<![A-Za-z\d])"

_PATTERNS = tuple(
    re.compile(pattern, re.ASCII | re.IGNORECASE)
    for pattern in (
        # 2013-02-18 13.10.58, Screenshot 2020-01-02 at 3.04.05 PM, signal-2020-01-02-101112
        rf"{_ALONE}{_DASHED_DAY}(?: at |, |[ _T-]){_DOTTED_CLOCK}",
        # PXL_20201225_101112345
        rf"^(?P<utc>PXL)_{_DAY}_{_CLOCK}(?!\d)",
        # IMG_20130218_131058, Screenshot_20200102-101112
        rf"{_ALONE}{_DAY}[-_ T]{_CLOCK}(?!\d)",
        # IMG20200102101112, IMG20200102_101112
        rf"^(?:{_DEVICES})[-_]?{_DAY}[-_]?{_CLOCK}(?!\d)",
        # 2013-02-18-Foo
        rf"{_ALONE}(?<!\d[-_.]){_DASHED_DAY}(?!\d|[-_.]\d\d(?:\d\d)?(?!\d))",
        # IMG-20200102-WA0001, VID_20200102
        rf"^(?:{_DEVICES})[-_]{_DAY}(?=[-_ .]|$)",
        # 20130218 Foo
        rf"^{_DAY}(?=[-_ ](?!\d)|\.|$)",
    )
)


def date_in_name(name: str) -> NameDate | None:
    """The date that a file's name says, or None; rather none than a wrong one.

    Nobody says in which zone, so it is marked as unknown; only `PXL_` names, and times that end in
    `Z`, are in UTC.
    """
    if len(name) > _LONGEST_NAME:
        return None
    for pattern in _PATTERNS:
        for match in pattern.finditer(name):
            if (date := _date(match)) is not None:
                return date
    return None


def _date(match: re.Match[str]) -> NameDate | None:
    said = match.groupdict(default="")
    hour = int(said.get("hour") or 0)
    if half := said.get("half"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.upper() == "PM" else 0)
    day = (int(said["year"]), int(said["month"]), int(said["day"]))
    shown = local_time(*day, hour, int(said.get("minute") or 0), int(said.get("second") or 0))
    if shown is None:
        return None
    time = moment(shown, 0 if said.get("utc") else None)
    return None if time is None else NameDate(time, has_time="hour" in said)
