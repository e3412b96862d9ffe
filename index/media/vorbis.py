"""FLAC and Ogg (Vorbis, Opus): their comments and how long they last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .tags import Tags, tags_from, year_of
from .view import Unreadable, View

_MOST_BLOCKS = 200
_MOST_COMMENTS = 1000
_MOST_PACKET = 256 * 1024
_LAST = 65_536

_FIELDS = {
    "TITLE": "title",
    "ARTIST": "artist",
    "ALBUM": "album",
    "GENRE": "genre",
    "TRACKNUMBER": "track",
    "DISCNUMBER": "disc",
    "MUSICBRAINZ_ALBUMID": "musicbrainz_album",
}


class Sound(NamedTuple):
    """What a file says of its sound."""

    tags: Tags | None
    duration_ms: int | None


def read_flac(view: View) -> Sound:
    """What the blocks before the sound of a FLAC stream say."""
    tags, duration, at = None, None, 4
    try:
        for _ in range(_MOST_BLOCKS):
            head, size = view.number(at, 1), view.number(at + 1, 3)
            if head & 0x7F == 0:
                rate, samples = view.number(at + 14, 3) >> 4, view.number(at + 17, 5)
                duration = _milliseconds(samples & (1 << 36) - 1, rate)
            elif head & 0x7F == 4:
                tags = _comments(view.some(at + 4, min(size, _MOST_PACKET)))
            if head & 0x80:
                break
            at += 4 + size
    except Unreadable:
        pass
    return Sound(tags, duration)


def read_ogg(view: View) -> Sound:
    """What the first two packets of an Ogg file say, and its last page."""
    try:
        packets = _packets(view)
        first, second = next(packets, b""), next(packets, b"")
        duration = None
        if first.startswith(b"\x01vorbis") and second.startswith(b"\x03vorbis"):
            rate, skipped, comments = int.from_bytes(first[12:16], "little"), 0, second[7:]
        elif first.startswith(b"OpusHead") and second.startswith(b"OpusTags"):
            rate, skipped = 48_000, int.from_bytes(first[10:12], "little")
            comments = second[8:]
        else:
            return Sound(None, None)
        serial = view.at(14, 4)
        if (last := _last_position(view, serial)) is not None and last >= skipped:
            duration = _milliseconds(last - skipped, rate)
    except Unreadable:
        return Sound(None, None)
    return Sound(_comments(comments), duration)


def _milliseconds(samples: int, rate: int) -> int | None:
    return samples * 1000 // rate if rate and samples else None


def _packets(view: View) -> Iterator[bytes]:
    """The packets of the first stream, the beginning of each if it is long."""
    at, packet, serial = 0, b"", None
    for _ in range(_MOST_BLOCKS):
        head = view.at(at, 27)
        if not head.startswith(b"OggS"):
            raise Unreadable
        sizes = view.at(at + 27, head[26])
        at += 27 + head[26]
        serial = serial or head[14:18]
        for size in sizes:
            if head[14:18] == serial:
                if len(packet) < _MOST_PACKET:
                    packet += view.at(at, size)
                if size < 255:
                    yield packet
                    packet = b""
            at += size
    if packet:
        yield packet


def _last_position(view: View, serial: bytes) -> int | None:
    """The position, in samples, that the last page of a stream ends at."""
    end = view.some(max(0, view.size - _LAST), _LAST)
    at = end.rfind(b"OggS")
    while at >= 0:
        position = end[at + 6 : at + 14]
        if end[at + 14 : at + 18] == serial and position != b"\xff" * 8:
            return int.from_bytes(position, "little")
        at = end.rfind(b"OggS", 0, at)
    return None


def _comments(data: bytes) -> Tags | None:
    """Vorbis comments, as many as there are before the data end."""
    said: dict[str, list[str]] = {}
    at = 4 + int.from_bytes(data[:4], "little")
    count = int.from_bytes(data[at : at + 4], "little")
    at += 4
    for _ in range(min(count, _MOST_COMMENTS)):
        size = int.from_bytes(data[at : at + 4], "little")
        at += 4
        if at + size > len(data):
            break
        name, _, value = data[at : at + size].decode("utf-8", "replace").partition("=")
        said.setdefault(name.upper(), []).append(value)
        at += size
    fields = {_FIELDS[name]: "\0".join(values) for name, values in said.items() if name in _FIELDS}
    dates = said.get("DATE") or said.get("YEAR") or [""]
    return tags_from(fields | {"year": year_of(dates[0])})
