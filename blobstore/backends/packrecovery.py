"""Opening a folder of packs: which there are, what the table must still learn, what to cut off."""

from __future__ import annotations

import fcntl
import logging
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..durable import make_folder, replacing, sync_folder
from ..errors import StoreBusy, StoreDamaged, StoreFailed, TableDamaged
from ..table import OpenTable, Table
from .packfile import Gap, PackFile, Record

log = logging.getLogger(__name__)

TABLE = "index.leveldb"
"""The table's folder, named as Perkeep's diskpacked names it."""

_CHECKPOINT = "checkpoint"
_REMOVALS = "removals"
_PACK = re.compile(r"pack-(\d{5,})\.blobs")
_ROWS_AT_ONCE = 10_000

Progress = Callable[[int, int], None]


class Checkpoint(NamedTuple):
    """The table has, durably, every row of what stands before byte `offset` of pack `pack`.

    It is kept as text, `PACK OFFSET REMOVALS`, inside the table's own folder: an older copy of
    the table put back brings its older checkpoint along, and what it misses is read again.
    `REMOVALS` is the number of the last removal it knows. The packs' folder has that number too,
    raised before a removal begins; if they differ, a removal was cut short or the table is from
    before it, and the table is rebuilt.
    """

    pack: int
    offset: int
    removals: int


def pack_path(folder: Path, number: int) -> Path:
    return folder / f"pack-{number:05d}.blobs"


def open_packs(folder: Path, *, writable: bool) -> list[PackFile]:
    """The packs of a folder in their order; the first is made if there are none to write to.

    Raises `StoreDamaged` if one is missing in between.
    """
    numbers = sorted(
        int(found[1]) for path in folder.iterdir() if (found := _PACK.fullmatch(path.name))
    )
    for expected, number in enumerate(numbers):
        if number != expected:
            raise StoreDamaged(
                str(pack_path(folder, expected)),
                "this pack is missing; put it back from a copy, or put an empty file in its place",
            )
    if not numbers and writable:
        return [create_pack(folder, 0)]
    if not numbers:
        raise StoreDamaged(str(folder), "there are no packs here")
    return [PackFile(pack_path(folder, number), writable=writable) for number in numbers]


def create_pack(folder: Path, number: int) -> PackFile:
    """A new pack, durably there."""
    pack = PackFile(pack_path(folder, number), writable=True, create=True)
    sync_folder(folder)
    return pack


class PerkeepLock:
    """Keeps a Perkeep server from writing to the same pack: it locks the one it appends to."""

    def __init__(self, pack: PackFile) -> None:
        """Raises `StoreBusy`."""
        self._path = pack.path.with_name(pack.path.name + ".lock")
        self._descriptor = -1
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            # A full disk must not keep the store from being opened and read.
            log.warning("%s: Perkeep is not locked out (%s)", pack.path, error.strerror)
            return
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise StoreBusy(str(pack.path), "another program, perhaps perkeepd") from None

    def release(self) -> None:
        if self._descriptor < 0:
            return
        with suppress(FileNotFoundError):
            self._path.unlink()
        os.close(self._descriptor)


def read_removals(folder: Path) -> int:
    """The number of the last removal begun in a folder of packs."""
    return (_numbers(folder / _REMOVALS, 1) or (0,))[0]


def write_removals(folder: Path, removals: int) -> None:
    with replacing(folder / _REMOVALS) as file:
        file.write(b"%d\n" % removals)


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Remember, durably, how far the table is complete. The caller has synced the table."""
    with replacing(folder / TABLE / _CHECKPOINT) as file:
        file.write(b"%d %d %d\n" % checkpoint)


def _read_checkpoint(folder: Path, packs: Sequence[PackFile]) -> Checkpoint | None:
    """How far the table may be trusted; None if not at all."""
    numbers = _numbers(folder / TABLE / _CHECKPOINT, 3)
    if numbers is None:
        return None
    checkpoint = Checkpoint(*numbers)
    if checkpoint.removals != read_removals(folder):
        return None
    if checkpoint.pack >= len(packs) or checkpoint.offset > packs[checkpoint.pack].size:
        return None
    return checkpoint


def _numbers(path: Path, count: int) -> tuple[int, ...] | None:
    try:
        words = path.read_bytes().split()
    except FileNotFoundError:
        return None
    if len(words) != count or not all(word.isdigit() for word in words):
        return None
    return tuple(int(word) for word in words)


def recover(
    folder: Path, packs: Sequence[PackFile], open_table: OpenTable, progress: Progress | None
) -> Table:
    """The table of `packs`, complete and durable, and the last pack free of a torn tail."""
    try:
        table, start = _open_table(folder, packs, open_table)
    except (StoreFailed, OSError) as error:
        log.warning("%s; rows are kept in memory until the next start", error)
        table, start = TableInMemory(), None
    try:
        _fill(table, packs, start, progress, mend=True)
        # After a crash of the process alone, what was read may not have reached the disk yet.
        packs[-1].sync()
        if isinstance(table, TableInMemory):
            return table
        table.sync()
        end = Checkpoint(len(packs) - 1, packs[-1].size, read_removals(folder))
        write_checkpoint(folder, end)
    except BaseException:
        table.close()
        raise
    return table


class TableInMemory:
    """Stands in for a table that cannot be opened for want of space: the store can be read."""

    def __init__(self) -> None:
        self._rows: dict[bytes, bytes] = {}
        self._lock = threading.Lock()

    def get(self, key: bytes) -> bytes | None:
        return self._rows.get(key)

    def write(self, puts: Iterable[tuple[bytes, bytes]], deletes: Iterable[bytes] = ()) -> None:
        with self._lock:
            self._rows.update(puts)
            for key in deletes:
                self._rows.pop(key, None)

    def scan(self, start: bytes = b"", end: bytes | None = None) -> Iterator[tuple[bytes, bytes]]:
        with self._lock:
            rows = [row for row in self._rows.items() if row[0] >= start]
        return iter(sorted(row for row in rows if end is None or row[0] < end))

    def sync(self) -> None:
        raise StoreFailed(TABLE, "the table is in memory; make room on the disk, then restart")

    def close(self) -> None:
        return


def fill_read_only(table: Table, packs: Sequence[PackFile], progress: Progress | None) -> None:
    """Enter every blob of `packs` in an empty table, changing nothing else."""
    _fill(table, packs, None, progress, mend=False)


def _open_table(
    folder: Path, packs: Sequence[PackFile], open_table: OpenTable
) -> tuple[Table, Checkpoint | None]:
    path = folder / TABLE
    checkpoint = _read_checkpoint(folder, packs)
    if checkpoint is not None:
        try:
            return open_table(path), checkpoint
        except TableDamaged as error:
            log.warning("%s; it is rebuilt", error)
    elif any(pack.size for pack in packs):
        log.warning("%s: the table is missing or out of date; it is rebuilt", path)
    if path.exists():
        _close_if_unused(open_table, path)
        shutil.rmtree(path)
    make_folder(path)
    return open_table(path), None


def _close_if_unused(open_table: OpenTable, path: Path) -> None:
    """Raises `StoreBusy` if somebody else has the table open: it must not be deleted then."""
    with suppress(TableDamaged):
        open_table(path).close()


def _fill(
    table: Table,
    packs: Sequence[PackFile],
    start: Checkpoint | None,
    progress: Progress | None,
    *,
    mend: bool,
) -> None:
    first = start.pack if start else 0
    total = sum(pack.size for pack in packs[first:]) - (start.offset if start else 0)
    done = 0
    rows: list[tuple[bytes, bytes]] = []
    for number in range(first, len(packs)):
        pack = packs[number]
        begin = start.offset if start and number == start.pack else 0
        is_last = number == len(packs) - 1
        before = done
        for record in _records(pack, begin, mend=mend and is_last):
            done = before + record.end - begin
            if record.ref is None:
                continue
            # Older packs were synced before their successor was made. In the last one a power
            # cut may have left the header of a record and only part of its bytes.
            if is_last and not record.ref.matches(pack.read(record.data, record.size)):
                log.warning("%s: a damaged record at byte %d", pack.path, record.start)
                if mend and start is not None:
                    pack.erase([record])
                continue
            rows.append((record.ref.encode(), b"%d %d %d" % (number, record.data, record.size)))
            if len(rows) >= _ROWS_AT_ONCE:
                table.write(rows)
                rows = []
                if progress is not None:
                    progress(done, total)
    table.write(rows)
    if progress is not None and total:
        progress(total, total)


def _records(pack: PackFile, begin: int, *, mend: bool) -> Iterator[Record]:
    for found in pack.scan(begin):
        if isinstance(found, Record):
            yield found
        elif found.is_tail and mend:
            log.warning(
                "%s: the last %d bytes are no whole record (a write was cut short); cut back to %d",
                pack.path,
                found.end - found.start,
                found.start,
            )
            pack.cut(found.start)
            return
        else:
            _warn_of(pack, found)


def _warn_of(pack: PackFile, gap: Gap) -> None:
    log.warning("%s: bytes %d to %d are damaged; skipped", pack.path, gap.start, gap.end)
