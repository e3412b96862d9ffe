"""The sorted table some storages keep beside their blobs, as narrow as they need it.

Storages are given one by whoever opens them; the engines live in `index/kv`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from .errors import RowTooLarge

MAX_ROW_SIZE = 1 << 29
"""Bytes a key and its value may have together, whatever the engine."""


class Table(Protocol):
    """Byte keys to byte values in key order. Safe for many threads."""

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None."""

    def write(self, puts: Iterable[tuple[bytes, bytes]], deletes: Iterable[bytes] = ()) -> None:
        """Put and delete rows, all or none; not durable before the next `sync`.

        The last of several puts of a key counts; a key put and deleted is gone. Raises
        `RowTooLarge` if a row has more than `MAX_ROW_SIZE` bytes.
        """

    def scan(
        self, start: bytes = b"", end: bytes | None = None, *, backwards: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Rows with `start <= key < end`, ascending, or descending if `backwards`.

        They are as they were at the call, and read while they are taken: few cost little,
        however many there are.
        """

    def sync(self) -> None:
        """Make every row written so far durable."""

    def close(self) -> None: ...


OpenTable = Callable[[Path], Table]
"""Opens, or makes, the table kept in a folder. Raises `TableDamaged` when it cannot be read."""


def check_row(key: bytes, value: bytes) -> None:
    """Refuse a row no engine need be able to hold. Raises `RowTooLarge`."""
    size = len(key) + len(value)
    if size > MAX_ROW_SIZE:
        raise RowTooLarge(size, MAX_ROW_SIZE)
