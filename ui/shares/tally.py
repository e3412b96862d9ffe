"""The tally: how many times each counted share was downloaded, kept over restarts."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from ...blobstore.durable import sync_folder
from ...blobstore.errors import StoreFailed, StoreFull
from ...blobstore.ref import Ref

CONTINUED_SECONDS = 6 * 3600
"""How long after its beginning a download may be gone on with, and counts as the same one."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS used (
    share TEXT PRIMARY KEY,
    downloads INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS begun (
    share TEXT,
    visitor TEXT,
    file TEXT,
    at REAL NOT NULL,
    PRIMARY KEY (share, visitor, file)
) WITHOUT ROWID;
"""
_DAMAGE = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR))
"""What SQLite says of a file that makes no sense. `SQLITE_ERROR`: a table has other columns."""

_FORGET_EACH = 64
_AT_ONCE = 500

_log = logging.getLogger(__name__)


class Download(NamedTuple):
    """Something somebody downloads from a share."""

    share: Ref
    visitor: str
    file: str
    """What it is; empty for what cannot be gone on with."""


class Tally:
    """Counts downloads. For any thread; what was counted is on the disk when a call returns.

    Every call may raise `StoreFull` and `StoreFailed`; then nothing is counted.
    """

    def __init__(self, path: Path | None) -> None:
        """`path` is a file, made if it is missing, in a folder that is there; None is memory.

        A file that makes no sense is put aside, and counting begins again at 0.
        """
        self._path = path
        self._lock = threading.Lock()
        self._taken = 0
        try:
            self._connection = self._open()
        except sqlite3.Error as error:
            if path is None or error.sqlite_errorcode not in _DAMAGE:
                raise self._meant(error) from error
            self._put_aside(path, error)
            self._connection = self._open()

    def __enter__(self) -> Tally:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._connection.close()

    def used(self, shares: Iterable[Ref]) -> dict[Ref, int]:
        """How many downloads of these shares there were; of shares that had none, nothing."""
        wanted = list(shares)
        found: dict[Ref, int] = {}
        with self._telling() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                some = wanted[start : start + _AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = connection.execute(
                    f"SELECT share, downloads FROM used WHERE share IN ({marks})",  # noqa: S608
                    some,
                )
                found.update((Ref(share), count) for share, count in rows)
        return found

    def goes_on(self, download: Download, *, now: float) -> bool:
        """Whether a visitor may go on with a download that has been counted."""
        with self._telling() as connection:
            return _goes_on(connection, download, now)

    def take(self, download: Download, *, most: int, is_part: bool, now: float) -> bool:
        """Count a download that is about to begin; False if there were `most` already.

        A part of what the same visitor has begun within `CONTINUED_SECONDS` is not counted again.
        """
        with self._telling() as connection, _transaction(connection):
            if is_part and _goes_on(connection, download, now):
                return True
            added = connection.execute(
                "INSERT INTO used VALUES (?, 1) ON CONFLICT (share)"
                " DO UPDATE SET downloads = downloads + 1 WHERE downloads < ?",
                (download.share, most),
            )
            if not added.rowcount:
                return False
            if download.file:
                connection.execute(
                    "INSERT OR REPLACE INTO begun VALUES (?, ?, ?, ?)", (*download, now)
                )
            self._taken += 1
            if self._taken % _FORGET_EACH == 1:
                connection.execute("DELETE FROM begun WHERE at < ?", (now - CONTINUED_SECONDS,))
            return True

    @contextmanager
    def _telling(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread at a time, its errors as ours."""
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise self._meant(error) from error

    def _open(self) -> sqlite3.Connection:
        name = ":memory:" if self._path is None else self._path
        connection = sqlite3.connect(name, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(_SCHEMA)
            ((said,),) = connection.execute("PRAGMA quick_check(1)")
            if said != "ok":
                raise _damage(said)
            if self._path is not None:
                sync_folder(self._path.parent)
        except BaseException:
            connection.close()
            raise
        return connection

    def _put_aside(self, path: Path, error: sqlite3.Error) -> None:
        for suffix in ("", "-wal", "-shm"):
            damaged = path.with_name(path.name + suffix)
            if damaged.exists():
                damaged.replace(path.with_name(f"{path.name}.damaged{suffix}"))
        _log.error("%s is damaged (%s); downloads of shares are counted from 0 again", path, error)

    def _meant(self, error: sqlite3.Error) -> StoreFailed:
        where = "memory" if self._path is None else str(self._path)
        kind = StoreFull if _is_full(error) else StoreFailed
        return kind(where, str(error))


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _goes_on(connection: sqlite3.Connection, download: Download, now: float) -> bool:
    if not download.file:
        return False
    with closing(
        connection.execute(
            "SELECT at FROM begun WHERE share = ? AND visitor = ? AND file = ?", download
        )
    ) as rows:
        found = rows.fetchone()
    return found is not None and abs(now - found[0]) < CONTINUED_SECONDS


def _is_full(error: sqlite3.Error) -> bool:
    return error.sqlite_errorcode == sqlite3.SQLITE_FULL


def _damage(said: str) -> sqlite3.Error:
    error = sqlite3.DatabaseError(said)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error
