"""The outbox: blobs go in one at a time and are sent in batches, while the next are made."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from ...blobstore.errors import StoreFailed
from ...blobstore.ref import Blob, Ref
from ..client.store import Store
from ..havecache import HaveCache
from ..statcache import Folder, Part, StatCache

BATCH_BYTES = 4 << 20
BATCH_BLOBS = 2000
SENDERS = 2
SYNC_BYTES = 64 << 20
"""Sent bytes after which a sync is asked for in passing: it then runs beside the sending."""
SYNC_SECONDS = 30.0

WAITING_BYTES = 16 << 20
"""Most bytes of rows that wait for what they tell of to be durable: those of 100 000 files."""

ASK_BYTES = 64 << 10
"""A smaller batch is sent without asking: the question costs about as much."""
MAX_SILENCE = 8

SEEN_LIMIT = 100_000


class Sent(NamedTuple):
    """What went over, and what did not have to."""

    blobs: int = 0
    size: int = 0
    spared_blobs: int = 0
    spared_size: int = 0


class Outbox:
    """Sends blobs to one store. `put` and the rest are for one thread.

    Memory is bounded: at most `SENDERS + 2` batches exist at once, and `put` waits. What a
    sender's request raised, the next call here raises.
    """

    def __init__(
        self,
        store: Store,
        *,
        have: HaveCache | None = None,
        stats: StatCache | None = None,
        durable: bool = False,
        on_sent: Callable[[int], None] | None = None,
    ) -> None:
        """`durable` makes each batch durable by itself, for what cannot be sent again."""
        self._store = store
        self._have = have
        self._stats = stats
        self._durable = durable
        self._on_sent = on_sent
        self._batch: list[Blob] = []
        self._batch_bytes = 0
        self._seen: set[Ref] = set()
        self._seen_before: set[Ref] = set()
        self._next_batch = 0
        self._waiting: list[tuple[int, Part | Folder]] = []
        self._waiting_bytes = 0
        self._queue: queue.Queue[tuple[int, list[Blob]] | None] = queue.Queue(1)
        self._lock = threading.Lock()
        self._done = threading.Condition(self._lock)
        self._error: BaseException | None = None
        self._acknowledged: dict[int, list[Ref]] = {}
        self._watermark = 0  # batches before this one are acknowledged
        self._synced = 0  # ... and before this one durable
        self._unsynced_bytes = 0
        self._last_sync = time.monotonic()
        self._sync_lock = threading.Lock()
        self._needs_sync = False
        self._silence = 0
        self._in_vain = 0
        self._sent = Sent()
        self._threads = [
            threading.Thread(target=self._run, name=f"send-{n}", daemon=True)
            for n in range(SENDERS)
        ]
        self._started = False

    @property
    def sent(self) -> Sent:
        with self._lock:
            return self._sent

    def put(self, blob: Blob) -> None:
        """Send a blob some time soon, if it is not known to be there."""
        ref, data = blob
        if ref in self._seen or ref in self._seen_before:
            return
        self._seen.add(ref)
        if len(self._seen) >= SEEN_LIMIT:
            self._seen_before, self._seen = self._seen, set()
        self._batch.append(blob)
        self._batch_bytes += len(data)
        if self._batch_bytes >= BATCH_BYTES or len(self._batch) >= BATCH_BLOBS:
            self._hand_over()

    def when_durable(self, row: Part | Folder) -> None:
        """Remember `row` in the stat cache once all that was put so far is durable."""
        self._waiting.append((self._next_batch + bool(self._batch), row))
        self._waiting_bytes += _row_size(row)
        if self._waiting_bytes > WAITING_BYTES:
            # Little is sent of a tree that only moved, so no sync is due, but its rows pile up.
            self.sync()

    def release(self) -> None:
        """Remember what has become durable meanwhile."""
        with self._lock:
            synced = self._synced
        if self._waiting and self._waiting[0][0] <= synced:
            if self._stats is not None:
                self._stats.remember(row for needed, row in self._waiting if needed <= synced)
            self._waiting = [(n, row) for n, row in self._waiting if n > synced]
            self._waiting_bytes = sum(_row_size(row) for _, row in self._waiting)

    def drain(self) -> None:
        """Return when all that was put has arrived."""
        if self._batch:
            self._hand_over()
        with self._done:
            self._done.wait_for(
                lambda: self._error is not None or self._watermark == self._next_batch
            )
        self._raise_error()

    def sync(self) -> None:
        """Return when all that was put is durable, and remembered."""
        self.drain()
        if self._synced != self._watermark:
            self._sync()
        self.release()

    def close(self) -> None:
        """End the threads; what was not drained may not have been sent.

        A thread that waits for a server is left to itself; it sends no batch after the one it has.
        """
        with self._lock:
            if self._error is None:
                self._error = RuntimeError("closed")
        if self._started:
            while True:
                try:
                    self._queue.put_nowait(None)
                    break
                except queue.Full:
                    with suppress(queue.Empty):
                        self._queue.get_nowait()
            for thread in self._threads:
                if thread.ident is not None:  # Ctrl-C may come before it is started
                    thread.join(timeout=1)

    def _hand_over(self) -> None:
        self._raise_error()
        if not self._started:
            self._started = True
            for thread in self._threads:
                thread.start()
        item = (self._next_batch, self._batch)
        self._next_batch += 1
        self._batch, self._batch_bytes = [], 0
        while True:
            try:
                self._queue.put(item, timeout=0.5)
                break
            except queue.Full:
                self._raise_error()
        self.release()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while True:
            item = self._queue.get()
            if item is None:
                self._queue.put(None)  # for the next sender
                return
            if self._error is not None:
                continue
            try:
                self._send(*item)
            except BaseException as error:  # whatever it was, the one who puts must hear of it
                if isinstance(error, OSError):
                    # Else it would pass for one of the file that is read just then.
                    error = StoreFailed.by(self._store.name, error)
                with self._done:
                    if self._error is None:
                        self._error = error
                    self._done.notify_all()

    def _send(self, number: int, batch: list[Blob]) -> None:
        total = sum(len(blob.data) for blob in batch)
        missing = self._unknown(batch)
        if missing:
            self._store.send(missing, durable=self._durable)
        size = sum(len(blob.data) for blob in missing)
        with self._done:
            sent = self._sent
            self._sent = Sent(
                sent.blobs + len(missing),
                sent.size + size,
                sent.spared_blobs + len(batch) - len(missing),
                sent.spared_size + total - size,
            )
            self._acknowledged[number] = [blob.ref for blob in missing]
            self._needs_sync |= bool(missing)
            while self._watermark in self._acknowledged:
                self._watermark += 1
            self._unsynced_bytes += size
            due = self._unsynced_bytes >= SYNC_BYTES or (
                self._unsynced_bytes and time.monotonic() - self._last_sync > SYNC_SECONDS
            )
            self._done.notify_all()
        if self._on_sent is not None:
            self._on_sent(total)
        if due and self._sync_lock.acquire(blocking=False):
            try:
                self._sync_held()
            finally:
                self._sync_lock.release()

    def _sync(self) -> None:
        with self._sync_lock:
            self._sync_held()

    def _sync_held(self) -> None:
        with self._lock:
            until = self._watermark
            if until == self._synced:
                return
            self._unsynced_bytes = 0
            self._last_sync = time.monotonic()
            needed, self._needs_sync = self._needs_sync, False
            durable = [n for n in self._acknowledged if n < until]
            refs = [ref for n in durable for ref in self._acknowledged[n]]
        if not self._durable and needed:
            self._store.sync()
        if self._have is not None:
            self._have.add(refs)
        with self._done:
            for n in durable:
                del self._acknowledged[n]
            self._synced = until

    def _unknown(self, batch: list[Blob]) -> list[Blob]:
        """Those blobs of a batch that have to be sent."""
        if self._have is not None:
            known = self._have.known([blob.ref for blob in batch])
            if known:
                batch = [blob for blob in batch if blob.ref not in known]
        if not batch or self._store.sends_only_missing:
            return batch
        if sum(len(blob.data) for blob in batch) < ASK_BYTES:
            return batch
        with self._lock:
            # When nothing asked about was ever there, ask less and less often.
            if self._silence > 0:
                self._silence -= 1
                return batch
        absent = set(self._store.missing([blob.ref for blob in batch]))
        with self._lock:
            found = len(absent) < len(batch)
            # What is there may be there without being durable, from another who sends just now.
            self._needs_sync |= found
            self._in_vain = 0 if found else self._in_vain + 1
            self._silence = min(1 << self._in_vain, MAX_SILENCE) - 1 if self._in_vain else 0
        return [blob for blob in batch if blob.ref in absent]


def _row_size(row: Part | Folder) -> int:
    return sum(len(value) for value in row if isinstance(value, bytes))
