"""Single files into blobs: opened without waiting, read once, and watched for changes."""

from __future__ import annotations

import os
import queue
import stat
import threading
from collections.abc import Callable
from contextlib import suppress

from ...blobstore.ref import Blob, Ref
from ...schema.directories import write_special, write_symlink
from ...schema.facts import FileFacts, OwnerNames, facts_of
from ...schema.filewriter import SMALL_FILE, write_file, write_small_file

# Never wait (a fifo that took a file's place), never follow a link that did, never be inherited.
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_READ_AHEAD_FROM = 4 << 20
_BLOCK = 2 << 20


class ChangedType(OSError):
    """What was listed as a file is none any more."""


class Changed:
    """Whether a file changed while it was read; such a file's ref is not to be remembered."""

    __slots__ = ("is_set",)

    def __init__(self) -> None:
        self.is_set = False


def put_entry(
    name: bytes,
    found: os.stat_result,
    put: Callable[[Blob], None],
    *,
    folder: int | None,
    names: OwnerNames,
    changed: Changed,
    hash_name: str,
    advance: Callable[[int], None],
    path: bytes | None = None,
    follow: bool = False,
) -> Ref:
    """Put the file, link or special file `name` in the open folder; the ref of its blob.

    `found` is what `lstat` said of it. `path` is where to open it if not by `name`. `advance`
    is told of bytes as they are read. Raises `OSError`.
    """
    mode = found.st_mode
    where = name if path is None else path
    if stat.S_ISREG(mode):
        return _put_file(
            name, where, found, put, folder, names, changed, hash_name, advance, follow
        )
    facts = facts_of(found, name, names)
    if stat.S_ISLNK(mode):
        target = os.readlink(where, dir_fd=folder)
        return write_symlink(facts, target, put, hash_name=hash_name)
    # Devices are kept as sockets, as Perkeep keeps them: special, and without contents.
    kind = "fifo" if stat.S_ISFIFO(mode) else "socket"
    return write_special(facts, kind, put, hash_name=hash_name)


def _put_file(
    name: bytes,
    where: bytes,
    found: os.stat_result,
    put: Callable[[Blob], None],
    folder: int | None,
    names: OwnerNames,
    changed: Changed,
    hash_name: str,
    advance: Callable[[int], None],
    follow: bool,
) -> Ref:
    descriptor = os.open(where, _OPEN if follow else _OPEN | os.O_NOFOLLOW, dir_fd=folder)
    try:
        size = found.st_size
        if size > SMALL_FILE:
            now = os.fstat(descriptor)
            if not stat.S_ISREG(now.st_mode):
                raise ChangedType(0, "changed its type", where)
            facts = facts_of(found, name, names)
            ref = _put_large(descriptor, size, facts, put, hash_name, advance)
        else:
            data = os.read(descriptor, size) if size else b""
            if len(data) < size:
                data = _rest(descriptor, data, size)
            advance(size)
        now = os.fstat(descriptor)
        if (
            now.st_mtime_ns != found.st_mtime_ns
            or now.st_ctime_ns != found.st_ctime_ns
            or now.st_size != size
        ):
            if not stat.S_ISREG(now.st_mode):
                raise ChangedType(0, "changed its type", where)
            changed.is_set = True
        if size > SMALL_FILE:
            return ref
        return write_small_file(facts_of(found, name, names), data, put, hash_name=hash_name)
    finally:
        os.close(descriptor)


def _rest(descriptor: int, data: bytes, size: int) -> bytes:
    """The whole of a file whose first read gave less than asked: a signal, or it shrank."""
    parts = [data]
    have = len(data)
    while have < size and (more := os.read(descriptor, size - have)):
        parts.append(more)
        have += len(more)
    return b"".join(parts)


def _put_large(
    descriptor: int,
    size: int,
    facts: FileFacts,
    put: Callable[[Blob], None],
    hash_name: str,
    advance: Callable[[int], None],
) -> Ref:
    left = size

    def read(wanted: int) -> bytes:
        nonlocal left
        data = os.read(descriptor, min(wanted, left))
        left -= len(data)
        advance(len(data))
        return data

    if size < _READ_AHEAD_FROM:
        return write_file(facts, read, put, hash_name=hash_name)
    ahead = ReadAhead(read)
    try:
        return write_file(facts, ahead.read, put, hash_name=hash_name)
    finally:
        ahead.close()


class ReadAhead:
    """Reads the next block of a stream in a thread while the last one is worked on."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._blocks: queue.Queue[bytes | BaseException] = queue.Queue(1)
        self._stop = False
        self._thread = threading.Thread(target=self._run, name="read", daemon=True)
        self._thread.start()

    def read(self, _: int) -> bytes:
        """The next block, of a size of its own; nothing at the end. Raises what reading did."""
        block = self._blocks.get()
        if isinstance(block, BaseException):
            raise block
        return block

    def close(self, *, wait: bool = True) -> None:
        """End the thread; the stream may be closed then.

        Without `wait` the thread may stay in a read that never ends, as on a terminal.
        """
        self._stop = True
        while wait and self._thread.is_alive():
            with suppress(queue.Empty):
                self._blocks.get(timeout=0.01)

    def _run(self) -> None:
        try:
            while not self._stop:
                block = self._read(_BLOCK)
                self._blocks.put(block)
                if not block:
                    return
        except BaseException as error:  # the one who reads must hear of it
            self._blocks.put(error)
