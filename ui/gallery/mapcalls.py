"""The call of the map: where things are that are searched for."""

from __future__ import annotations

import math
from typing import Final

from ...index.query.scalars import LocationConstraint
from ...index.search.clusters import Cluster, clusters_of
from ...index.search.service import SearchService
from ..searchcalls import Parameters
from .api import Document, Refused
from .reading import Call, Shared

_POLE = 85.0
"""Maps end here: what is nearer to a pole is seen at their edge."""

_NORTH, _SOUTH = 90.0, -90.0


def places(search: SearchService, asked: Parameters, shared: Shared) -> Document:
    """Where on Earth things are that are searched for, within a box."""
    text, zoom, box = asked.text("q"), _number(asked, "zoom", 0.0), _box(asked)
    stamp = shared.stamp()
    found = search.answer(lambda desk: clusters_of(desk, text, box, zoom, shared.spreads, stamp))
    return {
        "places": [_document(one) for one in found.places],
        "area": None if found.area is None else found.area.document(),
        "whole": found.is_whole,
    }


def _box(asked: Parameters) -> LocationConstraint:
    """The box that is looked at; all of the world where nothing else is said. Raises `Refused`."""
    north, south = _latitude(asked, "north", _NORTH), _latitude(asked, "south", _SOUTH)
    west, east = _number(asked, "west", -180.0), _number(asked, "east", 180.0)
    if south > north:
        raise Refused("south is north of north")
    if east - west >= 360:
        west, east = -180.0, 180.0
        if (north, south) == (_NORTH, _SOUTH):
            return LocationConstraint(any=True)
    return LocationConstraint(north=north, west=_around(west), south=south, east=_around(east))


def _latitude(asked: Parameters, name: str, default: float) -> float:
    degrees = _number(asked, name, default)
    if abs(degrees) > _NORTH:
        raise Refused(f"{name} is beyond the pole")
    return math.copysign(_NORTH, degrees) if abs(degrees) >= _POLE else degrees


def _around(longitude: float) -> float:
    """A longitude by its name from -180 to 180."""
    return longitude if abs(longitude) <= 180 else (longitude + 180) % 360 - 180


def _document(one: Cluster) -> Document:
    return {
        "latitude": one.latitude,
        "longitude": one.longitude,
        "count": one.things,
        "item": None if one.item is None else one.item.document(),
    }


def _number(asked: Parameters, name: str, default: float) -> float:
    text = asked.text(name)
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Refused(f"{name} is no number")
    return number


CALLS: Final[dict[str, Call]] = {"map": places}
