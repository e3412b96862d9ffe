"""Folders opened one below another to any depth, whatever the length of their paths."""

from __future__ import annotations

import os
from typing import NamedTuple

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NONBLOCK
_LONG = 2000
"""Bytes of path after which a folder is kept open for those below it: paths have at most 4096."""


class Anchor(NamedTuple):
    """An open folder that paths are relative to; None: the working folder."""

    descriptor: int | None


class Place(NamedTuple):
    """Where a folder is: a path, and the open folder it starts from."""

    anchor: Anchor
    path: bytes

    def open(self, *, follow: bool = False) -> int:
        """Open the folder. Raises `OSError`, also when it became a link."""
        flags = _OPEN if follow else _OPEN | os.O_NOFOLLOW
        return os.open(self.path, flags, dir_fd=self.anchor.descriptor)

    def below(self, name: bytes) -> Place:
        """The place of a folder in this one."""
        return Place(self.anchor, self.path + b"/" + name if self.path != b"." else name)

    def shortened(self, descriptor: int) -> Place:
        """This place for those below it; keeps the folder open if the path has become long.

        If the answer has another anchor, the caller closes that in the end.
        """
        if len(self.path) < _LONG:
            return self
        return Place(Anchor(os.dup(descriptor)), b".")


def list_folder(descriptor: int, *, follow: bool) -> tuple[list[bytes], list[bytes]]:
    """The names in an open folder: what is no folder, and folders; each in byte order."""
    files: list[bytes] = []
    folders: list[bytes] = []
    encode = os.fsencode
    with os.scandir(descriptor) as entries:
        for entry in entries:
            try:
                is_folder = entry.is_dir(follow_symlinks=follow)
            except OSError:
                is_folder = False  # `lstat` will say what is wrong with it
            (folders if is_folder else files).append(encode(entry.name))
    files.sort()
    folders.sort()
    return files, folders
