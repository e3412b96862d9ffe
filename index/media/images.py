"""How large pictures are, from their headers; no pixel is decoded."""

from __future__ import annotations

import re
from typing import NamedTuple

from .heif import read_heif
from .tiff import Directory, Tiff
from .view import Unreadable, View

_MOST_SEGMENTS = 4000
_SVG_HEAD = 64 * 1024


class Size(NamedTuple):
    """Width and height in pixels, both at least 1."""

    width: int
    height: int


class Header(NamedTuple):
    """What a picture's header says: its size as stored, and where its EXIF data are.

    `is_upright` if the EXIF orientation must not turn it, because the size is already turned.
    """

    size: Size | None
    exif: View | None = None
    is_upright: bool = False


def read_header(view: View) -> Header:
    """What the header of a picture says, of whatever format; nothing, if it makes no sense."""
    try:
        return _read(view)
    except Unreadable:
        return Header(None)


def turned(size: Size, orientation: int) -> Size:
    """The size after the turn that an EXIF orientation asks for."""
    return Size(size.height, size.width) if 5 <= orientation <= 8 else size


def _read(view: View) -> Header:
    head = view.some(0, 32)
    if head.startswith(b"\xff\xd8"):
        return _jpeg(view)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(view)
    if head.startswith((b"GIF87a", b"GIF89a")):
        return Header(_size(view.number(6, 2, "little"), view.number(8, 2, "little")))
    if head.startswith((b"II", b"MM")):
        return Header(_tiff(view), view)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _webp(view)
    if head[4:8] == b"ftyp":
        width, height, exif = read_heif(view)
        return Header(_size(width, height), exif, is_upright=True)
    if head.startswith(b"BM"):
        return Header(_bmp(view))
    if head.startswith(b"8BPS"):
        return Header(_size(view.number(18, 4), view.number(14, 4)))
    if head.startswith((b"\0\0\1\0", b"\0\0\2\0")):
        return Header(_size(view.number(6, 1) or 256, view.number(7, 1) or 256))
    return Header(_svg(view.some(0, _SVG_HEAD)))


def _size(width: int, height: int) -> Size | None:
    return Size(width, height) if width > 0 and height > 0 else None


def _jpeg(view: View) -> Header:
    at, exif = 2, None
    try:
        for _ in range(_MOST_SEGMENTS):
            mark, marker = view.at(at, 2)
            if mark != 0xFF or marker in (0xD9, 0xDA):  # nonsense, the end, or pixels
                break
            if marker == 0xFF:  # a fill byte
                at += 1
                continue
            if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # these have no length
                at += 2
                continue
            length = view.number(at + 2, 2)
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                return Header(_size(view.number(at + 7, 2), view.number(at + 5, 2)), exif)
            if marker == 0xE1 and exif is None and view.some(at + 4, 6) == b"Exif\0\0":
                exif = view.part(at + 10, max(0, length - 8))
            at += 2 + length
    except Unreadable:
        pass
    return Header(None, exif)


def _png(view: View) -> Header:
    """EXIF data behind the pixels are not looked for: that would mean reading over all of them."""
    size = _size(view.number(16, 4), view.number(20, 4))
    at = 8
    try:
        for _ in range(_MOST_SEGMENTS):
            length, kind = view.number(at, 4), view.at(at + 4, 4)
            if kind == b"eXIf":
                return Header(size, view.part(at + 8, length))
            if kind in (b"IDAT", b"IEND"):
                break
            at += 12 + length
    except Unreadable:
        pass
    return Header(size)


def _webp(view: View) -> Header:
    size, exif, at = None, None, 12
    try:
        for _ in range(_MOST_SEGMENTS):
            kind, length = view.at(at, 4), view.number(at + 4, 4, "little")
            at += 8
            if size is None:
                size = _webp_size(view, kind, at)
            if kind == b"EXIF":
                exif = view.part(at, length)
                if view.some(at, 6) == b"Exif\0\0":  # some writers take it over from JPEG
                    exif = exif.part(6)
                break
            at += length + length % 2
    except Unreadable:
        pass
    return Header(size, exif)


def _webp_size(view: View, kind: bytes, at: int) -> Size | None:
    if kind == b"VP8X":
        return Size(view.number(at + 4, 3, "little") + 1, view.number(at + 7, 3, "little") + 1)
    if kind == b"VP8 " and view.at(at + 3, 3) == b"\x9d\x01\x2a":
        width, height = view.number(at + 6, 2, "little"), view.number(at + 8, 2, "little")
        return _size(width & 0x3FFF, height & 0x3FFF)
    if kind == b"VP8L" and view.at(at, 1) == b"\x2f":
        bits = view.number(at + 1, 4, "little")
        return Size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    return None


def _bmp(view: View) -> Size | None:
    if view.number(14, 4, "little") == 12:
        return _size(view.number(18, 2, "little"), view.number(20, 2, "little"))
    height = view.number(22, 4, "little")
    if height >= 1 << 31:  # negative: rows from the top
        height = (1 << 32) - height
    return _size(view.number(18, 4, "little"), height)


def _tiff(view: View) -> Size | None:
    """The size of the first directory that is no thumbnail; of raw files, often not the first."""
    tiff = Tiff(view)
    for directory in tiff.directories():
        if not _number(directory, 0xFE) & 1:
            return _tiff_size(directory)
        if 0x14A in directory:
            for offset in directory[0x14A].integers()[:10]:
                inner = tiff.directory(offset)
                if not _number(inner, 0xFE) & 1 and (size := _tiff_size(inner)):
                    return size
    return None


def _tiff_size(directory: Directory) -> Size | None:
    return _size(_number(directory, 0x100), _number(directory, 0x101))


def _number(directory: Directory, tag: int) -> int:
    numbers = directory[tag].integers() if tag in directory else ()
    return numbers[0] if numbers else 0


_SVG_ROOT = re.compile(r"<svg\b([^>]*)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(width|height|viewBox)\s{0,20}=\s{0,20}["']([^"'<>]{0,100})["']""")
_LENGTH = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*(px|pt|pc|in|cm|mm)?\s*", re.ASCII)
_PIXELS = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4}


def _svg(head: bytes) -> Size | None:
    """The width and height that the root says; failing that, those of its view box."""
    root = _SVG_ROOT.search(head.decode("utf-8", "replace"))
    if root is None:
        return None
    said: dict[str, str] = dict(_ATTRIBUTE.findall(root[1]))
    width, height = (_LENGTH.fullmatch(said.get(name, "")) for name in ("width", "height"))
    if width is None or height is None:
        box = said.get("viewBox", "").replace(",", " ").split()
        if len(box) != 4:
            return None
        width, height = _LENGTH.fullmatch(box[2]), _LENGTH.fullmatch(box[3])
        if width is None or height is None:
            return None
    pixels = (round(float(each[1]) * _PIXELS[each[2] or "px"]) for each in (width, height))
    return _size(*pixels)
