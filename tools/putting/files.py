"""Single files into blobs: opened without waiting, read once, and watched for changes."""

from __future__ import annotations

import hashlib
import os
import queue
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from ...blobstore.ref import Blob, Ref
from ...schema.directories import write_special, write_symlink
from ...schema.facts import FileFacts, OwnerNames, facts_of
from ...schema.filewriter import SMALL_FILE, write_file, write_small_file
from .options import PutOptions

# Never wait (a fifo that took a file's place), never follow a link that did, never be inherited.
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_READ_AHEAD_FROM = 4 << 20
_BLOCK = 2 << 20


class ChangedType(OSError):
    """What was listed as a file is none any more."""


class Entry(NamedTuple):
    """One thing of a folder that was put."""

    ref: Ref
    has_changed: bool
    """Whether it changed while it was read: its ref is then not to be remembered."""
    whole: Ref | None = None
    """The ref that all of a file's contents would have as one blob, if that was wanted."""


def contents_size(found: os.stat_result) -> int:
    """Bytes of contents: those of a link are its target, and not counted."""
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


class EntryPutter:
    """Puts what is no folder: files, links and special files, one after another."""

    def __init__(
        self,
        put: Callable[[Blob], None],
        options: PutOptions,
        *,
        names: OwnerNames,
        advance: Callable[[int], None],
        wants_whole: bool = False,
    ) -> None:
        """`put` gets the blobs; `advance` is told of bytes as they are read.

        If it `wants_whole`, each file's contents are hashed as a whole too, as they are read.
        """
        self._put = put
        self._hash_name = options.hash_name
        self._flags = _OPEN if options.follow else _OPEN | os.O_NOFOLLOW
        self._names = names
        self._advance = advance
        self._wants_whole = wants_whole

    def put(
        self,
        name: bytes,
        found: os.stat_result,
        *,
        folder: int | None = None,
        path: bytes | None = None,
    ) -> Entry:
        """Put `name`, of which `lstat` said `found`; it is opened as `path`, else by its name.

        Both are relative to the open `folder`, if there is one. Raises `OSError`.
        """
        mode = found.st_mode
        where = name if path is None else path
        if stat.S_ISREG(mode):
            return self._put_file(name, found, where, folder)
        facts = facts_of(found, name, self._names)
        if stat.S_ISLNK(mode):
            target = os.readlink(where, dir_fd=folder)
            ref = write_symlink(facts, target, self._put, hash_name=self._hash_name)
        else:
            # Devices are kept as sockets, as Perkeep keeps them: special, and without contents.
            kind = "fifo" if stat.S_ISFIFO(mode) else "socket"
            ref = write_special(facts, kind, self._put, hash_name=self._hash_name)
        return Entry(ref, has_changed=False)

    def _put_file(
        self, name: bytes, found: os.stat_result, where: bytes, folder: int | None
    ) -> Entry:
        descriptor = os.open(where, self._flags, dir_fd=folder)
        try:
            size = found.st_size
            if size > SMALL_FILE:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise ChangedType(0, "changed its type", where)
                facts = facts_of(found, name, self._names)
                ref, whole = self._put_large(descriptor, size, facts)
                return Entry(ref, _has_changed(descriptor, found, where), whole)
            data = os.read(descriptor, size) if size else b""
            if len(data) < size:
                data = _rest(descriptor, data, size)
            self._advance(size)
            has_changed = _has_changed(descriptor, found, where)
            facts = facts_of(found, name, self._names)
            ref = write_small_file(facts, data, self._put, hash_name=self._hash_name)
            whole = Ref.of(data, hash_name=self._hash_name) if self._wants_whole else None
            return Entry(ref, has_changed, whole)
        finally:
            os.close(descriptor)

    def _put_large(self, descriptor: int, size: int, facts: FileFacts) -> tuple[Ref, Ref | None]:
        left = size
        digest = hashlib.new(self._hash_name) if self._wants_whole else None

        def read(wanted: int) -> bytes:
            nonlocal left
            data = os.read(descriptor, min(wanted, left))
            left -= len(data)
            if digest is not None:
                digest.update(data)
            self._advance(len(data))
            return data

        if size < _READ_AHEAD_FROM:
            ref = write_file(facts, read, self._put, hash_name=self._hash_name)
        else:
            ahead = ReadAhead(read)
            try:
                ref = write_file(facts, ahead.read, self._put, hash_name=self._hash_name)
            finally:
                ahead.close()
        return ref, None if digest is None else Ref(f"{self._hash_name}-{digest.hexdigest()}")


def _has_changed(descriptor: int, found: os.stat_result, where: bytes) -> bool:
    """Whether an open file is not as it was found. Raises `ChangedType`."""
    now = os.fstat(descriptor)
    if (
        now.st_mtime_ns == found.st_mtime_ns
        and now.st_ctime_ns == found.st_ctime_ns
        and now.st_size == found.st_size
    ):
        return False
    if not stat.S_ISREG(now.st_mode):
        raise ChangedType(0, "changed its type", where)
    return True


def _rest(descriptor: int, data: bytes, size: int) -> bytes:
    """The whole of a file whose first read gave less than asked: a signal, or it shrank."""
    parts = [data]
    have = len(data)
    while have < size and (more := os.read(descriptor, size - have)):
        parts.append(more)
        have += len(more)
    return b"".join(parts)


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
