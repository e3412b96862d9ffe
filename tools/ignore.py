"""What `put` leaves out: configured patterns, `--exclude`, and ignore files in the tree."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

FILE_NAME = b".holdfastignore"
"""Holds patterns as `.gitignore` does, for the folder it lies in and all below."""

MAX_FILE_SIZE = 1 << 20


class Ignored(Protocol):
    """Decides by names alone."""

    def __call__(self, path: bytes, name: bytes) -> bool: ...


def configured(patterns: Sequence[str], *, home: str = "~") -> Ignored:
    """Perkeep's `ignoredFiles` patterns, asked with an absolute path and its last name.

    A path is left out if a pattern matches all of it as a glob; or has no `/` and matches its
    name; or is absolute and is the path or a folder above it; or is relative and the path ends
    in it. (Folders are asked before what is in them, so "ends in" is "contains".) `*` does not
    match `/`; `~/` is the home folder.
    """
    exact: set[bytes] = set()
    names: list[re.Pattern[bytes]] = []
    paths: list[re.Pattern[bytes]] = []
    wholes: set[bytes] = set()
    tails: list[bytes] = []
    for pattern in patterns:
        if pattern.startswith("~/"):
            pattern = os.path.join(os.path.expanduser(home), pattern[2:])  # noqa: PTH111, PTH118
        raw = os.fsencode(pattern)
        is_glob = any(special in raw for special in b"*?[")
        if b"/" not in raw:
            if is_glob:
                names.append(_glob(raw))
            exact.add(raw)
            continue
        if is_glob:
            paths.append(_glob(raw))
        if raw.startswith(b"/"):
            wholes.add(raw.rstrip(b"/"))
        else:
            tails.append(b"/" + raw.strip(b"/"))

    def is_ignored(path: bytes, name: bytes) -> bool:
        if name in exact or any(known.fullmatch(name) for known in names):
            return True
        return (
            path in wholes
            or any(path.endswith(tail) for tail in tails)
            or any(known.fullmatch(path) for known in paths)
        )

    return is_ignored


def _glob(pattern: bytes) -> re.Pattern[bytes]:
    """A shell glob whose wildcards stop at `/`; a `[` that is not closed stands for itself."""
    pieces: list[bytes] = []
    at = 0
    while at < len(pattern):
        character = pattern[at : at + 1]
        at += 1
        if character == b"*":
            pieces.append(b"[^/]*")
        elif character == b"?":
            pieces.append(b"[^/]")
        elif character == b"\\" and at < len(pattern):
            pieces.append(re.escape(pattern[at : at + 1]))
            at += 1
        elif character == b"[" and (close := pattern.find(b"]", at + 2)) > 0:
            inside = pattern[at:close].replace(b"\\", b"\\\\").replace(b"[", b"\\[")
            negated = inside[:1] in (b"^", b"!")
            pieces.append(
                b"[%b%b]" % (b"^/" if negated else b"", inside[1:] if negated else inside)
            )
            at = close + 1
        else:
            pieces.append(re.escape(character))
    try:
        return re.compile(b"".join(pieces), re.DOTALL)
    except re.error:
        return re.compile(re.escape(pattern))


@dataclass(frozen=True, slots=True)
class Rules:
    """Patterns in the manner of `.gitignore`, from the outermost folder to the innermost."""

    layers: tuple[tuple[int, GitIgnoreSpec], ...] = ()
    """With each layer how many bytes of a path come before what its patterns speak of."""

    def with_lines(self, lines: Sequence[str], *, base: int) -> Rules:
        """These rules and, stronger, those of an ignore file `base` bytes into the path."""
        # Imported here: most trees have no ignore file, and it is slow to load.
        from pathspec import GitIgnoreSpec

        # Not by RE2, which pathspec prefers where it is installed: that fails for names that are
        # not UTF-8, and for some thousand patterns.
        spec = GitIgnoreSpec.from_lines(lines, backend="simple")
        return Rules((*self.layers, (base, spec)))

    def leave_out(self, path: bytes, *, is_folder: bool) -> bool:
        """Whether `path`, as it is written below the tree's root, is left out."""
        for base, spec in reversed(self.layers):
            text = path[base:].decode("utf-8", "surrogateescape")
            said = spec.check_file(text + "/" if is_folder else text).include
            if said is not None:
                return said
        return False


def ignore_lines(content: bytes) -> list[str]:
    """The lines of an ignore file."""
    return content.decode("utf-8", "surrogateescape").splitlines()
