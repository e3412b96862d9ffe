"""The threads that have thumbnails drawn, and what waits for them."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from ...blobstore.ref import Ref
from .decoder import Decoder, Original
from .films import Films
from .looking import Look
from .refusals import NoThumbnail, Reason
from .thumbnail import Box, Thumbnail

WORK_SECONDS = 20
SECONDS = 30.0
"""How long one thumbnail may take, of a processor's time and by the clock."""

MOST_QUICK = 1000
MOST_SLOW = 200
"""How many may wait, of either sort."""

_IDLE_SECONDS = 60.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class Job:
    """A thumbnail to be drawn; cancelling the future takes it back, unless it is begun."""

    ref: Ref
    look: Look
    open: Callable[[], Original]
    box: Box
    drawn: Future[Thumbnail] = field(default_factory=Future)


class Pool:
    """Draws thumbnails, in a few processes, each at the hand of a thread here.

    Half of the threads, and at least one, never take what is slow: films and large pictures. So
    quick ones go on whatever comes, and no more than half of the threads need much memory. Safe
    for many threads.
    """

    def __init__(
        self,
        *,
        threads: int,
        new_films: Callable[[], Films] | None,
        work_seconds: int = WORK_SECONDS,
        seconds: float = SECONDS,
        idle_seconds: float = _IDLE_SECONDS,
    ) -> None:
        """`new_films` is None where films cannot be read. At least two threads are started."""
        self._changed = threading.Condition()
        self._quick: deque[Job] = deque()
        self._slow: deque[Job] = deque()
        self._is_closed = False
        self._reads_films = new_films is not None
        self._workers: list[_Worker] = []
        count = max(2, threads)
        for number in range(count):
            takes_slow = number < count // 2
            self._workers.append(
                _Worker(
                    self,
                    Decoder(work_seconds=work_seconds, seconds=seconds),
                    new_films() if new_films is not None and takes_slow else None,
                    takes_slow=takes_slow,
                    idle_seconds=idle_seconds,
                )
            )
        for worker in self._workers:
            worker.start()

    @property
    def processes(self) -> list[int]:
        """The numbers of the processes that are there now."""
        found = (worker.decoder.process for worker in self._workers)
        return [number for number in found if number is not None]

    @property
    def waiting(self) -> int:
        """How many wait, and are not begun."""
        return len(self._quick) + len(self._slow)

    def submit(self, job: Job) -> None:
        """Have a thumbnail drawn. Raises `NoThumbnail` if too many wait, or films are not read."""
        if job.look.is_film and not self._reads_films:
            raise NoThumbnail(Reason.NO_PICTURE, "films need ffmpeg, which is not installed")
        queue, most = (self._slow, MOST_SLOW) if job.look.is_slow else (self._quick, MOST_QUICK)
        with self._changed:
            if self._is_closed or len(queue) >= most:
                raise NoThumbnail(Reason.BUSY)
            queue.append(job)
            self._changed.notify_all()
        job.drawn.add_done_callback(lambda drawn: self._drop(job) if drawn.cancelled() else None)

    def take(self, *, takes_slow: bool, seconds: float) -> Job | None:
        """The next job for a thread that may take slow ones, or may not; None if there was none
        for so long. Raises `Closed`."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_closed or self._quick or (takes_slow and self._slow), seconds
            )
            if self._is_closed:
                raise Closed
            # Quick ones have a thread of their own.
            if takes_slow and self._slow:
                return self._slow.popleft()
            return self._quick.popleft() if self._quick else None

    def close(self) -> None:
        """End at once, whatever is being drawn."""
        with self._changed:
            self._is_closed = True
            left = [*self._quick, *self._slow]
            self._quick.clear()
            self._slow.clear()
            self._changed.notify_all()
        for job in left:
            job.drawn.cancel()
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            worker.join()

    def _drop(self, job: Job) -> None:
        with self._changed:
            for queue in (self._quick, self._slow):
                if job in queue:
                    queue.remove(job)


class Closed(Exception):
    """There will be no more."""


class _Worker(threading.Thread):
    def __init__(
        self,
        pool: Pool,
        decoder: Decoder,
        films: Films | None,
        *,
        takes_slow: bool,
        idle_seconds: float,
    ) -> None:
        super().__init__(name="thumbnails", daemon=True)
        self._pool = pool
        self.decoder = decoder
        self._films = films
        self._takes_slow = takes_slow
        self._idle_seconds = idle_seconds

    def run(self) -> None:
        try:
            while True:
                job = self._pool.take(takes_slow=self._takes_slow, seconds=self._idle_seconds)
                if job is None:
                    # Nobody has wanted any for a while, and a process takes memory.
                    self.decoder.end()
                elif job.drawn.set_running_or_notify_cancel():
                    self._do(job)
        except Closed:
            self.decoder.end()

    def stop(self) -> None:
        self.decoder.stop()
        if self._films is not None:
            self._films.stop()

    def _do(self, job: Job) -> None:
        try:
            job.drawn.set_result(self._drawn(job))
        except NoThumbnail as refusal:
            job.drawn.set_exception(refusal)
        except Exception as error:
            _log.exception("the thumbnail of %s could not be drawn", job.ref)
            job.drawn.set_exception(NoThumbnail(Reason.FAILED, str(error)))

    def _drawn(self, job: Job) -> Thumbnail:
        look = job.look
        if not look.is_film:
            return self.decoder.draw(job.open(), look.kind, job.box)
        assert self._films is not None
        return self._films.frame(job.open(), look.kind, job.box)
