"""A system that fails: writes, syncs and renames of this process that give errors on purpose.

It is the functions of `os`, and files made by `open`, that are changed, not what calls them.
A sync that fails takes its data along, as Linux does: the kernel marks the pages clean, the next
sync succeeds, and the bytes are gone once the page cache is (in the fault tests, when the parent
calls `lose_pages`).
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import stat
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from .nursery import Report

CALLS = {
    "sync": ("fsync", "fdatasync"),
    "write": ("write", "pwrite", "writev", "pwritev"),
    "short": ("write", "pwrite", "writev", "pwritev"),
    "rename": ("rename", "replace", "link"),
    "truncate": ("ftruncate", "truncate"),
    "remove": ("unlink", "remove"),
}
"""What can be made to fail, and the functions of `os` that means. `short` is no error: a write
that takes only some of the bytes, as the system may at any time."""

Span = tuple[int, int]


class Faults:
    """Makes some calls fail, for the whole process and for good.

    `watch` before any file is opened that matters; `begin` when failing may start.
    """

    def __init__(
        self, report: Report, *, kind: str, after: int, times: int, error: int = errno.EIO
    ) -> None:
        """Let `after` calls of a kind succeed, then `times` calls fail with `error`.

        Reports `fault` with the kind at each failure, and `pages` with an inode number and the
        spans of that file that are lost, whenever these change.
        """
        self._report = report
        self._kind = kind
        self._has_begun = False
        self._left = after
        self._times = times
        self._error = error
        self._lock = threading.Lock()
        self._safe: dict[int, int] = {}
        self._lost: dict[int, list[Span]] = {}
        self._open = os.open

    def begin(self) -> None:
        """From now on calls count, and fail."""
        self._has_begun = True

    def watch(self) -> None:
        """Change this process, so that calls are seen."""
        for name in CALLS["sync"]:
            setattr(os, name, self._syncing(getattr(os, name)))
        for name in CALLS["write"]:
            setattr(os, name, self._writing(name))
        for name in CALLS["truncate"]:
            setattr(os, name, self._truncating(getattr(os, name)))
        for kind in ("rename", "remove"):
            for name in CALLS[kind]:
                setattr(os, name, self._other(kind, getattr(os, name)))
        os.open = self._opening
        io.open = builtins.open = self._opening_file

    def _strikes(self, *kinds: str) -> bool:
        """Whether this call is to fail."""
        with self._lock:
            if self._kind not in kinds or not self._has_begun:
                return False
            self._left -= 1
            if self._left >= 0 or self._left < -self._times:
                return False
        self._report.say("fault", self._kind)
        return True

    def _fail(self) -> OSError:
        return OSError(self._error, os.strerror(self._error))

    def _syncing(self, real: Callable[[int], None]) -> Callable[[int], None]:
        def sync(descriptor: Any) -> None:
            number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
            about = os.fstat(number)
            if self._strikes("sync"):
                start = self._safe.get(about.st_ino, about.st_size)
                if stat.S_ISREG(about.st_mode) and start < about.st_size:
                    self._lose(about.st_ino, [*self._spans(about.st_ino), (start, about.st_size)])
                with self._lock:
                    self._safe[about.st_ino] = about.st_size
                raise self._fail()
            real(number)
            # What was written since `about` may be safe as well, but need not be.
            with self._lock:
                self._safe[about.st_ino] = max(self._safe.get(about.st_ino, 0), about.st_size)

        return sync

    def _writing(self, name: str) -> Callable[..., int]:
        def write(descriptor: int, data: Any, *rest: int) -> int:
            pieces = data if name.endswith("v") else [data]
            whole = b"".join(bytes(piece) for piece in pieces)
            at = rest[0] if rest else None
            return self._put(descriptor, whole, at)

        return write

    def _put(self, descriptor: int, data: bytes, at: int | None) -> int:
        """One write; what it takes of `data` is dirty again, and so not lost any more."""
        if self._strikes("write"):
            # Some of it arrives, as when a device fails half way.
            self._really_write(descriptor, data[: len(data) // 3], at)
            raise self._fail()
        if len(data) > 1 and self._strikes("short"):
            data = data[: len(data) // 2]
        return self._really_write(descriptor, data, at)

    def _really_write(self, descriptor: int, data: bytes, at: int | None) -> int:
        if at is None:
            took = _write(descriptor, data)
            try:
                at = os.lseek(descriptor, 0, os.SEEK_CUR) - took
            except OSError:  # no file
                return took
        else:
            took = _pwrite(descriptor, data, at)
        inode = os.fstat(descriptor).st_ino
        if inode in self._lost:
            self._lose(inode, _without(self._spans(inode), at, at + took))
        return took

    def _truncating(self, real: Callable[..., None]) -> Callable[..., None]:
        def truncate(file: Any, size: int) -> None:
            if self._strikes("truncate"):
                raise self._fail()
            real(file, size)
            inode = os.stat(file).st_ino  # noqa: PTH116 (may be a descriptor)
            with self._lock:
                self._safe[inode] = min(self._safe.get(inode, 0), size)
            if inode in self._lost:
                self._lose(inode, _without(self._spans(inode), size, 1 << 62))

        return truncate

    def _other(self, kind: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if self._strikes(kind):
                raise self._fail()
            return real(*arguments, **options)

        return call

    def _opening(self, *arguments: Any, **options: Any) -> int:
        descriptor = self._open(*arguments, **options)
        self._meet(descriptor)
        return descriptor

    def _opening_file(self, file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if "b" not in mode or not set(mode) & set("wax+"):
            return _open_file(file, mode, *arguments, **options)
        raw = _FaultyFile(file, mode.replace("b", ""), closefd=options.get("closefd", True))
        raw.faults = self
        self._meet(raw.fileno())
        buffering = arguments[0] if arguments else options.get("buffering", -1)
        if buffering == 0:
            return raw
        size = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
        return io.BufferedRandom(raw, size) if "+" in mode else io.BufferedWriter(raw, size)

    def _meet(self, descriptor: int) -> None:
        """What a file has when it is first opened is on the disk."""
        about = os.fstat(descriptor)
        with self._lock:
            known = self._safe.get(about.st_ino)
            # Numbers of removed files are used again: a file with fewer bytes is another one.
            is_new = known is None or about.st_size < known
            if is_new:
                self._safe[about.st_ino] = about.st_size
        if is_new and about.st_ino in self._lost:
            self._lose(about.st_ino, [])

    def _spans(self, inode: int) -> list[Span]:
        with self._lock:
            return list(self._lost.get(inode, ()))

    def _lose(self, inode: int, spans: list[Span]) -> None:
        with self._lock:
            self._lost[inode] = spans
        self._report.say("pages", [inode, spans])


_write, _pwrite, _open_file = os.write, os.pwrite, open


class _FaultyFile(io.FileIO):
    """What `open` gives, with writes that can fail."""

    faults: Faults

    def write(self, data: Any) -> int:
        return self.faults._put(self.fileno(), bytes(data), None)


def _without(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    """Spans less the bytes from `start` to `end`."""
    rest: list[Span] = []
    for begin, stop in spans:
        rest += [(begin, min(stop, start))] if begin < start else []
        rest += [(max(begin, end), stop)] if stop > end else []
    return rest


def lose_pages(folder: Path, lost: dict[int, Sequence[Span]]) -> None:
    """Make the lost spans of the files below `folder` what a disk has that never got them."""
    for path in folder.rglob("*"):
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode) or about.st_ino not in lost:
            continue
        with path.open("r+b") as file:
            for start, end in lost[about.st_ino]:
                file.seek(start)
                file.write(bytes(max(0, min(end, about.st_size) - start)))
