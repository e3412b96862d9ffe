"""HEIF pictures (HEIC, AVIF): how large the main one is, and where its EXIF data are."""

from __future__ import annotations

from .boxes import boxes, child
from .view import Unreadable, View

_MOST_ITEMS = 2000


def read_heif(view: View) -> tuple[int, int, View | None]:
    """Width and height as shown, and the EXIF data if any. Raises `Unreadable`.

    A HEIF picture is turned by its own property; its EXIF orientation is to be ignored.
    """
    meta = child(view, b"meta").part(4)
    width, height = _shown_size(meta)
    try:
        exif = _exif(view, meta)
    except Unreadable:
        exif = None
    return width, height, exif


def _shown_size(meta: View) -> tuple[int, int]:
    primary = child(meta, b"pitm")
    item = primary.number(4, 4 if primary.at(0, 1)[0] else 2)
    properties = list(zip(range(_MOST_ITEMS), boxes(child(meta, b"iprp", b"ipco")), strict=False))
    width = height = turns = 0
    for index in _associated(child(meta, b"iprp", b"ipma"), item):
        if not 0 < index <= len(properties):
            continue
        kind, content = properties[index - 1][1]
        if kind == b"ispe":
            width, height = content.number(4, 4), content.number(8, 4)
        elif kind == b"irot":
            turns += content.number(0, 1) & 3
    return (height, width) if turns % 2 else (width, height)


def _associated(ipma: View, item: int) -> list[int]:
    """The numbers of an item's properties, counted from 1."""
    version, is_wide = ipma.number(0, 1), ipma.number(3, 1) & 1
    id_size, size = (4 if version else 2), (2 if is_wide else 1)
    at = 8
    for _ in range(min(ipma.number(4, 4), _MOST_ITEMS)):
        found = ipma.number(at, id_size)
        count = ipma.number(at + id_size, 1)
        at += id_size + 1
        if found == item:
            mask = 0x7FFF if is_wide else 0x7F
            return [ipma.number(at + i * size, size) & mask for i in range(count)]
        at += count * size
    return []


def _exif(view: View, meta: View) -> View | None:
    item = _exif_item(child(meta, b"iinf"))
    if item is None:
        return None
    start, length = _location(child(meta, b"iloc"), item)
    # Four bytes say how far behind them the TIFF header is.
    return view.part(start, length).part(4 + view.number(start, 4))


def _exif_item(iinf: View) -> int | None:
    entries = boxes(iinf.part(8 if iinf.number(0, 1) else 6))
    for _, (kind, entry) in zip(range(_MOST_ITEMS), entries, strict=False):
        version = entry.number(0, 1) if kind == b"infe" else 0
        if version >= 2:
            size = 2 if version == 2 else 4
            if entry.some(4 + size + 2, 4) == b"Exif":
                return entry.number(4, size)
    return None


def _location(iloc: View, item: int) -> tuple[int, int]:
    """Where an item's first extent is in the file, and its length."""
    version = iloc.number(0, 1)
    sizes = iloc.number(4, 2)
    offset_size, length_size, base_size, index_size = (
        sizes >> shift & 15 for shift in (12, 8, 4, 0)
    )
    id_size = 4 if version == 2 else 2
    index_size = index_size if version in (1, 2) else 0
    at = 6 + id_size
    for _ in range(min(iloc.number(6, id_size), _MOST_ITEMS)):
        found = iloc.number(at, id_size)
        at += id_size
        method = 0
        if version in (1, 2):
            method = iloc.number(at, 2) & 15
            at += 2
        at += 2  # which file the data are in: this one
        base, extents = iloc.number(at, base_size), iloc.number(at + base_size, 2)
        at += base_size + 2
        if found == item:
            if method or not extents:
                raise Unreadable
            offset = iloc.number(at + index_size, offset_size)
            return base + offset, iloc.number(at + index_size + offset_size, length_size)
        at += extents * (index_size + offset_size + length_size)
    raise Unreadable
