"""The demo's sample tree: texts, photos with EXIF, large files that share their bytes, odd names.

Everything is made here, from a seed: the same bytes on every machine, but for the photos, which
Pillow may compress differently from release to release.
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

from .scenery.catalogue import paint, scenes

LARGE_SIZE = 64 << 20
PHOTOS = 12

_SEED = 1_706_832_000
_EPOCH = 1_600_000_000

_LETTER = """\
Dear reader,

this folder stands for what a person keeps: letters, photos, recordings, and more copies of them
than anyone remembers making. It goes into the store once and comes back as it was, to the last
byte, with its dates and its permissions. What is there twice is kept once; of a file that changed
in the middle, only the middle is new.
"""


def make_sample(top: Path) -> Path:
    """Make the sample tree in the new folder `top`."""
    chance = random.Random(_SEED)
    letters, photos, large = top / "letters", top / "photos", top / "recordings"
    for folder in (top, letters, photos, large, top / "empty folder"):
        folder.mkdir()
    _write_letters(letters, chance)
    for scene in scenes(PHOTOS):
        paint(scene, photos / scene.name)
    _make_recordings(large, chance)
    shutil.copytree(photos, top / "copy of photos")
    (top / "latest letter").symlink_to("letters/0024.txt")
    (top / "lost").symlink_to("nowhere/to be found")
    _set_times(top, chance)
    return top


def _write_letters(folder: Path, chance: random.Random) -> None:
    words = _LETTER.split()
    for number in range(1, 25):
        body = " ".join(chance.choices(words, k=chance.randrange(40, 4000)))
        (folder / f"{number:04}.txt").write_text(f"{_LETTER}\n{body}\n")
    (folder / "Grüße 🎈.txt").write_text(_LETTER)
    (folder / "name with\na line break").write_text("A name may have any byte but two.\n")
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text("And need not be UTF-8.\n")
    (folder / "empty").touch()
    (folder / "private.txt").write_text("For my eyes only.\n")
    (folder / "private.txt").chmod(0o600)
    (folder / "print.sh").write_text('#!/bin/sh\nexec cat "$(dirname "$0")"/0001.txt\n')
    (folder / "print.sh").chmod(0o755)


def _make_recordings(folder: Path, chance: random.Random) -> None:
    """One large file, and the same one after an edit in its middle."""
    first, edited = folder / "concert.raw", folder / "concert, edited.raw"
    middle = LARGE_SIZE // 2
    with first.open("wb") as one, edited.open("wb") as other:
        for start in range(0, LARGE_SIZE, 1 << 20):
            piece = chance.randbytes(1 << 20)
            one.write(piece)
            if start == middle:
                other.write(b"a moment that was not there before")
            other.write(piece)


def _set_times(top: Path, chance: random.Random) -> None:
    # From the leaves up: making a file changes its folder's time.
    for folder, folders, files in os.walk(top, topdown=False):
        for name in sorted(files + folders):
            path = Path(folder) / name
            when = (_EPOCH + chance.randrange(10**8)) * 10**9 + chance.randrange(10**9)
            os.utime(path, ns=(when, when), follow_symlinks=False)
    os.utime(top, (_EPOCH, _EPOCH))
