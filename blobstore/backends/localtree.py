"""The folders and names of Perkeep's `localdisk` layout: where a blob lies, what lies there.

    <root>/<hash>/<hex[0:2]>/<hex[2:4]>/<ref>.dat
    <root>/<hash>/<hex[0:2]>/<hex[2:4]>/<ref>.dat.tmp<digits>   a blob being written

Whatever else is below the root belongs to others, is not read, and is left alone.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator
from stat import S_ISREG

from ..errors import BadRef, StoreFailed
from ..ref import DIGEST_SIZES, Ref, SizedRef

# Paths are text here: making a `Path` for each of many thousand names would cost the most.
# ruff: noqa: PTH108, PTH116, PTH208

log = logging.getLogger(__name__)

_TWO_DIGITS = re.compile(r"[0-9a-f]{2}")
_LEFTOVER = re.compile(r"[a-z0-9]+-[0-9a-f]+\.dat\.tmp([0-9]+)")


def folder_of(root: str, ref: Ref) -> str:
    """The folder a blob lies in."""
    name, _, digits = ref.partition("-")
    digits = digits.ljust(4, "_")
    return f"{root}/{name}/{digits[:2]}/{digits[2:4]}"


def path_of(root: str, ref: Ref) -> str:
    """The file a blob's bytes are in."""
    return f"{folder_of(root, ref)}/{ref}.dat"


def walk(root: str, after: str = "") -> Iterator[SizedRef]:
    """Every blob behind the text `after`, ascending; folders wholly before it are not read.

    Entries that vanish meanwhile are passed over. Raises `StoreFailed` for those that cannot
    be read.
    """
    try:
        for folder, begin in _leaves(root, after):
            for name in sorted(_names(folder)):
                text = name[:-4]
                if not (name.endswith(".dat") and name.startswith(begin) and text > after):
                    continue
                try:
                    ref = Ref.parse(text)
                    info = os.stat(f"{folder}/{name}")
                except (BadRef, FileNotFoundError):
                    continue
                if S_ISREG(info.st_mode):
                    yield SizedRef(ref, info.st_size)
    except OSError as error:
        raise StoreFailed.by(error.filename or root, error) from error


def sweep(root: str, mine: str, is_stopped: Callable[[], bool]) -> None:
    """Remove files that were being written when a process ended, as far as that is possible.

    Those whose digits begin with `mine` are being written now.
    """
    try:
        for folder, begin in _leaves(root, ""):
            if is_stopped():
                return
            for name in _names(folder):
                found = _LEFTOVER.fullmatch(name)
                if found and name.startswith(begin) and not found[1].startswith(mine):
                    os.unlink(f"{folder}/{name}")
    except OSError as error:
        log.warning("stopped removing unfinished files: %s", error)


def _leaves(root: str, after: str) -> Iterator[tuple[str, str]]:
    """Folders blobs lie in, in the order of refs, and what the refs in them begin with."""
    for name in sorted(DIGEST_SIZES):
        top = f"{root}/{name}"
        for first in _two_digits_in(top, f"{name}-", after):
            middle, begin = f"{top}/{first}", f"{name}-{first}"
            for second in _two_digits_in(middle, begin, after):
                yield f"{middle}/{second}", begin + second


def _two_digits_in(folder: str, begin: str, after: str) -> Iterator[str]:
    """Names of subfolders, ascending, that can hold refs behind `after`."""
    for name in sorted(_names(folder)):
        if _TWO_DIGITS.fullmatch(name):
            prefix = begin + name
            if prefix >= after[: len(prefix)]:
                yield name


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
