"""The stat cache: refs of files and folders that have not changed since they were put.

One row a folder, or one for each 4096 of its files: what `lstat` said of them, packed, and
their refs. An unchanged folder costs a listing, an `lstat` a file, and one row.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from os import stat_result
from pathlib import Path
from typing import NamedTuple

from .cachefile import CacheFile, cache_path

PART_ENTRIES = 4096
"""Files whose facts make one row: what bounds memory in a folder of a million."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS folder (
    path BLOB PRIMARY KEY, digest BLOB NOT NULL, ref BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS part (
    path BLOB NOT NULL, part INTEGER NOT NULL, facts BLOB NOT NULL, refs BLOB NOT NULL,
    PRIMARY KEY (path, part));
"""

_ENTRY = struct.Struct("<qqqQIIIH")
_pack = _ENTRY.pack
_UNSURE = _FIRST_NS = -(1 << 63)
_END_NS = 1 << 63


class Part(NamedTuple):
    """What is remembered of up to 4096 of a folder's files, in the order of their names.

    `facts` are packed by `pack_entry`; `refs` holds a digest for each.
    """

    path: bytes
    number: int
    facts: bytes
    refs: bytes


class Folder(NamedTuple):
    """What is remembered of a folder: a `digest` of all its blob was made of, and that blob's.

    It has `parts` parts; more are left over from before.
    """

    path: bytes
    digest: bytes
    ref: bytes
    parts: int


class StatCache:
    """What was put from where, for one store and one way of putting."""

    def __init__(self, folder: Path, *, store: str) -> None:
        """`store` names the store, its generation, and options that change refs."""
        self._file = CacheFile(cache_path(folder, kind="stat", store=store), _SCHEMA)
        # The first put of all need not ask ten thousand times for what is not there.
        self._may_know = bool(self._file.query("SELECT 1 FROM part LIMIT 1", ())) or bool(
            self._file.query("SELECT 1 FROM folder LIMIT 1", ())
        )

    def folder(self, path: bytes) -> tuple[bytes, bytes] | None:
        """The digest and the ref's digest of a folder."""
        if not self._may_know:
            return None
        rows = self._file.query("SELECT digest, ref FROM folder WHERE path=?", (path,))
        return (rows[0][0], rows[0][1]) if rows else None

    def part(self, path: bytes, number: int) -> Part | None:
        """One part of a folder's files."""
        if not self._may_know:
            return None
        rows = self._file.query(
            "SELECT path, part, facts, refs FROM part WHERE path=? AND part=?", (path, number)
        )
        return Part(*rows[0]) if rows else None

    def remember(self, rows: Iterable[Part | Folder]) -> None:
        """Remember rows in the place of older ones. Only what is durable in the store may come.

        A part may come before its folder: what its folder's digest says does not fit it then.
        """
        parts: list[Part] = []
        folders: list[Folder] = []
        for row in rows:
            if isinstance(row, Part):
                parts.append(row)
            else:
                folders.append(row)
        if not parts and not folders:
            return
        self._may_know = True
        self._file.change(
            [
                ("INSERT OR REPLACE INTO part VALUES (?,?,?,?)", parts),
                (
                    "INSERT OR REPLACE INTO folder VALUES (?,?,?)",
                    ((f.path, f.digest, f.ref) for f in folders),
                ),
                (
                    "DELETE FROM part WHERE path=? AND part>=?",
                    ((f.path, f.parts) for f in folders),
                ),
            ]
        )

    def close(self) -> None:
        self._file.close()


def pack_entry(name: bytes, stat: stat_result) -> bytes:
    """What must be equal for a file to count as unchanged."""
    modified, changed = stat.st_mtime_ns, stat.st_ctime_ns
    if not (_FIRST_NS < modified < _END_NS and _FIRST_NS < changed < _END_NS):
        # Some file systems have times centuries from now; without their high bits they fit.
        modified, changed = _wrapped(modified), _wrapped(changed)
    return (
        _pack(
            modified,
            changed,
            stat.st_size,
            stat.st_ino,
            stat.st_mode,
            stat.st_uid,
            stat.st_gid,
            len(name),
        )
        + name
    )


def _wrapped(moment: int) -> int:
    return (moment - _FIRST_NS) % (_END_NS - _FIRST_NS) + _FIRST_NS


def unsure(entry: bytes) -> bytes:
    """An entry that keeps its name and place but equals no file: it will be read again."""
    return struct.pack("<q", _UNSURE) + entry[8:]


def unpack_entries(
    facts: bytes, refs: bytes, *, digest_size: int
) -> Iterator[tuple[bytes, bytes, bytes]]:
    """The name, the packed entry and the digest of each file of a part."""
    position = 0
    at = 0
    end = len(facts)
    while position < end:
        size = _ENTRY.unpack_from(facts, position)[7]
        close = position + _ENTRY.size + size
        entry = facts[position:close]
        yield entry[_ENTRY.size :], entry, refs[at : at + digest_size]
        position = close
        at += digest_size
