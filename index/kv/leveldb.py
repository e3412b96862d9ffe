"""LevelDB as a sorted table: one folder, one process, many threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import plyvel

from ...blobstore.durable import make_folder, sync_folder
from ...blobstore.errors import StoreBusy, StoreFailed, StoreFull, TableDamaged
from ...blobstore.table import MAX_ROW_SIZE, check_row

_WRITE_BUFFER = 16 << 20
"""Bytes of rows LevelDB collects before it writes a sorted file; replayed at the next open."""

_LARGE_WRITE_BUFFER = 64 << 20
"""The same for who writes millions of rows: fewer files are merged, and opening takes longer."""

_CACHE = 32 << 20

_FULL = ("No space left on device", "Disk quota exceeded")
_REFUSALS = (
    *_FULL,
    "Permission denied",
    "Read-only file system",
    "Too many open files",
    "Cannot allocate memory",
)
"""How `strerror` says that the machine refused; anything else says that the files are bad."""


def open_leveldb(path: Path, *, to_fill: bool = False) -> LevelTable:
    """Open, or make, the LevelDB in the folder `path`; `to_fill` it with very many rows at once.

    Raises `TableDamaged` when what is there cannot be read, `StoreBusy` when it is open
    already, here or in another process, and `StoreFailed` when the machine refuses.
    """
    try:
        make_folder(path)
        names = os.listdir(path)  # noqa: PTH208 (names alone are wanted)
    except NotADirectoryError as error:
        raise TableDamaged(str(path), "is no folder") from error
    except OSError as error:
        raise StoreFailed.by(str(path), error) from error
    # Without its CURRENT file LevelDB would begin an empty table over the rows that are there.
    if "CURRENT" not in names and not _EMPTY_NAMES.issuperset(names):
        raise TableDamaged(str(path), "the file CURRENT is missing")
    try:
        database = plyvel.DB(
            str(path),
            create_if_missing=True,
            # Otherwise damaged logs lose rows from their middle and nobody is told.
            paranoid_checks=True,
            write_buffer_size=_LARGE_WRITE_BUFFER if to_fill else _WRITE_BUFFER,
            lru_cache_size=_CACHE,
            bloom_filter_bits=10,
            compression=None,  # rows are mostly refs, and random digits do not shrink
        )
    except plyvel.Error as error:
        text = _text(error)
        if "/LOCK: " in text and ("already held" in text or "temporarily" in text):
            raise StoreBusy(str(path), "another process, or another part of this one") from error
        if any(refusal in text for refusal in _REFUSALS):
            raise _failed(path, text) from error
        raise TableDamaged(str(path), text) from error
    return LevelTable(path, database)


_EMPTY_NAMES = frozenset({"LOCK", "LOG", "LOG.old"})
"""What may stand in a folder in which no table was ever made."""

_OWN_NAMES = _EMPTY_NAMES | {"CURRENT"}
_OWN_ENDINGS = (".ldb", ".sst", ".log", ".dbtmp")


def destroy_leveldb(path: Path) -> None:
    """Remove the LevelDB in the folder `path`, damaged or not; nothing else in it is touched.

    Without one this does nothing. Raises `StoreFailed`.
    """
    if not path.is_dir():
        return
    try:
        for entry in list(path.iterdir()):
            name = entry.name
            if name in _OWN_NAMES or name.startswith("MANIFEST-") or name.endswith(_OWN_ENDINGS):
                entry.unlink(missing_ok=True)
        if not any(path.iterdir()):
            path.rmdir()
            sync_folder(path.parent)
    except OSError as error:
        raise StoreFailed.by(str(path), error) from error


class LevelTable:
    """A `Table` kept by LevelDB.

    After a write or a sync has failed nobody knows which rows will be there after a crash, so
    from then on every write and sync raises `StoreFailed`; close the table and open it again.
    Rows written since the last `sync` may be lost in a power cut in any selection: a row that
    vouches for others must be written after the `sync` that made those durable.
    """

    def __init__(self, path: Path, database: plyvel.DB) -> None:
        self._path = path
        self._database = database
        self._get: Callable[..., bytes | None] = database.get
        self._failure: str | None = None
        self._sync_lock = threading.Lock()
        self._syncs_begun = 0
        self._syncs_ended = 0
        self._synced_logs: list[Path] = []

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None. Raises `TableDamaged`."""
        try:
            return self._get(key, verify_checksums=True)
        except plyvel.Error as error:
            raise TableDamaged(str(self._path), _text(error)) from error
        except RuntimeError as error:
            raise self._closed() from error

    def write(self, puts: Iterable[tuple[bytes, bytes]], deletes: Iterable[bytes] = ()) -> None:
        """Put and delete rows, all or none; a key in both is deleted.

        Raises `StoreFailed` and `RowTooLarge`.
        """
        self._refuse_after_failure()
        batch = self._database.write_batch()
        put, delete = batch.put, batch.delete
        for key, value in puts:
            if len(key) + len(value) > MAX_ROW_SIZE:
                check_row(key, value)  # LevelDB would write a length cut to 32 bits
            put(key, value)
        for key in deletes:
            delete(key)
        try:
            batch.write()
        except plyvel.Error as error:
            # Half a record may stand in the log now; rows behind it would be unreadable.
            self._failure = _text(error)
            raise _failed(self._path, self._failure) from error

    def scan(
        self, start: bytes = b"", end: bytes | None = None, *, backwards: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Rows with `start <= key < end` as they were at the call, ascending or descending."""
        try:
            rows = self._database.raw_iterator(verify_checksums=True)
        except RuntimeError as error:
            raise self._closed() from error
        walk = _descending if backwards else _ascending
        return self._read(rows, walk(rows, start, end))

    def _read(
        self, rows: _RawIterator, found: Iterator[tuple[bytes, bytes]]
    ) -> Iterator[tuple[bytes, bytes]]:
        try:
            yield from found
        except plyvel.Error as error:
            raise TableDamaged(str(self._path), _text(error)) from error
        except RuntimeError as error:
            raise self._closed() from error
        finally:
            rows.close()

    def sync(self) -> None:
        """Make every row written so far durable. Raises `StoreFailed`.

        LevelDB's own synced write reaches only its newest log. When it has just begun that one,
        rows of the log before are in memory and in a file nobody synced, until the sorted file
        made of them is finished. So every log there is gets synced here, and the folder if there is
        a new one.
        """
        begun = self._syncs_begun
        with self._sync_lock:
            self._refuse_after_failure()
            # One that began after this call and has ended did it for all who waited.
            if self._syncs_ended > begun:
                return
            self._syncs_begun += 1
            try:
                logs = sorted(self._path.glob("*.log"))
                for log in logs:
                    _sync_file(log)
                if logs != self._synced_logs:
                    sync_folder(self._path)
                    self._synced_logs = logs
            except OSError as error:
                self._failure = error.strerror or str(error)
                raise StoreFailed.by(str(self._path), error) from error
            self._syncs_ended = self._syncs_begun

    def close(self) -> None:
        """Let go of the files. No other call may be under way.

        Whatever is called later, and every scan that is not at its end, raises `StoreFailed`.
        """
        self._database.close()
        self._failure = self._failure or "it is closed"

    def _closed(self) -> StoreFailed:
        return StoreFailed(str(self._path), "it is closed")

    def _refuse_after_failure(self) -> None:
        if self._failure is not None:
            raise _failed(self._path, f"{self._failure}; open it again")


# The other iterators of plyvel, which know of bounds, take damage in the last rows for the end;
# and backwards they miss the row at the start if it is the only one.
_RawIterator = Any  # plyvel has no name for its type


def _ascending(
    rows: _RawIterator, start: bytes, end: bytes | None
) -> Iterator[tuple[bytes, bytes]]:
    rows.seek(start)
    while rows.valid():
        row: tuple[bytes, bytes] = rows.item()
        if end is not None and row[0] >= end:
            return
        yield row
        rows.next()


def _descending(
    rows: _RawIterator, start: bytes, end: bytes | None
) -> Iterator[tuple[bytes, bytes]]:
    if end is None:
        rows.seek_to_last()
    else:
        rows.seek(end)
        if rows.valid():
            rows.prev()
        else:
            rows.seek_to_last()
    while rows.valid():
        row: tuple[bytes, bytes] = rows.item()
        if row[0] < start:
            return
        yield row
        rows.prev()


def _sync_file(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return  # its rows stand in a sorted file by now, which LevelDB synced before deleting it
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def _failed(path: Path, text: str) -> StoreFailed:
    is_full = any(refusal in text for refusal in _FULL)
    return (StoreFull if is_full else StoreFailed)(str(path), text)


def _text(error: Exception) -> str:
    """What LevelDB said; it says it in bytes."""
    (said, *_) = error.args or ("unknown error",)
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
