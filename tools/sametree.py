"""Whether two trees are the same: names, kinds, bytes, modes, times and where links lead."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_PIECE = 1 << 20


class Tally(NamedTuple):
    """How much there is in a tree, itself included."""

    files: int
    folders: int
    links: int
    others: int
    size: int
    """Bytes of all files together; a file with two names counts twice."""


def tally(top: Path) -> Tally:
    """Count what is in a tree, or the one file `top` is. Links are not followed."""
    files = folders = links = others = size = 0
    for path in _walk(top):
        seen = path.lstat()
        if stat.S_ISREG(seen.st_mode):
            files += 1
            size += seen.st_size
        elif stat.S_ISDIR(seen.st_mode):
            folders += 1
        elif stat.S_ISLNK(seen.st_mode):
            links += 1
        else:
            others += 1
    return Tally(files, folders, links, others, size)


def differences(one: Path, other: Path) -> Iterator[str]:
    """What tells `other` from `one`, a sentence each, in the order of names; none when equal.

    Compares permissions, times of change to the nanosecond, link targets, and every byte. The
    names of the two tops may differ. Owners, access times and extended attributes are not
    looked at.
    """
    yield from _differences(one, other, one.name)


def _walk(top: Path) -> Iterator[Path]:
    yield top
    if top.is_dir() and not top.is_symlink():
        for path in sorted(top.iterdir()):
            yield from _walk(path)


def _differences(one: Path, other: Path, name: str) -> Iterator[str]:
    first = one.lstat()
    try:
        second = other.lstat()
    except FileNotFoundError:
        yield f"{name!r} is missing"
        return
    if stat.S_IFMT(first.st_mode) != stat.S_IFMT(second.st_mode):
        yield f"{name!r} is of another kind"
        return
    if stat.S_ISLNK(first.st_mode):
        # The mode of a link means nothing, and not every system keeps one.
        if one.readlink() != other.readlink():
            yield f"{name!r} leads elsewhere"
    elif first.st_mode != second.st_mode:
        yield f"{name!r} has mode {second.st_mode:o}, not {first.st_mode:o}"
    if first.st_mtime_ns != second.st_mtime_ns:
        yield f"{name!r} changed at {second.st_mtime_ns} ns, not {first.st_mtime_ns} ns"
    if stat.S_ISREG(first.st_mode):
        if first.st_size != second.st_size:
            yield f"{name!r} has {second.st_size} bytes, not {first.st_size}"
        elif not _same_bytes(one, other):
            yield f"{name!r} has other bytes"
    elif stat.S_ISDIR(first.st_mode):
        names = sorted(os.listdir(one))  # noqa: PTH208 - names, not paths
        for child in names:
            yield from _differences(one / child, other / child, f"{name}/{child}")
        for child in sorted(set(os.listdir(other)) - set(names)):  # noqa: PTH208
            yield f"'{name}/{child}' was not there before"


def _same_bytes(one: Path, other: Path) -> bool:
    with one.open("rb") as first, other.open("rb") as second:
        while piece := first.read(_PIECE):
            if piece != second.read(_PIECE):
                return False
        return not second.read(1)
