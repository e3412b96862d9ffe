"""What is in a generated store: things with titles, tags, dates, places and contents, as values.

Everything follows from a thing's number and how many there are, so any part of a store can be made
by itself, and every machine makes the same.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import accumulate

from .pictures import Camera, Picture

BLOCK = 500
"""Things that are made together."""

WORDS, TAGS = 20_000, 1_000
LARGEST_SET, SMALLEST_SET = 5_000, 10

SECOND, DAY = 10**9, 86_400 * 10**9

_SEED = 20_240_229
_BEGIN = int(datetime(2004, 1, 1, tzinfo=UTC).timestamp())
_SPAN = 20 * 365 * 86_400
"""Seconds in which everything happens."""

_ONSETS = ("b", "br", "d", "f", "g", "h", "k", "kl", "l", "m", "n", "p", "r", "s", "st", "t", "v")
_VOWELS = ("a", "e", "i", "o", "u", "au", "ei")
_CODAS = ("", "", "n", "r", "l", "s")

_CAMERAS = (
    Camera("Canon", "Canon EOS 80D", "EF-S18-55mm f/4-5.6 IS STM"),
    Camera("NIKON CORPORATION", "NIKON D750", "24.0-70.0 mm f/2.8"),
    Camera("FUJIFILM", "X-T2", "XF35mmF2 R WR"),
    Camera("SONY", "DSC-RX100M3", "24-70mm F1.8-2.8"),
    Camera("Apple", "iPhone 6", "iPhone 6 back camera 4.15mm f/2.2"),
)
_SIZES = ((160, 120), (160, 120), (120, 160), (200, 150), (320, 100), (96, 96))

# Where clocks have shown one and the same time these twenty years, summer and winter.
_CITIES = (
    (-1.29, 36.82, 180),  # Nairobi
    (9.01, 38.75, 180),  # Addis Ababa
    (-15.41, 28.29, 120),  # Lusaka
    (28.64, 77.22, 330),  # Delhi
    (41.31, 69.28, 300),  # Tashkent
    (18.79, 98.98, 420),  # Chiang Mai
    (35.01, 135.77, 540),  # Kyoto
    (33.45, -112.07, -420),  # Phoenix
    (4.71, -74.07, -300),  # Bogota
    (-17.39, -66.16, -240),  # Cochabamba
)


@dataclass(frozen=True, slots=True)
class Text:
    """A small file of text that is a thing's content."""

    name: str
    text: str
    modified: int
    """In nanoseconds since 1970, as all moments here."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture's file that is a thing's content."""

    name: str
    picture: Picture
    taken: int
    modified: int


@dataclass(frozen=True, slots=True)
class Thing:
    """One permanode, and what is claimed of it."""

    number: int
    made: int
    """When it was made; the claims follow at once."""

    title: str
    tags: tuple[str, ...]
    content: Photo | Text | None = None
    place: tuple[float, float] | None = None
    created: int | None = None
    """What it says of when it happened."""

    members: int = 0
    """How many others belong to it."""


class World:
    """All things of a store of `count`."""

    def __init__(self, count: int) -> None:
        self.count = count
        chance = random.Random(_SEED)
        self.words = _vocabulary(chance, WORDS)
        self.tags = sorted(chance.sample(self.words, TAGS), key=lambda _: chance.random())
        self._every_set = max(min(5000, count // 5), 1)

    @property
    def blocks(self) -> range:
        """The numbers of all blocks."""
        return range(-(-self.count // BLOCK))

    def block(self, number: int) -> Iterator[Thing]:
        """The things of a block, in order."""
        chance = random.Random(f"{_SEED} {number}")
        for at in range(number * BLOCK, min((number + 1) * BLOCK, self.count)):
            yield self._thing(at, chance)

    def members(self, thing: Thing) -> list[int]:
        """The numbers of those that belong to a thing."""
        chance = random.Random(f"{_SEED} members {thing.number}")
        return chance.sample(range(self.count), thing.members)

    def _thing(self, number: int, chance: random.Random) -> Thing:
        made = (_BEGIN + chance.randrange(_SPAN)) * SECOND + chance.randrange(SECOND)
        title, tags = self._title(chance), self._some_tags(chance)
        if number % 5 == 0:
            photo = _photo(number, chance)
            made = photo.modified + chance.randrange(400 * DAY)
            return Thing(number, made, title, tags[: chance.randrange(2)], photo)
        if number % 200 == 1:
            return Thing(number, made, title, tags[:1], self._text(made, chance))
        if number % 50 == 2:
            return Thing(number, made, title, (), place=_place(chance)[0])
        if number % self._every_set == self._every_set - 1:
            return Thing(number, made, title, tags[:1], members=self._size_of_set(chance))
        if number % 20 == 3:
            return Thing(number, made, title, tags[:1], created=made - chance.randrange(900 * DAY))
        return Thing(number, made, title, tags)

    def _title(self, chance: random.Random) -> str:
        words = self.some_words(chance, chance.randint(2, 4))
        if chance.random() < 0.1:
            words[-1] = str(chance.randint(1, 2030))
        words[0] = words[0].capitalize()
        return " ".join(words)

    def _some_tags(self, chance: random.Random) -> tuple[str, ...]:
        count = 2 if chance.random() < 0.2 else 1
        return tuple(dict.fromkeys(chance.choices(self.tags, cum_weights=self._tag_odds, k=count)))

    def some_words(self, chance: random.Random, count: int) -> list[str]:
        """Words of the vocabulary, common ones more often."""
        return chance.choices(self.words, cum_weights=self._word_odds, k=count)

    def _text(self, made: int, chance: random.Random) -> Text:
        lines = [
            " ".join(self.some_words(chance, chance.randint(4, 12))).capitalize() + ".\n"
            for _ in range(chance.randint(5, 40))
        ]
        name = "_".join(self.some_words(chance, 2)) + ".txt"
        return Text(name, "".join(lines), made - chance.randrange(1, 30 * DAY))

    def _size_of_set(self, chance: random.Random) -> int:
        """As many sets have tens of members as have hundreds, or thousands."""
        times = min(LARGEST_SET, self.count // 10) / SMALLEST_SET
        return round(SMALLEST_SET * math.pow(times, chance.random()))

    @cached_property
    def _word_odds(self) -> list[float]:
        return _odds(WORDS)

    @cached_property
    def _tag_odds(self) -> list[float]:
        return _odds(TAGS)


def _odds(count: int) -> list[float]:
    """Cumulated weights by Zipf's law: the second half as often as the first, and so on."""
    return list(accumulate(1 / (rank + 2) for rank in range(count)))


def _vocabulary(chance: random.Random, count: int) -> list[str]:
    """Different words that could be those of some language."""
    found: dict[str, None] = {}
    while len(found) < count:
        syllables = chance.randint(2, 3)
        parts = [chance.choice(_ONSETS) + chance.choice(_VOWELS) for _ in range(syllables)]
        found["".join(parts) + chance.choice(_CODAS)] = None
    return list(found)


def _photo(number: int, chance: random.Random) -> Photo:
    taken = _BEGIN + chance.randrange(_SPAN)
    is_located = chance.random() < 0.25
    place, minutes = _place(chance)
    if not is_located:
        minutes = chance.choice((-300, 0, 60, 60, 120))
    shown = datetime.fromtimestamp(taken, UTC) + timedelta(minutes=minutes)
    width, height = chance.choice(_SIZES)
    sign, ahead = "-" if minutes < 0 else "+", abs(minutes)
    picture = Picture(
        number=number,
        camera=chance.choice(_CAMERAS),
        width=width,
        height=height,
        shown=shown,
        # Where a camera knows the place, the place tells of the clock.
        offset=None if is_located else f"{sign}{ahead // 60:02}:{ahead % 60:02}",
        place=place if is_located else None,
    )
    name = f"IMG_{shown:%Y%m%d_%H%M%S}.jpg"
    return Photo(name, picture, taken * SECOND, (taken + chance.randrange(3 * 86_400)) * SECOND)


def _place(chance: random.Random) -> tuple[tuple[float, float], int]:
    """A place near a city, and how many minutes its clocks are ahead of UTC."""
    latitude, longitude, minutes = chance.choice(_CITIES)
    near = (latitude + chance.uniform(-0.1, 0.1), longitude + chance.uniform(-0.1, 0.1))
    return (round(near[0], 4), round(near[1], 4)), minutes
