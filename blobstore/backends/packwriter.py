"""The writing half of the packed storage: append, sync once for many, enter in the table."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, NoReturn

from ..errors import HoldfastError, StoreFailed
from ..records import header
from ..ref import Blob, Ref
from ..table import Table
from .packfile import PackFile, Record, TornAppend
from .packrecovery import (
    Checkpoint,
    PerkeepLock,
    create_pack,
    read_removals,
    write_checkpoint,
    write_removals,
)

log = logging.getLogger(__name__)

_HURRY_AT = 32 * 1024 * 1024
"""Deferred bytes that make the background sync start at once: the disk should not idle."""
_WAIT_AT = 256 * 1024 * 1024
"""Deferred bytes at which senders wait for the disk."""
_LINGER = 1.0
"""Seconds a deferred blob may wait for company before it is synced."""
_MOST_KEPT = 500_000
"""Rows kept in memory after the table has failed; at about 300 bytes each."""
_CHECKPOINT_EVERY = 64 * 1024 * 1024
"""Bytes between checkpoints: what opening after a crash reads at most, and then some."""


class Place(NamedTuple):
    """Where a blob's bytes are: pack number, offset of the first byte, size."""

    pack: int
    offset: int
    size: int


class Position(NamedTuple):
    """A point in the row of all packs; what was written later compares greater."""

    pack: int
    offset: int


class PackWriter:
    """Appends to the last pack. Writes of many threads share one sync and one table batch.

    A blob is first in the pack, then (after the sync) in the table, then acknowledged. Rows that
    wait for the sync are kept in `_pending`, those on their way into the table in `_flushing`;
    a reader looks in `waiting` before it looks in the table, so that it finds a row wherever it
    is. If the table fails (disk full), rows stay in `kept` until the store is opened again, which
    reads them from the packs. After a failed sync nothing more is taken: the kernel may have
    dropped the pages it could not write, and a later sync would not tell.
    """

    def __init__(
        self,
        folder: Path,
        packs: list[PackFile],
        table: Table,
        *,
        max_pack_size: int,
        witness: str,
    ) -> None:
        """`packs`, to which new ones are added, and `table` stay the caller's to close.

        Raises `StoreBusy` if Perkeep is writing to the last pack.
        """
        self._folder = folder
        self._packs = packs
        self._table = table
        self._max_pack_size = max_pack_size
        self._lock = PerkeepLock(packs[-1])
        self._append_lock = threading.Lock()
        self._pending: dict[Ref, Place] = {}
        self._flushing: dict[Ref, Place] = {}
        self.kept: dict[Ref, Place] = {}
        self._table_failure: HoldfastError | OSError | None = None
        self._witness = witness
        self._commits = 0
        self._commit = threading.Condition()
        self._committing = False
        self.durable = self._end
        """Everything before it is durable, and has its row."""
        self._failure: str | None = None
        self._unsynced = 0
        self._since_checkpoint = 0
        self._checkpoint_lock = threading.Lock()
        self._background = ThreadPoolExecutor(1, thread_name_prefix="packed")
        self._hurry = threading.Event()
        self._is_lingering = False
        self._is_closed = False

    def waiting(self, ref: Ref) -> Place | None:
        """Where a blob is whose row is not in the table yet."""
        return self.unsynced(ref) or self.kept.get(ref)

    def unsynced(self, ref: Ref) -> Place | None:
        """Where a blob is that a power cut could still take."""
        return self._pending.get(ref) or self._flushing.get(ref)

    def append(
        self, blobs: Sequence[Blob], find: Callable[[Ref], Place | None]
    ) -> tuple[list[bool], Position]:
        """Write those of `blobs` that `find` does not; for each whether it was new, and what to
        wait for.

        Raises `StoreFailed`; on a full disk nothing of the last group stays.
        """
        commits = self._commits
        is_absent = [find(ref) is None for ref, _ in blobs]
        with self._append_lock:
            self.check()
            fresh = []
            parts: list[bytes] = []
            rows: dict[Ref, Place] = {}
            pack = self._next_pack()
            offset = pack.size
            for (ref, data), may_be_new in zip(blobs, is_absent, strict=True):
                # Looked up again, since another thread may have brought it meanwhile, and
                # its row may have gone on into the table.
                again = self.waiting if self._commits == commits else find
                is_new = may_be_new and ref not in rows and again(ref) is None
                fresh.append(is_new)
                if not is_new:
                    continue
                head = header(ref, len(data))
                rows[ref] = Place(len(self._packs) - 1, offset + len(head), len(data))
                parts += (head, data)
                offset += len(head) + len(data)
                if offset > self._max_pack_size:
                    self._write(pack, parts, rows)
                    pack = self._next_pack()
                    parts, rows, offset = [], {}, 0
            if parts:
                self._write(pack, parts, rows)
            return fresh, self._end

    def _write(self, pack: PackFile, parts: list[bytes], rows: dict[Ref, Place]) -> None:
        before = pack.size
        try:
            pack.append(parts)
        except TornAppend as error:
            self._fail(error)
        except OSError as error:
            raise StoreFailed.by(str(pack.path), error) from error
        self._pending.update(rows)
        self._unsynced += pack.size - before

    def _next_pack(self) -> PackFile:
        """The pack to write to: a new one if the last has grown enough."""
        if self._packs[-1].size <= self._max_pack_size:
            return self._packs[-1]
        try:
            # Later commits sync the newest pack only, so this one must be safe by then.
            self._packs[-1].sync()
        except OSError as error:
            self._fail(error)
        try:
            pack = create_pack(self._folder, len(self._packs))
            lock = PerkeepLock(pack)
        except OSError as error:
            raise StoreFailed.by(str(self._folder), error) from error
        self._lock.release()
        self._lock = lock
        self._packs.append(pack)
        return pack

    def make_durable(self, target: Position) -> None:
        """Return once everything before `target` is. One thread syncs for all that wait."""
        while True:
            with self._commit:
                while self._committing and self.durable < target:
                    self._commit.wait()
                if self.durable >= target:
                    return
                self.check()
                self._committing = True
            reached = self.durable
            try:
                reached = self._commit_all()
            finally:
                with self._commit:
                    self.durable = reached
                    self._committing = False
                    self._commit.notify_all()
            if self._since_checkpoint > _CHECKPOINT_EVERY:
                self._since_checkpoint = 0
                self._background.submit(self._try_checkpoint, reached)

    def _commit_all(self) -> Position:
        """Sync what is written, then enter it in the table. Alone at any time."""
        with self._append_lock:
            self.check()
            reached = self._end
            pack = self._packs[-1]
            self._flushing = self._pending
            self._pending = {}
            self._since_checkpoint += self._unsynced
            self._unsynced = 0
        try:
            pack.sync()
        except OSError as error:
            self._fail(error)
        self._enter_rows()
        if self._flushing:
            self._witness = f"+{next(reversed(self._flushing))}"
        self._commits += 1  # before the rows can be missed in `waiting`
        self._flushing = {}
        return reached

    def _enter_rows(self) -> None:
        """Put the rows of synced blobs in the table, or where they are found without it."""
        rows = self._flushing
        if self._table_failure is None:
            try:
                self._table.write((ref.encode(), b"%d %d %d" % rows[ref]) for ref in rows)
            except (OSError, HoldfastError) as error:
                self._table_failure = error
                log.error("%s; rows are kept in memory until the next start", error)
            else:
                return
        self.kept.update(rows)
        if len(self.kept) > _MOST_KEPT:
            self._fail(self._table_failure)

    def sync(self) -> None:
        """Make durable whatever was appended so far. Raises `StoreFailed`."""
        with self._append_lock:
            target = self._end
        self.make_durable(target)

    def settle(self) -> None:
        """As `sync` as long as that is possible, for readers, who go on after a failure too."""
        if self._failure is None:
            self.sync()

    def hasten(self, target: Position) -> None:
        """Make everything before `target` durable soon, at the latest when much has gathered."""
        if self._unsynced > _WAIT_AT:
            self.make_durable(target)
        elif self._unsynced > _HURRY_AT:
            self._hurry.set()
        if not self._is_lingering:
            self._is_lingering = True
            self._background.submit(self._linger)

    def erase(self, doomed: Mapping[int, Sequence[Record]]) -> None:
        """Take records, by pack number, out of the table and out of their packs, durably."""
        self.check_erasing()
        with self._checkpoint_lock:
            # The raised number voids the checkpoint until all is done: a crash in between
            # leaves each blob there or gone, never a row that points at erased bytes.
            try:
                removals = read_removals(self._folder) + 1
                write_removals(self._folder, removals)
            except OSError as error:
                raise StoreFailed.by(str(self._folder), error) from error
            reached = self.durable
            refs = [record.ref for records in doomed.values() for record in records if record.ref]
            try:
                self._table.write((), [ref.encode() for ref in refs])
                self._table.sync()
            except HoldfastError as error:
                self._table_failure = error
                raise
            try:
                for number, records in doomed.items():
                    self._packs[number].erase(sorted(records))
            except OSError as error:
                self._fail(error)
            self._witness = f"-{refs[-1]}"
            self._write_checkpoint(Checkpoint(*reached, removals, self._witness))

    def close(self) -> None:
        """Make all durable, and take no more."""
        try:
            if self._failure is None:
                self.sync()
                self._try_checkpoint(self._end)
        finally:
            self._is_closed = True
            self._hurry.set()
            self._background.shutdown()
            self._lock.release()

    def check_erasing(self) -> None:
        """Raises `StoreFailed` if nothing can be erased any more."""
        self.check()
        if self._table_failure is not None:
            raise StoreFailed(str(self._folder), f"{self._table_failure}; restart, then remove")

    def check(self) -> None:
        """Raises `StoreFailed` if nothing can be written any more."""
        if self._failure is not None:
            raise StoreFailed(str(self._folder), f"{self._failure}; see to the disk, then restart")
        if self._is_closed:
            raise StoreFailed(str(self._folder), "it is closed")

    @property
    def _end(self) -> Position:
        return Position(len(self._packs) - 1, self._packs[-1].size)

    def _linger(self) -> None:
        self._hurry.wait(_LINGER)
        self._hurry.clear()
        self._is_lingering = False
        try:
            self.settle()
        except StoreFailed:
            log.exception("%s: deferred blobs could not be made durable", self._folder)

    def _try_checkpoint(self, reached: Position) -> None:
        if self._table_failure is not None:
            return
        with self._checkpoint_lock:
            witness = self._witness
            try:
                self._table.sync()
                checkpoint = Checkpoint(*reached, read_removals(self._folder), witness)
            except (OSError, HoldfastError):
                log.exception("%s: the table cannot be synced", self._folder)
                return
            self._write_checkpoint(checkpoint)

    def _write_checkpoint(self, checkpoint: Checkpoint) -> None:
        try:
            write_checkpoint(self._folder, checkpoint)
        except OSError as error:
            log.warning("%s: no checkpoint (%s); the next start takes longer", self._folder, error)

    def _fail(self, error: Exception) -> NoReturn:
        """Take no more writes, and say so to everyone who waits for one."""
        self._failure = getattr(error, "strerror", None) or str(error)
        log.error("%s: writing failed: %s", self._folder, self._failure)
        # Not durable, so never acknowledged, and not to be found by who would rely on it.
        self._pending = {}
        self._flushing = {}
        try:
            self.check()
        except StoreFailed as failure:
            raise failure from error
        raise AssertionError("a failure was noted")
