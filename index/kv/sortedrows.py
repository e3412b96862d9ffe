"""Rows in memory, in key order, read as they were at the call while they change."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Generic, TypeVar
from weakref import WeakSet

from sortedcontainers import SortedList

Value = TypeVar("Value")
Default = TypeVar("Default")

_ROWS_AT_ONCE = 128


class SortedRows(Generic[Value]):
    """Byte keys to values. Safe for many threads.

    New keys are put in order when somebody asks for it, all together: who only writes and looks
    up keys does not pay for it.
    """

    def __init__(self) -> None:
        self._values: dict[bytes, Value] = {}
        self._sorted = SortedList()
        self._unsorted: list[bytes] = []
        self._lock = threading.Lock()
        self._scans: WeakSet[_Scan[Value]] = WeakSet()

    def get(self, key: bytes, default: Default) -> Value | Default:
        """The value of a key, or `default`."""
        with self._lock:
            return self._values.get(key, default)

    def write(self, puts: Iterable[tuple[bytes, Value]], deletes: Iterable[bytes] = ()) -> None:
        """Put and delete rows, all or none; a key in both is deleted."""
        puts, deletes = list(puts), list(deletes)
        with self._lock:
            # Scans under way read rows in place; before those change, each takes its own copy.
            if self._scans:
                for scan in list(self._scans):
                    scan.keep_rest()
                self._scans.clear()
            for key, value in puts:
                if key not in self._values:
                    self._unsorted.append(key)
                self._values[key] = value
            for key in deletes:
                if key in self._values:
                    self._sort()
                    self._sorted.remove(key)
                    del self._values[key]

    def scan(
        self, start: bytes = b"", end: bytes | None = None, *, backwards: bool = False
    ) -> Iterator[tuple[bytes, Value]]:
        """Rows with `start <= key < end` as they were at the call, ascending or descending."""
        scan = _Scan(self, start, end, backwards=backwards)
        with self._lock:
            self._scans.add(scan)
        return scan

    def _sort(self) -> None:
        """The lock is held."""
        self._sorted.update(self._unsorted)
        self._unsorted.clear()

    def _read(
        self, start: bytes, end: bytes | None, count: int | None, *, backwards: bool
    ) -> list[tuple[bytes, Value]]:
        """At most `count` rows; the lock is held."""
        if end is not None and end <= start:
            return []
        self._sort()
        keys = self._sorted.irange(start, end, inclusive=(True, False), reverse=backwards)
        return [(key, self._values[key]) for key in islice(keys, count)]


class _Scan(Iterator[tuple[bytes, Value]]):
    """Reads some rows ahead at a time, and all that are left when the rows are to change."""

    def __init__(
        self, rows: SortedRows[Value], start: bytes, end: bytes | None, *, backwards: bool
    ) -> None:
        self._rows, self._start, self._end, self._backwards = rows, start, end, backwards
        self._may_go_on = True
        self._ahead: Iterator[tuple[bytes, Value]] = iter(())

    def __next__(self) -> tuple[bytes, Value]:
        for row in self._ahead:
            return row
        with self._rows._lock:
            # A write may have put rows ahead since the line above found none.
            self._ahead = iter([*self._ahead, *self._read(_ROWS_AT_ONCE)])
        return next(self._ahead)

    def keep_rest(self) -> None:
        """Take what is left; the lock of the rows is held."""
        self._ahead = iter([*self._ahead, *self._read(None)])

    def _read(self, count: int | None) -> list[tuple[bytes, Value]]:
        if not self._may_go_on:
            return []
        found = self._rows._read(self._start, self._end, count, backwards=self._backwards)
        self._may_go_on = len(found) == count
        if self._may_go_on and self._backwards:
            self._end = found[-1][0]
        elif self._may_go_on:
            self._start = found[-1][0] + b"\0"
        return found
