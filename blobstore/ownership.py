"""One process owns a store at a time."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from .errors import StoreBusy

FILE_NAME = "holdfast.lock"


class Ownership:
    """The exclusive right to write to a store's folder, until `release` or the process ends.

    It is a lock of the kernel on `holdfast.lock`, so a crash leaves nothing to clean up. The
    file says which process holds it, for the error message of the next one.
    """

    def __init__(self, folder: Path) -> None:
        """Raises `StoreBusy` if another process, or another part of this one, has it."""
        path = folder / FILE_NAME
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._descriptor, 20, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise StoreBusy(str(folder), f"process {owner or '(unknown)'}") from None
        with suppress(OSError):  # a full disk: then the message of the next one says less
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, b"%d\n" % os.getpid(), 0)

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
