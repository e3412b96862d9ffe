"""The thread that reads what is still to be read, when nothing else is to do or somebody waits."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..blobstore.hub import Hub
from .errors import ReadingStopped
from .indexer import Indexer

QUIET_SECONDS = 0.05
LATE_SECONDS = 10.0
"""Blobs are read when none has come for so long; after so long, some, whatever comes."""

IDLE_SECONDS = 0.5

_AT_ONCE = 100
_AT_ONCE_IF_LATE = 5

_log = logging.getLogger(__name__)


class LeisureReader:
    """Lets an indexer read on, from `start` until `stop`. Safe for many threads."""

    def __init__(self, indexer: Indexer, hub: Hub, *, seconds: float) -> None:
        """After a failure it waits for `seconds` before it tries again."""
        self._indexer = indexer
        self._hub = hub
        self._seconds = seconds
        self._hurry = 0
        self._wanted = threading.Event()
        self._progress = threading.Condition()
        self._reading = threading.Lock()
        self._pauses = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name="contents", daemon=True)
        self._is_started = False

    def start(self) -> None:
        """Read, from now on."""
        with self._progress:
            if not self._is_started:
                self._is_started = True
                self._thread.start()

    def settle(self, seconds: float | None) -> bool:
        """Wait until all blobs there are have been read, at most so long; whether they have."""
        deadline = None if seconds is None else time.monotonic() + seconds
        self.start()
        with self._progress:
            self._hurry += 1
        self._wanted.set()
        try:
            with self._progress:
                while not self._is_all_read():
                    left = None if deadline is None else deadline - time.monotonic()
                    if left is not None and left <= 0:
                        return False
                    self._progress.wait(left)
        finally:
            with self._progress:
                self._hurry -= 1
        return True

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Read nothing while this lasts."""
        with self._progress:
            self._pauses += 1
        try:
            with self._reading:
                yield
        finally:
            with self._progress:
                self._pauses -= 1
                self._progress.notify_all()

    def stop(self) -> None:
        """Read no more."""
        self._stop.set()
        self._wanted.set()
        self._indexer.has_unread.set()  # so that the thread looks up
        if self._is_started:
            self._thread.join()

    def _is_all_read(self) -> bool:
        # Whoever reads does not know, while at it, whether that is all.
        if not self._reading.acquire(blocking=False):
            return False
        try:
            return not self._indexer.has_unread.is_set()
        finally:
            self._reading.release()

    def _read(self) -> None:
        began: float | None = None
        while not self._stop.is_set():
            if not self._indexer.has_unread.wait(IDLE_SECONDS):
                began = None
                continue
            began = began or time.monotonic()
            self._wanted.clear()
            if self._stop.is_set():
                return
            is_late = time.monotonic() - began > LATE_SECONDS
            has_time = self._hurry or self._hub.is_quiet(QUIET_SECONDS)
            if not has_time:
                self._wanted.wait(QUIET_SECONDS)
                if not is_late:
                    continue
            most = _AT_ONCE if has_time else _AT_ONCE_IF_LATE
            try:
                with self._reading:
                    self._indexer.read_some(most, keeping=self._hub.keeping, check=self._check)
            except ReadingStopped:
                self._stop.wait(QUIET_SECONDS)
            except Exception as error:  # what it was reading is noted, and is tried again
                _log.error("reading of blobs stopped for %d s: %s", self._seconds, error)
                self._stop.wait(self._seconds)
            with self._progress:
                self._progress.notify_all()

    def _check(self) -> None:
        if self._stop.is_set() or self._pauses:
            raise ReadingStopped
