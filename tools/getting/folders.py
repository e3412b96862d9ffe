"""Folders that are being restored: made, found again, and never a link to somewhere else."""

from __future__ import annotations

import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from ...schema.blob import SchemaBlob

OPEN_AT_ONCE = 200
"""Folders kept open at most, beside those in use."""

_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class NotOurs(OSError):
    """A name in the target where something else stands, or has taken a folder's place."""


def set_mode(name: bytes, mode: int, *, folder: int) -> None:
    """Change the mode of what has this name, following no link. Raises `OSError`, `NotOurs`."""
    descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        if stat.S_ISLNK(os.fstat(descriptor).st_mode):
            raise NotOurs(0, "is in the way and a link")
        # Linux has no call that changes a mode without following links, but names what is open.
        os.chmod(f"/proc/self/fd/{descriptor}", mode)  # noqa: PTH101 - no path to speak of
    finally:
        os.close(descriptor)


class RestoredFolder:
    """One folder of the target, from when it is made until all in it is done."""

    __slots__ = (
        "descriptor",
        "is_new",
        "key",
        "name",
        "parent",
        "pending",
        "schema",
        "seen",
        "users",
    )

    def __init__(
        self, parent: RestoredFolder | None, name: bytes, schema: SchemaBlob | None
    ) -> None:
        self.parent = parent
        self.name = name
        self.schema = schema
        self.pending = 1
        """What is not done yet: members, and the listing itself."""
        self.seen: set[bytes] = set()
        """Names that are taken: a folder with two members of one name is nobody's backup."""
        self.is_new = False
        self.key = (0, 0)
        self.descriptor = -1
        self.users = 0

    @property
    def path(self) -> bytes:
        """The path below the target, for a person."""
        parts = []
        folder: RestoredFolder | None = self
        while folder is not None and folder.parent is not None:
            parts.append(folder.name)
            folder = folder.parent
        return b"/".join(reversed(parts))


class Folders:
    """Opens the folders of one target, each relative to the one it lies in. For many threads.

    However deep a folder lies and however often it was closed, it is found again by going down
    from the top without following any link, and has to be the folder that was made.
    """

    def __init__(self, top: int) -> None:
        """`top` is the open folder that everything is restored in; it is closed in the end."""
        self.top = RestoredFolder(None, b"", None)
        self.top.descriptor = top
        self.top.users = 1
        self._idle: OrderedDict[RestoredFolder, None] = OrderedDict()
        self._lock = threading.Lock()

    def make(self, parent: RestoredFolder, name: bytes, schema: SchemaBlob) -> RestoredFolder:
        """A folder in an opened one, made or found. Raises `OSError`, `NotOurs`."""
        folder = RestoredFolder(parent, name, schema)
        with self.opened(parent) as descriptor:
            try:
                os.mkdir(name, 0o700, dir_fd=descriptor)
                folder.is_new = True
            except FileExistsError:
                pass
            found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            if not stat.S_ISDIR(found.st_mode):
                raise NotOurs(0, "is in the way: it is no folder")
            folder.key = (found.st_dev, found.st_ino)
            if not folder.is_new and found.st_mode & 0o700 != 0o700:
                set_mode(name, 0o700, folder=descriptor)
        return folder

    @contextmanager
    def opened(self, folder: RestoredFolder) -> Iterator[int]:
        """The folder's descriptor, good as long as this lasts. Raises `OSError`, `NotOurs`."""
        with self._lock:
            descriptor = self._open(folder)
            folder.users += 1
        try:
            yield descriptor
        finally:
            with self._lock:
                self._release(folder)

    def forget(self, folder: RestoredFolder) -> None:
        """Close a folder that is done."""
        with self._lock:
            self._idle.pop(folder, None)
            if folder.descriptor >= 0 and folder.users == 0:
                os.close(folder.descriptor)
                folder.descriptor = -1

    def close(self) -> None:
        """Close everything."""
        with self._lock:
            for folder in self._idle:
                os.close(folder.descriptor)
                folder.descriptor = -1
            self._idle.clear()
            if self.top.descriptor >= 0:
                os.close(self.top.descriptor)
                self.top.descriptor = -1

    def _open(self, folder: RestoredFolder) -> int:
        closed: list[RestoredFolder] = []
        while folder.descriptor < 0:
            closed.append(folder)
            assert folder.parent is not None
            folder = folder.parent
        while closed:
            above, folder = folder, closed.pop()
            above.users += 1
            try:
                descriptor = os.open(folder.name, _FLAGS, dir_fd=above.descriptor)
            finally:
                self._release(above)
            found = os.fstat(descriptor)
            if (found.st_dev, found.st_ino) != folder.key:
                os.close(descriptor)
                raise NotOurs(0, "was replaced by another folder meanwhile")
            folder.descriptor = descriptor
        self._idle.pop(folder, None)
        return folder.descriptor

    def _release(self, folder: RestoredFolder) -> None:
        folder.users -= 1
        if folder.users == 0 and folder.descriptor >= 0:
            self._idle[folder] = None
            while len(self._idle) > OPEN_AT_ONCE:
                oldest, _ = self._idle.popitem(last=False)
                os.close(oldest.descriptor)
                oldest.descriptor = -1
