"""Clusters: where on Earth things are that a search finds, those near each other told together."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import NamedTuple

from ..media.moments import Place
from ..query.scalars import LocationConstraint
from .desk import Desk
from .geography import Area, arc_of
from .items import Item, Items
from .scalars import location_test
from .shelves import asked_for
from .spreads import COARSEST, FINEST, SIDE, Spread, Spreads, square_of
from .walking import ref_in

MOST = 250
"""Clusters there are at most. Where there would be more, squares are taken together, by four."""

_MOST_ZOOM = 20

_COLUMN_BITS = 30
"""Of the number of a square of whatever size; those above are its row."""


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
    is_whole: bool
    """False if there are so many things with a place that some old ones are left out."""


class _Spot:
    """Things that are told together, as sums."""

    __slots__ = ("latitudes", "longitudes", "newest", "things")

    def __init__(self, newest: int) -> None:
        self.things = 0
        self.latitudes = self.longitudes = 0.0
        self.newest = newest

    def add(self, things: int, latitudes: float, longitudes: float, newest: int) -> None:
        self.things += things
        self.latitudes += latitudes
        self.longitudes += longitudes
        self.newest = min(self.newest, newest)


def clusters_of(
    desk: Desk, text: str, box: LocationConstraint, zoom: float, spreads: Spreads, stamp: str
) -> Clusters:
    """What a search finds within a box; `stamp` is the state of the index. Raises as a search does.

    Squares are 60 degrees wide at a zoom of 0, each about as wide as a marker, and half as wide at
    the next.
    """
    spread = spreads.of(desk, asked_for(text), stamp)
    level = round(min(max(zoom, 0), _MOST_ZOOM))
    view = _View(spread, box, level)
    spots = view.spots
    while len(spots) > MOST:
        spots = _coarser(spots)
    items = Items(desk.reader, desk.storage)
    return Clusters(
        [
            Cluster(
                spot.latitudes / spot.things,
                spot.longitudes / spot.things,
                spot.things,
                items.of(ref_in(spread.atlas.standings[spot.newest])),
            )
            for spot in sorted(spots.values(), key=lambda spot: (-spot.things, spot.newest))
        ],
        view.area(),
        spread.atlas.is_whole,
    )


class _View:
    """What of a spread is in a box, added up by squares of one size."""

    def __init__(self, spread: Spread, box: LocationConstraint, level: int) -> None:
        self.spots: dict[int, _Spot] = {}
        self._spread = spread
        self._level = level
        self._north, self._south = -90.0, 90.0
        self._longitudes = array("d")
        fits = location_test(box)
        south, north = (-90.0, 90.0) if box.any else (box.south, box.north)
        for at in spread.between(south, north):
            bounds = tuple(bound[at] for bound in spread.bounds)
            if _is_beside(box, *bounds):
                continue
            if level > FINEST or not _is_within(box, *bounds):
                self._add_each(at, fits)
            else:
                self._add_square(at, *bounds)

    def area(self) -> Area | None:
        """The box around it."""
        if not self._longitudes:
            return None
        west, east = arc_of(self._longitudes)
        # A gap that is narrower than a square may be one between things in the same.
        if (east - west) % 360 > 360 - SIDE:
            west, east = -180.0, 180.0
        return Area(self._north, self._south, west, east)

    def _add_square(self, at: int, north: float, west: float, south: float, east: float) -> None:
        """All that is in a square."""
        spread = self._spread
        row, column = square_of(spread.squares[at])
        shift = FINEST - self._level
        begin, end = spread.begins[at], spread.begins[at + 1]
        spot = self._spot(row >> shift, column >> shift, spread.things[begin])
        spot.add(end - begin, spread.sums[0][at], spread.sums[1][at], spread.things[begin])
        self._note(north, west)
        self._note(south, east)

    def _add_each(self, at: int, fits: Callable[[Place | None], bool]) -> None:
        """What of a square is in the box."""
        spread, atlas = self._spread, self._spread.atlas
        side = COARSEST / (1 << self._level)
        for number in spread.things[spread.begins[at] : spread.begins[at + 1]]:
            place = Place(atlas.latitudes[number], atlas.longitudes[number])
            if fits(place):
                row, column = int((place.latitude + 90) / side), int((place.longitude + 180) / side)
                self._spot(row, column, number).add(1, *place, number)
                self._note(*place)

    def _spot(self, row: int, column: int, newest: int) -> _Spot:
        square = row << _COLUMN_BITS | column
        spot = self.spots.get(square)
        if spot is None:
            spot = self.spots[square] = _Spot(newest)
        return spot

    def _note(self, latitude: float, longitude: float) -> None:
        self._north, self._south = max(self._north, latitude), min(self._south, latitude)
        self._longitudes.append(longitude)


def _coarser(spots: dict[int, _Spot]) -> dict[int, _Spot]:
    """The same in squares twice as wide."""
    found: dict[int, _Spot] = {}
    for square, spot in spots.items():
        row, column = square >> _COLUMN_BITS, square & (1 << _COLUMN_BITS) - 1
        wider = (row >> 1) << _COLUMN_BITS | column >> 1
        if wider not in found:
            found[wider] = _Spot(spot.newest)
        found[wider].add(spot.things, spot.latitudes, spot.longitudes, spot.newest)
    return found


def _is_within(
    box: LocationConstraint, north: float, west: float, south: float, east: float
) -> bool:
    """Whether these bounds are in a box for sure."""
    if box.any:
        return True
    if south < box.south or north > box.north:
        return False
    if box.west <= box.east:
        return box.west <= west and east <= box.east
    return west >= box.west or east <= box.east


def _is_beside(
    box: LocationConstraint, north: float, west: float, south: float, east: float
) -> bool:
    """Whether these bounds are outside of a box for sure."""
    if box.any:
        return False
    if north < box.south or south > box.north:
        return True
    if west == -180 or east == 180:
        return False  # the line of 180 degrees has two names
    if box.west <= box.east:
        return east < box.west or west > box.east
    return east < box.west and west > box.east
