"""Clusters: where on Earth things are that a search finds, those near each other told together."""

from __future__ import annotations

import math
from typing import NamedTuple

from ...blobstore.ref import Ref
from ..media.moments import Place
from ..query.constraints import Constraint, PermanodeConstraint, both
from ..query.pages import Sort
from ..query.request import SearchQuery
from ..query.scalars import LocationConstraint
from .desk import Desk
from .geography import Area, area_of
from .items import Item, Items
from .shelves import asked_for

MOST = 250
"""Clusters there are at most; those of most things."""

_ACROSS = 6
"""Cells across the world at a zoom of 0, each about as wide as a marker; each step has twice as
many."""

_MOST_ZOOM = 20


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


def clusters_of(desk: Desk, text: str, box: LocationConstraint, zoom: float) -> Clusters:
    """What a search finds within a box. Raises as a search does."""
    here = Constraint(permanode=PermanodeConstraint(location=box))
    query = SearchQuery(constraint=both(asked_for(text), here), limit=-1, sort=Sort.CREATED_DESC)
    cells: dict[tuple[int, int], list[tuple[Ref, Place]]] = {}
    side = 360 / (_ACROSS * 2 ** min(max(zoom, 0), _MOST_ZOOM))
    places: list[Place] = []
    for ref in desk.search(query).page().refs:
        node = desk.reader.node(ref)
        if node is not None and node.place is not None:
            place = node.place
            cell = math.floor(place.latitude / side), math.floor(place.longitude / side)
            cells.setdefault(cell, []).append((ref, place))
            places.append(place)
    items = Items(desk.reader, desk.storage)
    most = sorted(cells.values(), key=len, reverse=True)[:MOST]
    return Clusters([_cluster(items, found) for found in most], area_of(places))


def _cluster(items: Items, found: list[tuple[Ref, Place]]) -> Cluster:
    count = len(found)
    return Cluster(
        sum(place.latitude for _, place in found) / count,
        sum(place.longitude for _, place in found) / count,
        count,
        items.of(found[0][0]),
    )
