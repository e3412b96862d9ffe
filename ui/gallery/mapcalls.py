"""The calls of the map: where things are, and where land is."""

from __future__ import annotations

import math
from typing import Final

from ...index.query.scalars import LocationConstraint
from ...index.search.clusters import Cluster, clusters_of
from ...index.search.service import SearchService
from ..searchcalls import Parameters
from .api import Document, Refused
from .land import GRIDS, outlines
from .reading import Call, Shared

_WORLD = {"north": 90.0, "west": -180.0, "south": -90.0, "east": 180.0}


def places(search: SearchService, asked: Parameters, _shared: Shared) -> Document:
    """Where on Earth things are that are searched for, within a box."""
    box = {name: _number(asked, name, default) for name, default in _WORLD.items()}
    if not box["south"] <= box["north"]:
        raise Refused("south is north of north")
    is_all = box["west"] <= -180 and box["east"] >= 180
    within = (
        LocationConstraint(any=True)
        if is_all
        else LocationConstraint(
            north=box["north"], west=box["west"], south=box["south"], east=box["east"]
        )
    )
    text, zoom = asked.text("q"), _number(asked, "zoom", 0.0)
    found = search.answer(lambda desk: clusters_of(desk, text, within, zoom))
    return {
        "places": [_document(one) for one in found.places],
        "area": None if found.area is None else found.area.document(),
    }


def land(_search: SearchService, asked: Parameters, _shared: Shared) -> Document:
    """Outlines of all land."""
    detail = asked.number("detail")
    return {"rings": outlines(min(max(detail, 0), len(GRIDS) - 1))}


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
KEPT_CALLS: Final[dict[str, Call]] = {"land": land}
