"""Changes to a table that are seen at once by whoever makes them, and made all together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from heapq import merge

from sortedcontainers import SortedSet

from ..blobstore.table import Table
from .keys import Row


class Batch:
    """Rows to be put and deleted, in front of a table whose other rows show through.

    For one thread at a time. Nothing reaches the table before `write`.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        # None stands for a row that is to go.
        self._changes: dict[bytes, bytes | None] = {}
        # Keys are put in order when somebody asks for it, all together.
        self._sorted = SortedSet()
        self._unsorted: list[Iterable[bytes]] = []

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, as it will be."""
        if key in self._changes:
            return self._changes[key]
        return self.table.get(key)

    def changes(self, key: bytes) -> bool:
        """Whether a key was put or deleted here."""
        return key in self._changes

    def put(self, rows: Iterable[Row]) -> None:
        """Put rows."""
        self._change(dict(rows))

    def put_keys(self, keys: Iterable[bytes]) -> None:
        """Put rows that say it all in their keys."""
        self._change(dict.fromkeys(keys, b"[]"))

    def delete(self, keys: Iterable[bytes]) -> None:
        """Delete rows."""
        self._change(dict.fromkeys(keys))

    def scan(self, start: bytes, end: bytes, *, backwards: bool = False) -> Iterator[Row]:
        """Rows with `start <= key < end` as they will be when this is called.

        Ascending, or descending if `backwards`.
        """
        if self._unsorted:
            self._sorted.update(*self._unsorted)
            self._unsorted.clear()
        keys = list(self._sorted.irange(start, end, inclusive=(True, False), reverse=backwards))
        rows = self.table.scan(start, end, backwards=backwards)
        if not keys:
            yield from rows
            return
        known = set(keys)
        changed = [(key, self._changes[key]) for key in keys]
        kept = (row for row in rows if row[0] not in known)
        here = ((key, value) for key, value in changed if value is not None)
        yield from merge(kept, here, reverse=backwards)

    def write(self) -> None:
        """Make all changes in the table, or none. Raises as the table does."""
        if self._changes:
            puts = [(key, value) for key, value in self._changes.items() if value is not None]
            deletes = [key for key, value in self._changes.items() if value is None]
            self.table.write(puts, deletes)
            self._changes.clear()
            self._sorted.clear()
            self._unsorted.clear()

    def _change(self, changes: Mapping[bytes, bytes | None]) -> None:
        self._changes.update(changes)
        self._unsorted.append(changes)
