"""Files out of blobs: seekable reading that touches only the chunks it needs."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..blobstore.ref import Ref
from ..blobstore.storage import CanFetch, ReadsRanges
from .blob import SchemaBlob
from .errors import BadTree, ChunkUnreadable
from .layout import UNSERVED, FileLayout, Piece, fetch_in_order

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["FileReader", "Piece"]

SMALL_RANGE = 65536
"""The most bytes of a chunk that are read by range, if that was allowed."""

_BATCH = 64


class FileReader(io.RawIOBase):
    """The contents of a `file` or `bytes` blob as a seekable raw stream.

    A read gives all it was asked for, unless the file ends. The last chunk is kept, so small
    reads in order fetch each chunk once. Not for two threads at once.

    Making it raises `NotSchema`, `WrongKind`, `BadTree`, and what `fetch` raises for `file` itself;
    reading raises `BadTree` and `ChunkUnreadable`, and then has not moved on. It never gives
    wrong bytes: whole chunks come verified from `fetch`. Given `ranged`, up to `SMALL_RANGE`
    bytes of a chunk are read without the rest of it, and so without verifying.
    """

    def __init__(
        self, fetch: CanFetch, file: Ref | SchemaBlob, *, ranged: ReadsRanges | None = None
    ) -> None:
        super().__init__()
        self._fetch = fetch
        self._ranged = ranged
        self._layout = FileLayout(fetch, file)
        self.ref = self._layout.ref
        self._position = 0
        self._chunk: Ref | None = None
        self._chunk_data = b""

    @property
    def size(self) -> int:
        """Bytes of the contents, known without reading them."""
        return self._layout.size

    def layout(self, start: int = 0, end: int | None = None) -> Iterator[Piece]:
        """The pieces that make up bytes `[start, end)`, in order, found lazily.

        Only `bytes` blobs are fetched, many at a time; chunks are left to the caller.
        """
        return self._layout.pieces(start, end)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        self._check_open()
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._check_open()
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}.get(whence)
        if base is None:
            raise ValueError(f"whence cannot be {whence}")
        if base + offset < 0:
            raise ValueError(f"no position {base + offset} in a file")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        self._check_open()
        left = max(0, self.size - self._position)
        if size is None or not 0 <= size <= left:
            size = left
        buffer = bytearray(size)
        self.readinto(buffer)
        return bytes(buffer)

    def readall(self) -> bytes:
        return self.read()

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        self._check_open()
        target = memoryview(buffer).cast("B")
        start = self._position
        end = min(start + len(target), self.size)
        if start >= end:
            return 0
        wanted: dict[Ref, list[Piece]] = {}
        for piece in self._layout.pieces(start, end):
            offset, size, chunk, _ = piece
            here = target[offset - start : offset - start + size]
            if chunk is None:
                here[:] = bytes(size)
            elif chunk == self._chunk:
                here[:] = self._slice(piece, self._chunk_data)
            elif self._ranged is not None and size <= SMALL_RANGE:
                here[:] = self._read_range(self._ranged, piece)
            else:
                wanted.setdefault(chunk, []).append(piece)
                if len(wanted) >= _BATCH:
                    self._fill(target, start, wanted)
                    wanted = {}
        if wanted:
            self._fill(target, start, wanted)
        self._position = end
        return end - start

    def _fill(self, target: memoryview, start: int, wanted: dict[Ref, list[Piece]]) -> None:
        """Fetch chunks and put their pieces where they belong."""
        blobs = fetch_in_order(self._fetch, tuple(wanted))
        for chunk, pieces in wanted.items():
            try:
                _, data = next(blobs)
            except UNSERVED as error:
                raise self._unreadable(pieces[0], str(error)) from error
            for piece in pieces:
                place = piece.offset - start
                target[place : place + piece.size] = self._slice(piece, data)
            self._chunk, self._chunk_data = chunk, data

    def _read_range(self, ranged: ReadsRanges, piece: Piece) -> bytes:
        assert piece.chunk is not None
        try:
            data = ranged.fetch_range(piece.chunk, piece.chunk_offset, piece.size)
        except UNSERVED as error:
            raise self._unreadable(piece, str(error)) from error
        if len(data) != piece.size:
            raise self._too_short(piece, piece.chunk_offset + len(data))
        return data

    def _slice(self, piece: Piece, data: bytes) -> memoryview:
        end = piece.chunk_offset + piece.size
        if end > len(data):
            raise self._too_short(piece, len(data))
        return memoryview(data)[piece.chunk_offset : end]

    def _unreadable(self, piece: Piece, why: str) -> ChunkUnreadable:
        return ChunkUnreadable(str(piece.chunk), file=self.ref, offset=piece.offset, why=why)

    def _too_short(self, piece: Piece, size: int) -> BadTree:
        end = piece.chunk_offset + piece.size
        return BadTree(
            self.ref, f"at byte {piece.offset}: chunk {piece.chunk} has {size} bytes, not {end}"
        )

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("read of a closed file")
