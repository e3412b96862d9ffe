"""Long work on an index, done by a thread of its own while others ask how far it is."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass

from ..blobstore.errors import HoldfastError
from .errors import ReadingStopped

RUNNING, DONE, STOPPED, FAILED = "running", "done", "stopped", "failed"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work is: `done` of `total` in its present phase; None if nobody knows."""

    state: str
    phase: str
    done: int
    total: int | None
    seconds: float
    """How long it has been at it, or was."""
    error: str = ""
    """Why it failed, if it did."""


class Work(ABC):
    """A piece of work, begun by `start`. Safe for many threads."""

    name: str

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._began = time.monotonic()
        self._progress = Progress(RUNNING, "", 0, None, 0.0)
        self._failure: Exception | None = None

    def start(self) -> None:
        """Begin; once."""
        self._thread.start()

    def stop(self) -> None:
        """Break off, and wait until nothing of it goes on."""
        self.stopping.set()
        self._thread.join()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it has ended, at most so long; whether it has. Raises why it failed."""
        self._thread.join(seconds)
        if self._thread.is_alive():
            return False
        if self._failure is not None:
            raise self._failure
        return True

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._progress.state == RUNNING

    def progress(self) -> Progress:
        """How far it is."""
        return self._progress

    @abstractmethod
    def work(self) -> None:
        """Do it. Raises `ReadingStopped` soon after `stopping` is set."""

    def report(self, phase: str, done: int, total: int | None = None) -> None:
        """Say how far it is."""
        self._progress = Progress(RUNNING, phase, done, total, self._seconds())

    def check(self) -> None:
        """Raise `ReadingStopped` if it is to break off."""
        if self.stopping.is_set():
            raise ReadingStopped

    def _run(self) -> None:
        try:
            self.work()
        except ReadingStopped as error:
            self._end(STOPPED, error)
        except HoldfastError as error:
            _log.error("%s", error)
            self._end(FAILED, error)
        except Exception as error:  # whatever it is, who waits must hear of it
            _log.exception("a fault in %s", self.name)
            self._end(FAILED, error)
        else:
            self._end(DONE, None)

    def _end(self, state: str, error: Exception | None) -> None:
        last = self._progress
        self._failure = error
        self._progress = Progress(
            state, last.phase, last.done, last.total, self._seconds(), str(error or "")
        )

    def _seconds(self) -> float:
        return round(time.monotonic() - self._began, 3)
