"""Photos of twelve megapixels, as cameras make them: about three to four megabytes of JPEG each."""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter

SIZE = (4000, 3000)

_SEED = 20_240_229
_SCENES = 4
_GRAIN = 16
_QUALITY = 87


def make_photos(folder: Path, count: int) -> list[Path]:
    """Write `count` photos, all different, into the new folder `folder`."""
    folder.mkdir()
    chance = random.Random(_SEED)
    scenes = [_scene(chance) for _ in range(min(_SCENES, count))]
    paths = []
    for number in range(count):
        across, down = chance.randrange(SIZE[0]), chance.randrange(SIZE[1])
        photo = ImageChops.offset(scenes[number % len(scenes)], across, down)
        path = folder / f"IMG_{number:04}.jpg"
        photo.save(path, quality=_QUALITY)
        paths.append(path)
    return paths


def _scene(chance: random.Random) -> Image.Image:
    """Light that changes slowly, shapes of all sizes, and the grain of a sensor."""
    width, height = SIZE
    picture = Image.merge(
        "RGB",
        [Image.linear_gradient("L").rotate(90 * turn).resize(SIZE) for turn in range(3)],
    )
    for step in (100, 20, 5):
        shapes = Image.frombytes(
            "RGB",
            (width // step, height // step),
            chance.randbytes(3 * (width // step) * (height // step)),
        ).resize(SIZE, Image.Resampling.BICUBIC)
        picture = Image.blend(picture, shapes, 0.25)
    grain = Image.effect_noise(SIZE, _GRAIN).filter(ImageFilter.GaussianBlur(0.6))
    return ImageChops.overlay(picture, Image.merge("RGB", [grain] * 3))
