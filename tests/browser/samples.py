"""Pictures, films, recordings and texts for a browser to show, all made here."""

from __future__ import annotations

import colorsys
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import ExifTags, Image, ImageDraw

PHOTOS = 90
"""Over three years, the latest of 2024-12-28: each third month has nine."""

_SHAPES = ((640, 480), (480, 640), (640, 360), (500, 500), (640, 427), (427, 640), (960, 320))
_LAST = datetime(2024, 12, 28, 12, tzinfo=UTC)

# How a camera that was turned stores what it sees: what to do to the picture, by EXIF orientation.
_TURNS = {
    1: (),
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.ROTATE_90, Image.Transpose.FLIP_TOP_BOTTOM),
    6: (Image.Transpose.ROTATE_90,),
    7: (Image.Transpose.ROTATE_270, Image.Transpose.FLIP_TOP_BOTTOM),
    8: (Image.Transpose.ROTATE_270,),
}


def make_photos(folder: Path, count: int = PHOTOS) -> list[Path]:
    """Landscapes of many shapes; the first is the latest."""
    made = []
    for number in range(count):
        trip, day = divmod(number, 9)
        taken = _LAST - timedelta(days=trip * 91 + day * 2, hours=number % 7)
        path = folder / f"photo-{number:03}.jpg"
        _scene(number, _SHAPES[number % len(_SHAPES)]).save(path, quality=80, exif=_exif(taken))
        made.append(_dated(path, taken))
    return made


def make_turned(folder: Path) -> list[Path]:
    """The same upright picture, 300 by 400, red above and blue below, in all eight orientations."""
    upright = Image.new("RGB", (300, 400), (30, 60, 200))
    upright.paste((210, 40, 30), (0, 0, 300, 200))
    made = []
    for orientation, turns in _TURNS.items():
        stored = upright
        for turn in turns:
            stored = stored.transpose(turn)
        taken = datetime(2021, 6, orientation, 9, tzinfo=UTC)
        path = folder / f"turned-{orientation}.jpg"
        stored.save(path, quality=90, exif=_exif(taken, orientation))
        made.append(_dated(path, taken))
    return made


def make_others(folder: Path) -> list[Path]:
    """What is no photo: drawings, films, a recording, texts, and a thing nobody can show."""
    day = datetime(2020, 3, 1, 10, tzinfo=UTC)
    drawing = _scene(5, (400, 300))
    drawing.save(folder / "drawing.png")
    drawing.save(folder / "drawing.webp")
    frames = [_scene(number, (120, 90)) for number in range(3)]
    frames[0].save(
        folder / "moving.gif", save_all=True, append_images=frames[1:], duration=200, loop=0
    )
    _film(folder / "film.mp4", "640x360", "-c:v", "libx264", "-pix_fmt", "yuv420p")
    _film(folder / "upright.webm", "360x640", "-c:v", "libvpx", "-b:v", "300k")
    _run(*_sound("3"), "-c:a", "libmp3lame", folder / "tone.mp3")
    (folder / "letter.txt").write_text("Dear reader,\n\nthis is a letter: 1 < 2 & 3 > 2.\n")
    (folder / "page.html").write_text("<script>document.title = 'run'</script><h1>No page</h1>")
    (folder / "data.bin").write_bytes(bytes(range(256)) * 40)
    made = sorted(path for path in folder.iterdir() if not path.name.startswith("turned-"))
    return [_dated(path, day + timedelta(days=number)) for number, path in enumerate(made)]


def _scene(number: int, size: tuple[int, int]) -> Image.Image:
    """Hills under a sky, each number in colours of its own."""
    width, height = size
    hue = number * 0.137 % 1
    top, low = _colour(hue, 0.45, 0.95), _colour(hue + 0.12, 0.25, 1)
    column = [
        tuple(round(a + (b - a) * y / 63) for a, b in zip(top, low, strict=True)) for y in range(64)
    ]
    sky = Image.new("RGB", (1, 64))
    sky.putdata(column)
    scene = sky.resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(scene)
    sun = height // 9
    x, y = width * (number * 37 % 80 + 10) // 100, height // 4
    draw.ellipse((x - sun, y - sun, x + sun, y + sun), fill=_colour(hue + 0.1, 0.12, 1))
    for layer in range(3):
        crest = [
            (step * width // 8, height * (45 + layer * 17 + (number * 31 + step * 53) % 23) // 100)
            for step in range(9)
        ]
        shade = _colour(hue + 0.45, 0.35 + layer * 0.15, 0.65 - layer * 0.18)
        draw.polygon([(0, height), *crest, (width, height)], fill=shade)
    return scene


def _colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _exif(taken: datetime, orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Holdfast"
    exif[ExifTags.Base.Model] = "Sample"
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {
            ExifTags.Base.DateTimeOriginal: f"{taken:%Y:%m:%d %H:%M:%S}",
            ExifTags.Base.OffsetTimeOriginal: "+00:00",
        }
    )
    return exif


def _film(path: Path, size: str, *codec: str) -> None:
    moving = ("-f", "lavfi", "-i", f"testsrc2=size={size}:rate=15:duration=3")
    _run(*moving, *_sound("3"), *codec, "-shortest", path)


def _sound(seconds: str) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}")


def _run(*arguments: str | Path) -> None:
    quiet = ("-hide_banner", "-loglevel", "error", "-nostdin", "-y")
    subprocess.run(["ffmpeg", *quiet, *arguments], check=True)


def _dated(path: Path, when: datetime) -> Path:
    seconds = when.timestamp()
    os.utime(path, (seconds, seconds))
    return path
