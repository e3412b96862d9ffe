"""A sorted table in memory, for tests and for what need not last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ...blobstore.table import check_row
from .sortedrows import SortedRows


def open_memory(_path: Path) -> MemoryTable:
    """An empty table, whatever the folder, which is left alone."""
    return MemoryTable()


class MemoryTable:
    """A `Table` that is gone when the process ends; `sync` and `close` do nothing."""

    def __init__(self) -> None:
        self._rows: SortedRows[bytes] = SortedRows()

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None."""
        return self._rows.get(key, None)

    def write(self, puts: Iterable[tuple[bytes, bytes]], deletes: Iterable[bytes] = ()) -> None:
        """Put and delete rows, all or none; a key in both is deleted. Raises `RowTooLarge`."""
        puts = list(puts)
        for key, value in puts:
            check_row(key, value)
        self._rows.write(puts, deletes)

    def scan(
        self, start: bytes = b"", end: bytes | None = None, *, backwards: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Rows with `start <= key < end` as they were at the call, ascending or descending."""
        return self._rows.scan(start, end, backwards=backwards)

    def sync(self) -> None:
        """Nothing can be made durable here."""

    def close(self) -> None:
        """Nothing is held here."""
