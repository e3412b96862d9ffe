"""Land: how the continents and islands are drawn, from the borders of time zones.

Zones of land reach twelve sea miles out, so coasts are smooth and near islands are one; for seeing
on a map where something is, that does. Nothing better is at hand without asking somebody.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import version
from typing import NamedTuple, TypeAlias

_SCALE = 10**5
"""Steps to a degree by which corners are told apart: a metre."""

_BITS = 26
"""Of a longitude or a latitude in such steps, from 0."""

_ONE = (1 << _BITS) - 1
_TWO = (1 << 2 * _BITS) - 1

_FORM = 1
"""Counted up whenever the drawing itself is changed."""

_OVERLAPPING = frozenset({"Asia/Urumqi"})
"""Zones that are inside of others."""

Corner: TypeAlias = int
"""A longitude and a latitude in one number, half of an edge."""

Ring: TypeAlias = list[tuple[int, int]]
"""Corners in steps of longitude and latitude; the last leads to the first."""


class Land(NamedTuple):
    """Outlines of all land. What is inside by the nonzero rule is land."""

    scale: int
    """Steps to a degree."""
    rings: list[Ring]


def edition() -> str:
    """Which drawing this is: another one if anything of it may be different."""
    from tzfpy import data_version

    return f"{version('tzfpy')}-{data_version()}-{_FORM}"


def shores() -> list[Ring]:
    """The outlines of all land as they are known, in steps of `_SCALE`. It takes seconds."""
    return list(_rings(_outer_edges()))


def simplified(rings: list[Ring], *, tolerance: float, scale: int) -> Land:
    """Outlines with fewer corners, none of them farther off than `tolerance`, in degrees.

    Islands that are smaller than that are left out.
    """
    found = []
    for ring in rings:
        left = _thinned(ring, tolerance * _SCALE)
        steps = [(round(x * scale / _SCALE), round(y * scale / _SCALE)) for x, y in left]
        if abs(_area(left)) > (tolerance * _SCALE) ** 2 and len(steps) > 2:
            found.append(steps)
    return Land(scale, found)


def _outer_edges() -> dict[int, int]:
    """The edges that only one zone has, each from corner to corner, and how many times.

    Zones go around their land the same way, so a border between two is an edge of both, once in
    each direction.
    """
    import tzfpy

    edges: defaultdict[int, int] = defaultdict(int)
    for name in tzfpy.timezonenames():
        if name.startswith("Etc/") or name in _OVERLAPPING:  # those of the sea
            continue
        for ring in _zone(tzfpy.get_tz_polygon_geojson(name)):
            before = ring[-1]
            for corner in ring:
                if corner == before:
                    continue
                back = corner << 2 * _BITS | before
                if edges.get(back, 0):
                    edges[back] -= 1
                    if not edges[back]:
                        del edges[back]
                else:
                    edges[before << 2 * _BITS | corner] += 1
                before = corner
    return edges


def _zone(text: str) -> Iterator[list[Corner]]:
    """The rings of one zone in GeoJSON."""
    for feature in json.loads(text)["features"]:
        shape = feature["geometry"]
        is_one = shape["type"] == "Polygon"
        for polygon in [shape["coordinates"]] if is_one else shape["coordinates"]:
            for ring in polygon:
                yield [
                    int((x + 180) * _SCALE + 0.5) << _BITS | int((y + 90) * _SCALE + 0.5)
                    for x, y in ring
                ]


def _rings(edges: dict[int, int]) -> Iterator[Ring]:
    """The same edges, one behind the other, as rings."""
    onward: defaultdict[Corner, list[Corner]] = defaultdict(list)
    for edge, count in edges.items():
        onward[edge >> 2 * _BITS] += [edge & _TWO] * count
    edges.clear()
    while onward:
        start = at = next(iter(onward))
        ring = []
        while True:
            ring.append(((at >> _BITS) - 180 * _SCALE, (at & _ONE) - 90 * _SCALE))
            ends = onward[at]
            following = ends.pop()
            if not ends:
                del onward[at]
            at = following
            if at == start:  # every corner is left as often as it is come to
                break
        yield ring


def _thinned(ring: Ring, tolerance: float) -> Ring:
    """The corners of a ring without which it would be farther off than `tolerance`.

    By Ramer, Douglas and Peucker: of each stretch the corner that is farthest from the straight
    line is kept, if it is too far off.
    """
    if len(ring) < 4:
        return ring
    x0, y0 = ring[0]
    far = max(range(len(ring)), key=lambda at: (ring[at][0] - x0) ** 2 + (ring[at][1] - y0) ** 2)
    kept = {0, far}
    closed = [*ring, ring[0]]
    stretches = [(0, far), (far, len(ring))]
    limit = tolerance * tolerance
    while stretches:
        first, last = stretches.pop()
        if last - first < 2:
            continue
        (ax, ay), (bx, by) = closed[first], closed[last]
        dx, dy = bx - ax, by - ay
        length = dx * dx + dy * dy
        worst, at = 0.0, first
        for number in range(first + 1, last):
            px, py = closed[number]
            px, py = px - ax, py - ay
            across = px * dy - py * dx
            off = across * across / length if length else px * px + py * py
            if off > worst:
                worst, at = off, number
        if worst > limit:
            kept.add(at)
            stretches += ((first, at), (at, last))
    return [ring[at] for at in sorted(kept)]


def _area(ring: Ring) -> float:
    """The area in a ring, negative if that is gone around the other way."""
    twice = 0
    bx, by = ring[-1]
    for ax, ay in ring:
        twice += bx * ay - ax * by
        bx, by = ax, ay
    return twice / 2
