"""An index at work on a store: opened, caught up with it, and kept so."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path

from ..blobstore.errors import BadToken, HoldfastError
from ..blobstore.hub import Hub
from ..blobstore.ref import Blob
from ..blobstore.storage import Journals, capability
from ..blobstore.table import OpenTable, Table
from .arrivals import arrivals, batches, generation_of, receive_kept
from .beside import Beside
from .checking import Checking
from .claims import ClaimIndex
from .errors import NoRoomBeside, ReadingStopped
from .folders import Folders, cursor_in, discard_old, open_checked, take_place
from .indexer import Indexer, Watcher
from .keys import CURSOR, STORE, VERSION, Row
from .leisure import LeisureReader
from .making import Making, Means
from .rebuilding import Rebuilding
from .search.service import SearchService
from .status import IndexStatus
from .steady import SteadyTable

CHECKPOINT_SECONDS = 30.0
"""How often it is noted how far the rows are, so that a crash leaves little to read again."""

PATIENCE_SECONDS = 20.0
"""An index that has nothing, and has not caught up after so long, is made beside."""

_POLL_SECONDS = 0.5
_READ_AT_ONCE = 100
_ROWS_AT_ONCE = 10_000

_log = logging.getLogger(__name__)


@contextmanager
def open_index(
    folder: Path,
    hub: Hub,
    *,
    open_table: OpenTable,
    fill_table: OpenTable | None = None,
    discard_table: Callable[[Path], None],
    trusted: frozenset[str],
    seconds: float = CHECKPOINT_SECONDS,
    reads: bool = True,
    is_kept: bool = True,
) -> Iterator[Index]:
    """The index kept in `folder` of the hub's storage, as long as this lasts; made if missing.

    One whose table is damaged is made again; `fill_table` opens the table of one that is made anew
    beside, if that is done otherwise. `trusted` are the fingerprints of keys whose claims count;
    the rest is as for `Index`. Without `is_kept` tables are in memory, and none is made anew.
    Raises `IndexOutdated`, `IndexUnusable`, and what opening a
    table raises.
    """
    folders = Folders.of(folder)
    take_place(folders, discard_table)
    discard_old(folders, discard_table)

    def open_at(at: Path) -> Table:
        return open_checked(at, open_table, discard_table)

    table = SteadyTable(folders.place, open_table=open_at, discard_table=discard_table)
    try:
        means = Means(
            hub=hub,
            open_table=fill_table or open_table,
            discard_table=discard_table,
            trusted=trusted,
        )
        index = Index(
            table,
            hub,
            trusted=trusted,
            mend=table.mend,
            trouble=lambda: table.trouble,
            beside=Beside(folders, means, replace=table.replace) if is_kept else None,
            seconds=seconds,
            reads=reads,
        )
        try:
            yield index
        finally:
            index.close()
    finally:
        table.close()


class Index:
    """The rows of one store, and the thread that catches up with it.

    What the gate takes in from now on is indexed before it is acknowledged. What came while no
    index was looking, and what a crash took from it, is read by a thread of its own; until
    then `claims.is_complete` is false.
    """

    def __init__(
        self,
        table: Table,
        hub: Hub,
        *,
        trusted: frozenset[str],
        mend: Callable[[Callable[[], None]], bool] = lambda _: False,
        trouble: Callable[[], HoldfastError | None] = lambda: None,
        beside: Beside | None = None,
        seconds: float = CHECKPOINT_SECONDS,
        reads: bool = True,
    ) -> None:
        """Without `reads` nothing but permanodes and claims is read before `read_on` or `settle`.

        `mend` begins the table again if it has failed, calling what it is given before it does,
        and says whether that was done; it is called every `seconds`. `trouble` is why it would
        be. `beside` is where the index is made anew.
        """
        self._table = table
        self._hub = hub
        self._trusted = trusted
        self._journal = capability(hub.storage, Journals)
        self._indexer = Indexer(table, hub.storage, trusted=trusted)
        self._mend, self._trouble = mend, trouble
        self._seconds = seconds
        self._caught_up = threading.Event()
        self._failure: Exception | None = None
        self._stop = threading.Event()
        self._known_failures = hub.failures
        self._cursor = cursor_in(table)
        self._patience = PATIENCE_SECONDS
        if self._journal is None:
            # Nothing tells what is new, so from here on only a good end vouches for the rows.
            self._forget_cursor()
        self.claims = ClaimIndex(table, hub.storage, trusted=trusted, is_complete=self._is_complete)
        self.search = SearchService(
            table,
            hub.storage,
            trusted=trusted,
            is_complete=self._is_complete,
            settle=self.settle,
        )
        self._beside = beside
        if beside is not None:
            hub.add_hook(beside.receive)
            hub.add_remove_hook(beside.removing)
        hub.add_hook(self._indexer.receive)
        hub.add_remove_hook(self._indexer.removing)
        self._pausing = threading.Event()
        self._keeping_up = threading.Lock()
        self._keeper = threading.Thread(target=self._keep, name="index", daemon=True)
        self._keeper.start()
        self._reader = LeisureReader(self._indexer, hub, seconds=seconds)
        if reads:
            self.read_on()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the index has caught up, at most so long; whether it has.

        Raises what kept it from that.
        """
        self._caught_up.wait(seconds)
        if self._failure is not None:
            raise self._failure
        return self._is_complete()

    def read_on(self) -> None:
        """From now on read what is to be read, whenever nothing else is to do."""
        self._reader.start()

    def settle(self, seconds: float | None = None) -> bool:
        """Wait until all blobs there are have been read, at most so long; whether they have.

        Raises as `wait` does.
        """
        deadline = None if seconds is None else time.monotonic() + seconds

        def left() -> float | None:
            return None if deadline is None else max(0.0, deadline - time.monotonic())

        return self.wait(seconds) and self._reader.settle(left()) and self.wait(left())

    @property
    def rebuilding(self) -> Rebuilding | None:
        """The latest rebuilding since the index was opened, if there was one."""
        return None if self._beside is None else self._beside.rebuilding

    def rebuild(self, *, anew: bool = False) -> Rebuilding:
        """Make all rows anew beside these, which are used until then, and take those over.

        This is what is under way already, if something is; otherwise it goes on where the last
        one was cut off, unless `anew`. Raises `IndexUnusable`.
        """
        if self._beside is None:
            raise NoRoomBeside
        return self._beside.rebuild(self._exchanging, anew=anew)

    @property
    def checking(self) -> Checking | None:
        """The latest check since the index was opened, if there was one."""
        return None if self._beside is None else self._beside.checking

    def check(self, *, limit: int = 100) -> Checking:
        """Hold all rows against those that the blobs come to; at most `limit` differences are
        remembered. This is what is under way already, if something is.
        """
        if self._beside is None:
            raise NoRoomBeside
        return self._beside.check(self._compared, limit=limit)

    def status(self) -> IndexStatus:
        """How much is still to be read, waits for other blobs, or is refused."""
        status = self._indexer.status(is_complete=self._is_complete())
        return replace(status, trouble=str(self._trouble() or ""))

    def watching(self, watcher: Watcher) -> AbstractContextManager[None]:
        """Tell `watcher` what changes while this lasts: see `Indexer.watch`."""
        return self._indexer.watch(watcher)

    def close(self) -> None:
        """Let the rows last. No call of the gate may be under way. Raises as the table does."""
        self._stop.set()
        if self._beside is not None:
            self._beside.stop()
        self._keeper.join()
        self._reader.stop()
        # A table that refused rows would only refuse again, and nothing vouches for it.
        if self._is_complete() and not self._lacks_rows():
            self._checkpoint()
            self._table.sync()

    def _is_complete(self) -> bool:
        return self._caught_up.is_set() and self._failure is None

    @contextmanager
    def _exchanging(self) -> Iterator[None]:
        """Let the table get other rows, which are all there are by then, while this lasts."""
        with self._still():
            yield
            self._known_failures = self._hub.failures
            self._cursor = cursor_in(self._table)
            self._indexer.begin_again()
            self._failure = None
            self._caught_up.set()

    def _compared(self, making: Making) -> tuple[Iterator[Row], Iterator[Row]]:
        """The rows there are, and those that are made, with nothing that is still to be read."""
        while not self.settle(_POLL_SECONDS):
            if self._stop.is_set():
                raise ReadingStopped
        with self._still():
            due = making.rows()
            while self._indexer.has_unread.is_set():
                self._indexer.read_some(_READ_AT_ONCE, keeping=nullcontext, check=lambda: None)
            return self._table.scan(), due

    @contextmanager
    def _still(self) -> Iterator[None]:
        """Let nothing come or go while this lasts, and nobody here use the table."""
        self._pausing.set()
        try:
            with self._keeping_up, self._reader.paused(), self._hub.alone():
                if self._stop.is_set():
                    raise ReadingStopped
                yield
        finally:
            self._pausing.clear()

    def _keep(self) -> None:
        with self._keeping_up:
            self._try_to_catch_up()
        while not self._stop.wait(self._seconds):
            try:
                with self._keeping_up:
                    if self._mend(self._caught_up.clear):
                        self._begin_again()
                    elif not self._caught_up.is_set():
                        if self.rebuilding is None or not self.rebuilding.is_running:
                            self._begin_again()
                    elif self._journal is not None and self._is_complete():
                        self._checkpoint()
            except HoldfastError as error:
                _log.error("%s; trying again in %d s", error, self._seconds)
                if not self._caught_up.is_set():
                    self._failure = error
                    self._caught_up.set()

    def _begin_again(self) -> None:
        """Read what the table has lost, or could not take."""
        self._failure = None
        self._cursor = cursor_in(self._table)
        self._try_to_catch_up()

    def _try_to_catch_up(self) -> None:
        try:
            if not self._catch_up():
                return
        except Exception as error:  # whatever it is, who waits must hear of it
            self._failure = error
            _log.error("indexing stopped: %s", error)
        self._caught_up.set()

    def _catch_up(self) -> bool:
        """Read what may be missing; false if told to stop before the end."""
        self._known_failures = self._hub.failures
        with self._hub.keeping():
            self._indexer.settle_removals()
        began = time.monotonic()
        for _, batch in batches(self._news()):
            if self._stop.is_set() or self._pausing.is_set():
                return False
            is_long = time.monotonic() - began > self._patience
            if is_long and self._cursor is None and self._beside is not None:
                # The other way is several times as quick, once it has begun. It is tried once.
                self._patience = math.inf
                self._beside.rebuild(self._exchanging, anew=False)
                return False
            receive_kept(self._hub, self._indexer.receive, batch)
        return True

    def _news(self) -> Iterator[tuple[str, Blob]]:
        """The blobs that may not be in the rows yet."""
        store = STORE.row(value=(generation_of(self._hub.storage), sorted(self._trusted)))
        if self._table.get(store[0]) != store[1]:
            # Another store, or one that has lost blobs, or other keys: rows may be of blobs that
            # are gone, and nodes may be made of claims that do not count.
            self._wipe(store)
        if self._journal is None and self._cursor is not None:
            return
        try:
            yield from arrivals(self._hub.storage, self._cursor or "")
        except BadToken:
            self._wipe(store)
            yield from arrivals(self._hub.storage)

    def _wipe(self, store: Row) -> None:
        """Remove all rows, and put the one that says of which store those will be that come."""
        # A crash must not leave rows that are taken for this store's.
        self._table.write((), [CURSOR.key_of(), STORE.key_of()])
        self._table.sync()
        self._cursor = None
        # Rows that come meanwhile have the keys of old ones, and would be removed in part.
        with self._hub.alone():
            if not self._is_large() or self._beside is None or not self._beside.empty():
                rows = (key for key, _ in self._table.scan() if key != VERSION.key_of())
                while keys := list(islice(rows, _ROWS_AT_ONCE)):
                    self._table.write((), keys)
            self._table.sync()
            self._table.write([store])

    def _is_large(self) -> bool:
        """Whether to begin another table is quicker than to delete all rows."""
        return len(list(islice(self._table.scan(), _ROWS_AT_ONCE))) == _ROWS_AT_ONCE

    def _forget_cursor(self) -> None:
        self._table.write((), [CURSOR.key_of()])
        self._table.sync()

    def _lacks_rows(self) -> bool:
        """Whether the store may have blobs of a failed call, of which nobody told the indexer."""
        return self._hub.failures != self._known_failures

    def _checkpoint(self) -> None:
        """Note that all the store has got so far is in the rows, if it is."""
        cursor = "" if self._journal is None else self._journal.journal_end()
        if cursor == self._cursor and self._journal is not None:
            return
        self._hub.drain()
        if self._lacks_rows():
            return
        self._table.sync()
        self._table.write([CURSOR.row(value=(cursor,))])
        self._cursor = cursor
