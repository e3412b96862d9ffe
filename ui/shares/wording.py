"""What pages of shares say without a script: sizes, dates, and what things are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from ...index.search.items import Item
from ...schema.claims import Share
from ...schema.timestamps import NANOSECONDS, Timestamp, format_time

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")

_ICONS = {
    "image": "photos",
    "video": "film",
    "audio": "music",
    "folder": "folder",
    "set": "sets",
}

_KINDS = {
    "": "no schema blob, so most likely a part of some file",
    "bytes": "a part of a file",
    "claim": "a claim: something that was said of a thing",
    "directory": "the description of a folder",
    "file": "the description of a file",
    "permanode": "a permanode: a thing of which something can be said",
    "static-set": "a list",
    "symlink": "a symbolic link",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A link in a list."""

    href: str
    title: str
    icon: str
    size: str
    date: str


def line_of(item: Item, root: str) -> Line:
    """What a list says of an item, on the pages of the share at `root`."""
    is_folder = item.kind in ("folder", "set")
    if item.kind == "set" or item.count is not None:
        size = count_words(item.count or 0, "item")
    else:
        size = "" if item.size is None else size_words(item.size)
    return Line(
        f"{root}?in={item.ref}",
        item.title or item.name or "Untitled",
        _ICONS.get(item.kind, "file"),
        size,
        "" if item.time is None or is_folder else item.time[:10],
    )


def file_address(item: Item, root: str) -> str:
    """Where the contents of an item's file are to be had."""
    name = quote(item.name or item.title or "file", safe="")
    return f"{root}/file/{item.content or item.ref}/{name}"


def notes_of(item: Item | None, share: Share, used: int) -> Iterable[str]:
    """What is worth knowing of what is shown, and of the link."""
    if item is not None:
        if item.kind in ("folder", "set") and item.count is not None:
            yield count_words(item.count, "item")
        if item.size is not None:
            yield size_words(item.size)
        if item.width and item.height:
            yield f"{item.width} x {item.height} pixels"
        if item.time is not None and item.kind not in ("folder", "set"):
            yield item.time[:10]
    if share.expires is not None and not share.expires.is_any_zero:
        second = Timestamp(share.expires.ns // NANOSECONDS * NANOSECONDS)
        yield f"open until {format_time(second)[:16].replace('T', ' ')} UTC"
    if share.most_downloads is not None:
        yield f"{count_words(max(0, share.most_downloads - used), 'download')} left"


def kind_words(kind: str) -> str:
    """What a blob is, for who has never heard of blobs."""
    return _KINDS.get(kind, "something that only programs read")


def count_words(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def size_words(size: int) -> str:
    """Bytes as people read them."""
    unit, rest = 0, float(size)
    while rest >= 999.5 and unit < len(_UNITS) - 1:
        rest /= 1000
        unit += 1
    digits = 1 if unit and rest < 99.5 else 0
    return f"{rest:.{digits}f} {'byte' if size == 1 and not unit else _UNITS[unit]}"
