"""The uploads that are under way: found by name, sent by one at a time, and given up when idle."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from .api import Refused
from .upload import Declared, Filed, Upload

MOST_OPEN = 64
"""Uploads under way; each may hold 4 MiB."""

MOST_DONE = 2000
"""Finished ones that are remembered, for who did not hear of it."""

IDLE_SECONDS = 24 * 3600.0
"""An upload that nothing came for so long is over."""

MAKES_ROOM_SECONDS = 600.0
"""One that is idle for so long makes room where there are too many."""

ACTIVE_SECONDS = 60.0
"""So long after the last piece people are still told of it."""

STALL_SECONDS = 3.0
"""A sender from whom nothing came for so long is cut off when another one goes on."""

PATIENCE_SECONDS = 10.0
"""So long another one waits for the sender to be done."""

_LOOK_SECONDS = 0.25


class Uploads:
    """All uploads of one server. For one event loop."""

    def __init__(self, *, hash_name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._hash_name = hash_name
        self._clock = clock
        self._open: dict[str, Upload] = {}
        self._done: dict[str, Upload] = {}
        self._together = 0

    @property
    def active(self) -> int:
        """How many files are under way, as far as anybody still sends them."""
        now = self._clock()
        alone = sum(now - upload.moved < ACTIVE_SECONDS for upload in self._open.values())
        return alone + self._together

    @contextmanager
    def together(self, files: int) -> Iterator[None]:
        """Count so many files that came in one request as under way, until this ends."""
        self._together += files
        try:
            yield
        finally:
            self._together -= files

    def begin(self, declared: Declared) -> Upload:
        """A new upload. Raises `Refused` if there are too many."""
        self._end_idle(IDLE_SECONDS)
        if len(self._open) >= MOST_OPEN:
            self._end_idle(MAKES_ROOM_SECONDS)
        if len(self._open) >= MOST_OPEN:
            raise Refused(
                f"{MOST_OPEN} uploads are under way",
                status=503,
                remedy="try again when some are done",
            )
        upload = Upload(secrets.token_urlsafe(18), declared, hash_name=self._hash_name)
        self._open[upload.name] = upload
        self.note(upload)
        return upload

    def find(self, name: str) -> Upload:
        """An upload by its name. Raises `Refused`."""
        self._end_idle(IDLE_SECONDS)
        found = self._open.get(name) or self._done.get(name)
        if found is None:
            raise Refused(
                "this upload is not known here: it was given up, or the server was restarted",
                status=404,
                remedy="begin it anew; what has arrived is not sent twice over the disk",
            )
        return found

    def note(self, upload: Upload) -> None:
        """Remember that something came just now."""
        upload.moved = self._clock()

    def close(self, upload: Upload, done: Filed) -> None:
        """Note what became of an upload."""
        upload.filed(done)
        if self._open.pop(upload.name, None) is not None:
            self._done[upload.name] = upload
            while len(self._done) > MOST_DONE:
                del self._done[next(iter(self._done))]

    def give_up(self, name: str) -> None:
        """Forget an upload, and hang up on its sender."""
        upload = self._open.pop(name, None)
        self._done.pop(name, None)
        if upload is not None and upload.cut is not None:
            upload.cut()

    @asynccontextmanager
    async def turn(self, upload: Upload, cut: Callable[[], None]) -> AsyncIterator[None]:
        """The turn to send, until this ends; `cut` hangs up on who has it.

        Connections are lost without a word, so a sender who has gone silent loses the turn to the
        next. Raises `Refused` while another one is sending.
        """
        deadline = self._clock() + PATIENCE_SECONDS
        while not await _acquired(upload.turn, _LOOK_SECONDS):
            now = self._clock()
            if now - upload.moved > STALL_SECONDS and upload.cut is not None:
                upload.cut()
            if now > deadline:
                raise Refused(
                    "somebody else is sending this upload just now",
                    status=503,
                    remedy="try again in a moment",
                    more={"offset": upload.offset},
                )
        upload.cut = cut
        self.note(upload)
        try:
            yield
        finally:
            upload.cut = None
            upload.turn.release()

    def _end_idle(self, seconds: float) -> None:
        now = self._clock()
        for uploads in (self._open, self._done):
            for upload in list(uploads.values()):
                if now - upload.moved > seconds and not upload.turn.locked():
                    del uploads[upload.name]


async def _acquired(lock: asyncio.Lock, seconds: float) -> bool:
    """Whether a lock could be had within that time."""
    try:
        # Not `asyncio.wait_for`, which in Python 3.11 may pass over being cancelled.
        async with asyncio.timeout(seconds):
            await lock.acquire()
    except TimeoutError:
        return False
    return True
