"""A zip before any of it is sent: what it will hold, checked, and how long it will be."""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ...blobstore.errors import Blame, HoldfastError
from ...blobstore.ref import Ref
from ...blobstore.storage import Storage, fetch_one
from ...schema.blob import parse_schema
from ...schema.errors import BadTree, ChunkUnreadable
from ...schema.filereader import FileReader
from ...schema.layout import FileLayout, Piece
from ..tree import Entry, Kind
from .ziprecords import (
    UNKNOWN_TIME,
    Member,
    central_record,
    end_records,
    late_sizes,
    local_header,
)

PIECE = 1 << 20
"""Bytes of a file that are read at a time. Files of no more have their checksum in front, so that
readers of streams understand them."""

MOST_PLANNED = 128 << 20
"""Bytes that are remembered of all members: a million of them or so."""

MOST_BYTES = 1 << 62
"""The most contents of one zip."""

_CHECKED_AT_ONCE = 1000
_MEMBERS_A_STEP = 200

_TYPES = {
    Kind.FILE: stat.S_IFREG,
    Kind.FOLDER: stat.S_IFDIR,
    Kind.LINK: stat.S_IFLNK,
    Kind.FIFO: stat.S_IFIFO,
    Kind.SOCKET: stat.S_IFSOCK,
}

# Checksum, size, time, mode, and the lengths of the name and the ref, which follow.
_ROW = struct.Struct("<LQqHHB")


class ZipTooLarge(HoldfastError):
    """More than one zip holds."""

    blame = Blame.CALLER

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} are too much for one zip; choose less at a time")


class _Row(NamedTuple):
    at: int
    member: Member
    ref: Ref


class ZipPlan:
    """What a zip will hold. Some 150 bytes are kept for each member, and no contents.

    First all of `check` is to be taken, once; then `size` is known, and `pieces` gives the zip.
    """

    def __init__(self, storage: Storage, entries: Iterable[Entry]) -> None:
        self._storage = storage
        self._entries = entries
        self._rows = bytearray()
        self._count = 0
        self._contents_size = 0
        self._directory_size = 0
        self._wanted: dict[Ref, tuple[Ref, Piece]] = {}

    @property
    def held(self) -> int:
        """Bytes of memory that are taken."""
        return len(self._rows)

    @property
    def size(self) -> int:
        """Bytes of the whole zip."""
        end = end_records(self._count, self._directory_size, self._contents_size)
        return self._contents_size + self._directory_size + len(end)

    def check(self) -> Iterator[None]:
        """Take in the entries, step by step, and see that all their chunks are there.

        Chunks are asked for, not read. Raises what the entries do, and `ChunkUnreadable`,
        `BadTree`, `ZipTooLarge`.
        """
        for entry in self._entries:
            self._add(entry)
            if entry.kind is Kind.FILE:
                yield from self._check_file(entry)
            if not self._count % _MEMBERS_A_STEP:
                yield
        self._check_chunks()

    def pieces(self) -> Iterator[bytes]:
        """The zip, in pieces of at most a little more than `PIECE`.

        Raises `BadTree`, `ChunkUnreadable`, and what reading blobs raises, for what has been lost
        or damaged since: what was given by then is no zip.
        """
        for row in self._all_rows():
            yield from self._member(row)
        offset = 0
        for _, member, _ in self._all_rows():
            yield central_record(member, offset)
            offset += _size_in_zip(member)
        yield end_records(self._count, self._directory_size, self._contents_size)

    def _add(self, entry: Entry) -> None:
        name = entry.path.encode() + (b"/" if entry.kind is Kind.FOLDER else b"")
        ns = entry.mtime_ns
        target = entry.blob.symlink_target if entry.kind is Kind.LINK else b""
        size = entry.size or len(target)
        member = Member(
            name,
            _TYPES[entry.kind] | entry.permission,
            UNKNOWN_TIME if ns is None else ns // 1_000_000_000,
            size,
            zlib.crc32(target),
            is_late=_is_late(size),
        )
        self._directory_size += len(central_record(member, self._contents_size))
        self._contents_size += _size_in_zip(member)
        self._count += 1
        self._rows += _ROW.pack(
            member.crc, member.size, member.mtime, member.mode, len(name), len(entry.ref)
        )
        self._rows += name
        self._rows += entry.ref.encode()
        if len(self._rows) > MOST_PLANNED:
            raise ZipTooLarge(f"more than {self._count - 1} files and folders")
        if self._contents_size > MOST_BYTES:
            raise ZipTooLarge(f"{self._contents_size} bytes")

    def _check_file(self, entry: Entry) -> Iterator[None]:
        for piece in FileLayout(self._storage, entry.blob).pieces():
            if piece.chunk is None:
                continue
            known = self._wanted.get(piece.chunk)
            if known is None or _end(piece) > _end(known[1]):
                self._wanted[piece.chunk] = entry.ref, piece
            if len(self._wanted) >= _CHECKED_AT_ONCE:
                self._check_chunks()
                yield

    def _check_chunks(self) -> None:
        sizes = dict(self._storage.stat(self._wanted))
        for chunk, (file, piece) in self._wanted.items():
            if chunk not in sizes:
                why = f"blob {chunk} not found"
                raise ChunkUnreadable(chunk, file=file, offset=piece.offset, why=why)
            if _end(piece) > sizes[chunk]:
                why = f"chunk {chunk} has {sizes[chunk]} bytes, not {_end(piece)}"
                raise BadTree(file, f"at byte {piece.offset}: {why}")
        self._wanted.clear()

    def _all_rows(self) -> Iterator[_Row]:
        at = 0
        while at < len(self._rows):
            crc, size, mtime, mode, name_length, ref_length = _ROW.unpack_from(self._rows, at)
            name_at = at + _ROW.size
            ref_at = name_at + name_length
            end = ref_at + ref_length
            member = Member(
                bytes(self._rows[name_at:ref_at]), mode, mtime, size, crc, is_late=_is_late(size)
            )
            yield _Row(at, member, Ref(self._rows[ref_at:end].decode()))
            at = end

    def _member(self, row: _Row) -> Iterator[bytes]:
        at, member, ref = row
        if stat.S_ISREG(member.mode) and member.size:
            reader = FileReader(self._storage, ref)
            if member.is_late:
                yield local_header(member)
                crc = 0
                for start in range(0, member.size, PIECE):
                    data = _exactly(reader, min(PIECE, member.size - start))
                    crc = zlib.crc32(data, crc)
                    yield data
                self._note(at, crc)
                yield late_sizes(member._replace(crc=crc))
                return
            data = _exactly(reader, member.size)
            member = member._replace(crc=zlib.crc32(data))
            self._note(at, member.crc)
        elif stat.S_ISLNK(member.mode):
            data = parse_schema(ref, fetch_one(self._storage, ref)).symlink_target
        else:
            data = b""
        yield local_header(member) + data

    def _note(self, at: int, crc: int) -> None:
        self._rows[at : at + 4] = crc.to_bytes(4, "little")


def _is_late(size: int) -> bool:
    return size > PIECE


def _size_in_zip(member: Member) -> int:
    return len(local_header(member)) + member.size + len(late_sizes(member))


def _end(piece: Piece) -> int:
    return piece.chunk_offset + piece.size


def _exactly(reader: FileReader, size: int) -> bytes:
    data = reader.read(size)
    assert len(data) == size  # a reader gives all its blob says there is, or raises
    return data
