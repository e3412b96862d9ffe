"""Tiny pictures with what a camera notes of them: whole JPEG files of some hundred bytes.

ISO/IEC 10918-1 for the segments, CIPA DC-008 (EXIF 2.31) for the notes.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

_BYTE_ORDER = b"MM\0*"
_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5
_MAKE, _MODEL, _ORIENTATION, _EXIF, _GPS = 0x10F, 0x110, 0x112, 0x8769, 0x8825
_ISO, _TAKEN, _OFFSET, _ID, _LENS = 0x8827, 0x9003, 0x9011, 0xA420, 0xA434


class Camera(NamedTuple):
    """What a camera says of itself."""

    make: str
    model: str
    lens: str


class Picture(NamedTuple):
    """What is to be seen in a picture's file. `number` makes it different from all others."""

    number: int
    camera: Camera
    width: int
    height: int
    shown: datetime
    """What the camera's clock showed."""

    offset: str | None
    """How far that clock was ahead of UTC, like `+02:00`, if it says so."""

    place: tuple[float, float] | None
    """Latitude and longitude, exact to a hundredth of a second of arc."""


class _Field(NamedTuple):
    tag: int
    kind: int
    length: int
    data: bytes


def jpeg(picture: Picture) -> bytes:
    """The file: grey all over, and as large as it says."""
    return beginning(picture) + _pixels(picture.width, picture.height)


def beginning(picture: Picture) -> bytes:
    """The beginning of the file, with the notes; what is seen follows, without a beginning."""
    return b"\xff\xd8" + _segment(0xE1, b"Exif\0\0" + _exif(picture))


@cache
def _pixels(width: int, height: int) -> bytes:
    """Everything behind the notes.

    One component, and codes of one bit: each block of 8 by 8 says "as the one before", and ends.
    """
    blocks = -(-width // 8) * -(-height // 8)
    bits = "00" * blocks
    bits += "1" * (-len(bits) % 8)
    return b"".join(
        (
            _segment(0xDB, b"\0" + b"\x01" * 64),
            _segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\0"),
            _segment(0xC4, b"\x00" + b"\x01" + bytes(15) + b"\0"),
            _segment(0xC4, b"\x10" + b"\x01" + bytes(15) + b"\0"),
            _segment(0xDA, b"\x01\x01\x00\x00\x3f\x00"),
            int(bits, 2).to_bytes(len(bits) // 8, "big"),
            b"\xff\xd9",
        )
    )


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _exif(picture: Picture) -> bytes:
    camera = picture.camera
    exif = [
        _Field(_ISO, _SHORT, 1, struct.pack(">H", 100 << picture.number % 5)),
        _text(_TAKEN, f"{picture.shown:%Y:%m:%d %H:%M:%S}"),
        *([] if picture.offset is None else [_text(_OFFSET, picture.offset)]),
        _text(_ID, f"{picture.number:032x}"),
        _text(_LENS, camera.lens),
    ]
    # Where a directory begins is known once all before it are made, so they are made twice.
    main, gps = [_text(_MAKE, camera.make), _text(_MODEL, camera.model)], _gps(picture.place)
    main.append(_Field(_ORIENTATION, _SHORT, 1, b"\0\x01"))
    exif_at = gps_at = 0
    for _ in range(2):
        inner = [_long(_EXIF, exif_at), *([_long(_GPS, gps_at)] if gps else [])]
        first = _directory([*main, *inner], at=8)
        exif_at = 8 + len(first)
        second = _directory(exif, at=exif_at)
        gps_at = exif_at + len(second)
    third = _directory(gps, at=gps_at) if gps else b""
    return b"".join((_BYTE_ORDER, struct.pack(">I", 8), first, second, third))


def _gps(place: tuple[float, float] | None) -> list[_Field]:
    if place is None:
        return []
    latitude, longitude = place
    return [
        _text(1, "S" if latitude < 0 else "N"),
        _angle(2, abs(latitude)),
        _text(3, "W" if longitude < 0 else "E"),
        _angle(4, abs(longitude)),
    ]


def _directory(fields: Sequence[_Field], *, at: int) -> bytes:
    """A directory that begins at the offset `at`, with its longer values behind it."""
    entries, values = [], b""
    behind = at + 2 + 12 * len(fields) + 4
    for tag, kind, length, data in fields:
        if len(data) <= 4:
            where = data.ljust(4, b"\0")
        else:
            where = struct.pack(">I", behind + len(values))
            values += data + b"\0" * (len(data) % 2)
        entries.append(struct.pack(">HHI", tag, kind, length) + where)
    return b"".join((struct.pack(">H", len(fields)), *entries, bytes(4), values))


def _text(tag: int, text: str) -> _Field:
    data = text.encode() + b"\0"
    return _Field(tag, _ASCII, len(data), data)


def _long(tag: int, number: int) -> _Field:
    return _Field(tag, _LONG, 1, struct.pack(">I", number))


def _angle(tag: int, degrees: float) -> _Field:
    hundredths = round(degrees * 360_000)
    minutes, seconds = divmod(hundredths, 6000)
    parts = (minutes // 60, 1, minutes % 60, 1, seconds, 100)
    return _Field(tag, _RATIONAL, 3, struct.pack(">6I", *parts))
