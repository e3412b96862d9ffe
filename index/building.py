"""The process that makes the rows of a store anew, in a table of its own, and can be cut off."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple, TypeAlias

from ..blobstore.errors import HoldfastError, StoreFull, TableDamaged
from ..blobstore.ref import Ref
from ..blobstore.table import OpenTable, Table
from .batch import Batch
from .keys import (
    COPIES,
    DIRECTORY,
    MAKING,
    SIZE,
    STORE,
    TREE,
    TYPE,
    UNREAD,
    VERSION,
    VERSION_NUMBER,
    RowKind,
)
from .reading import Arrived, Readers, Unread
from .rederiving import derive_after
from .trees import add_up, all_copies

BLOBS, CONTENTS, FOLDERS, PERMANODES, WHOLE = "blobs", "contents", "folders", "permanodes", "whole"
"""What is done, one after the other: blobs are read, then what files and folders consist of; then
what follows from those rows is made. In the end all is there but for what came meanwhile."""

_REPORT_SECONDS = 0.2

_REFS_AT_ONCE = 16
_NODES_AT_ONCE = 2000
_FOLDERS_AT_ONCE = 200
_ROWS_AT_ONCE = 10_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Order:
    """What is to be made, and where."""

    folder: Path
    open_table: OpenTable
    """To be found by its name in its module, from another process."""
    generation: str
    trusted: frozenset[str]
    is_journal: bool
    """Whether the tokens of the store's blobs tell what came later."""
    seconds: float
    """How often it is noted how far it is, so that a crash leaves little to do again."""


class Stream(NamedTuple):
    """Asks for the blobs that stand in the store behind a token."""

    token: str


class Next(NamedTuple):
    """Asks for some more of these; they come as `Some`, or None when there are no more."""


class Some(NamedTuple):
    """Those that may have rows, as records, among as many as were `seen`."""

    token: str
    seen: int
    records: bytes


class Report(NamedTuple):
    """How far it is: in this phase `done` of `total`, which is None if nobody knows."""

    phase: str
    done: int
    total: int | None = None


class Void(NamedTuple):
    """What is there is of another store or program, or damaged: remove it and begin again."""

    why: str


class Failed(NamedTuple):
    """It cannot be made, and why."""

    why: str
    is_full: bool = False
    """Whether what was made must go, so that others have room."""


class Made(NamedTuple):
    """All rows are there, and durable, of what stands in the store before this token."""

    token: str


Message: TypeAlias = Stream | Next | Report | Void | Failed | Made
"""What the process that makes an index tells its owner."""


def main(owner: Connection, *readers: Connection) -> None:
    """Make what the owner orders, with blobs that it gives, and rows that the readers give."""
    order: Order = owner.recv()
    message: Message
    try:
        table = order.open_table(order.folder)
        try:
            message = Builder(table, order, owner, Readers(readers)).make()
        finally:
            table.close()
    except (_Void, TableDamaged) as error:
        message = Void(str(error))
    except (EOFError, ConnectionError):
        raise
    except StoreFull as error:
        message = Failed(str(error), is_full=True)
    except (HoldfastError, OSError) as error:
        message = Failed(str(error))
    except Exception as error:  # whatever it is, who waits must hear of it
        _log.exception("making an index")
        message = Failed(f"{type(error).__name__}: {error}")
    owner.send(message)


class Builder:
    """Makes rows in large writes, one kind of work after the other, and notes how far it is.

    Raises what the table raises, and `MakingFailed`.
    """

    def __init__(self, table: Table, order: Order, owner: Connection, readers: Readers) -> None:
        self._table = table
        self._order = order
        self._owner = owner
        self._readers = readers
        self._noted = time.monotonic()
        self._reported = Report("", 0)
        self._reported_at = 0.0

    def make(self) -> Made:
        """Do all that is not done yet."""
        phase, token, at, done = self._begun()
        if phase == BLOBS:
            token = self._read_blobs(token, done)
            phase = self._go_on_to(CONTENTS, token)
        if phase == CONTENTS:
            self._read_contents()
            phase, at = self._go_on_to(FOLDERS, token), ""
        if phase == FOLDERS:
            self._total_folders()
            phase, at, done = self._go_on_to(PERMANODES, token), "", 0
        if phase == PERMANODES:
            self._derive(token, at, done)
            self._go_on_to(WHOLE, token)
        return Made(token)

    def _begun(self) -> tuple[str, str, str, int]:
        """The phase, the token, and how far in the phase what is there has come."""
        own = [
            VERSION.row(value=(VERSION_NUMBER,)),
            STORE.row(value=(self._order.generation, sorted(self._order.trusted))),
        ]
        value = self._table.get(MAKING.key_of())
        if value is None:
            if any(True for _ in self._table.scan()):
                raise _Void("it is none that was begun")
            start = (BLOBS, "", "", 0)
            self._table.write([*own, MAKING.row(value=start)])
            self._table.sync()
            return start
        if any(self._table.get(key) != value for key, value in own):
            raise _Void("it is of another store, other trusted keys or another program")
        if not self._order.is_journal:
            raise _Void("this storage does not tell what has come since")
        phase, token, at, done = MAKING.value_of(value)
        return phase, token, at, done

    def _read_blobs(self, token: str, done: int) -> str:
        """Make the rows of claims and permanodes, and note what is to be read."""
        self._owner.send(Stream(token))
        asked: deque[Some] = deque()

        def tasks() -> Iterator[Arrived]:
            while (some := self._next()) is not None:
                asked.append(some)
                yield Arrived(some.records)

        for change in self._readers.changes(tasks()):
            token, seen, _ = asked.popleft()
            self._table.write(change.puts)
            done += seen
            self._report(Report(BLOBS, done))
            self._note(BLOBS, token, "", done)
        self._owner.send(Report(BLOBS, done))
        return token

    def _next(self) -> Some | None:
        self._owner.send(Next())
        answer: Some | Void | None = self._owner.recv()
        if isinstance(answer, Void):
            raise _Void(answer.why)
        return answer

    def _read_contents(self) -> None:
        """Read what was left to be read, with all it consists of. Each is done when it is read."""
        total, done, before = self._count(UNREAD), 0, -1
        while done > before:  # some may have been left
            before = done
            for change in self._readers.changes(self._unread(), in_order=False):
                self._table.write(change.puts, change.deletes)
                done += len(change.deletes)
                self._report(Report(CONTENTS, done, total))

    def _unread(self) -> Iterator[Unread]:
        refs = (UNREAD.parts_of(key)[0] for key, _ in self._table.scan(*UNREAD.below()))
        while some := tuple(islice(refs, _REFS_AT_ONCE)):
            yield Unread(some)

    def _total_folders(self) -> None:
        """Make what follows from files and folders, from the beginning."""
        # Whether a part of this was lost in a crash, nobody knows; and nothing is added twice.
        for start, end in (TREE.below(), SIZE.below("directory"), COPIES.below()):
            old = (key for key, _ in self._table.scan(start, end))
            while keys := list(islice(old, _ROWS_AT_ONCE)):
                self._table.write((), keys)
        total, done = self._count(DIRECTORY), 0
        folders = (DIRECTORY.parts_of(key)[0] for key, _ in self._table.scan(*DIRECTORY.below()))
        while some := list(islice(folders, _FOLDERS_AT_ONCE)):
            batch = Batch(self._table)
            add_up(batch, map(Ref, some))
            batch.write()
            done += len(some)
            self._report(Report(FOLDERS, done, total))
        copies = all_copies(self._table)
        while rows := list(islice(copies, _ROWS_AT_ONCE)):
            self._table.write(rows)

    def _derive(self, token: str, at: str, done: int) -> None:
        """Make what follows from claims and files, one permanode after the other."""
        total = self._count(TYPE, "permanode")
        last = Ref(at)
        trusted = self._order.trusted
        while (node := derive_after(self._table, trusted, last, _NODES_AT_ONCE)) is not None:
            last = node
            done += _NODES_AT_ONCE
            self._report(Report(PERMANODES, min(done, total), total))
            self._note(PERMANODES, token, last, done)

    def _report(self, report: Report) -> None:
        """Tell the owner, if it has not just been told."""
        now = time.monotonic()
        # Each time it is told, it stops working for who asks it something.
        if report.phase != self._reported.phase or now - self._reported_at >= _REPORT_SECONDS:
            self._owner.send(report)
            self._reported, self._reported_at = report, now

    def _count(self, kind: RowKind, *parts: str) -> int:
        return sum(1 for _ in self._table.scan(*kind.below(*parts)))

    def _go_on_to(self, phase: str, token: str) -> str:
        self._table.sync()
        self._table.write([MAKING.row(value=(phase, token, "", 0))])
        self._table.sync()
        return phase

    def _note(self, phase: str, token: str, at: str, done: int) -> None:
        """Write down how far it is, if that was some time ago."""
        if time.monotonic() - self._noted >= self._order.seconds:
            # What vouches for rows is written when they are durable.
            self._table.sync()
            self._table.write([MAKING.row(value=(phase, token, at, done))])
            self._noted = time.monotonic()


class _Void(Exception):
    """What is there is good for nothing."""
