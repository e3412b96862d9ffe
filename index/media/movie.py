"""MP4, QuickTime and M4A: how long, how large, when, where, and their tags."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from ...schema.timestamps import NANOSECONDS, Timestamp
from .boxes import boxes, child
from .genres import genre_name
from .images import Size
from .moments import Place, moment, place
from .tags import Tags, tags_from, year_of
from .view import Unreadable, View

_MOST_TRACKS = 100
_MOST_ENTRIES = 500
_MOST_TEXT = 10_000

_EPOCH_1904 = 2_082_844_800
"""Seconds from the beginning of 1904 in UTC, which these files count from, to that of 1970."""

_FIELDS = {
    b"\xa9nam": "title",
    b"\xa9ART": "artist",
    b"\xa9alb": "album",
    b"\xa9gen": "genre",
    b"\xa9day": "date",
    b"gnre": "genre",
    b"trkn": "track",
    b"disk": "disc",
    b"\xa9xyz": "place",
    b"com.apple.quicktime.creationdate": "created",
    b"com.apple.quicktime.location.ISO6709": "place",
    b"com.apple.quicktime.title": "title",
    b"----MusicBrainz Album Id": "musicbrainz_album",
}


@dataclass(frozen=True, slots=True)
class Movie:
    """What a movie says of itself; `size` is that of its largest picture, None if it is sound."""

    size: Size | None = None
    duration_ms: int | None = None
    created: Timestamp | None = None
    place: Place | None = None
    tags: Tags | None = None


def read_movie(view: View) -> Movie | None:
    """What the `moov` box of a file says; None if there is none."""
    try:
        movie = child(view, b"moov")
    except Unreadable:
        return None
    duration, created = _header(movie)
    said = _said(movie)
    date = said.pop("date", "")
    return Movie(
        size=_size(movie),
        duration_ms=duration,
        created=_date(said.pop("created", "")) or created,
        place=_place(said.pop("place", "")),
        tags=tags_from(said | {"year": year_of(date)}),
    )


def _header(movie: View) -> tuple[int | None, Timestamp | None]:
    try:
        header = child(movie, b"mvhd")
        wide = 8 if header.number(0, 1) else 4
        created = header.number(4, wide)
        scale, duration = header.number(4 + 2 * wide, 4), header.number(8 + 2 * wide, wide)
    except Unreadable:
        return None, None
    is_known = scale and duration and duration != (1 << 8 * wide) - 1
    seconds = created - _EPOCH_1904
    # Before 1970 there were no such files: cameras without a date count from 0 or from 1970.
    time = Timestamp(seconds * NANOSECONDS) if 0 < seconds < _EPOCH_1904 * 2 else None
    return (duration * 1000 // scale if is_known else None), time


def _size(movie: View) -> Size | None:
    sizes = []
    for _, (kind, track) in zip(range(_MOST_TRACKS), boxes(movie), strict=False):
        if kind == b"trak":
            try:
                sizes.append(_track_size(child(track, b"tkhd")))
            except Unreadable:
                continue
    return max((size for size in sizes if size), key=lambda size: size[0] * size[1], default=None)


def _track_size(header: View) -> Size | None:
    """The size as shown: a matrix that has nothing on its diagonal turns by a right angle."""
    at = 52 if header.number(0, 1) else 40
    width, height = header.number(at + 36, 4) >> 16, header.number(at + 40, 4) >> 16
    if not width or not height:
        return None
    if header.number(at, 4) == 0 and header.number(at + 16, 4) == 0:
        width, height = height, width
    return Size(width, height)


def _said(movie: View) -> dict[str, str]:
    """The first text for each field, of all the places that have such."""
    said: dict[str, str] = {}
    for path in ((b"meta",), (b"udta", b"meta")):
        with suppress(Unreadable):
            _read_meta(said, child(movie, *path))
    with suppress(Unreadable):
        _read_user_data(said, child(movie, b"udta"))
    return said


def _read_user_data(said: dict[str, str], entries: View) -> None:
    for _, (kind, content) in zip(range(_MOST_ENTRIES), boxes(entries), strict=False):
        field = _FIELDS.get(kind)
        if field and kind.startswith(b"\xa9") and content.size > 4:
            size = min(content.number(0, 2), _MOST_TEXT)
            said.setdefault(field, content.some(4, size).decode("utf-8", "replace"))


def _read_meta(said: dict[str, str], meta: View) -> None:
    if meta.some(4, 4) != b"hdlr":  # it is a full box here, and none in QuickTime
        meta = meta.part(4)
    names = _key_names(meta)
    for _, (kind, entry) in zip(range(_MOST_ENTRIES), boxes(child(meta, b"ilst")), strict=False):
        name = names.get(int.from_bytes(kind, "big"), kind)
        try:
            if kind == b"----":
                name = b"----" + child(entry, b"name").part(4).some(0, 100)
            if (field := _FIELDS.get(name)) and (text := _value(name, child(entry, b"data"))):
                said.setdefault(field, text)
        except Unreadable:
            continue


def _key_names(meta: View) -> dict[int, bytes]:
    """The names that QuickTime gives to entries by number."""
    names: dict[int, bytes] = {}
    try:
        keys = child(meta, b"keys").part(8)
    except Unreadable:
        return names
    for number, (_, name) in zip(range(1, _MOST_ENTRIES), boxes(keys), strict=False):
        names[number] = name.some(0, 100)
    return names


def _value(name: bytes, data: View) -> str:
    content = data.part(8)
    if name in (b"trkn", b"disk"):
        return str(content.number(2, 2))
    if name == b"gnre":
        return genre_name(content.number(0, 2) - 1)
    return content.some(0, _MOST_TEXT).decode("utf-8", "replace")


_ISO_6709 = re.compile(
    r"([+-]\d{1,2}(?:\.\d{1,12})?)([+-]\d{1,3}(?:\.\d{1,12})?)(?=[+-/]|$)", re.ASCII
)


def _place(text: str) -> Place | None:
    """ISO 6709 in degrees, `+48.8577+002.295/`, as phones write it."""
    match = _ISO_6709.match(text)
    return place(float(match[1]), float(match[2])) if match else None


def _date(text: str) -> Timestamp | None:
    try:
        shown = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    offset = shown.utcoffset()
    return moment(
        shown.replace(tzinfo=None),
        None if offset is None else offset.days * 86400 + offset.seconds,
    )
