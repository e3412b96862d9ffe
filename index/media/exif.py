"""What cameras note in pictures: when, where, and with what they were taken."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote_plus

from ...schema.timestamps import Timestamp
from .moments import FindZone, Place, local_time, moment, offset_at, place, seconds_of
from .tiff import ASCII, Directory, Field, Tiff
from .view import Unreadable, View

_ORIENTATION, _DATE, _EXIF, _GPS, _INTEROP = 0x112, 0x132, 0x8769, 0x8825, 0xA005
_ORIGINAL_DATE, _OFFSET, _ORIGINAL_OFFSET = 0x9003, 0x9010, 0x9011


def _numbers(text: str) -> frozenset[int]:
    """Tag numbers out of a list of numbers and ranges in hexadecimal."""
    ends = (each.partition("-") for each in text.split())
    return frozenset(
        number
        for first, _, last in ends
        for number in range(int(first, 16), int(last or first, 16) + 1)
    )


# The tags that the reference has rows for.
_MAIN_TAGS = _numbers(
    "100-103 106 10e-110 112 115 11a-11c 128 131 132 13b 212 213 8298 829a 829d 8822 8824 8827"
    " 8828 9000 9003 9004 9101 9102 9201-920a 9214 927c 9286 9290-9292 a000-a004 a005 8769 8825"
    " a20b a20c a20e a20f a210 a214 a215 a217 a300-a302 a401-a40c a420 a433 a434"
)
_GPS_TAGS = _numbers("0-1e")
_INTEROP_TAGS = _numbers("1")
_THUMBNAIL_TAGS = _numbers("201 202")


@dataclass(frozen=True, slots=True)
class Exif:
    """What a picture's EXIF data say; None, 0 or "" for what they do not."""

    taken: Timestamp | None = None
    place: Place | None = None
    orientation: int = 0
    make: str = ""
    model: str = ""
    lens: str = ""
    exposure: float | None = None
    """In seconds."""
    f_number: float | None = None
    iso: int | None = None
    focal_length: float | None = None
    """In millimetres."""
    tags: tuple[tuple[int, str], ...] = ()
    """The tags the reference indexes, by number, each with the value that its row has."""


def read_exif(view: View, find_zone: FindZone) -> Exif | None:
    """What a TIFF structure says of the picture it is in; None if it is no such structure.

    Parts that make no sense are passed over.
    """
    try:
        tiff = Tiff(view)
        directories = list(tiff.directories())
    except Unreadable:
        return None
    if not directories:
        return None
    main = directories[0]
    exif = _inner(tiff, main, _EXIF)
    gps = _inner(tiff, main, _GPS)
    where = _place(gps)
    both = exif | main
    return Exif(
        taken=_taken(both, gps, where, find_zone),
        place=where,
        orientation=_integer(main, _ORIENTATION) or 0,
        make=_text(both, 0x10F),
        model=_text(both, 0x110),
        lens=_text(both, 0xA434),
        exposure=_fraction(both, 0x829A),
        f_number=_fraction(both, 0x829D),
        iso=_integer(both, 0x8827),
        focal_length=_fraction(both, 0x920A),
        tags=_rows(
            (
                (main, _MAIN_TAGS),
                (exif, _MAIN_TAGS),
                (gps, _GPS_TAGS),
                (_inner(tiff, exif, _INTEROP), _INTEROP_TAGS),
                (directories[1] if len(directories) > 1 else {}, _THUMBNAIL_TAGS),
            )
        ),
    )


def _inner(tiff: Tiff, directory: Directory, tag: int) -> Directory:
    offset = _integer(directory, tag)
    return {} if offset is None else tiff.directory(offset)


def _integer(directory: Directory, tag: int) -> int | None:
    numbers = directory[tag].integers() if tag in directory else ()
    return numbers[0] if numbers else None


def _text(directory: Directory, tag: int) -> str:
    return directory[tag].text().strip() if tag in directory else ""


def _fraction(directory: Directory, tag: int) -> float | None:
    rationals = directory[tag].rationals() if tag in directory else ()
    return _ratio(*rationals[0]) if rationals else None


def _ratio(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None


# When ---------------------------------------------------------------------------------------

_EXIF_DATE = re.compile(r"(\d{4}):(\d\d):(\d\d)(?: (\d\d):(\d\d):(\d\d))?", re.ASCII)
_EXIF_OFFSET = re.compile(r"([+-])(\d\d):([0-5]\d)", re.ASCII)
_FARTHEST_ZONE = 14 * 3600


def _taken(
    main: Directory, gps: Directory, where: Place | None, find_zone: FindZone
) -> Timestamp | None:
    for date_tag, offset_tag in ((_ORIGINAL_DATE, _ORIGINAL_OFFSET), (_DATE, _OFFSET)):
        shown = _date(_text(main, date_tag), has_time=True)
        if shown is not None:
            offset = _said_offset(_text(main, offset_tag))
            if offset is None and where is not None:
                zone = find_zone(where)
                offset = None if zone is None else offset_at(shown, zone)
            if offset is None:
                offset = _satellites_offset(shown, gps)
            return moment(shown, offset)
    return None


def _date(text: str, *, has_time: bool) -> datetime | None:
    match = _EXIF_DATE.fullmatch(text)
    if match is None or has_time == (match[4] is None):
        return None
    return local_time(*(int(group) for group in match.groups() if group is not None))


def _said_offset(text: str) -> int | None:
    match = _EXIF_OFFSET.fullmatch(text)
    if match is None:
        return 0 if text == "Z" else None
    seconds = int(match[2]) * 3600 + int(match[3]) * 60
    if seconds > _FARTHEST_ZONE:
        return None
    return -seconds if match[1] == "-" else seconds


def _satellites_offset(shown: datetime, gps: Directory) -> int | None:
    """How far the camera's clock was ahead of the satellites', if that can be a time zone.

    The satellites' time may be that of an old fix, so it has to be whole quarters of an hour, up
    to a minute.
    """
    day = _date(_text(gps, 0x1D), has_time=False)
    clock = gps[7].rationals() if 7 in gps else ()
    if day is None or len(clock) != 3:
        return None
    parts = [_ratio(*each) for each in clock]
    hour, minute, second = (part if part is not None and part < 61 else -1 for part in parts)
    if min(hour, minute, second) < 0:
        return None
    ahead = seconds_of(shown) - seconds_of(day) - hour * 3600 - minute * 60 - second
    quarters = round(ahead / 900) * 900
    if abs(ahead - quarters) > 60 or abs(quarters) > _FARTHEST_ZONE:
        return None
    return quarters


# Where --------------------------------------------------------------------------------------


def _place(gps: Directory) -> Place | None:
    latitude, longitude = _degrees(gps, 1, 2, "S"), _degrees(gps, 3, 4, "W")
    if latitude is None or longitude is None:
        return None
    return place(latitude, longitude)


def _degrees(gps: Directory, side_tag: int, tag: int, negative: str) -> float | None:
    side = _text(gps, side_tag)
    if not side or tag not in gps:
        return None
    parts = _angle(gps[tag])
    if len(parts) != 3:
        return None
    degrees = parts[0] + parts[1] / 60 + parts[2] / 3600
    return -degrees if side == negative else degrees


def _angle(field: Field) -> list[float]:
    """Degrees, minutes and seconds; of text, three numbers or three pairs to be divided."""
    if field.kind == ASCII:
        try:
            numbers = [float(each) for each in re.split("[,;]", field.text()[:200])]
        except ValueError:
            return []
        if len(numbers) == 6:
            pairs = zip(numbers[::2], numbers[1::2], strict=True)
            return [upper / lower if lower else math.nan for upper, lower in pairs]
        return numbers
    return [n / d if d else math.nan for n, d in field.rationals()]


# Rows ---------------------------------------------------------------------------------------

_PLAIN = re.compile(r"[ -y]*")
"""Characters from the space to those before `z`; without `%` and `+`, texts are not escaped."""


def _rows(directories: tuple[tuple[Directory, frozenset[int]], ...]) -> tuple[tuple[int, str], ...]:
    """One value for each number: GPS and interoperability tags share them, and GPS wins."""
    rows: dict[int, str] = {}
    for directory, known in directories:
        for tag, field in directory.items():
            if tag in known and (row := _row(field)) is not None:
                rows.setdefault(tag, row)
    return tuple(sorted(rows.items()))


def _row(field: Field) -> str | None:
    if field.kind == ASCII:
        text = field.text()
        is_plain = _PLAIN.fullmatch(text) and "%" not in text and "+" not in text
        return "string|1|" + (text if is_plain else quote_plus(text))
    if rationals := field.rationals():
        kind, values = "rat", [f"{n}/{d}" for n, d in rationals]
    elif integers := field.integers():
        kind, values = "int", [str(each) for each in integers]
    elif floats := field.floats():
        if not all(map(math.isfinite, floats)):
            return None
        kind, values = "float", [repr(each).removesuffix(".0") for each in floats]
    else:
        return None
    return "|".join((kind, str(field.length), *values))
