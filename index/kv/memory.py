"""A sorted table in memory, for tests and for what need not last."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from weakref import WeakSet

from sortedcontainers import SortedDict

_ROWS_AT_ONCE = 128


def open_memory(_path: Path) -> MemoryTable:
    """An empty table, whatever the folder, which is left alone."""
    return MemoryTable()


class MemoryTable:
    """A `Table` that is gone when the process ends; `sync` and `close` do nothing."""

    def __init__(self) -> None:
        self._rows = SortedDict()
        self._lock = threading.Lock()
        self._scans: WeakSet[_Scan] = WeakSet()

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None."""
        with self._lock:
            value: bytes | None = self._rows.get(key)
            return value

    def write(self, puts: Iterable[tuple[bytes, bytes]], deletes: Iterable[bytes] = ()) -> None:
        """Put and delete rows, all or none; a key in both is deleted."""
        puts, deletes = list(puts), list(deletes)
        with self._lock:
            # Scans under way read rows in place; before those change, each takes its own copy.
            for scan in list(self._scans):
                scan.keep_rest()
            self._scans.clear()
            self._rows.update(puts)
            for key in deletes:
                self._rows.pop(key, None)

    def scan(self, start: bytes = b"", end: bytes | None = None) -> Iterator[tuple[bytes, bytes]]:
        """Rows with `start <= key < end`, ascending, as they were at the call."""
        scan = _Scan(self._rows, self._lock, start, end)
        with self._lock:
            self._scans.add(scan)
        return scan

    def sync(self) -> None:
        """Nothing can be made durable here."""

    def close(self) -> None:
        """Nothing is held here."""


class _Scan(Iterator[tuple[bytes, bytes]]):
    """Reads some rows ahead at a time, and all that are left when the table is to change."""

    def __init__(
        self, rows: SortedDict, lock: threading.Lock, start: bytes, end: bytes | None
    ) -> None:
        self._rows, self._lock, self._end = rows, lock, end
        self._next_key: bytes | None = start
        self._ahead: Iterator[tuple[bytes, bytes]] = iter(())

    def __next__(self) -> tuple[bytes, bytes]:
        for row in self._ahead:
            return row
        with self._lock:
            # A write may have put rows ahead since the line above found none.
            self._ahead = iter([*self._ahead, *self._read(_ROWS_AT_ONCE)])
        return next(self._ahead)

    def keep_rest(self) -> None:
        """Take what is left; the table's lock is held."""
        self._ahead = iter([*self._ahead, *self._read(None)])

    def _read(self, count: int | None) -> list[tuple[bytes, bytes]]:
        if self._next_key is None:
            return []
        if self._end is not None and self._end <= self._next_key:
            return []
        keys = self._rows.irange(self._next_key, self._end, inclusive=(True, False))
        found = [(key, self._rows[key]) for key in islice(keys, count)]
        may_go_on = count is not None and len(found) == count
        self._next_key = found[-1][0] + b"\0" if may_go_on else None
        return found
