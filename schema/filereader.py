"""Files out of blobs: seekable reading that touches only the chunks it needs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple

from ..blobstore.ref import Ref
from ..blobstore.storage import CanFetch, ReadsRanges


class Piece(NamedTuple):
    """Bytes `[offset, offset + size)` of a file: those of a blob from `chunk_offset` on.

    Without a `chunk` they are zeros.
    """

    offset: int
    size: int
    chunk: Ref | None
    chunk_offset: int


class FileReader(io.RawIOBase):
    """The contents of a `file` or `bytes` blob as a seekable raw stream.

    Wrap it in `io.BufferedReader` for many small reads. Not for two threads at once. Raises
    `NotSchema`, `WrongKind`, `BadTree`, `ChunkUnreadable`, never gives wrong bytes: whole chunks
    come verified from `fetch`. Given `ranged`, small ranges are read without verifying.
    """

    def __init__(self, fetch: CanFetch, ref: Ref, *, ranged: ReadsRanges | None = None) -> None:
        raise NotImplementedError

    @property
    def size(self) -> int:
        """Bytes of the contents, known without reading them."""
        raise NotImplementedError

    def layout(self, start: int = 0, end: int | None = None) -> Iterator[Piece]:
        """The pieces that make up bytes `[start, end)`, in order, found lazily.

        Only `bytes` blobs are fetched, many at a time; chunks are left to the caller.
        """
        raise NotImplementedError
