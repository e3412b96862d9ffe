"""All cities of the world, and what they are called, in little memory."""

from __future__ import annotations

import json
import math
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from typing import IO, Any, NamedTuple, TypeAlias

from ..words import plain
from .geography import Area

PEOPLE_PER_KM2 = 1500
"""How many people a city's box holds, if it is not one of the smallest."""

SMALLEST_KM = 10.0
"""The side of the box of a small place."""

_KM_PER_DEGREE = 111.32
_PIECE = 1 << 20
_BEFORE_KEY = re.compile(r"[\s,{]*")
_BEFORE_VALUE = re.compile(r"[\s:]*")

# A name's hash and the number of a city are kept in one number.
_CITY_BITS = 20
_CITIES = (1 << _CITY_BITS) - 1
_HASHES = (1 << 44) - 1

Region: TypeAlias = tuple[str, str]
"""The ISO code of a country, and what GeoNames calls a part of it; for the USA the postal code."""


class Cities(NamedTuple):
    """All cities: the Nth of each of the first four lists is about the Nth city."""

    latitudes: array[float]
    longitudes: array[float]
    people: array[int]
    regions: array[int]
    """The numbers of their regions."""
    names: array[int]
    """Hashes of names, each with the number of a city, sorted."""
    numbers: dict[Region, int]
    """The numbers of regions."""

    def called(self, key: str) -> Iterator[int]:
        """The cities whose name, or another name, has this `name_key`."""
        start = (hash(key) & _HASHES) << _CITY_BITS
        for at in range(bisect_left(self.names, start), len(self.names)):
            if self.names[at] > start + _CITIES:
                return
            yield self.names[at] & _CITIES

    def box(self, city: int) -> Area:
        """The square around a city.

        Its sides are `SMALLEST_KM`, or more if more people live there than `PEOPLE_PER_KM2`.
        """
        side = max(SMALLEST_KM, math.sqrt(self.people[city] / PEOPLE_PER_KM2))
        latitude, longitude = self.latitudes[city], self.longitudes[city]
        high = side / 2 / _KM_PER_DEGREE
        wide = min(high / max(math.cos(math.radians(latitude)), 1e-6), 179.0)
        return Area(
            round(min(latitude + high, 90.0), 4),
            round(max(latitude - high, -90.0), 4),
            round(_turned(longitude - wide), 4),
            round(_turned(longitude + wide), 4),
        )


def read_cities(source: IO[str]) -> Cities:
    """The cities of GeoNames in a JSON file; no more of it is in memory than is kept."""
    cities = Cities(array("f"), array("f"), array("I"), array("H"), array("Q"), {})
    names = array("Q")
    for number, city in enumerate(_records(source)):
        cities.latitudes.append(city["latitude"])
        cities.longitudes.append(city["longitude"])
        cities.people.append(city["population"])
        region = (city["countrycode"], city["admin1code"])
        cities.regions.append(cities.numbers.setdefault(region, len(cities.numbers)))
        for key in {name_key(name) for name in (city["name"], *city["alternatenames"])} - {""}:
            names.append((hash(key) & _HASHES) << _CITY_BITS | number)
    return cities._replace(names=array("Q", sorted(names)))


def name_key(name: str) -> str:
    """A name as names are compared."""
    text = plain(name)
    return text if text.isalnum() else "".join(filter(str.isalnum, text))


def _records(source: IO[str]) -> Iterator[dict[str, Any]]:
    """The objects that are the values of the one object in a JSON file."""
    decoder = json.JSONDecoder()
    text = ""
    while piece := source.read(_PIECE):
        text, at = text + piece, 0
        while True:
            try:
                _, end = decoder.raw_decode(text, _behind(_BEFORE_KEY, text, at))
                record, at = decoder.raw_decode(text, _behind(_BEFORE_VALUE, text, end))
            except ValueError:  # the rest has not been read yet
                break
            yield record
        text = text[at:]


def _behind(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where what a pattern stands for ends, which may be nothing."""
    match = pattern.match(text, at)
    assert match is not None
    return match.end()


def _turned(longitude: float) -> float:
    """The same meridian as a number from -180 to 180."""
    return (longitude + 180.0) % 360.0 - 180.0
