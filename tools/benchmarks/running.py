"""Running a program to the end, with its time, its peak memory and what it said."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_LAUNCH = Path(__file__).with_name("launch.py")


class Ran(NamedTuple):
    """One run of a program."""

    seconds: float
    processor: float
    """Seconds of processor time, of the program and its children."""

    peak: int
    """The most memory it had, in bytes."""

    output: str


class RunFailed(RuntimeError):
    """A program that is measured ended with an error."""


def run(command: Sequence[str], *, folder: Path, environ: Mapping[str, str]) -> Ran:
    """Run `command` in `folder` and wait for it. Raises `RunFailed`.

    What earlier runs wrote is on the disk before the clock starts, so nobody pays for another.
    """
    os.sync()
    with tempfile.NamedTemporaryFile("r") as result:
        ended = subprocess.run(
            [sys.executable, "-I", "-S", str(_LAUNCH), result.name, *command],
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        said = ended.stdout.decode(errors="replace")
        if ended.returncode:
            complaint = ended.stderr.decode(errors="replace").strip()[-2000:]
            raise RunFailed(f"{' '.join(command)} ended with {ended.returncode}: {complaint}")
        seconds, peak, processor = result.read().split()
    return Ran(float(seconds), float(processor), int(peak), said)


def size_on_disk(folder: Path) -> int:
    """Bytes the disk has given to a folder and all in it."""
    found = folder.lstat().st_blocks * 512
    for top, folders, files in os.walk(folder):
        for name in (*folders, *files):
            found += (Path(top) / name).lstat().st_blocks * 512
    return found


def clear(folder: Path) -> None:
    """Give the space of large files back, but remove nothing.

    ext4 does not use the inodes of removed files again for half a minute, and searches past all
    of them for each new file: removing a tree makes the next one up to five times slower.
    """
    for top, _, files in os.walk(folder):
        for name in files:
            path = Path(top) / name
            if path.is_file() and not path.is_symlink() and path.stat().st_size > 1 << 16:
                path.chmod(0o600)
                os.truncate(path, 0)
