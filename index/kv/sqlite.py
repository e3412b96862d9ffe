"""SQLite as a sorted table: one file in a folder, one process, many threads."""

from __future__ import annotations

import os
import sqlite3
import struct
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from ...blobstore.durable import make_folder, sync_folder
from ...blobstore.errors import HoldfastError, StoreFailed, StoreFull, TableDamaged
from ...blobstore.ownership import FILE_NAME, Ownership
from ...blobstore.table import check_row

ROWS_NAME = "rows.sqlite"

_NEW_NAME = f"{ROWS_NAME}.new"
_APPLICATION = 0x484B5654
_VERSION = 1
_IDLE_READERS = 8
_CHECK = struct.Struct("<I")
_SCAN = "SELECT key, value FROM rows WHERE key >= ?"

_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
"""What SQLite says of files that make no sense. `SQLITE_ERROR`: there is no table `rows`."""


def open_sqlite(path: Path) -> SqliteTable:
    """Open, or make, the table in the folder `path`.

    Raises `TableDamaged` when what is there cannot be read, `StoreBusy` when it is open
    already, here or in another process, and `StoreFailed` when the machine refuses.
    """
    try:
        make_folder(path)
        ownership = Ownership(path)
    except (NotADirectoryError, FileExistsError) as error:
        raise TableDamaged(str(path), "is no folder") from error
    except OSError as error:
        raise StoreFailed.by(str(path), error) from error
    try:
        if not (path / ROWS_NAME).exists():
            _make(path)
        return SqliteTable(path, ownership)
    except sqlite3.Error as error:
        ownership.release()
        raise _meant(path, error) from error
    except OSError as error:
        ownership.release()
        raise StoreFailed.by(str(path), error) from error
    except BaseException:
        ownership.release()
        raise


def destroy_sqlite(path: Path) -> None:
    """Remove the table in the folder `path`, damaged or not, and nothing else in it.

    Raises `StoreFailed`.
    """
    if not path.is_dir():
        return
    try:
        for entry in list(path.iterdir()):
            if entry.name.startswith(ROWS_NAME) or entry.name == FILE_NAME:
                entry.unlink(missing_ok=True)
        if not any(path.iterdir()):
            path.rmdir()
            sync_folder(path.parent)
    except OSError as error:
        raise StoreFailed.by(str(path), error) from error


def _make(folder: Path) -> None:
    """Make an empty table. It gets its name when it is whole: an empty file is damage."""
    if any(folder.glob(f"{ROWS_NAME}-*")):
        raise TableDamaged(str(folder), f"the file {ROWS_NAME} is missing")
    for leftover in folder.glob(f"{_NEW_NAME}*"):
        leftover.unlink()
    new = folder / _NEW_NAME
    connection = sqlite3.connect(new, isolation_level=None)
    try:
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute(
            "CREATE TABLE rows (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"
        )
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
    new.rename(folder / ROWS_NAME)
    sync_folder(folder)


class SqliteTable:
    """A `Table` kept by SQLite.

    Writes of all threads go through one connection; every scan has one of its own, and sees
    what was there when it began. While a scan lasts SQLite's log cannot shrink. After a write
    or a sync has failed, every later one raises `StoreFailed`; close it and open it again.
    """

    def __init__(self, path: Path, ownership: Ownership) -> None:
        """`ownership` is this object's from now on, unless this raises."""
        self._path, self._ownership = path, ownership
        self._failure: str | None = None
        self._is_closed = False
        self._writing = threading.Lock()
        self._syncing = threading.Lock()
        self._lending = threading.Lock()
        self._written = 0
        self._durable = 0
        self._idle: list[sqlite3.Connection] = []
        self._readers: set[sqlite3.Connection] = set()
        self._writer = self._connect()
        try:
            _check_format(path, self._writer)
            sync_folder(path)  # the log of SQLite has been made by now
        except BaseException:
            self._writer.close()
            raise

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None. Raises `TableDamaged` and `StoreFailed`."""
        reader = self._borrow()
        try:
            found = reader.execute("SELECT value FROM rows WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            raise self._meant(error) from error
        finally:
            self._give_back(reader)
        return None if found is None else self._checked(key, found[0])

    def write(self, puts: Iterable[tuple[bytes, bytes]], deletes: Iterable[bytes] = ()) -> None:
        """Put and delete rows, all or none; a key in both is deleted.

        Raises `StoreFailed`, `TableDamaged` and `RowTooLarge`.
        """
        rows = []
        for key, value in puts:
            check_row(key, value)
            rows.append((key, value + _CHECK.pack(crc32(value, crc32(key)))))
        keys = [(key,) for key in deletes]
        with self._writing:
            self._refuse_after_failure()
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                self._writer.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?)", rows)
                self._writer.executemany("DELETE FROM rows WHERE key = ?", keys)
                self._writer.execute("COMMIT")
            except sqlite3.Error as error:
                self._failure = str(error)
                with suppress(sqlite3.Error):
                    self._writer.execute("ROLLBACK")
                raise self._meant(error) from error
            self._written += 1

    def scan(
        self, start: bytes = b"", end: bytes | None = None, *, backwards: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Rows with `start <= key < end` as they were at the call, ascending or descending."""
        rows = self._read(start, end, "ORDER BY key DESC" if backwards else "ORDER BY key")
        next(rows)
        return rows

    def _read(self, start: bytes, end: bytes | None, order: str) -> Iterator[tuple[bytes, bytes]]:
        """First a row that stands for the beginning, then the rows."""
        reader = self._borrow()
        try:
            # The snapshot is taken when something is read, not by BEGIN.
            reader.execute("BEGIN")
            reader.execute("SELECT 1 FROM rows LIMIT 1").fetchone()
            yield b"", b""
            found = (
                reader.execute(f"{_SCAN} {order}", (start,))
                if end is None
                else reader.execute(f"{_SCAN} AND key < ? {order}", (start, end))
            )
            for key, value in found:
                yield key, self._checked(key, value)
        except sqlite3.Error as error:
            raise self._meant(error) from error
        finally:
            self._give_back(reader)

    def sync(self) -> None:
        """Make every row written so far durable. Raises `StoreFailed`.

        SQLite itself syncs its log only when it takes rows out of it. Until then they are in
        the log's file, which nobody locks, so that it can be synced from here without holding
        up writers.
        """
        goal = self._written
        with self._syncing:
            self._refuse_after_failure()
            # Whoever had the lock before may have done it for all who waited.
            if self._durable < goal:
                written = self._written
                try:
                    _sync_file(self._path / f"{ROWS_NAME}-wal")
                except OSError as error:
                    self._failure = error.strerror or str(error)
                    raise StoreFailed.by(str(self._path), error) from error
                self._durable = written

    def close(self) -> None:
        """Let go of the files. No other call may be under way.

        Whatever is called later, and every scan that is not at its end, raises `StoreFailed`.
        """
        if self._is_closed:
            return
        self._is_closed = True
        self._failure = self._failure or "it is closed"
        for connection in (*self._readers, self._writer):
            with suppress(sqlite3.Error):  # the log stays then, and is read at the next opening
                connection.close()
        self._ownership.release()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            (self._path / ROWS_NAME).absolute().as_uri() + "?mode=rw",
            uri=True,
            timeout=60,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cell_size_check = ON")
        return connection

    def _borrow(self) -> sqlite3.Connection:
        with self._lending:
            if self._is_closed:
                raise self._closed()
            if self._idle:
                return self._idle.pop()
        try:
            reader = self._connect()
        except sqlite3.Error as error:
            raise self._meant(error) from error
        with self._lending:
            self._readers.add(reader)
        return reader

    def _give_back(self, reader: sqlite3.Connection) -> None:
        if self._is_closed:
            return
        with suppress(sqlite3.Error):
            if reader.in_transaction:
                reader.execute("ROLLBACK")
            with self._lending:
                if len(self._idle) < _IDLE_READERS:
                    self._idle.append(reader)
                    return
                self._readers.discard(reader)
        reader.close()

    def _checked(self, key: bytes, stored: bytes) -> bytes:
        """The value in what is stored of a row. Raises `TableDamaged`."""
        value = stored[: -_CHECK.size]
        if _CHECK.pack(crc32(value, crc32(key))) != stored[len(value) :]:
            raise TableDamaged(str(self._path), f"a row has a wrong checksum: {key[:40]!r}")
        return value

    def _meant(self, error: sqlite3.Error) -> HoldfastError:
        return self._closed() if self._is_closed else _meant(self._path, error)

    def _closed(self) -> StoreFailed:
        return StoreFailed(str(self._path), "it is closed")

    def _refuse_after_failure(self) -> None:
        if self._failure is not None:
            raise StoreFailed(str(self._path), f"{self._failure}; open it again")


def _check_format(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse a file that is another program's, or of another version."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if (application, version) != (_APPLICATION, _VERSION):
        why = f"{ROWS_NAME} is of format {application:x}/{version}, not {_APPLICATION:x}/{_VERSION}"
        raise TableDamaged(str(path), why)
    connection.execute("SELECT 1 FROM rows LIMIT 1").fetchone()


def _meant(path: Path, error: sqlite3.Error) -> HoldfastError:
    """Whether the files are bad or the machine refused."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in _DAMAGE:
        return TableDamaged(str(path), str(error))
    kind = StoreFull if code == sqlite3.SQLITE_FULL else StoreFailed
    return kind(str(path), str(error))


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
