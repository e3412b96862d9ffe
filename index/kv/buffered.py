"""A buffer in front of a sorted table: small writes cost one log, large ones reach the table."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from operator import gt, lt
from pathlib import Path

from ...blobstore.durable import make_folder
from ...blobstore.errors import HoldfastError, StoreFailed, TableDamaged
from ...blobstore.ownership import FILE_NAME, Ownership
from ...blobstore.table import OpenTable, Table, check_row
from .batchlog import ALL_LOGS, MARKER_SIZE, Kind, LogWriter, encode, log_numbers, log_path
from .recovery import recover
from .sortedrows import SortedRows

CAPACITY = 16 << 20
"""Bytes of rows and their keeping a buffer holds before they go to the table."""

_ROW_COST = 250
"""Bytes a row in memory takes besides its key and value, roughly."""

TABLE_NAME = "table"

_log = logging.getLogger(__name__)

_Layer = SortedRows[bytes | None]


def buffered(open_table: OpenTable, *, capacity: int = CAPACITY) -> OpenTable:
    """How to open a table of another engine with a buffer in front."""
    return partial(open_buffered, open_table=open_table, capacity=capacity)


def open_buffered(
    path: Path,
    *,
    open_table: OpenTable,
    capacity: int = CAPACITY,
    randomness: Callable[[int], bytes] = secrets.token_bytes,
) -> BufferedTable:
    """Open, or make, the buffered table in the folder `path`; rows of its log go to the table.

    Raises `StoreBusy`, `StoreFailed`, `TableDamaged`, and what `open_table` raises.
    """
    marker = randomness(MARKER_SIZE)
    try:
        make_folder(path)
        ownership = Ownership(path)
    except (NotADirectoryError, FileExistsError) as error:
        raise TableDamaged(str(path), "is no folder") from error
    except OSError as error:
        raise StoreFailed.by(str(path), error) from error
    try:
        if not log_numbers(path):
            if (path / TABLE_NAME).exists():
                raise TableDamaged(str(path), "the log is missing")
            LogWriter(path, 1, first=1, marker=marker).close()
        table = open_table(path / TABLE_NAME)
        try:
            log = recover(path, table, marker=marker)
        except BaseException:
            table.close()
            raise
    except OSError as error:
        ownership.release()
        raise StoreFailed.by(str(path), error) from error
    except BaseException:
        ownership.release()
        raise
    return BufferedTable(path, table, log, ownership, capacity=capacity, marker=marker)


def destroy_buffered(path: Path, *, destroy_table: Callable[[Path], None]) -> None:
    """Remove the buffered table in the folder `path`, damaged or not, and nothing else in it.

    `destroy_table` removes the table behind the buffer. Raises `StoreFailed`.
    """
    if not path.is_dir():
        return
    destroy_table(path / TABLE_NAME)
    try:
        for log in path.glob(ALL_LOGS):
            log.unlink()
        (path / FILE_NAME).unlink(missing_ok=True)
        if not any(path.iterdir()):
            path.rmdir()
    except OSError as error:
        raise StoreFailed.by(str(path), error) from error


class BufferedTable:
    """A `Table` that keeps what is written in memory and a log, and gives it on in large writes.

    What `sync` made durable is in the log or in the table. After a crash whole writes are there,
    in their order, up to some moment not before the last `sync`. Memory is bounded by twice the
    capacity and two of the largest writes. After a write or a sync has failed, every later one
    raises `StoreFailed`; close the table and open it again.

    Locks are taken in the order in which `__init__` makes them.
    """

    def __init__(
        self,
        path: Path,
        table: Table,
        log: LogWriter,
        ownership: Ownership,
        *,
        capacity: int,
        marker: bytes,
    ) -> None:
        """`table`, `log` and `ownership` are this object's from now on."""
        self._path, self._table, self._log, self._ownership = path, table, log, ownership
        self._capacity, self._marker = capacity, marker
        self._flushing = threading.Lock()
        self._syncing = threading.Lock()
        self._writing = threading.Lock()
        self._layering = threading.Lock()
        # What is written goes to the first; a second one is on its way into the table.
        self._layers: tuple[_Layer, ...] = (SortedRows(),)
        self._held = 0
        self._appended = 0
        self._durable = 0
        self._failure: str | None = None
        self._is_closed = False

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None. Raises as the table behind does."""
        self._refuse_when_closed()
        # A layer leaves `_layers` after its rows are in the table: looking there last misses none.
        for layer in self._layers:
            value = layer.get(key, _ABSENT)
            if not isinstance(value, _Absent):
                return value
        return self._table.get(key)

    def write(self, puts: Iterable[tuple[bytes, bytes]], deletes: Iterable[bytes] = ()) -> None:
        """Put and delete rows, all or none; a key in both is deleted.

        Raises `StoreFailed` and `RowTooLarge`.
        """
        rows: dict[bytes, bytes | None] = {}
        for key, value in puts:
            check_row(key, value)
            rows[key] = value
        for key in deletes:
            rows[key] = None
        payload = encode(rows)
        with self._writing:
            self._refuse_after_failure()
            if not rows:
                return
            self._append(Kind.ROWS, payload)
            self._layers[0].write(rows.items())
            self._held += len(payload) + _ROW_COST * len(rows)
        if self._held >= self._capacity:
            self._flush(self._capacity)

    def scan(
        self, start: bytes = b"", end: bytes | None = None, *, backwards: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Rows with `start <= key < end` as they were at the call, ascending or descending."""
        self._refuse_when_closed()
        with self._layering:
            found: Iterator[tuple[bytes, bytes | None]]
            found = self._table.scan(start, end, backwards=backwards)
            for layer in reversed(self._layers):
                upper = layer.scan(start, end, backwards=backwards)
                found = _overlay(upper, found, comes_first=gt if backwards else lt)
        return self._read(found)

    def sync(self) -> None:
        """Make every row written so far durable, together with others who ask meanwhile.

        Raises `StoreFailed`.
        """
        self._sync(self._appended)

    def flush(self) -> None:
        """Put all rows into the table behind, durably, and begin a new log. Raises `StoreFailed`.

        Nobody need call this; it makes the next opening after a crash quicker.
        """
        self._flush(1)

    def close(self) -> None:
        """Give all rows to the table and let go of the files. No other call may be under way.

        Whatever is called later, and every scan that is not at its end, raises `StoreFailed`.
        """
        if self._is_closed:
            return
        try:
            if self._failure is None:
                self._flush(1)
        except HoldfastError as error:
            # What was promised is in the log, where the next opening finds it.
            _log.warning("%s; rows stay in the log", error)
        finally:
            self._is_closed = True
            self._failure = self._failure or "it is closed"
            try:
                self._table.close()
            finally:
                self._log.close()
                self._ownership.release()

    def _read(self, rows: Iterator[tuple[bytes, bytes | None]]) -> Iterator[tuple[bytes, bytes]]:
        for key, value in rows:
            self._refuse_when_closed()
            if value is not None:
                yield key, value

    def _append(self, kind: Kind, payload: bytes = b"") -> None:
        """Write to the log; `_writing` is held."""
        # Half a record may stand in the log afterwards; what comes behind it would not be read.
        with self._last_if_it_fails():
            self._log.append(kind, payload)
        self._appended += 1

    def _sync(self, goal: int) -> None:
        """Make durable what was appended up to a count."""
        with self._syncing:
            self._refuse_after_failure()
            # Whoever had the lock before may have done it for all who waited.
            if self._durable < goal:
                appended = self._appended
                with self._last_if_it_fails():
                    self._log.sync()
                self._durable = appended

    def _flush(self, least: int) -> None:
        """Put the rows into the table if they take at least so many bytes."""
        with self._flushing:
            if self._held < least:
                return
            old = self._begin_log()
            with self._last_if_it_fails():
                rows = list(self._layers[1].scan())
                self._table.write(
                    ((key, value) for key, value in rows if value is not None),
                    (key for key, value in rows if value is None),
                )
                self._table.sync()
            with self._layering:
                self._layers = self._layers[:1]
            with self._writing:
                self._refuse_after_failure()
                self._append(Kind.SETTLED)
            # Without this on the disk, the log's absence would be damage.
            self._sync(self._appended)
            with self._last_if_it_fails():
                log_path(self._path, old).unlink()

    def _begin_log(self) -> int:
        """Go on with a new layer and a new log; the number of the one before, now durable."""
        # Most of it is synced here, while others may write.
        self._sync(self._appended)
        with self._syncing, self._writing, self._last_if_it_fails():
            self._refuse_after_failure()
            self._append(Kind.END)
            old = self._log
            old.sync()
            self._log = LogWriter(self._path, old.number + 1, first=old.number, marker=self._marker)
            old.close()
            self._durable = self._appended
            with self._layering:
                self._layers = (SortedRows(), *self._layers)
            self._held = 0
        return old.number

    @contextmanager
    def _last_if_it_fails(self) -> Iterator[None]:
        """Let nothing be written any more if this breaks off, whatever did that."""
        try:
            yield
        except OSError as error:
            self._failure = error.strerror or str(error)
            raise StoreFailed.by(str(self._path), error) from error
        except BaseException as error:
            self._failure = self._failure or str(error) or type(error).__name__
            raise

    def _refuse_after_failure(self) -> None:
        if self._failure is not None:
            raise StoreFailed(str(self._path), f"{self._failure}; open it again")

    def _refuse_when_closed(self) -> None:
        if self._is_closed:
            raise StoreFailed(str(self._path), "it is closed")


class _Absent:
    """Says that a layer knows nothing of a key; None says that the key is deleted."""


_ABSENT = _Absent()


def _overlay(
    upper: Iterator[tuple[bytes, bytes | None]],
    lower: Iterator[tuple[bytes, bytes | None]],
    *,
    comes_first: Callable[[bytes, bytes], bool],
) -> Iterator[tuple[bytes, bytes | None]]:
    """Two rows of rows in one order as one; of two rows with one key the upper counts."""
    ahead = next(upper, None)
    if ahead is None:
        yield from lower
        return
    for row in lower:
        while ahead is not None and comes_first(ahead[0], row[0]):
            yield ahead
            ahead = next(upper, None)
        if ahead is None or ahead[0] != row[0]:
            yield row
    while ahead is not None:
        yield ahead
        ahead = next(upper, None)
