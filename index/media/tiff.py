"""TIFF directories, which are also what EXIF is written in."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Literal, NamedTuple

from .view import Unreadable, View

_MOST_ENTRIES = 1000
_MOST_DATA = 60_000
"""Larger values are no numbers or names but pictures and makers' secrets, and are passed over."""

ASCII, RATIONAL, SIGNED_RATIONAL = 2, 5, 10
_INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_FLOATS = {11: "f", 12: "d"}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4} | {
    16: 8,
    17: 8,
    18: 8,
}

# TIFF, BigTIFF, and what Olympus and Panasonic write instead of 42.
_MAGIC = {42, 43, 0x4F52, 0x5352, 0x55}


class Field(NamedTuple):
    """One tag's value: its TIFF type, how many values there are, and the bytes of all of them."""

    kind: int
    length: int
    data: bytes
    order: Literal["<", ">"]

    def integers(self) -> tuple[int, ...]:
        return self._unpack(_INTEGERS.get(self.kind))

    def floats(self) -> tuple[float, ...]:
        return self._unpack(_FLOATS.get(self.kind))

    def rationals(self) -> tuple[tuple[int, int], ...]:
        """Numerators and denominators; denominators may be 0."""
        if self.kind not in (RATIONAL, SIGNED_RATIONAL):
            return ()
        letter = "I" if self.kind == RATIONAL else "i"
        parts = struct.unpack(f"{self.order}{2 * self.length}{letter}", self.data)
        return tuple(zip(parts[::2], parts[1::2], strict=True))

    def text(self) -> str:
        """The text up to the first NUL; "" if it is none. Bytes that are not UTF-8 are Latin-1."""
        if self.kind != ASCII:
            return ""
        data = self.data.split(b"\0", 1)[0]
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data.decode("latin-1")

    # struct gives what the letter says, so the caller's annotation is the true one.
    def _unpack(self, letter: str | None) -> tuple:  # type: ignore[type-arg]
        if letter is None:
            return ()
        return struct.unpack(f"{self.order}{self.length}{letter}", self.data)


Directory = dict[int, Field]
"""The tags of one directory by number; of two with one number the first."""


class Tiff:
    """A TIFF structure. Raises `Unreadable` when made of something else."""

    def __init__(self, view: View) -> None:
        self._view = view
        mark = view.at(0, 2)
        if mark not in (b"II", b"MM"):
            raise Unreadable
        self._order: Literal["<", ">"] = "<" if mark == b"II" else ">"
        magic = self._number(2, 2)
        if magic not in _MAGIC:
            raise Unreadable
        self._is_big = magic == 43
        self._first = self._number(8, 8) if self._is_big else self._number(4, 4)

    def directories(self) -> Iterator[Directory]:
        """The directories that follow one another, at most ten; ends where one is broken."""
        offset = self._first
        for _ in range(10):
            if offset == 0:
                return
            directory, offset = self._read(offset)
            yield directory

    def directory(self, offset: int) -> Directory:
        """The directory at `offset`, or as much of it as can be read."""
        return self._read(offset)[0]

    def _read(self, offset: int) -> tuple[Directory, int]:
        """A directory, and where the next one is, or 0."""
        fields: Directory = {}
        wide, entry_size, inline = (8, 20, 8) if self._is_big else (2, 12, 4)
        try:
            count = self._number(offset, wide)
            if count > _MOST_ENTRIES:
                return fields, 0
            offset += wide
            for _ in range(count):
                entry = self._view.at(offset, entry_size)
                tag, kind = struct.unpack(self._order + "HH", entry[:4])
                if (field := self._field(kind, entry[4:], inline)) is not None:
                    fields.setdefault(tag, field)
                offset += entry_size
            return fields, self._number(offset, inline)
        except Unreadable:
            return fields, 0

    def _field(self, kind: int, rest: bytes, inline: int) -> Field | None:
        """The value of an entry; None if it is too large, or is not where the entry says."""
        number = self._order + ("Q" if inline == 8 else "I")
        count, where = struct.unpack(number, rest[:inline])[0], rest[inline:]
        size = _SIZES.get(kind, 0) * count
        if not 0 < size <= _MOST_DATA:
            return None
        if size <= inline:
            return Field(kind, count, where[:size], self._order)
        try:
            data = self._view.at(struct.unpack(number, where)[0], size)
        except Unreadable:
            return None
        return Field(kind, count, data, self._order)

    def _number(self, offset: int, size: int) -> int:
        return self._view.number(offset, size, "little" if self._order == "<" else "big")
