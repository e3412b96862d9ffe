"""File contents from a store to a disk: small files in groups, large ones a part at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from typing import NamedTuple

from ...blobstore.errors import HoldfastError
from ...blobstore.ref import MAX_BLOB_SIZE, Blob, Ref
from ...schema.blob import SchemaBlob
from ...schema.errors import BadTree, ChunkUnreadable
from ...schema.layout import FileLayout, Piece
from ..client.store import Fetching, GivesBlobs
from .folders import Folders, RestoredFolder
from .writing import GetOptions, create, discard, finish_file, look, open_existing

SMALL = 1 << 20
"""Files up to this many bytes, all whose chunks the file blob lists, are restored in groups."""

SMALL_PARTS = 64

SEGMENT = 4 << 20
"""Bytes of a large file that are fetched at once."""

SEGMENTS_AHEAD = 4


class Exists(HoldfastError):
    """Something else stands where a file is to be restored."""

    def __init__(self, path: bytes) -> None:
        self.path = path
        super().__init__("exists and differs; --overwrite replaces it")


class Wanted(NamedTuple):
    """A file to be restored: where to, and what."""

    folder: RestoredFolder
    name: bytes
    schema: SchemaBlob

    @property
    def path(self) -> bytes:
        above = self.folder.path
        return above + b"/" + self.name if above else self.name


def is_small(schema: SchemaBlob) -> bool:
    """Whether a file can be restored in a group."""
    if len(schema.parts) > SMALL_PARTS:
        return False
    total = 0
    for part in schema.parts:
        total += part.size
        if part.bytes_ref is not None or part.blob_ref is None or total > SMALL:
            return False
    return True


def chunks_of(schema: SchemaBlob) -> Iterator[Ref]:
    """The chunks of a small file."""
    for part in schema.parts:
        if part.blob_ref is not None and part.size:
            yield part.blob_ref


class FileRestorer:
    """Writes files. Safe for many threads."""

    def __init__(self, store: GivesBlobs, folders: Folders, options: GetOptions) -> None:
        self._store = store
        self._folders = folders
        self._options = options

    def is_there(self, wanted: Wanted, folder: int) -> bool:
        """Whether the file is there already and stays. Raises `Exists`, `OSError`."""
        schema = wanted.schema
        found = look(schema, wanted.name, folder)
        if found is None:
            return False
        doubtful = schema.mtime_ns is None and found.stat.st_size == schema.size
        if found.is_same and not self._options.verify:
            same = True
        elif found.is_same or doubtful:
            same = self._has_contents(wanted, folder)
        else:
            same = False
        if not same and not self._options.overwrite and not found.is_same:
            raise Exists(wanted.path)
        return same

    def restore_group(self, group: list[Wanted]) -> list[tuple[Wanted, HoldfastError | OSError]]:
        """Restore small files; those that failed, and why. Raises what the store raises."""
        refs = list(dict.fromkeys(ref for wanted in group for ref in chunks_of(wanted.schema)))
        found = dict(zip(refs, self._store.fetch(refs), strict=True))
        failed: list[tuple[Wanted, HoldfastError | OSError]] = []
        for restored, members in groupby(group, key=lambda wanted: wanted.folder):
            files = list(members)
            try:
                with self._folders.opened(restored) as folder:
                    while files:
                        try:
                            self._write_small(files[0], _joined(files[0].schema, found), folder)
                        except (HoldfastError, OSError) as error:
                            failed.append((files[0], error))
                        del files[0]
            except OSError as error:  # the folder cannot be opened again
                failed += ((wanted, error) for wanted in files)
        return failed

    def restore_large(
        self, wanted: Wanted, pool: ThreadPoolExecutor, advance: Callable[[int], None]
    ) -> None:
        """Restore one file, its segments in the pool's threads. Raises what any of it raises."""
        schema = wanted.schema
        layout = FileLayout(Fetching(self._store), schema.ref)
        with self._folders.opened(wanted.folder) as folder:
            descriptor = create(schema, folder)
            ahead: list[Future[int]] = []
            try:
                for pieces in _segments(layout.pieces()):
                    if len(ahead) >= SEGMENTS_AHEAD:
                        advance(ahead.pop(0).result())
                    ahead.append(pool.submit(self._write_pieces, schema.ref, descriptor, pieces))
                for future in ahead:
                    advance(future.result())
                os.ftruncate(descriptor, layout.size)
                finish_file(schema, wanted.name, descriptor, folder, self._options)
            except BaseException:
                for future in ahead:
                    future.cancel()
                    if not future.cancelled():
                        future.exception()
                discard(schema, folder)
                raise
            finally:
                os.close(descriptor)

    def _write_small(self, wanted: Wanted, data: bytes, folder: int) -> None:
        schema = wanted.schema
        descriptor = create(schema, folder)
        try:
            try:
                if data and os.write(descriptor, data) != len(data):
                    _write_all(descriptor, data, 0)
                finish_file(schema, wanted.name, descriptor, folder, self._options)
            finally:
                os.close(descriptor)
        except BaseException:
            discard(schema, folder)
            raise

    def _write_pieces(self, file: Ref, descriptor: int, pieces: list[Piece]) -> int:
        refs = list(dict.fromkeys(piece.chunk for piece in pieces if piece.chunk is not None))
        places: dict[Ref, list[Piece]] = {}
        for piece in pieces:
            if piece.chunk is not None:
                places.setdefault(piece.chunk, []).append(piece)
        for ref, blob in zip(refs, self._store.fetch(refs), strict=True):
            for piece in places[ref]:
                _write_all(descriptor, _cut(file, piece, blob), piece.offset)
        return sum(piece.size for piece in pieces)

    def _has_contents(self, wanted: Wanted, folder: int) -> bool:
        """Whether the file that is there has the right bytes, read anew."""
        layout = FileLayout(Fetching(self._store), wanted.schema.ref)
        descriptor = open_existing(wanted.name, folder)
        try:
            for piece in layout.pieces():
                if piece.chunk is None:
                    if not _is_zeros(descriptor, piece.offset, piece.size):
                        return False
                    continue
                if piece.size > MAX_BLOB_SIZE:
                    return False  # no chunk has so much: restoring it will say so
                data = os.pread(descriptor, piece.size, piece.offset)
                if piece.chunk_offset or not piece.chunk.matches(data):
                    # Perhaps it is part of a larger chunk; to know, the chunk has to be fetched.
                    (blob,) = self._store.fetch((piece.chunk,))
                    if _cut(wanted.schema.ref, piece, blob) != data:
                        return False
            return True
        finally:
            os.close(descriptor)


def _segments(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    segment: list[Piece] = []
    size = 0
    for piece in pieces:
        segment.append(piece)
        size += piece.size if piece.chunk is not None else 0
        if size >= SEGMENT or len(segment) >= 1000:
            yield segment
            segment, size = [], 0
    if segment:
        yield segment


def _is_zeros(descriptor: int, offset: int, size: int) -> bool:
    """Whether a file has nothing but zeros there. A hole may be larger than memory."""
    end = offset + size
    while offset < end:
        data = os.pread(descriptor, min(SEGMENT, end - offset), offset)
        if not data or data.count(0) != len(data):
            return False
        offset += len(data)
    return True


def _joined(schema: SchemaBlob, found: dict[Ref, Blob | HoldfastError]) -> bytes:
    """The contents of a file that `is_small`: one with holes or `bytes` blobs never is."""
    datas = []
    offset = 0
    for part in schema.parts:
        if part.size and part.blob_ref is not None:
            piece = Piece(offset, part.size, part.blob_ref, part.offset)
            datas.append(_cut(schema.ref, piece, found[part.blob_ref]))
            offset += part.size
    return datas[0] if len(datas) == 1 else b"".join(datas)


def _cut(file: Ref, piece: Piece, blob: Blob | HoldfastError) -> bytes:
    """The bytes of a piece out of its chunk. Raises `ChunkUnreadable`, `BadTree`."""
    assert piece.chunk is not None
    if isinstance(blob, HoldfastError):
        error = ChunkUnreadable(piece.chunk, file=file, offset=piece.offset, why=str(blob))
        raise error from blob
    data = blob.data
    start, end = piece.chunk_offset, piece.chunk_offset + piece.size
    if end > len(data):
        raise BadTree(file, f"chunk {piece.chunk} has {len(data)} bytes, not {end}")
    return data if start == 0 and end == len(data) else data[start:end]


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view = view[written:]
        offset += written
