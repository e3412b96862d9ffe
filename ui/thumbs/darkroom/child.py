"""The program that draws thumbnails, one after another, under hard limits."""

from __future__ import annotations

import io
import math
import os
import resource
import warnings
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from ..limits import MEMORY
from ..messages import BLOCK, Drawn, Order, Read, Ready, Refused
from ..refusals import NoThumbnail, Reason
from .drawing import draw

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_FILES = 64


def main(connection: Connection) -> None:
    """Draw what is ordered, until the connection ends."""
    _be_limited()
    connection.send_bytes(Ready().encode())
    while True:
        order = Order.decode(connection.recv_bytes())
        _allow(order.seconds)
        connection.send_bytes(_answer(order, connection))


class _Original(io.RawIOBase):
    """The picture, which the server reads: this process has no file of it."""

    def __init__(self, size: int, connection: Connection) -> None:
        super().__init__()
        self._size = size
        self._connection = connection
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = (0, self._position, self._size)[whence]
        if base + offset < 0:
            raise OSError("no such position")
        self._position = base + offset
        return self._position

    def readall(self) -> bytes:
        found = bytearray(max(0, self._size - self._position))
        view, at = memoryview(found), 0
        while (got := self.readinto(view[at:])) > 0:
            at += got
        return bytes(found)

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        target = memoryview(buffer).cast("B")
        length = min(len(target), self._size - self._position, BLOCK)
        if length <= 0:
            return 0
        self._connection.send_bytes(Read(self._position, length).encode())
        if self._connection.recv_bytes_into(target) != length:
            raise NoThumbnail(Reason.MISSING)
        self._position += length
        return length


def _answer(order: Order, connection: Connection) -> bytes:
    original = io.BufferedReader(_Original(order.size, connection), BLOCK)
    # Whatever a broken file makes a decoder raise, the next one is another file.
    try:
        return Drawn(draw(original, order.kind, order.box)).encode()
    except NoThumbnail as refusal:
        return Refused(refusal.reason, refusal.detail).encode()
    except MemoryError:
        return Refused(Reason.TOO_LARGE, "out of memory").encode()
    except Exception as error:
        return Refused(Reason.UNREADABLE, f"{type(error).__name__}: {error}").encode()


def _be_limited() -> None:
    # Decoders complain there, of files that strangers made.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    warnings.simplefilter("ignore")
    _lower(resource.RLIMIT_AS, MEMORY)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, _FILES)
    with suppress(OSError):
        # Where memory is short this goes first, and the server stays.
        Path("/proc/self/oom_score_adj").write_text("500")


def _lower(limit: int, value: int) -> None:
    _, hard = resource.getrlimit(limit)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, value))


def _allow(seconds: int) -> None:
    """Let the kernel end this process when it has worked so long from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    until = math.ceil(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (until, hard))
