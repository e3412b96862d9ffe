"""Areas: the box that holds a number of places."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from ..media.moments import Place


class Area(NamedTuple):
    """A box in degrees; it spans the line of 180° if `west` is greater than `east`."""

    north: float
    south: float
    west: float
    east: float

    def document(self) -> dict[str, object]:
        """As it stands in answers."""
        return self._asdict()


def area_of(places: Iterable[Place | None]) -> Area | None:
    """The smallest box that holds all places there are; None if there are none.

    Their order makes no difference. Of several that are equally small, it is the one that does
    not span the line of 180°, else the one that begins farthest east.
    """
    longitudes = array("d")
    north, south = -90.0, 90.0
    for place in places:
        if place is not None:
            north, south = max(north, place.latitude), min(south, place.latitude)
            longitudes.append(place.longitude)
    if not longitudes:
        return None
    return Area(north, south, *arc_of(longitudes))


def arc_of(longitudes: Iterable[float]) -> tuple[float, float]:
    """Where the shortest arc that holds these longitudes begins and ends, going east.

    There is at least one.
    """
    # What is left out is the widest gap between neighbours; the line of 180° lies in the last.
    around = sorted(set(longitudes))
    west, east = around[0], around[-1]
    widest = west + 360.0 - east
    for before, after in pairwise(around):
        if after - before > widest:
            widest, west, east = after - before, after, before
    return west, east
