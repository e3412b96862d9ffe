"""The log of a buffered table: the format of its files, one writer, one reader.

A file is a header and records, all numbers little-endian. What README.md says of it is enough
to read one.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from ...blobstore.durable import replacing
from ...blobstore.errors import TableDamaged

MARKER_SIZE = 8

ALL_LOGS = "*.log*"
"""Matches logs, and what is left of those whose making broke off."""

_MAGIC = b"hfkvlog1"
_HEADER = struct.Struct("<8sQQ8s")
_CHECK = struct.Struct("<I")
_HEADER_SIZE = _HEADER.size + _CHECK.size
_RECORD = struct.Struct("<8sIIQQ")
_CHECKED = struct.Struct("<IQQ")
_ROW = struct.Struct("<II")
_DELETED = 0xFFFFFFFF
"""Stands in place of a value's length."""

Rows = Mapping[bytes, bytes | None]
"""What becomes of keys: their new values, or None for keys that are deleted."""


class Kind(IntEnum):
    """What a record says."""

    ROWS = 0
    SETTLED = 1
    """The rows of all logs before this one are durable in the table."""
    END = 2
    """Nothing follows here, and all before was durable when the next log began."""


class Record(NamedTuple):
    """One record of a file, and where it is."""

    kind: Kind
    durable: int
    payload: memoryview
    end: int


def log_path(folder: Path, number: int) -> Path:
    """Where the log of a number is kept."""
    return folder / f"{number:016d}.log"


def log_numbers(folder: Path) -> list[int]:
    """The numbers of the logs in a folder, ascending."""
    return sorted(int(path.stem) for path in folder.glob("*.log") if path.stem.isdecimal())


class LogWriter:
    """One log, appended to. Not safe for many threads, save that `sync` may run beside `append`.

    Everything here raises `OSError`; after that the log must not be appended to.
    """

    def __init__(self, folder: Path, number: int, *, first: int, marker: bytes) -> None:
        """Make a log, durably.

        `first` is the oldest log whose rows may be missing in the table, `marker` are random
        bytes, so that nothing in any row looks like the beginning of a record.
        """
        self.number = number
        self._marker = marker
        header = _HEADER.pack(_MAGIC, number, first, marker)
        path = log_path(folder, number)
        with replacing(path) as file:
            file.write(header + _CHECK.pack(crc32(header)))
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        self._size = self._durable = _HEADER_SIZE

    def append(self, kind: Kind, payload: bytes = b"") -> None:
        """Write one record, which is durable after the next `sync`."""
        durable, length = self._durable, len(payload)
        check = crc32(payload, crc32(_CHECKED.pack(kind, durable, length)))
        record = _RECORD.pack(self._marker, kind, check, durable, length) + payload
        written = os.write(self._descriptor, record)
        while written < len(record):
            written += os.write(self._descriptor, memoryview(record)[written:])
        self._size += written

    def sync(self) -> None:
        """Make durable what was appended before the call."""
        size = self._size
        os.fdatasync(self._descriptor)
        self._durable = size

    def close(self) -> None:
        """Let go of the file, which stays."""
        os.close(self._descriptor)


@dataclass(frozen=True, slots=True)
class Log:
    """What a log file says, its torn end left out."""

    number: int
    first: int
    records: tuple[Record, ...]

    @property
    def has_ended(self) -> bool:
        """Whether it says that nothing follows."""
        return bool(self.records) and self.records[-1].kind is Kind.END

    @property
    def is_settled(self) -> bool:
        """Whether it says that no log before it is needed."""
        return any(record.kind is Kind.SETTLED for record in self.records)

    def rows(self) -> Iterator[Rows]:
        """The writes, in their order."""
        for record in self.records:
            if record.kind is Kind.ROWS:
                yield decode(record.payload)


def read_log(path: Path) -> Log:
    """Read a log file. What a crash left at its end is no damage; anything else is.

    Raises `TableDamaged` and `OSError`.
    """
    content = path.read_bytes()
    header = content[: _HEADER.size]
    (check,) = _CHECK.unpack(content[_HEADER.size : _HEADER_SIZE].ljust(_CHECK.size, b"\0"))
    if not header.startswith(_MAGIC) or len(content) < _HEADER_SIZE or crc32(header) != check:
        raise TableDamaged(str(path), "is no log of this format; the table must be made again")
    _, number, first, marker = _HEADER.unpack(header)
    if path.name != log_path(path.parent, number).name or not 0 < first <= number:
        raise TableDamaged(str(path), f"says it is log {number}, needing those from {first}")
    records: list[Record] = []
    at = _HEADER_SIZE
    while (record := _record(content, at, marker)) is not None:
        records.append(record)
        at = record.end
    if _is_missed(content, at, marker):
        raise TableDamaged(str(path), f"is damaged at byte {at}")
    return Log(number, first, tuple(records))


def _record(content: bytes, at: int, marker: bytes) -> Record | None:
    """The record that begins at a byte, or None if no whole one does."""
    if len(content) - at < _RECORD.size:
        return None
    found, kind, check, durable, length = _RECORD.unpack_from(content, at)
    begin = at + _RECORD.size
    if found != marker or length > len(content) - begin or kind not in _KINDS:
        return None
    payload = memoryview(content)[begin : begin + length]
    if crc32(payload, crc32(_CHECKED.pack(kind, durable, length))) != check:
        return None
    return Record(Kind(kind), durable, payload, begin + length)


_KINDS = frozenset(Kind)


def _is_missed(content: bytes, at: int, marker: bytes) -> bool:
    """Whether a record behind `at` says that the bytes there had been made durable.

    Without one a crash has cut them off: the parts of a file not yet synced reach the disk in
    any order, so whole records may stand behind a gap.
    """
    behind = content.find(marker, at + 1)
    while behind >= 0:
        record = _record(content, behind, marker)
        if record is not None and record.durable > at:
            return True
        behind = content.find(marker, behind + 1)
    return False


def encode(rows: Rows) -> bytes:
    """The payload of a `ROWS` record."""
    pieces: list[bytes] = []
    for key, value in rows.items():
        if value is None:
            pieces += (_ROW.pack(len(key), _DELETED), key)
        else:
            pieces += (_ROW.pack(len(key), len(value)), key, value)
    return b"".join(pieces)


def decode(payload: memoryview) -> Rows:
    """The rows of a payload whose checksum was right."""
    rows: dict[bytes, bytes | None] = {}
    at = 0
    while at < len(payload):
        key_size, value_size = _ROW.unpack_from(payload, at)
        at += _ROW.size
        key = bytes(payload[at : at + key_size])
        at += key_size
        if value_size == _DELETED:
            rows[key] = None
        else:
            rows[key] = bytes(payload[at : at + value_size])
            at += value_size
    return rows
