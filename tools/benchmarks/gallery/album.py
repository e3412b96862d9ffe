"""What a gallery is measured with: photos of fifteen years, on outings, in many colours and shapes.

Everything follows from a photo's number, but for what Pillow makes of colours, release by release.
"""

from __future__ import annotations

import colorsys
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter

from ..search.making import Kind
from ..search.pictures import Camera, Picture, beginning
from ..search.things import BLOCK, DAY, SECOND, Photo, Thing, World

_SEED = 20_240_301
_BEGIN = int(datetime(2009, 1, 1, tzinfo=UTC).timestamp())
_DAYS = 15 * 365

_OUTING = 25
"""Photos of one day, near one another."""

_SCENES = 240
"""Different pictures. Files are different all the same, by their notes."""

_SHAPES = (
    *((480, 360), (480, 360), (360, 480), (540, 360), (360, 540), (640, 360)),
    *((400, 400), (480, 360), (540, 360), (720, 240)),
)
_QUALITY = 60

_CAMERAS = (
    Camera("Canon", "Canon EOS 80D", "EF-S18-55mm f/4-5.6 IS STM"),
    Camera("FUJIFILM", "X-T2", "XF35mmF2 R WR"),
    Camera("Apple", "iPhone 6", "iPhone 6 back camera 4.15mm f/2.2"),
)

_PLACES = (
    *((46.43, 9.76), (47.37, 8.54), (48.86, 2.35), (64.15, -21.94), (41.9, 12.5), (59.33, 18.07)),
    *((35.01, 135.77), (-33.87, 151.21), (-22.95, -43.2), (37.77, -122.42), (40.71, -74.01)),
    *((-1.29, 36.82), (30.04, 31.24), (28.64, 77.22), (18.79, 98.98), (-13.16, -72.54)),
)


class Album(World):
    """Photos alone, each with a title, most with a tag, on outings spread over fifteen years."""

    def block(self, number: int) -> Iterator[Thing]:
        """The photos of a block, in order."""
        chance = random.Random(f"{_SEED} {number}")
        for at in range(number * BLOCK, min((number + 1) * BLOCK, self.count)):
            if at % _OUTING == 0:
                day = chance.randrange(_DAYS)
                place = chance.choice(_PLACES) if chance.random() < 0.4 else None
                camera = chance.choice(_CAMERAS)
            yield self._photo(at, chance, day, place, camera)

    def _photo(
        self,
        number: int,
        chance: random.Random,
        day: int,
        place: tuple[float, float] | None,
        camera: Camera,
    ) -> Thing:
        taken = _BEGIN + day * 86_400 + chance.randrange(7 * 3600, 21 * 3600)
        shown = datetime.fromtimestamp(taken, UTC)
        where = None
        if place is not None:
            where = (
                round(place[0] + chance.gauss(0, 0.05), 4),
                round(place[1] + chance.gauss(0, 0.05), 4),
            )
        width, height = _size(number)
        picture = Picture(
            number=number,
            camera=camera,
            width=width,
            height=height,
            shown=shown,
            offset="+00:00",
            place=where,
        )
        name = f"IMG_{shown:%Y%m%d_%H%M%S}.jpg"
        kept = (taken + chance.randrange(3 * 86_400)) * SECOND
        made = kept + chance.randrange(30 * DAY)
        tags = self._some_tags(chance)[: chance.randrange(3)]
        return Thing(
            number, made, self._title(chance), tags, Photo(name, picture, taken * SECOND, kept)
        )


def photo(picture: Picture) -> bytes:
    """The file of a picture of an album."""
    return beginning(picture) + _scene(picture.number % _SCENES)


PHOTOS = Kind("photos", 1, Album, photo)


def _size(number: int) -> tuple[int, int]:
    return _SHAPES[number % _SCENES % len(_SHAPES)]


@cache
def _scene(number: int) -> bytes:
    """Hills under a sky as a JPEG file without its beginning."""
    chance = random.Random(f"{_SEED} scene {number}")
    width, height = _size(number)
    hue = chance.random()
    sky = Image.linear_gradient("L").resize((width, height))
    scene = Image.merge(
        "RGB",
        [
            sky.point([round(a + (b - a) * value / 255) for value in range(256)])
            for a, b in zip(_colour(hue, 0.6, 0.9), _colour(hue + 0.1, 0.2, 1), strict=True)
        ],
    )
    draw = ImageDraw.Draw(scene)
    sun, x, y = height // 10, chance.randrange(width), height // 4
    draw.ellipse((x - sun, y - sun, x + sun, y + sun), fill=_colour(hue + 0.1, 0.1, 1))
    for layer in range(3):
        crest = [
            (step * width // 16, height * (40 + layer * 18 + chance.randrange(22)) // 100)
            for step in range(17)
        ]
        shade = _colour(hue + 0.45, 0.3 + layer * 0.15, 0.7 - layer * 0.2)
        draw.polygon([(0, height), *crest, (width, height)], fill=shade)
    grain = Image.frombytes(
        "L", (width // 4, height // 4), chance.randbytes((width // 4) * (height // 4))
    ).resize((width, height))
    scene = Image.blend(scene, grain.convert("RGB"), 0.03).filter(ImageFilter.GaussianBlur(0.7))
    written = BytesIO()
    scene.save(written, "JPEG", quality=_QUALITY)
    return written.getvalue()[2:]


def _colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)
