"""Spreads: where on Earth all is that a search finds, in squares, kept for whoever looks around."""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import groupby

from ..query.constraints import Constraint, PermanodeConstraint, both
from ..query.pages import Sort
from ..query.reach import passes_with_time
from ..query.request import SearchQuery
from ..query.scalars import LocationConstraint
from .atlas import Atlas, Surveyor
from .desk import Desk

FINEST = 10
"""How many times the squares of which sums are kept halve those of the coarsest."""

COARSEST = 60.0
"""Degrees across the largest squares."""

SIDE = COARSEST / (1 << FINEST)

_ROWS, _COLUMNS = round(180 / SIDE), round(360 / SIDE)

MOST_KEPT = 4
"""Searches whose results are remembered."""

MOST_THINGS = 2_000_000
"""Things in all of those, unless one alone has more. Each takes four bytes, each square 60."""


class Spread:
    """Some of the things in an atlas, by the squares they are in. It does not change."""

    def __init__(self, atlas: Atlas, numbers: Iterable[int]) -> None:
        """`numbers` are those of the things, ascending, which is newest first."""
        self.atlas = atlas
        latitudes, longitudes = atlas.latitudes, atlas.longitudes
        found = array("I", numbers)
        squares = array("I", (_square(latitudes[one], longitudes[one]) for one in found))
        order = sorted(range(len(found)), key=squares.__getitem__)
        self.things = array("I", (found[at] for at in order))
        """Numbers of things, square by square, newest first in each."""
        self.squares = array("I")
        """Which squares have anything in them, ascending: rows from the south, in them columns."""
        self.begins = array("I", [0])
        """Where in `things` each begins; and the end of the last."""
        self.sums = array("d"), array("d")
        """Of the latitudes and longitudes in each."""
        self.bounds = array("d"), array("d"), array("d"), array("d")
        """North, west, south and east of what is in each."""
        for square, same in groupby(squares[at] for at in order):
            self.squares.append(square)
            begin = self.begins[-1]
            self.begins.append(begin + sum(1 for _ in same))
            here = self.things[begin : self.begins[-1]]
            north_south = [latitudes[one] for one in here]
            west_east = [longitudes[one] for one in here]
            self.sums[0].append(sum(north_south))
            self.sums[1].append(sum(west_east))
            edges = max(north_south), min(west_east), min(north_south), max(west_east)
            for bound, edge in zip(self.bounds, edges, strict=True):
                bound.append(edge)

    def __len__(self) -> int:
        return len(self.things)

    def between(self, south: float, north: float) -> range:
        """Those of the squares whose rows reach into these latitudes."""
        first = bisect_left(self.squares, _row(south) * _COLUMNS)
        return range(first, bisect_left(self.squares, (_row(north) + 1) * _COLUMNS))


class Spreads:
    """Finds where things are, and remembers it while nothing changes. Safe for many threads."""

    def __init__(self) -> None:
        self.surveyor = Surveyor()
        self._lock = threading.Lock()
        self._kept: OrderedDict[Constraint, tuple[str, Spread]] = OrderedDict()

    def of(self, desk: Desk, constraint: Constraint, stamp: str) -> Spread:
        """Where what fits is. `stamp` is the state of the index before any of it was read.

        Raises as a search does.
        """
        with self._lock:
            kept = self._kept.get(constraint)
            if kept is not None and kept[0] == stamp:
                self._kept.move_to_end(constraint)
                return kept[1]
        atlas = self.surveyor.atlas(desk.reader, stamp)
        spread = Spread(atlas, _numbers(atlas, _standings(desk, constraint)))
        if passes_with_time(constraint):
            return spread
        with self._lock:
            # Those of other states hold other atlases.
            for other in [key for key, (of, _) in self._kept.items() if of != stamp]:
                del self._kept[other]
            self._kept[constraint] = stamp, spread
            while len(self._kept) > 1 and (
                len(self._kept) > MOST_KEPT
                or sum(len(one) for _, one in self._kept.values()) > MOST_THINGS
            ):
                self._kept.popitem(last=False)
        return spread


def square_of(square: int) -> tuple[int, int]:
    """The row and the column of a square, from the south and from 180 degrees west."""
    return divmod(square, _COLUMNS)


def _square(latitude: float, longitude: float) -> int:
    column = min(max(int((longitude + 180) / SIDE), 0), _COLUMNS - 1)
    return _row(latitude) * _COLUMNS + column


def _row(latitude: float) -> int:
    return min(max(int((latitude + 90) / SIDE), 0), _ROWS - 1)


def _standings(desk: Desk, constraint: Constraint) -> Iterator[bytes]:
    """Where in time what fits stands that has a place, newest first."""
    located = Constraint(permanode=PermanodeConstraint(location=LocationConstraint(any=True)))
    query = SearchQuery(constraint=both(constraint, located), limit=-1, sort=Sort.CREATED_DESC)
    return desk.search(query).all_by_time()


def _numbers(atlas: Atlas, standings: Iterable[bytes]) -> Iterator[int]:
    """The numbers that these things have in an atlas; what is not in it has come since."""
    wanted = iter(standings)
    standing = next(wanted, b"")
    for number, here in enumerate(atlas.standings):
        while standing > here:
            standing = next(wanted, b"")
        if not standing:
            return
        if standing == here:
            yield number
