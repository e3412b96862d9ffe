"""The demo's sample tree: texts, photos with EXIF, large files that share their bytes, odd names.

Everything is made here, from a seed: the same bytes on every machine, but for the photos, which
Pillow may compress differently from release to release.
"""

from __future__ import annotations

import os
import random
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from PIL import ExifTags, Image, ImageDraw

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
    for number in range(PHOTOS):
        _make_photo(photos / f"IMG_{number + 1:04}.jpg", number, chance)
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


def _make_photo(path: Path, number: int, chance: random.Random) -> None:
    """A picture of hills at some hour of the day, as a camera would write it."""
    width, height = 1600, 1200
    hour = 6 + number
    light = max(40, 255 - abs(13 - hour) * 25)
    noise = Image.frombytes("L", (width // 4, height // 4), chance.randbytes(width * height // 16))
    picture = Image.merge(
        "RGB",
        [
            Image.linear_gradient("L").point(lambda v, c=colour: v * c * light // 65025)
            for colour in (220, 200, 255)
        ],
    ).resize((width, height))
    draw = ImageDraw.Draw(picture)
    for layer in range(4):
        line = [(x, height // 2 + layer * 140 - chance.randrange(160)) for x in range(0, 1700, 100)]
        shade = light * (4 - layer) // 6
        draw.polygon([(0, height), *line, (width, height)], fill=(shade // 3, shade, shade // 2))
    grain = noise.resize((width, height)).convert("RGB")
    picture = Image.blend(picture, grain, 0.12)
    picture.save(path, quality=88, exif=_exif(number, hour))


def _exif(number: int, hour: int) -> Image.Exif:
    taken = datetime(2020, 9, 13, hour, 26) + timedelta(days=number * 9)
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Holdfast"
    exif[ExifTags.Base.Model] = "Sample"
    exif[ExifTags.Base.Orientation] = 1
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = f"{taken:%Y:%m:%d %H:%M:%S}"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            ExifTags.GPS.GPSLatitudeRef: "N",
            ExifTags.GPS.GPSLatitude: (46.0, 30.0, float(number)),
            ExifTags.GPS.GPSLongitudeRef: "E",
            ExifTags.GPS.GPSLongitude: (8.0, 1.0, float(number * 2)),
        }
    )
    return exif


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
