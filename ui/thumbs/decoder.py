"""One process that draws thumbnails, as the thread sees it that has work for it."""

from __future__ import annotations

import signal
import subprocess
import threading
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Protocol

from ...index.children import end_child, start_child
from .looking import reading
from .messages import BLOCK, MOST_ANSWER, Drawn, Nonsense, Order, Read, Ready, Refused, decode
from .refusals import NoThumbnail, Reason
from .thumbnail import Box, Thumbnail

START_SECONDS = 30
"""How long a process may take to begin."""

MOST_ORDERS = 500
"""A process is ended after so many, with whatever its decoders have leaked."""


class Original(Protocol):
    """The file a thumbnail is made of, such as a `FileReader`."""

    @property
    def size(self) -> int: ...
    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def read(self, size: int | None = -1, /) -> bytes: ...


class _Ended(Exception):
    """The process is gone, or makes no sense."""


class Decoder:
    """Draws one picture at a time in a process that is started when it is needed.

    For one thread, but for `stop`.
    """

    def __init__(self, *, work_seconds: int, seconds: float) -> None:
        """A picture may take so many seconds of work, and so many by the clock."""
        self._work_seconds = work_seconds
        self._seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._orders = 0
        self._alarm: _Alarm | None = None
        self._is_stopped = False

    @property
    def process(self) -> int | None:
        """The number of the process, if there is one."""
        return None if self._child is None else self._child.pid

    def draw(self, original: Original, kind: str, box: Box) -> Thumbnail:
        """A picture of a format of `looking.PICTURES`, to fit into `box`. Raises `NoThumbnail`."""
        order = Order(original.size, box, self._work_seconds, kind)
        try:
            return self._draw(original, order)
        except _Ended:
            why = self._why_ended()
            if why is not None:
                raise why from None
        # Somebody killed it, who may have meant another, or all of us: memory was short.
        try:
            return self._draw(original, order)
        except _Ended:
            why = self._why_ended()
            raise why or NoThumbnail(Reason.TOO_LARGE, "the process was killed twice") from None

    def end(self) -> None:
        """End the process, if there is one. Another is started for the next picture."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._child is not None:
            end_child(self._child)
            self._child = None

    def stop(self) -> None:
        """Have the process end at once, whatever it does; from any thread."""
        self._is_stopped = True
        child = self._child
        if child is not None:
            child.kill()

    def _draw(self, original: Original, order: Order) -> Thumbnail:
        if self._orders >= MOST_ORDERS:
            self.end()
        connection = self._connection or self._start()
        self._orders += 1
        with self._within(self._seconds):
            self._say(connection, order.encode())
            return self._serve(connection, original)

    def _start(self) -> Connection:
        near, far = Pipe()
        try:
            self._child = start_child("darkroom.child", [far], package=__package__)
        except OSError as error:
            near.close()
            raise NoThumbnail(Reason.FAILED, str(error)) from None
        self._connection, self._orders = near, 0
        if self._is_stopped:
            self.stop()
        try:
            with self._within(START_SECONDS):
                if not isinstance(self._hear(near), Ready):
                    raise _Ended
        except _Ended:
            self._why_ended()
            raise NoThumbnail(Reason.FAILED, "the process that draws does not start") from None
        return near

    def _serve(self, connection: Connection, original: Original) -> Thumbnail:
        """Give the process the bytes it asks for until it has drawn the picture, or refused."""
        source = _Source(original)
        trouble: Exception | None = None
        while True:
            said = self._hear(connection)
            if isinstance(said, Read):
                data = b""
                if trouble is None:
                    try:
                        data = source.read(said)
                    except Exception as error:  # to be raised when the process has its answer
                        trouble = error
                self._say(connection, data)
                source.look_ahead()
            elif trouble is not None:
                raise trouble
            elif isinstance(said, Drawn):
                return said.thumbnail
            elif isinstance(said, Refused):
                raise NoThumbnail(said.reason, said.detail)
            else:
                raise _Ended

    def _say(self, connection: Connection, message: bytes) -> None:
        try:
            connection.send_bytes(message)
        except OSError:
            raise _Ended from None

    def _hear(self, connection: Connection) -> Ready | Read | Drawn | Refused:
        try:
            return decode(connection.recv_bytes(MOST_ANSWER))
        except (OSError, EOFError, Nonsense):
            raise _Ended from None

    def _why_ended(self) -> NoThumbnail | None:
        """Have done with the process; None if nothing but somebody's signal ended it."""
        child = self._child
        assert child is not None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        code = end_child(child)
        self._child = None
        if self._is_stopped:
            return NoThumbnail(Reason.BUSY, "the server stops")
        if (self._alarm is not None and self._alarm.has_rung) or code == -signal.SIGXCPU:
            return NoThumbnail(Reason.TOO_SLOW)
        if code == -signal.SIGKILL:
            return None
        return NoThumbnail(Reason.UNREADABLE, f"the process that read it ended with {code}")

    def _within(self, seconds: float) -> _Alarm:
        assert self._child is not None
        self._alarm = _Alarm(self._child, seconds)
        return self._alarm


class _Alarm:
    """Kills a process unless it is left in time. Nothing but that ends a wait for the process."""

    def __init__(self, child: subprocess.Popen[bytes], seconds: float) -> None:
        self._child = child
        self._timer = threading.Timer(seconds, self._ring)
        self._timer.daemon = True
        self.has_rung = False

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _ring(self) -> None:
        self.has_rung = True
        self._child.kill()


class _Source:
    """An original, of which the next block is read while the process is at work on the last."""

    def __init__(self, original: Original) -> None:
        self._original = original
        self._end = 0
        self._is_in_order = False
        self._ahead = b""

    def read(self, asked: Read) -> bytes:
        """What is asked for. Raises `NoThumbnail`, and what reading raises."""
        if asked.length > BLOCK or asked.offset + asked.length > self._original.size:
            raise NoThumbnail(Reason.UNREADABLE, "the process that read it went astray")
        self._is_in_order = asked.offset == self._end > 0
        self._end = asked.offset + asked.length
        if self._is_in_order and len(self._ahead) == asked.length:
            return self._ahead
        return self._bytes(asked.offset, asked.length)

    def look_ahead(self) -> None:
        """Read what will be asked for next, if that can be told."""
        self._ahead = b""
        length = min(BLOCK, self._original.size - self._end)
        if self._is_in_order and length > 0:
            # What cannot be read is told when it is asked for.
            with suppress(Exception):
                self._ahead = self._bytes(self._end, length)

    def _bytes(self, offset: int, length: int) -> bytes:
        with reading():
            self._original.seek(offset)
            return self._original.read(length)
