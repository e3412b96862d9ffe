"""Thumbnails on disk: a bounded file that may be lost, damaged or deleted at any time."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from ...blobstore.ref import Ref
from .kept import Key
from .thumbnail import Thumbnail

_VERSION = 1
_PAGE = 8192
_SCHEMA = """
CREATE TABLE pictures (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, used INTEGER NOT NULL,
    type TEXT NOT NULL, sum INTEGER NOT NULL
);
CREATE INDEX by_use ON pictures (used);
CREATE TABLE contents (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
"""
# The bytes have a table of their own, so that noting a use does not touch them.

_BUSY_SECONDS = 1.0
_REST_SECONDS = 60.0
_USE_SECONDS = 3600
_MOST_USES = 500
_EVICTED = 64

_NOT_ITS_FAULT = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOMEM,
    )
)

_log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class ThumbnailCache:
    """One SQLite file of thumbnails, of which those are dropped that were not used for longest.

    Nothing it is asked raises: what cannot be read is not there, what cannot be written is not
    kept. A file that makes no sense is deleted and made anew; one that cannot be used (a full disk)
    is tried again after a minute. Safe for many threads, each of which it may keep waiting.
    """

    def __init__(self, path: Path, *, most: int, clock: Callable[[], float] = time.time) -> None:
        """`most` is how many bytes the file may have; beside it there is a log of a few MiB."""
        self._path = path
        self._most_pages = max(16, most // _PAGE)
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None
        self._uses: dict[int, int] = {}
        self._rests_until = 0.0
        self._is_closed = False

    def get(self, key: Key) -> Thumbnail | None:
        return self._attempt(lambda connection: self._get(connection, key))

    def put(self, key: Key, thumbnail: Thumbnail) -> None:
        self._attempt(lambda connection: self._put(connection, key, thumbnail))

    def forget(self, refs: Iterable[Ref]) -> None:
        """Drop all thumbnails of what is named."""
        spans = [(f"{ref} ", f"{ref}!") for ref in refs]
        self._attempt(lambda connection: self._forget(connection, spans))

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                with suppress(sqlite3.Error):
                    self._note_uses(self._connection)
            self._disconnect()
            self._is_closed = True

    def _get(self, connection: sqlite3.Connection, key: Key) -> Thumbnail | None:
        row = connection.execute(
            "SELECT id, used, type, sum, data FROM pictures JOIN contents USING (id) WHERE key = ?",
            (_text(key),),
        ).fetchone()
        if row is None:
            return None
        number, used, kind, check, data = row
        # A power cut may leave a page of something else in the place of one of its own.
        if zlib.crc32(data) != check or kind not in ("image/jpeg", "image/png"):
            raise sqlite3.DatabaseError("a thumbnail is not what was written")
        now = int(self._clock())
        if now - used > _USE_SECONDS:
            self._uses[number] = now
            if len(self._uses) > _MOST_USES:
                self._note_uses(connection)
        return Thumbnail(data, kind)

    def _put(self, connection: sqlite3.Connection, key: Key, thumbnail: Thumbnail) -> None:
        pages = len(thumbnail.data) // _PAGE + 4
        if pages > self._most_pages // 16:
            return
        text, now = _text(key), int(self._clock())
        with _transaction(connection):
            self._make_room(connection, pages)
            row = connection.execute(
                "INSERT INTO pictures (key, used, type, sum) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (key) DO NOTHING RETURNING id",
                (text, now, thumbnail.media_type, zlib.crc32(thumbnail.data)),
            ).fetchone()
            if row is not None:
                connection.execute(
                    "INSERT OR REPLACE INTO contents (id, data) VALUES (?, ?)",
                    (row[0], thumbnail.data),
                )

    def _make_room(self, connection: sqlite3.Connection, pages: int) -> None:
        while True:
            (count,) = connection.execute("PRAGMA page_count").fetchone()
            (free,) = connection.execute("PRAGMA freelist_count").fetchone()
            if count - free + pages <= self._most_pages:
                return
            self._write_uses(connection)
            oldest = connection.execute(
                "SELECT id FROM pictures ORDER BY used LIMIT ?", (_EVICTED,)
            ).fetchall()
            if not oldest:
                return
            self._drop(connection, oldest)

    def _forget(self, connection: sqlite3.Connection, spans: list[tuple[str, str]]) -> None:
        with _transaction(connection):
            for span in spans:
                self._drop(
                    connection,
                    connection.execute(
                        "SELECT id FROM pictures WHERE key >= ? AND key < ?", span
                    ).fetchall(),
                )

    def _drop(self, connection: sqlite3.Connection, numbers: list[tuple[int]]) -> None:
        connection.executemany("DELETE FROM contents WHERE id = ?", numbers)
        connection.executemany("DELETE FROM pictures WHERE id = ?", numbers)

    def _note_uses(self, connection: sqlite3.Connection) -> None:
        with _transaction(connection):
            self._write_uses(connection)

    def _write_uses(self, connection: sqlite3.Connection) -> None:
        rows = [(when, number) for number, when in self._uses.items()]
        connection.executemany("UPDATE pictures SET used = ? WHERE id = ?", rows)
        self._uses.clear()

    def _attempt(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer | None:
        with self._lock:
            if self._is_closed or time.monotonic() < self._rests_until:
                return None
            for _ in range(2):
                try:
                    return work(self._connected())
                except sqlite3.Error as error:
                    if _code(error) in _NOT_ITS_FAULT:
                        self._rest(error)
                        return None
                    _log.warning("cache %s is damaged and made anew: %s", self._path, error)
                    self._disconnect()
                    self._delete()
                except OSError as error:
                    self._rest(error)
                    return None
            return None

    def _rest(self, error: Exception) -> None:
        _log.warning("cache %s is not used for a minute: %s", self._path, error)
        self._disconnect()
        self._rests_until = time.monotonic() + _REST_SECONDS

    def _connected(self) -> sqlite3.Connection:
        if self._connection is not None and self._inode != _inode(self._path):
            # Somebody deleted it. What is written to it now would take room, and be lost.
            self._disconnect()
        if self._connection is None:
            self._connection = self._open()
            self._inode = _inode(self._path)
        return self._connection

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileNotFoundError):
            if self._path.stat().st_size > self._most_pages * _PAGE:
                # It was allowed more once. Making it smaller takes longer than drawing anew.
                self._delete()
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, check_same_thread=False, isolation_level=None
        )
        try:
            # So there is no file that is mapped: one that is cut off would end the process.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            # It may lose its last words in a power cut, and never needs to wait for a disk.
            connection.execute("PRAGMA synchronous = OFF")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version not in (0, _VERSION):
                raise sqlite3.DatabaseError(f"version {version}")
            if version == 0:
                connection.execute(f"PRAGMA page_size = {_PAGE}")
            connection.execute("PRAGMA journal_mode = WAL")
            if version == 0:
                connection.executescript(_SCHEMA)
                connection.execute(f"PRAGMA user_version = {_VERSION}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _disconnect(self) -> None:
        self._uses.clear()
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _delete(self) -> None:
        for suffix in ("", "-wal", "-shm", "-journal"):
            with suppress(OSError):
                self._path.with_name(self._path.name + suffix).unlink()


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of what is done inside, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _text(key: Key) -> str:
    return f"{key.ref} {key.box.width}x{key.box.height}"


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary code for what went wrong."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
