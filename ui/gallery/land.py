"""Land: its outlines, drawn from the areas of time zones, which cover all of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import TypeAlias

import tzfpy

GRIDS = (0.75, 0.25, 0.08)
"""For each detail the degrees that points are apart at least."""

_SEA = "Etc/"

Ring: TypeAlias = list[float]
"""Longitude, latitude, longitude, latitude, ..."""


@lru_cache(len(GRIDS))
def outlines(detail: int) -> list[Ring]:
    """The outlines of the land in all zones. It takes some seconds, once for each detail."""
    grid = GRIDS[detail]
    found = []
    for name in tzfpy.timezonenames():
        if not name.startswith(_SEA):
            for ring in _rings(name):
                simple = _on_grid(ring, grid)
                if len(simple) >= 3:
                    found.append([round(number, 2) for number in chain.from_iterable(simple)])
    return found


def _rings(name: str) -> Iterator[Sequence[tuple[float, float]]]:
    for feature in json.loads(tzfpy.get_tz_polygon_geojson(name))["features"]:
        geometry = feature["geometry"]
        several = geometry["type"] == "MultiPolygon"
        for polygon in geometry["coordinates"] if several else [geometry["coordinates"]]:
            yield polygon[0]  # lakes are land of a kind, at these sizes


def _on_grid(ring: Sequence[tuple[float, float]], grid: float) -> list[tuple[float, float]]:
    """The corners of a grid that a ring comes by, each once in a row."""
    corners = ((round(x / grid), round(y / grid)) for x, y in ring)
    kept = list(dict.fromkeys(corners))
    return [(x * grid, y * grid) for x, y in kept]
