"""The receive hook that turns blobs into rows, in any order, any number of times."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import TypeAlias

from ..blobstore.errors import BlobNotFound, CorruptBlob
from ..blobstore.ref import Blob, Ref
from ..blobstore.storage import Storage, fetch_one
from ..blobstore.table import Table
from ..schema.verifying import SignerKeys
from .changing import change
from .keys import (
    BLOB,
    REFUSED,
    REMOVING,
    UNREAD,
    WAITING,
    Row,
)
from .rows import is_candidate, own_keys
from .status import MOST_SHOWN, IndexStatus, status_of
from .verdicts import first_rows, read_rows

_AT_ONCE = 4
"""Waiting blobs whose rows, of up to some mebibytes each, are written together."""

_ROOTS = (BLOB, REFUSED, UNREAD)
"""Of these, and `WAITING`, every blob that has any rows has one."""

_WAITING, _ = WAITING.below()

Watcher: TypeAlias = Callable[[frozenset[Ref]], None]
"""Is told of permanodes and schema blobs; must return at once and must not raise."""

_log = logging.getLogger(__name__)


class Indexer:
    """Keeps a table's rows up with a storage. Safe for many threads.

    All rows of a blob are written at once. What a blob waits for is written down, so a restart
    forgets nothing, and it is read again when that arrives, not before. A blob that is refused
    is noted with the reason. Permanodes and claims are read at once; what else is to be read is
    noted, for `read_some`.
    """

    def __init__(self, table: Table, storage: Storage, *, trusted: frozenset[str]) -> None:
        self._table = table
        self._storage = storage
        self._find_key = SignerKeys(storage)
        self._waking = threading.Lock()
        self._may_wait = True
        self._writing = threading.Lock()
        self._watching = threading.Lock()
        self._watchers: tuple[Watcher, ...] = ()
        self._trusted = trusted
        self._refused_lately: deque[Ref] = deque(maxlen=MOST_SHOWN)
        self.has_unread = threading.Event()
        """Set while there may be blobs that are still to be read; unset only if there are none."""
        self.has_unread.set()

    def receive(self, blobs: Sequence[Blob]) -> None:
        """Index what the storage has just got: a hook of the hub. Raises as the table does."""
        self._index(blob for blob in blobs if is_candidate(blob.data))
        if self._may_wait:
            with self._waking:
                self._wake([blob.ref for blob in blobs])

    @contextmanager
    def removing(self, refs: Sequence[Ref]) -> Iterator[None]:
        """Forget blobs that are about to be removed: a remove hook of the hub.

        That they are going is written down with it, durably, so that `settle_removals` can tell
        after a crash what became of them.
        """
        waits = self._waits_of(frozenset(refs))
        waiting = {Ref(WAITING.parts_of(key)[1]) for key in waits}
        known = [
            ref
            for ref in refs
            if ref in waiting
            or any(self._table.get(kind.key_of(ref)) is not None for kind in _ROOTS)
        ]
        if known:
            gone = [key for blob in self._blobs(known) for key in own_keys(self._table, blob)]
            self._write([REMOVING.row(ref) for ref in known], [*gone, *waits])
            self._table.sync()
        try:
            yield
        finally:
            self.settle_removals(known)

    def settle_removals(self, refs: Iterable[Ref] | None = None) -> None:
        """Index again what was to be removed and is still there; None is for all such blobs.

        Nothing may be removed meanwhile.
        """
        if refs is None:
            refs = [
                Ref(REMOVING.parts_of(key)[0]) for key, _ in self._table.scan(*REMOVING.below())
            ]
        for ref in refs:
            for blob in self._blobs((ref,)):
                self._index(one for one in (blob,) if is_candidate(one.data))
                # Its rows must not be lost once nothing tells any more that they may be.
                self._table.sync()
            self._table.write((), [REMOVING.key_of(ref)])

    def begin_again(self) -> None:
        """Take nothing for known any longer: the table has other rows now."""
        self._may_wait = True
        self.has_unread.set()
        self._tell_all(frozenset())

    def forget(self, blobs: Sequence[Blob]) -> None:
        """Take back the rows of blobs that are gone. Nothing may come or go meanwhile."""
        waits = self._waits_of(frozenset(blob.ref for blob in blobs))
        self._write((), [*waits, *(key for blob in blobs for key in own_keys(self._table, blob))])

    @contextmanager
    def watch(self, watcher: Watcher) -> Iterator[None]:
        """Tell `watcher` what changes while this lasts.

        It is told, when that is written and from the thread that wrote it, the refs of permanodes
        that have been made anew, and of schema blobs whose rows have come or gone; and of no refs
        when all rows have been exchanged for others.
        """
        with self._watching:
            self._watchers += (watcher,)
        try:
            yield
        finally:
            with self._watching:
                at = self._watchers.index(watcher)
                self._watchers = self._watchers[:at] + self._watchers[at + 1 :]

    def status(self, *, is_complete: bool) -> IndexStatus:
        """How much is still to be read, waits, and is refused, by rows."""
        lately = self._refused_lately.copy()
        return status_of(self._table, is_complete=is_complete, refused_lately=lately)

    def read_some(
        self,
        most: int,
        *,
        keeping: Callable[[], AbstractContextManager[None]],
        check: Callable[[], None],
    ) -> None:
        """Read some of the blobs that are still to be read, one after the other.

        While `keeping` lasts nothing may be removed; it is entered to write. `check` is called now
        and then, and ends the reading by what it raises; what was read before is written. Raises
        as the table does.
        """
        with self._writing:  # whoever waits for all to be read must not see it unset in between
            keys = [key for key, _ in islice(self._table.scan(*UNREAD.below()), most)]
            if not keys:
                self.has_unread.clear()
        for key in keys:
            check()
            ref = Ref(UNREAD.parts_of(key)[0])
            for blob in self._blobs([ref]):
                self._read_later(blob, keeping, check)
                break
            else:
                self._write_read(ref, None)

    def _read_later(
        self,
        blob: Blob,
        keeping: Callable[[], AbstractContextManager[None]],
        check: Callable[[], None],
    ) -> None:
        puts = read_rows(blob, self._storage, check=check)
        with keeping():
            self._write_read(blob.ref, puts)
            self._look_again(puts)

    def _write_read(self, ref: Ref, puts: Sequence[Row] | None) -> None:
        """Put the rows of a blob that was to be read: None is of one that could not be had."""
        with self._writing:
            # (To ask for its size could make a store sync.)
            is_here = self._is_whole(ref)
            if puts is None and is_here:
                return  # it has come since, and is to be read
            if not is_here or self._table.get(BLOB.key_of(ref)) is not None:
                puts = ()  # it was removed since, or is read already
            changed = self._change(puts or (), [UNREAD.key_of(ref)])
        self._tell(changed)

    def _index(self, blobs: Iterable[Blob]) -> None:
        puts = self._read(blob for blob in blobs if self._table.get(BLOB.key_of(blob.ref)) is None)
        if puts:
            self._write(puts)
        self._look_again(puts)

    def _write(self, puts: Iterable[Row], deletes: Iterable[bytes] = ()) -> None:
        """Change rows, and all that follows from them, at once."""
        with self._writing:
            changed = self._change(list(puts), list(deletes))
        self._tell(changed)

    def _change(self, puts: Sequence[Row], deletes: Sequence[bytes]) -> frozenset[Ref]:
        """Do so, while the lock is held; which permanodes and schema blobs that has changed."""
        changed = change(self._table, puts, deletes, trusted=self._trusted)
        if changed.is_more_unread:
            self.has_unread.set()
        self._refused_lately.extendleft(changed.refused)
        return changed.refs

    def _tell(self, changed: frozenset[Ref]) -> None:
        if changed:
            self._tell_all(changed)

    def _tell_all(self, changed: frozenset[Ref]) -> None:
        for watcher in self._watchers:
            try:
                watcher(changed)
            except Exception:  # the rows are written, whatever becomes of the news
                _log.exception("telling of changes")

    def _look_again(self, puts: Iterable[Row]) -> None:
        """Wake those who wait for what came before that was noted, and so has woken nobody."""
        if needed := _needed(puts):
            with self._waking:
                self._may_wait = True
                self._wake({ref for ref in needed if self._is_whole(ref)})

    def _wake(self, came: Iterable[Ref]) -> None:
        """Index what waited for these; the lock is held."""
        open_refs, seen = list(came), set(came)
        while open_refs:
            awaited = open_refs.pop()
            rows = (key for key, _ in self._table.scan(*WAITING.below(awaited)))
            while keys := list(islice(rows, _AT_ONCE)):
                puts = self._read(self._blobs(Ref(WAITING.parts_of(k)[1]) for k in keys))
                self._write(puts, set(keys).difference(key for key, _ in puts))
                next_refs = _needed(puts) - seen
                open_refs += filter(self._is_whole, next_refs)
                seen |= next_refs
        self._may_wait = any(True for _ in self._table.scan(*WAITING.below()))

    def _waits_of(self, refs: frozenset[Ref]) -> list[bytes]:
        """The rows by which some of these wait for others."""
        if not self._may_wait:
            return []
        keys = (key for key, _ in self._table.scan(*WAITING.below()))
        return [key for key in keys if WAITING.parts_of(key)[1] in refs]

    def _is_whole(self, ref: Ref) -> bool:
        """Whether a blob is here and undamaged."""
        try:
            fetch_one(self._storage, ref)
        except (BlobNotFound, CorruptBlob):
            return False
        return True

    def _read(self, blobs: Iterable[Blob]) -> list[Row]:
        return [row for blob in blobs for row in first_rows(blob, self._find_key)]

    def _blobs(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        """Those of the blobs that can be had."""
        for ref in refs:
            try:
                yield Blob(ref, fetch_one(self._storage, ref))
            except (BlobNotFound, CorruptBlob) as error:
                _log.info("not indexed: %s", error)


def _needed(puts: Iterable[Row]) -> set[Ref]:
    """What is needed by those blobs among whose rows one says that they wait."""
    return {Ref(WAITING.parts_of(key)[0]) for key, _ in puts if key.startswith(_WAITING)}
