"""An index being made anew, in a folder of its own, by other processes with blobs from this one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeAlias

from ..blobstore.durable import make_folder, sync_folder
from ..blobstore.errors import BadToken, BlobNotFound, CorruptBlob, HoldfastError, StoreFailed
from ..blobstore.hub import Hub
from ..blobstore.records import encode
from ..blobstore.ref import Blob, Ref
from ..blobstore.storage import Journals, capability, fetch_one, has
from ..blobstore.table import OpenTable, Table
from .arrivals import arrivals, batches, generation_of, receive_kept
from .blobdesk import serve_blobs
from .building import (
    BLOBS,
    WHOLE,
    Failed,
    Made,
    Message,
    Next,
    Order,
    Report,
    Some,
    Stream,
    Void,
)
from .children import end_child, start_child
from .counting import about_how_many
from .errors import MakingFailed
from .folders import DiscardTable
from .indexer import Indexer
from .keys import CURSOR, MAKING, WAITING, Row
from .notes import Notes
from .rows import is_candidate

_READERS = 2

_POLL_SECONDS = 0.2

_FEW = 1000
"""Blobs that may be left to be indexed while nothing else may come in."""

_READ_AT_ONCE = 100
_MOST_ROUNDS = 20

ARRIVALS = "arrivals"
"""The phase after those of `building.py`: what came meanwhile is indexed."""

ReportProgress: TypeAlias = Callable[[str, int, int | None], None]
"""Is told the phase, how much of it is done, and of how much, or None."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Means:
    """What an index is made of and with, and whose claims count in it."""

    hub: Hub
    open_table: OpenTable
    """To be found by its name in its module, since other processes call it."""
    discard_table: DiscardTable
    trusted: frozenset[str]
    seconds: float = 5.0
    """How often it is noted how far it is."""


class Making:
    """Makes an index, as far as it is not made yet: `build`, then `catch_up`, then `finish`.

    What is removed from the store while its folder exists must be noted in `Notes` before, and
    so must what comes if the storage is no journal. Safe for one thread.
    """

    def __init__(
        self, means: Means, folder: Path, *, report: ReportProgress, check: Callable[[], None]
    ) -> None:
        """`report` is told how far it is. `check` is called all the time, and breaks it off by what
        it raises; what is done stays, to be gone on with."""
        self._means = means
        self._folder = folder
        self._storage = means.hub.storage
        self._journal = capability(self._storage, Journals)
        self._report = report
        self._check = check
        self._total: int | None = None
        self._token = ""
        self._table: Table | None = None
        self._notes = Notes(folder)

    def build(self) -> None:
        """Make the rows of what is in the store. Raises `MakingFailed`, and what opening a table
        raises."""
        self._report(BLOBS, 0, None)
        self._begin()
        said = self._run()
        if isinstance(said, Void):
            _log.info("%s is begun again: %s", self._folder, said.why)
            self.discard()
            self._begin()
            said = self._run()
        if isinstance(said, Failed) and said.is_full:
            # The store and the index that is used are in want of room as well.
            self.discard()
        if not isinstance(said, Made):
            raise MakingFailed(said.why, is_full=isinstance(said, Failed) and said.is_full)
        if self._journal is not None:
            self._token = said.token
        self._open()

    def catch_up(self) -> None:
        """Index what has come meanwhile, until little is left. Raises as the table does."""
        self._report(ARRIVALS, 0, None)
        self._look_again()
        for _ in range(_MOST_ROUNDS):
            came = self._take_in()
            self._indexer.read_some(
                _READ_AT_ONCE, keeping=self._means.hub.keeping, check=self._check
            )
            if came < _FEW and not self._indexer.has_unread.is_set():
                return

    def finish(self, *, vouched: bool) -> None:
        """Index the rest, make all rows durable, and let go of the table.

        The gate must be held. With `vouched` the rows say that they are of all that is there.
        """
        assert self._table is not None
        cursor = "" if self._journal is None else self._journal.journal_end()
        self.bring_up_to_date()
        self._table.sync()
        puts = [CURSOR.row(value=(cursor,))] if vouched else []
        self._table.write(puts, [MAKING.key_of()])
        self._table.sync()
        self.close()

    def rows(self) -> Iterator[Row]:
        """All rows of now, with nothing left to be read. The gate must be held."""
        assert self._table is not None
        self.bring_up_to_date()
        while self._indexer.has_unread.is_set():
            self._indexer.read_some(_READ_AT_ONCE, keeping=nullcontext, check=self._check)
        return self._table.scan()

    def bring_up_to_date(self) -> None:
        """Index what has come, and forget what has gone, to the last. The gate must be held."""
        for token, batch in batches(self._news()):
            self._indexer.receive(batch)
            self._token = token
        for blob in self._notes.removed():
            if not has(self._storage, blob.ref):
                self._indexer.forget([blob])

    def reopen(self) -> None:
        """After `finish`, go back to before it: it is not used yet."""
        self._open()
        assert self._table is not None
        row = MAKING.row(value=(WHOLE, self._token, "", 0))
        self._table.write([row], [CURSOR.key_of()])
        self._table.sync()

    def hand_over(self, folder: Path) -> None:
        """After `finish`, move the table to another folder, durably, which nothing is in."""
        try:
            table_in(self._folder).rename(folder)
            sync_folder(folder.parent)
        except OSError as error:
            raise StoreFailed.by(str(folder), error) from error

    def take_back(self, folder: Path) -> None:
        """Undo `hand_over`, as far as that is possible."""
        with suppress(OSError):
            folder.rename(table_in(self._folder))
            sync_folder(folder.parent)

    def close(self) -> None:
        """Let go of the table."""
        if self._table is not None:
            self._table.close()
            self._table = None

    def discard(self) -> None:
        """Remove all that was made, and the notes. Raises `StoreFailed`."""
        self.close()
        discard_making(self._folder, self._means.discard_table)

    def _open(self) -> None:
        self._table = self._means.open_table(table_in(self._folder))
        self._indexer = Indexer(self._table, self._storage, trusted=self._means.trusted)

    def _begin(self) -> None:
        try:
            make_folder(self._folder)
        except OSError as error:
            raise StoreFailed.by(str(self._folder), error) from error

    def _run(self) -> Made | Void | Failed:
        """Let the processes do their work, and give them blobs; what came of it."""
        with ExitStack() as held:
            owner, builder = Pipe()
            tasks = [Pipe() for _ in range(_READERS)]
            desks = [Pipe() for _ in range(_READERS)]
            child = start_child("building", [builder, *(near for near, _ in tasks)])
            held.callback(end_child, child)
            for (_, far), (desk, reader) in zip(tasks, desks, strict=True):
                thread = threading.Thread(target=serve_blobs, args=(desk, self._storage))
                thread.start()
                held.callback(thread.join)
                held.callback(end_child, start_child("reading", [far, reader]))
            is_done = threading.Event()
            counting = threading.Thread(target=self._count, args=(is_done,))
            counting.start()
            held.callback(counting.join)
            held.callback(is_done.set)
            # First of all: whoever waits for anything ends when those end that it waits for.
            held.callback(owner.close)
            try:
                return self._serve(owner)
            except (EOFError, ConnectionError):
                ended = child.wait()
            raise MakingFailed(f"the process that makes it has ended ({ended})")

    def _count(self, is_done: threading.Event) -> None:
        """Find out how many blobs there are, which is only for telling how far it is."""

        def check() -> None:
            if is_done.is_set():
                raise MakingFailed("nobody waits for the number of blobs any longer")

        with suppress(HoldfastError):
            self._total = about_how_many(self._storage, check=check)

    def _serve(self, owner: Connection) -> Made | Void | Failed:
        """Give the builder what it asks for, until it is done."""
        means = self._means
        owner.send(
            Order(
                table_in(self._folder),
                means.open_table,
                generation_of(self._storage),
                means.trusted,
                self._journal is not None,
                means.seconds,
            )
        )
        stream: Iterator[Some] = iter(())
        ready: Some | None = None
        while True:
            while not owner.poll(_POLL_SECONDS):
                self._check()
            message: Message = owner.recv()
            match message:
                case Stream(token):
                    stream = _some(arrivals(self._storage, token))
                    try:
                        ready = next(stream, None)
                    except BadToken as error:
                        return Void(str(error))
                case Next():
                    owner.send(ready)
                    ready = next(stream, None)
                case Report(phase, done, total):
                    self._report(phase, done, self._total if phase == BLOBS else total)
                case Made() | Void() | Failed():
                    return message
            self._check()

    def _look_again(self) -> None:
        """Read what waits for what is here: it may have come when the others had been read."""
        assert self._table is not None
        keys = (WAITING.parts_of(key) for key, _ in self._table.scan(*WAITING.below()))
        last = None
        for needed, _ in keys:
            if needed == last:
                continue
            last = needed
            self._check()
            with self._means.hub.keeping():
                try:
                    blob = Blob(Ref(needed), fetch_one(self._storage, Ref(needed)))
                except (BlobNotFound, CorruptBlob):
                    continue
                self._indexer.receive([blob])

    def _take_in(self) -> int:
        """Index what has come since it was looked for last; how much that was."""
        came = 0
        for token, batch in batches(self._news()):
            self._check()
            receive_kept(self._means.hub, self._indexer.receive, batch)
            self._token = token
            came += len(batch)
            self._report(ARRIVALS, came, None)
        return came

    def _news(self) -> Iterator[tuple[str, Blob]]:
        if self._journal is not None:
            yield from arrivals(self._storage, self._token)
            return
        for behind, ref in self._notes.arrived(int(self._token or 0)):
            try:
                yield str(behind), Blob(ref, fetch_one(self._storage, ref))
            except (BlobNotFound, CorruptBlob) as error:
                _log.info("not indexed: %s", error)


def table_in(folder: Path) -> Path:
    """Where in the folder of a making its table is."""
    return folder / "table"


def discard_making(folder: Path, discard_table: DiscardTable) -> None:
    """Remove all that was made in a folder, and the notes. Raises `StoreFailed`."""
    if folder.exists():
        discard_table(table_in(folder))
        Notes(folder).discard()
        try:
            folder.rmdir()
        except OSError as error:
            raise StoreFailed.by(str(folder), error) from error


def _some(blobs: Iterator[tuple[str, Blob]]) -> Iterator[Some]:
    """The blobs that may have rows, as many together as a process should read at once."""
    for token, batch in batches(blobs):
        yield Some(token, len(batch), encode(blob for blob in batch if is_candidate(blob.data)))
