"""Files that are wholly there after a power cut, or not at all."""

from __future__ import annotations

import ctypes
import os
import secrets
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_libc = ctypes.CDLL(None, use_errno=True)


def sync_folder(folder: Path) -> None:
    """Make the entries of a folder durable: a new name, a rename, a removal."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_filesystem(folder: Path) -> None:
    """Make durable whatever anybody wrote to the file system `folder` is on (syncfs(2))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if _libc.syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)


@contextmanager
def replacing(path: Path, *, mode: int = 0o600) -> Iterator[IO[bytes]]:
    """Write a file beside `path`; on leaving without error it takes the place of `path`, durably.

    On an error nothing of it stays and the old file is untouched.
    """
    with _landing(path, mode, lambda beside: beside.replace(path)) as file:
        yield file


def write_new(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write a file that is not there yet, durably: all of it, or nothing.

    Raises `FileExistsError`, and then what is there is as it was.
    """

    def link(beside: Path) -> None:
        # Unlike a rename, a link never takes the place of anything.
        path.hardlink_to(beside)
        beside.unlink()

    with _landing(path, mode, link) as file:
        file.write(data)


@contextmanager
def _landing(path: Path, mode: int, land: Callable[[Path], object]) -> Iterator[IO[bytes]]:
    beside = path.with_name(f"{path.name}.tmp{secrets.randbelow(10**9)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        land(beside)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    # A new name is not durable yet: the folder's entry must reach the disk too.
    sync_folder(path.parent)


def make_folder(path: Path, *, mode: int = 0o700) -> None:
    """Make a folder and its missing parents, durably."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        with suppress(FileExistsError):
            folder.mkdir(mode)
        sync_folder(folder.parent)
