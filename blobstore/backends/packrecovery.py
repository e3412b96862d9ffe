"""Opening a folder of packs: which there are, what the table must still learn, what to cut off."""

from __future__ import annotations

import fcntl
import logging
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..durable import make_folder, replacing, sync_folder
from ..errors import StoreBusy, StoreDamaged, StoreFailed, TableDamaged
from ..generation import renew_generation
from ..ref import Ref
from ..table import OpenTable, Table
from .packfile import Gap, PackFile, Record, record_of

log = logging.getLogger(__name__)

TABLE = "index.leveldb"
"""The table's folder, named as Perkeep's diskpacked names it."""

_CHECKPOINT = "checkpoint"
_CHECKPOINT_TEXT = re.compile(r"([0-9]+) ([0-9]+) ([0-9]+)(?: ([+-][a-z0-9]+-[0-9a-f]+)?)?\n")
_REMOVALS = "removals"
_PACK = re.compile(r"pack-(\d{5,})\.blobs")
_ROWS_AT_ONCE = 10_000
_TELL_EVERY = 2.0
"""Seconds between two lines in the log that say how far a rebuild has come."""

Progress = Callable[[int, int], None]


class Checkpoint(NamedTuple):
    """The table has, durably, every row of what stands before byte `offset` of pack `pack`.

    It is kept as text, `PACK OFFSET REMOVALS`, inside the table's own folder: an older copy of
    the table put back brings its older checkpoint along, and what it misses is read again.
    `REMOVALS` is the number of the last removal it knows. The packs' folder has that number too,
    raised before a removal begins; if they differ, a removal was cut short or the table is from
    before it, and the table is rebuilt. A fourth word is the witness: `+REF` if the row written
    last is that of a ref, `-REF` if it was taken out last. A table that has lost its newest rows
    (a log cut short, a log that is gone) does not bear it out, and is rebuilt.
    """

    pack: int
    offset: int
    removals: int
    witness: str = ""

    def is_borne_out(self, table: Table) -> bool:
        if not self.witness:
            return True
        row = table.get(self.witness[1:].encode())
        return (row is not None) == self.witness.startswith("+")


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
        # A lock file that stays is harmless, as long as it is empty.
        with suppress(OSError):
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
        file.write(f"{' '.join(map(str, checkpoint))}\n".encode())


def forget_checkpoint(folder: Path) -> None:
    """Trust the table no more: the next opening rebuilds it."""
    with suppress(OSError):
        (folder / TABLE / _CHECKPOINT).unlink(missing_ok=True)


def _read_checkpoint(folder: Path, packs: Sequence[PackFile]) -> Checkpoint | None:
    """How far the table may be trusted; None if not at all."""
    try:
        text = (folder / TABLE / _CHECKPOINT).read_bytes().decode("ascii", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    found = _CHECKPOINT_TEXT.fullmatch(text)
    if found is None:
        return None
    checkpoint = Checkpoint(int(found[1]), int(found[2]), int(found[3]), found[4] or "")
    if checkpoint.removals != read_removals(folder):
        return None
    if checkpoint.pack >= len(packs) or checkpoint.offset > packs[checkpoint.pack].size:
        return None
    return checkpoint


def _numbers(path: Path, count: int) -> tuple[int, ...] | None:
    try:
        words = path.read_bytes().split()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if len(words) != count or not all(word.isdigit() for word in words):
        return None
    return tuple(int(word) for word in words)


def recover(
    folder: Path, packs: Sequence[PackFile], open_table: OpenTable, progress: Progress | None
) -> tuple[Table, str]:
    """The table of `packs`, complete and durable, and the last pack free of a torn tail.

    With it the witness of the newest row, see `Checkpoint`.
    """
    try:
        table, start = _open_table(folder, packs, open_table)
    except (StoreFailed, OSError) as error:
        log.warning("%s; rows are kept in memory until the next start", error)
        table, start = TableInMemory(), None
    try:
        newest = _fill(table, packs, start, progress, mend=True)
        # After a crash of the process alone, what was read may not have reached the disk yet: the
        # end of the last pack, and of any pack the headers a removal was erasing.
        for pack in packs if start is None else packs[-1:]:
            pack.sync()
        if isinstance(table, TableInMemory):
            return table, ""
        table.sync()
        witness = f"+{newest}" if newest else start.witness if start else ""
        end = Checkpoint(len(packs) - 1, packs[-1].size, read_removals(folder), witness)
        write_checkpoint(folder, end)
    except BaseException:
        table.close()
        raise
    return table, witness


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

    def scan(
        self, start: bytes = b"", end: bytes | None = None, *, backwards: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        with self._lock:
            rows = [row for row in self._rows.items() if row[0] >= start]
        within = (row for row in rows if end is None or row[0] < end)
        return iter(sorted(within, reverse=backwards))

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
            table = open_table(path)
            try:
                if checkpoint.is_borne_out(table):
                    return table, checkpoint
            except BaseException:
                table.close()
                raise
            table.close()
            log.warning("%s: the table has lost rows; it is rebuilt", path)
        except TableDamaged as error:
            log.warning("%s; it is rebuilt", error)
    elif any(pack.size for pack in packs):
        log.warning("%s: the table is missing or out of date; it is rebuilt", path)
    if path.is_dir():
        _close_if_unused(open_table, path)
        # First, durably: a table half deleted must not be vouched for.
        forget_checkpoint(folder)
        sync_folder(path)
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
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
) -> Ref | None:
    """Enter what stands behind `start`; the ref of the row written last."""
    told = time.monotonic()
    first = start.pack if start else 0
    total = sum(pack.size for pack in packs[first:]) - (start.offset if start else 0)
    done = 0
    rows: dict[bytes, bytes] = {}
    doubles: dict[int, list[Record]] = {}
    newest = None
    for number in range(first, len(packs)):
        pack = packs[number]
        begin = start.offset if start and number == start.pack else 0
        before = done
        if number == len(packs) - 1:
            pack.drop_cache(begin)
        for record in _records(pack, begin, is_last=number == len(packs) - 1, mend=mend):
            done = before + record.end - begin
            if record.ref is None or not record.ref.is_known:
                continue
            key = record.ref.encode()
            earlier = rows.get(key) or table.get(key)
            if earlier is not None:
                loser = _lesser(packs, earlier, number, record)
                if loser is not None:
                    doubles.setdefault(loser[0], []).append(loser[1])
                    if loser == (number, record):
                        continue
            rows[key] = b"%d %d %d" % (number, record.data, record.size)
            newest = record.ref
            if len(rows) >= _ROWS_AT_ONCE:
                table.write(rows.items())
                rows = {}
                if progress is not None:
                    progress(done, total)
                if time.monotonic() - told > _TELL_EVERY:
                    told = time.monotonic()
                    log.warning("%s: read %.0f %%", pack.path.parent, 100 * done / total)
    table.write(rows.items())
    if mend:
        # Otherwise a removal, which takes one of them, would be undone by the next rebuild.
        for number, records in doubles.items():
            packs[number].erase(sorted(records))
    if progress is not None and total:
        progress(total, total)
    return newest


def _lesser(
    packs: Sequence[PackFile], row: bytes, number: int, record: Record
) -> tuple[int, Record] | None:
    """Which of two records of one blob can go, and in which pack; None for no second one."""
    assert record.ref is not None
    pack, offset, size = map(int, row.split())
    if (pack, offset) == (number, record.data):
        return None
    other = record_of(record.ref, offset, size)
    # The later one is good unless it is shown not to be: it may have healed the other.
    if _is_damaged(packs[number], record) and not _is_damaged(packs[pack], other):
        return number, record
    return pack, other


def _records(pack: PackFile, begin: int, *, is_last: bool, mend: bool) -> Iterator[Record]:
    """The records of a pack from byte `begin` on, but for damaged ones as far as that shows.

    Older packs were synced before their successor was made, so their bytes are not read. In the
    last one a power cut may have left the header of a record and only part of its bytes.
    """
    position = begin
    while position < pack.size:
        before: Record | None = None
        for found in pack.scan(position):
            if isinstance(found, Record) and not (is_last and _is_damaged(pack, found)):
                if before is not None:
                    yield before
                before = found
                continue
            start = found.start
            # A record another program cut short, and went on behind, claims bytes of the next
            # ones: what comes after its end makes no sense, and it is damaged itself.
            if isinstance(found, Gap) and before is not None and _is_damaged(pack, before):
                start, before = before.start, None
            if before is not None:
                yield before
            gap = pack.gap(start)
            if gap.is_tail and is_last and mend:
                log.warning(
                    "%s: the last %d bytes are no whole record (a write was cut short); "
                    "cut back to %d",
                    pack.path,
                    gap.end - gap.start,
                    gap.start,
                )
                pack.cut(gap.start)
                return
            lost = found.ref if isinstance(found, Record) else "records"
            log.warning(
                "%s: %s damaged in bytes %d to %d; skipped", pack.path, lost, gap.start, gap.end
            )
            if mend:
                renew_generation(pack.path.parent)
            if is_last and mend and isinstance(found, Record):
                # Once this is an old pack nobody will read the bytes to see it.
                pack.blank(gap.start, gap.end)
            position = gap.end
            break
        else:
            if before is not None:
                yield before
            return


def _is_damaged(pack: PackFile, record: Record) -> bool:
    ref = record.ref
    return ref is not None and ref.is_known and not ref.matches(pack.read(record.data, record.size))
