"""Tables for people: lines that fit a terminal, refs in them whole, nothing in them harmful."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from ...schema.timestamps import NANOSECONDS, Timestamp, format_time
from ..output import Output, counted, human_size, printable
from .documents import objects_in, text_in
from .items import NODE_TYPE, Item

LEAST_TEXT = 30
"""Columns a text has on one line with all the rest; where there are less, it gets its own line."""

_GAP = "  "
_INDENT = "    "
_CUT = "…"

MINUTE = 16
"""Columns of a date and a time, to the minute."""


class Column(NamedTuple):
    """What stands in one place of each line, in so many columns of a terminal."""

    width: int
    is_right: bool = False


class Table:
    """Lines of a ref, some columns, and a text of any length.

    On a terminal whatever is too long is cut, except for refs. Where a line has no room for all of
    it the ref gets a line of its own. Into a pipe everything goes whole, on one line.
    """

    def __init__(self, out: Output, columns: Sequence[Column], *, indent: str = "") -> None:
        self._out = out
        self._columns = columns
        self._indent = indent
        self._width = terminal_width(out)

    def line(self, ref: str, cells: Sequence[str], text: str) -> None:
        """Write what belongs to one ref."""
        for line in self._lines(ref, cells, text):
            self._out.line(line)

    def _lines(self, ref: str, cells: Sequence[str], text: str) -> Iterator[str]:
        ref, text = self._indent + harmless(ref), harmless(text)
        row = [self._cell(column, cell) for column, cell in zip(self._columns, cells, strict=True)]
        line = _GAP.join([ref, *row, text]).rstrip()
        if self._width is None:
            yield line
            return
        room = self._width - columns_of(_GAP.join([ref, *row, ""]))
        if room >= LEAST_TEXT:
            yield _GAP.join([ref, *row, cut(text, room)]).rstrip()
        else:
            yield ref
            rest = self._indent + _INDENT + _GAP.join([*row, text]).rstrip()
            yield cut(rest, self._width)

    def _cell(self, column: Column, text: str) -> str:
        text = harmless(text)
        if self._width is not None:
            text = cut(text, column.width)
        padding = " " * (column.width - columns_of(text))
        return padding + text if column.is_right else text + padding


class ItemTable:
    """Items, a line each: ref, time, type, size, title or file name, tags."""

    def __init__(self, out: Output, *, by_change: bool = False) -> None:
        """`by_change` tells when each was changed, else when it was made or happened."""
        self._table = Table(out, (Column(MINUTE), Column(_TYPE), Column(_SIZE, is_right=True)))
        self._by_change = by_change

    def line(self, item: Item) -> None:
        """Write one."""
        time = item.modified if self._by_change else item.time
        tags = [f"#{tag}" for tag in item.tags]
        self._table.line(
            item.ref,
            (minute_text(time), type_text(item), size_text(item)),
            _GAP.join(part for part in (item.title, " ".join(tags)) if part),
        )


_TYPE = 16
_SIZE = 10


def placed_name(entry: Mapping[str, object]) -> str:
    """The name of a file or folder, behind that of the first folder it is in."""
    folder = next(objects_in(entry, "folders"), {})
    return "/".join(part for part in (text_in(folder, "name"), text_in(entry, "name")) if part)


def terminal_width(out: Output) -> int | None:
    """The columns of the terminal that is written to; None for what is none."""
    return shutil.get_terminal_size().columns if out.is_terminal else None


def harmless(text: str) -> str:
    """A text on one line, without anything that a terminal takes for more than letters."""
    return printable(text.encode("utf-8", "replace"))


def columns_of(text: str) -> int:
    """How many columns of a terminal a harmless text takes."""
    if text.isascii():
        return len(text)
    # Imported here: it takes longer than all else, and is seldom needed.
    from wcwidth import width

    return width(text)


def cut(text: str, columns: int) -> str:
    """A harmless text that takes at most so many columns."""
    if columns_of(text) <= columns:
        return text
    if text.isascii():
        return text[: columns - 1] + _CUT
    from wcwidth import clip

    return clip(text, 0, columns - 1).rstrip() + _CUT


def minute_text(moment: Timestamp | None) -> str:
    """A moment in local time, to the minute; as the clock showed it where nobody knows the zone."""
    if moment is None:
        return ""
    if not moment.is_zone_unknown:
        try:
            local = datetime.fromtimestamp(moment.ns // NANOSECONDS)
            return local.isoformat(" ", "minutes")
        except (ValueError, OverflowError, OSError):
            pass
    return format_time(moment)[:MINUTE].replace("T", " ")


def type_text(item: Item) -> str:
    """What something is, in a word."""
    contents = item.contents
    if contents is None:
        return item.value(NODE_TYPE) or item.kind or "blob"
    if contents.kind == "directory":
        return "folder"
    return contents.mime or "file"


def size_text(item: Item) -> str:
    """How large a file is, or how many members a folder has."""
    contents = item.contents
    if contents is None:
        return ""
    if contents.members is not None:
        return counted(contents.members, "item")
    return "" if contents.size is None else human_size(contents.size)
