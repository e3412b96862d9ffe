"""Cache files: SQLite files that may be lost, damaged or shared at any time, and never matter."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

_LOG = logging.getLogger(__name__)

_VERSION = 1
_KEEP_SECONDS = 30 * 24 * 3600
_BUSY_SECONDS = 2.0

Answer = TypeVar("Answer")


class CacheFile:
    """One SQLite file of things that were learnt about one store. Safe for many threads.

    A file that cannot be used is deleted and made anew; if that fails too, everything asked of
    it is simply not known. Many processes may use the same file.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self._path = path
        self._schema = schema
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._attempt(lambda c: c.total_changes)

    def query(self, statement: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """The rows of a query; none if the cache cannot be used."""
        return self._attempt(lambda c: c.execute(statement, values).fetchall()) or []

    def change(self, statements: Iterable[tuple[str, Iterable[Sequence[object]]]]) -> None:
        """Run statements, each for many rows, as one transaction; or nothing happens."""
        prepared = [(statement, list(rows)) for statement, rows in statements]

        def run(connection: sqlite3.Connection) -> None:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                for statement, rows in prepared:
                    connection.executemany(statement, rows)

        self._attempt(run)

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                with suppress(sqlite3.Error):
                    self._connection.close()
                self._connection = None
                self._schema = ""

    def _attempt(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer | None:
        with self._lock:
            for _ in range(2):
                try:
                    if self._connection is None:
                        self._connection = self._open()
                    if self._connection is None:
                        return None
                    return work(self._connection)
                except sqlite3.OperationalError as error:
                    # Busy, full, read-only: nothing is wrong with the file.
                    _LOG.info("cache %s: %s", self._path, error)
                    if self._connection is None:
                        self._schema = ""
                    return None
                except sqlite3.DatabaseError as error:
                    _LOG.warning("cache %s is damaged and made anew: %s", self._path, error)
                    self._discard()
                except OSError as error:
                    _LOG.info("cache %s: %s", self._path, error)
                    self._schema = ""
                    return None
            return None

    def _open(self) -> sqlite3.Connection | None:
        if not self._schema:  # closed, or given up
            return None
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, check_same_thread=False, isolation_level=None
        )
        try:
            # A cache may lose its last words in a power cut, and never needs to wait for a disk.
            connection.execute("PRAGMA synchronous=OFF")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version != _VERSION:
                if version != 0:
                    raise sqlite3.DatabaseError(f"version {version}")
                connection.execute("PRAGMA journal_mode=WAL")
                connection.executescript(self._schema)
                connection.execute(f"PRAGMA user_version={_VERSION}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _discard(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                self._path.with_name(self._path.name + suffix).unlink()


def cache_path(folder: Path, *, kind: str, store: str) -> Path:
    """The file for what is known about one store."""
    name = hashlib.sha256(store.encode()).hexdigest()[:20]
    return folder / f"{kind}-{name}.sqlite"


def sweep(folder: Path, *, now: float | None = None) -> None:
    """Delete the caches of stores that were not used for a month."""
    now = time.time() if now is None else now
    with suppress(OSError):
        for path in folder.glob("*.sqlite"):
            with suppress(OSError):
                if path.stat().st_mtime < now - _KEEP_SECONDS:
                    for suffix in ("", "-wal", "-shm"):
                        path.with_name(path.name + suffix).unlink(missing_ok=True)
