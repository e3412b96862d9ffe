"""Clusters: where on Earth things are that a search finds, those near each other told together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..cells import HEIGHT, WIDTH
from ..media.moments import Place
from ..query.constraints import Constraint, PermanodeConstraint, both
from ..query.pages import Sort
from ..query.request import SearchQuery
from ..query.scalars import LocationConstraint
from .desk import Desk
from .geography import Area, area_of
from .items import Item, Items
from .scalars import location_test
from .shelves import asked_for
from .spreads import Spot, Spreads
from .walking import ref_in

MOST = 250
"""Clusters there are at most; those of most things."""

_ACROSS = 6
"""Cells across the world at a zoom of 0, each about as wide as a marker; each step has twice as
many."""

_MOST_ZOOM = 20

_NEAR = 0.2
"""Degrees across a cell below which it is seen that places are but roughly where they are."""

_MOST_NEAR = 20_000
_MOST_FAR = 2000
"""Things that are asked where just they are, seen from near and from afar."""


class Cluster(NamedTuple):
    """Things near each other: where their middle is, how many, and the newest of them."""

    latitude: float
    longitude: float
    things: int
    item: Item | None


class Clusters(NamedTuple):
    """All of what was found, in clusters, and the area they are in; None if there is nothing."""

    places: list[Cluster]
    area: Area | None


def clusters_of(
    desk: Desk, text: str, box: LocationConstraint, zoom: float, spreads: Spreads, stamp: str
) -> Clusters:
    """What a search finds within a box; `stamp` is the state of the index. Raises as a search does.

    Where that is very much, and seen from afar, places are those of cells of some kilometres.
    """
    constraint = asked_for(text)
    side = 360 / (_ACROSS * 2 ** min(max(zoom, 0), _MOST_ZOOM))
    most = _MOST_NEAR if side < _NEAR else _MOST_FAR
    spots = spreads.of(desk, constraint, stamp)
    if sum(spot.things for spot in spots if _is_around(box, spot.place)) <= most:
        here = list(_exactly(desk, constraint, box))
    else:
        fits = location_test(box)
        here = [spot for spot in spots if fits(spot.place)]
    cells: dict[tuple[int, int], list[Spot]] = {}
    for spot in here:
        cell = math.floor(spot.place.latitude / side), math.floor(spot.place.longitude / side)
        cells.setdefault(cell, []).append(spot)
    found = sorted(map(_together, cells.values()), key=lambda spot: -spot.things)[:MOST]
    items = Items(desk.reader, desk.storage)
    return Clusters(
        [Cluster(*spot.place, spot.things, items.of(ref_in(spot.newest))) for spot in found],
        area_of(spot.place for spot in here),
    )


def _exactly(desk: Desk, constraint: Constraint, box: LocationConstraint) -> Iterator[Spot]:
    """Each thing in the box by itself."""
    within = both(constraint, Constraint(permanode=PermanodeConstraint(location=box)))
    query = SearchQuery(constraint=within, limit=-1, sort=Sort.CREATED_DESC)
    search = desk.search(query)
    for at in search.all_by_time():
        place = search.place_of(ref_in(at))
        if place is not None:
            yield Spot(place, 1, at)


def _is_around(box: LocationConstraint, place: Place) -> bool:
    """Whether something may be in a box that is in the cell with this in its middle."""
    if box.any:
        return True
    if not box.south - HEIGHT <= place.latitude <= box.north + HEIGHT:
        return False
    across = box.east - box.west if box.west <= box.east else box.east - box.west + 360
    return (place.longitude - box.west + WIDTH) % 360 <= across + 2 * WIDTH


def _together(spots: Sequence[Spot]) -> Spot:
    """Some spots as one, in the middle of what is there."""
    things = sum(spot.things for spot in spots)
    latitude = sum(spot.place.latitude * spot.things for spot in spots) / things
    longitude = sum(spot.place.longitude * spot.things for spot in spots) / things
    return Spot(Place(latitude, longitude), things, max(spot.newest for spot in spots))
