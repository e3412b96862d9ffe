"""Long work on an index, done by a thread of its own while others ask how far it is."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from ..blobstore.errors import HoldfastError
from .building import BLOBS
from .errors import ReadingStopped

RUNNING, DONE, STOPPED, FAILED = "running", "done", "stopped", "failed"
NONE = "none"
"""The states work can be in; the last one, where there was none yet."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work is: `done` of `total` in its present phase; None if nobody knows."""

    state: str = NONE
    phase: str = ""
    done: int = 0
    total: int | None = None
    blobs: int = 0
    """How many blobs have been read from the store, as far as that is known."""
    seconds: float = 0.0
    """How long it has been at it, or was."""
    error: str = ""
    """Why it failed, if it did."""

    @property
    def is_over(self) -> bool:
        """Whether nothing goes on."""
        return self.state != RUNNING

    def document(self) -> dict[str, object]:
        """This as JSON has it."""
        return asdict(self)

    @classmethod
    def of(cls, document: Mapping[str, object]) -> Progress:
        """What JSON has so. Raises `ValueError`."""
        match document:
            case {
                "state": str(state),
                "phase": str(phase),
                "done": int(done),
                "total": int() | None as total,
                "blobs": int(blobs),
                "seconds": int() | float() as seconds,
                "error": str(error),
            }:
                return cls(state, phase, done, total, blobs, float(seconds), error)
        raise ValueError("no progress")


class Work(ABC):
    """A piece of work, begun by `start`. Safe for many threads."""

    name: str

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._began = time.monotonic()
        self._progress = Progress(RUNNING)
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
        return not self._progress.is_over

    @property
    def failure(self) -> Exception | None:
        """Why it has ended before it was done."""
        return self._failure

    def progress(self) -> Progress:
        """How far it is."""
        return self._progress

    @abstractmethod
    def work(self) -> None:
        """Do it. Raises `ReadingStopped` soon after `stopping` is set."""

    def report(self, phase: str, done: int, total: int | None = None) -> None:
        """Say how far it is."""
        blobs = done if phase == BLOBS else self._progress.blobs
        self._progress = Progress(RUNNING, phase, done, total, blobs, self._seconds())

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
        self._failure = error
        self._progress = replace(
            self._progress, state=state, seconds=self._seconds(), error=str(error or "")
        )

    def _seconds(self) -> float:
        return round(time.monotonic() - self._began, 3)
