"""ID3 tags: version 2 before the sound, version 1 behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .genres import genre_name
from .tags import Tags, tags_from, year_of
from .view import Unreadable, View

_MOST_FRAMES = 2000
_MOST_TEXT = 60_000
_MOST_UNSYNCHRONISED = 1024 * 1024

_FIELDS = {
    "TIT2": "title",
    "TPE1": "artist",
    "TALB": "album",
    "TCON": "genre",
    "TYER": "year",
    "TDRC": "year",
    "TRCK": "track",
    "TPOS": "disc",
    "TT2": "title",
    "TP1": "artist",
    "TAL": "album",
    "TCO": "genre",
    "TYE": "year",
    "TRK": "track",
    "TPA": "disc",
}
_ALBUM_ID = "MusicBrainz Album Id"
_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")
_FRAME_ID = re.compile(rb"[A-Z][A-Z0-9]{2,3}")


class Id3(NamedTuple):
    """What an ID3v2 tag says, and how many bytes it takes."""

    version: int
    size: int
    tags: Tags | None


def read_id3(view: View) -> Id3 | None:
    """The ID3v2 tag that a file begins with, of versions 2.2 to 2.4; None if it does not."""
    head = view.some(0, 10)
    if len(head) < 10 or not head.startswith(b"ID3") or head[3] not in (2, 3, 4):
        return None
    version, flags = head[3], head[5]
    size = _seven(head[6:10])
    footer = 10 if version == 4 and flags & 0x10 else 0
    said: dict[str, str] = {}
    try:
        body = view.part(10, size)
        if flags & 0x80 and version < 4:
            data = body.some(0, _MOST_UNSYNCHRONISED)
            body = View.of_bytes(data.replace(b"\xff\0", b"\xff"))
        start = _extended(body, version) if flags & 0x40 and version > 2 else 0
        for name, content in _frames(body, version, start):
            _read_frame(said, name, content, version)
    except Unreadable:
        pass
    return Id3(version, 10 + size + footer, tags_from(said))


def read_id3v1(view: View) -> Tags | None:
    """The tag of 128 bytes that a file ends with, if it does."""
    if not has_id3v1(view):
        return None
    data = view.at(view.size - 128, 128)

    def text(start: int, end: int) -> str:
        return data[start:end].split(b"\0", 1)[0].decode("latin-1")

    return tags_from(
        {
            "title": text(3, 33),
            "artist": text(33, 63),
            "album": text(63, 93),
            "year": year_of(text(93, 97)),
            "track": str(data[126]) if data[125] == 0 else "",
            "genre": genre_name(data[127]),
        }
    )


def has_id3v1(view: View) -> bool:
    """Whether a file ends with such a tag."""
    return view.size >= 128 and view.at(view.size - 128, 3) == b"TAG"


def _seven(data: bytes) -> int:
    """A number of which each byte has seven bits."""
    number = 0
    for byte in data:
        number = number << 7 | byte & 0x7F
    return number


def _extended(body: View, version: int) -> int:
    """How many bytes the extended header takes; it counts itself since version 2.4."""
    return _seven(body.at(0, 4)) if version == 4 else body.number(0, 4) + 4


def _frames(body: View, version: int, at: int) -> Iterator[tuple[str, bytes]]:
    """The text frames, by name; larger ones and pictures are passed over."""
    id_size, header = (3, 6) if version == 2 else (4, 10)
    for _ in range(_MOST_FRAMES):
        head = body.some(at, header)
        if len(head) < header or not _FRAME_ID.fullmatch(head[:id_size]):
            return
        size = _frame_size(body, version, at, head)
        flags = head[9] if version > 2 else 0
        if head[:1] == b"T" and size <= _MOST_TEXT:
            data = _plain(body.at(at + header, size), version, flags)
            if data:
                yield head[:id_size].decode("ascii"), data
        at += header + size


def _frame_size(body: View, version: int, at: int, head: bytes) -> int:
    """A frame's size: of seven bits a byte since 2.4, but some programs never knew.

    Where the two readings differ, that one counts behind which there is another frame, padding or
    the end.
    """
    if version == 2:
        return int.from_bytes(head[3:6], "big")
    plain, seven = int.from_bytes(head[4:8], "big"), _seven(head[4:8])
    readings = (seven, plain) if version == 4 else (plain, seven)
    for size in readings:
        end = at + 10 + size
        following = body.some(end, 4) if end <= body.size else None
        if following is not None and (not following.strip(b"\0") or _FRAME_ID.fullmatch(following)):
            return size
    return readings[0]


def _plain(data: bytes, version: int, flags: int) -> bytes:
    """A frame's content as it was meant; nothing, if it is compressed or encrypted."""
    if version == 3:
        return b"" if flags & 0xC0 else data[1:] if flags & 0x20 else data
    if version == 4:
        if flags & 0x0C:
            return b""
        data = data[1:] if flags & 0x40 else data
        data = data[4:] if flags & 0x01 else data
        return data.replace(b"\xff\0", b"\xff") if flags & 0x02 else data
    return data


def _read_frame(said: dict[str, str], name: str, data: bytes, version: int) -> None:
    if name in ("TXXX", "TXX"):
        described, _, value = _text(data).partition("\0")
        if described == _ALBUM_ID:
            said.setdefault("musicbrainz_album", value)
        return
    field = _FIELDS.get(name)
    if field is None or (name == "TDRC") != (version == 4 and field == "year"):
        return
    text = _text(data)
    if field == "year":
        text = text[:4] if version == 4 else year_of(text) if len(text) == 4 else ""
    if text:
        said.setdefault(field, text)


def _text(data: bytes) -> str:
    """The text of a frame; several texts are parted by NUL."""
    encoding = _ENCODINGS[data[0]] if data[0] < len(_ENCODINGS) else "latin-1"
    if encoding == "utf-16" and not data[1:].startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16-le"
    text = data[1:].decode(encoding, "replace").rstrip("\0")
    return text.replace("\ufeff", "")  # each of several texts begins with the mark again
