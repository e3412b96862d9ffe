"""A file's bytes where they are asked for: read in blocks, and never without end."""

from __future__ import annotations

import io
from typing import Literal, Protocol

_BLOCK = 64 * 1024
_KEPT = 8

MOST_BYTES = 16 * 1024 * 1024
MOST_READS = 50_000
"""How much of a file is read, and in how many pieces, to find what it says of itself."""


class BinaryReader(Protocol):
    """An open file, or anything like it, such as `schema.filereader.FileReader`."""

    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def read(self, size: int = -1, /) -> bytes: ...


class Unreadable(Exception):
    """What is asked for is outside the file, makes no sense, or would take too long.

    Parsers give it up where it strikes and keep what they have; it never leaves this package.
    """


class View:
    """A range of a file, addressed from its own beginning.

    All views of a file share its blocks and its budget: after `MOST_BYTES` bytes or `MOST_READS`
    reads every further one raises `Unreadable`, so that no file can keep a parser busy.
    """

    __slots__ = ("_blocks", "_start", "size")

    def __init__(self, blocks: _Blocks, start: int, size: int) -> None:
        self._blocks = blocks
        self._start = start
        self.size = size

    @classmethod
    def of(cls, reader: BinaryReader) -> View:
        """All of a file. What reading it raises is passed on."""
        blocks = _Blocks(reader)
        return cls(blocks, 0, blocks.size)

    @classmethod
    def of_bytes(cls, data: bytes) -> View:
        return cls.of(io.BytesIO(data))

    def part(self, start: int, size: int | None = None) -> View:
        """The `size` bytes from `start`, or as many of them as are inside."""
        if start < 0 or (size is not None and size < 0):
            raise Unreadable
        start = min(start, self.size)
        left = self.size - start
        return View(self._blocks, self._start + start, left if size is None else min(size, left))

    def at(self, offset: int, size: int) -> bytes:
        """Exactly `size` bytes from `offset`. Raises `Unreadable`."""
        if offset < 0 or size < 0 or offset + size > self.size:
            raise Unreadable
        data = self._blocks.read(self._start + offset, size)
        if len(data) != size:  # the file has become shorter
            raise Unreadable
        return data

    def some(self, offset: int, size: int) -> bytes:
        """At most `size` bytes from `offset`: fewer where the view ends, none behind its end."""
        return self.at(offset, min(size, self.size - offset)) if offset < self.size else b""

    def number(self, offset: int, size: int, order: Literal["big", "little"] = "big") -> int:
        return int.from_bytes(self.at(offset, size), order)


class _Blocks:
    """The last blocks of a file that were used."""

    def __init__(self, reader: BinaryReader) -> None:
        self._reader = reader
        self._kept: dict[int, bytes] = {}
        self._bytes_left = MOST_BYTES
        self._reads_left = MOST_READS
        self.size = reader.seek(0, io.SEEK_END)

    def read(self, start: int, size: int) -> bytes:
        self._reads_left -= 1
        if self._reads_left < 0:
            raise Unreadable
        number, begin = divmod(start, _BLOCK)
        if begin + size <= _BLOCK:
            return self._block(number)[begin : begin + size]
        self._spend(size)
        self._reader.seek(start)
        return self._reader.read(size)

    def _block(self, number: int) -> bytes:
        block = self._kept.get(number)
        if block is None:
            self._spend(_BLOCK)
            self._reader.seek(number * _BLOCK)
            block = self._reader.read(_BLOCK)
            if len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[number] = block
        return block

    def _spend(self, size: int) -> None:
        self._bytes_left -= size
        if self._bytes_left < 0:
            raise Unreadable
