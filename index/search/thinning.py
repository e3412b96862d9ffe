"""Thinning: fewer results for a map, so that every part of it keeps some."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import islice, zip_longest
from math import sqrt
from typing import TypeVar

from ..media.moments import Place
from .geography import Area

Thing = TypeVar("Thing")


def thinned(
    found: Sequence[tuple[Thing, Place | None]], area: Area | None, most: int
) -> list[Thing]:
    """At most `most` of what was found, in its order, spread over the area as evenly as can be.

    The area is divided into as many rows and columns as the root of `most`, 3 to 100; each cell
    gives one after the other. What has no place comes in only when nothing has one.
    """
    if len(found) <= most or area is None:
        return [thing for thing, _ in found[:most]]
    side = min(max(round(sqrt(most)), 3), 100)
    cells: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, (_, place) in enumerate(found):
        if place is not None:
            cells[_cell(place, area, side)].append(number)
    rounds = zip_longest(*(cells[cell] for cell in sorted(cells)))
    in_turn = (number for turn in rounds for number in turn if number is not None)
    return [found[number][0] for number in sorted(islice(in_turn, most))]


def _cell(place: Place, area: Area, side: int) -> tuple[int, int]:
    height = area.north - area.south
    width = (area.east - area.west) % 360 or (360.0 if area.east != area.west else 0.0)
    row = (place.latitude - area.south) / height if height else 0.0
    column = ((place.longitude - area.west) % 360) / width if width else 0.0
    return min(int(row * side), side - 1), min(int(column * side), side - 1)
