"""A library of painted landscapes, as somebody might have taken them over some years."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from .brush import Canvas
from .views import (
    View,
    canyon,
    city,
    dunes,
    forest,
    lake,
    meadow,
    milky_way,
    northern_lights,
    peaks,
    sea,
    winter,
)

MOST = 66
"""Pictures there are."""

HEIGHT = 800
"""In pixels, of one that is upright 4/3 of it."""

_LATEST = datetime(2025, 9, 27)
_QUALITY = 88
_SEED = 40

_SHAPES = (3 / 2, 3 / 2, 4 / 3, 3 / 4, 16 / 9, 3 / 2, 1.0, 3 / 4, 3 / 2, 2.4)


@dataclass(frozen=True, slots=True)
class _Subject:
    """Where a view is, and what pictures of it are called, one after the other."""

    view: View
    place: tuple[float, float]
    tags: tuple[str, ...]
    titles: tuple[str, ...]


_SUBJECTS = (
    _Subject(
        lake,
        (46.4213, 9.7655),
        ("lake", "alps"),
        (
            *("Morning at the lake", "Last light on the lake", "Quiet water", "Moon over the lake"),
            *("Before breakfast", "Evening swim"),
        ),
    ),
    _Subject(
        sea,
        (38.7804, -9.4989),
        ("sea", "coast"),
        (
            *("Sun going down", "Noon at sea", "Pink evening", "Grey day", "The long way home"),
            *("From the ferry",),
        ),
    ),
    _Subject(
        forest,
        (48.2775, 8.1860),
        ("forest", "mist"),
        (
            *("Woods in the mist", "October morning", "Blue hour in the woods", "First sun"),
            *("After the rain", "Above the valley"),
        ),
    ),
    _Subject(
        peaks,
        (46.4102, 11.8440),
        ("mountains", "hiking"),
        (
            *("Ridge at dusk", "Clear day on the pass", "Red evening", "From the hut"),
            *("Ridge at dawn", "Looking back"),
        ),
    ),
    _Subject(
        city,
        (22.2930, 114.1694),
        ("city", "night"),
        (
            *("City by night", "Late lights", "Harbour after dark", "Skyline", "Last ferry"),
            *("Blue windows",),
        ),
    ),
    _Subject(
        meadow,
        (43.8345, 5.7832),
        ("meadow", "spring"),
        (
            *("Poppies", "Lavender", "Rape in flower", "Poppies again", "Field behind the house"),
            *("Yellow field",),
        ),
    ),
    _Subject(
        northern_lights,
        (69.6492, 18.9553),
        ("northern lights", "night"),
        (
            *("Northern lights", "Curtains of light", "Green night", "Minus twenty"),
            *("Pink edge", "Over the fjord"),
        ),
    ),
    _Subject(
        dunes,
        (31.0802, -4.0133),
        ("desert",),
        (
            *(
                "Dunes at noon",
                "Red dunes",
                "Pale sand",
                "Tracks of the wind",
                "Evening in the dunes",
            ),
            *("Before the storm",),
        ),
    ),
    _Subject(
        winter,
        (67.9222, 26.5046),
        ("winter", "forest"),
        (
            *("Fresh snow", "Moonlight on snow", "Pink winter evening", "Ski track", "Full moon"),
            *("Short day",),
        ),
    ),
    _Subject(
        canyon,
        (36.0544, -112.1401),
        ("canyon", "hiking"),
        (
            *(
                "Canyon in the morning",
                "Canyon at sunset",
                "Layers",
                "Red walls",
                "From the south rim",
            ),
            *("Last sun on the rocks",),
        ),
    ),
    _Subject(
        milky_way,
        (-22.9087, -68.1997),
        ("night", "stars"),
        (
            *("Milky Way", "Stars over the desert", "Half past three", "Clear night"),
            *("Far from any town", "Waiting for the moon"),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture of the library."""

    number: int
    title: str
    tags: tuple[str, ...]
    taken: datetime
    place: tuple[float, float]
    size: tuple[int, int]

    @property
    def name(self) -> str:
        """What its file is called."""
        return f"{self.title.lower().replace(' ', '-')}.jpg"


def scenes(count: int = MOST, *, height: int = HEIGHT) -> Iterator[Scene]:
    """The first so many pictures, the latest first; there are `MOST`."""
    for number in range(min(count, MOST)):
        turn, _ = divmod(number, len(_SUBJECTS))
        subject = _subject(number)
        shape = _SHAPES[number % len(_SHAPES)]
        high = height if shape >= 1 else round(height / shape**0.5)
        trip, day = divmod(number, 17)
        latitude, longitude = subject.place
        yield Scene(
            number,
            subject.titles[turn],
            subject.tags,
            _LATEST - timedelta(days=trip * 61 + day) + _hour(subject.titles[turn], subject.tags),
            (latitude + number % 5 * 0.013, longitude - number % 7 * 0.011),
            (round(high * shape), high),
        )


def paint(scene: Scene, path: Path) -> None:
    """Write a picture as a camera does: a JPEG file of that time, with what is to say of it."""
    canvas = Canvas(*scene.size, seed=_SEED + scene.number)
    _subject(scene.number).view(canvas, scene.number // len(_SUBJECTS))
    canvas.image().save(path, quality=_QUALITY, exif=_exif(scene))
    when = scene.taken.replace(tzinfo=UTC).timestamp()
    os.utime(path, (when, when))


def _hour(title: str, tags: tuple[str, ...]) -> timedelta:
    """When on a day something like this is seen."""
    words = set(title.lower().split())
    if "night" in tags or not words.isdisjoint(("moon", "moonlight")):
        return timedelta(hours=22, minutes=len(title))
    if not words.isdisjoint(("evening", "dusk", "sunset", "last", "down", "late", "home")):
        return timedelta(hours=19, minutes=2 * len(title))
    if not words.isdisjoint(("morning", "dawn", "first", "before", "mist")):
        return timedelta(hours=6, minutes=2 * len(title))
    return timedelta(hours=10, minutes=7 * len(title))


def _subject(number: int) -> _Subject:
    turn, at = divmod(number, len(_SUBJECTS))
    # Another order each time, with the same one never twice in a row.
    return _SUBJECTS[(at * (1, 3, 4, 2, 5, 7)[turn] + turn * 2) % len(_SUBJECTS)]


def _exif(scene: Scene) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Holdfast"
    exif[ExifTags.Base.Model] = "Paintbrush"
    exif[ExifTags.Base.Orientation] = 1
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {
            ExifTags.Base.DateTimeOriginal: f"{scene.taken:%Y:%m:%d %H:%M:%S}",
            ExifTags.Base.OffsetTimeOriginal: "+00:00",
            ExifTags.Base.ExposureTime: IFDRational(1, (30, 125, 250, 500)[scene.number % 4]),
            ExifTags.Base.FNumber: IFDRational(28, 10),
            ExifTags.Base.ISOSpeedRatings: 100 << scene.number % 4,
            ExifTags.Base.FocalLength: IFDRational((24, 35, 50)[scene.number % 3]),
        }
    )
    latitude, longitude = scene.place
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            ExifTags.GPS.GPSLatitudeRef: "S" if latitude < 0 else "N",
            ExifTags.GPS.GPSLatitude: _angle(latitude),
            ExifTags.GPS.GPSLongitudeRef: "W" if longitude < 0 else "E",
            ExifTags.GPS.GPSLongitude: _angle(longitude),
        }
    )
    return exif


def _angle(degrees: float) -> tuple[float, float, float]:
    """Degrees, minutes and seconds."""
    minutes, seconds = divmod(round(abs(degrees) * 3600), 60)
    return float(minutes // 60), float(minutes % 60), float(seconds)
