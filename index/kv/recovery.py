"""What a buffered table does with its logs at opening."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ...blobstore.errors import TableDamaged
from ...blobstore.table import Table
from .batchlog import ALL_LOGS, Log, LogWriter, Rows, log_numbers, log_path, read_log

_BYTES_AT_ONCE = 4 << 20


def recover(folder: Path, table: Table, *, marker: bytes) -> LogWriter:
    """Put what the logs say into the table, durably, and begin a new log in their place.

    The same rows may be put again if this breaks off: the last word about each key is the same.
    Raises `TableDamaged`, `OSError`, and what the table raises.
    """
    numbers = log_numbers(folder)
    newest = read_log(log_path(folder, numbers[-1]))
    first = newest.number if newest.is_settled else newest.first
    if _replay(folder, range(first, newest.number), newest, table):
        table.sync()
    log = LogWriter(folder, newest.number + 1, first=newest.number + 1, marker=marker)
    kept = log_path(folder, log.number)
    for path in folder.glob(ALL_LOGS):
        if path != kept:
            path.unlink()
    return log


def _replay(folder: Path, older: Iterable[int], newest: Log, table: Table) -> bool:
    """Whether there was anything to put."""
    has_rows = False
    for number in older:
        path = log_path(folder, number)
        try:
            log = read_log(path)
        except FileNotFoundError as error:
            raise TableDamaged(str(path), "is missing") from error
        # It was durable to its last byte before the next one was begun.
        if not log.has_ended:
            raise TableDamaged(str(path), "its end is missing")
        has_rows |= _put(log.rows(), table)
    return _put(newest.rows(), table) or has_rows


def _put(writes: Iterable[Rows], table: Table) -> bool:
    """Put many writes as few; whether there were any."""
    has_rows = False
    together: dict[bytes, bytes | None] = {}
    size = 0
    for rows in writes:
        has_rows = True
        together.update(rows)
        size += sum(len(key) + len(value or b"") for key, value in rows.items())
        if size >= _BYTES_AT_ONCE:
            _write(together, table)
            together, size = {}, 0
    _write(together, table)
    return has_rows


def _write(rows: Rows, table: Table) -> None:
    put = [(key, value) for key, value in rows.items() if value is not None]
    table.write(put, [key for key, value in rows.items() if value is None])
