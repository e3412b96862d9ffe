"""Spreads: where on Earth all is that a search finds, roughly, kept for whoever looks around."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from ..cells import FINEST, middle_of
from ..keys import CELL
from ..media.moments import Place
from ..query.constraints import Constraint, PermanodeConstraint, both
from ..query.pages import Sort
from ..query.reach import passes_with_time
from ..query.request import SearchQuery
from ..query.scalars import LocationConstraint
from .desk import Desk
from .reader import IndexReader
from .walking import ref_in

MOST_THINGS = 250_000
"""Things that are looked at: the newest."""

_FEW = 2000
"""Things each of which is asked where it is; of more, the lists of what is where are read."""

MOST_KEPT = 4
"""Searches whose results are remembered."""


class Spot(NamedTuple):
    """A place, and how many things are there or near."""

    place: Place
    things: int
    newest: bytes
    """Where the newest of them stands in time: `TIME|REF`."""


class Spreads:
    """Finds where things are, and remembers it while nothing changes. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Constraint, tuple[str, Sequence[Spot]]] = OrderedDict()

    def of(self, desk: Desk, constraint: Constraint, stamp: str) -> Sequence[Spot]:
        """Where what fits is; many things in a cell of the finest are one spot in its middle.

        `stamp` is the state of the index before any of it was read. Raises as a search does.
        """
        with self._lock:
            kept = self._kept.get(constraint)
            if kept is not None and kept[0] == stamp:
                self._kept.move_to_end(constraint)
                return kept[1]
        spots = tuple(_spots(desk, constraint))
        if passes_with_time(constraint):
            return spots
        with self._lock:
            self._kept[constraint] = stamp, spots
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return spots


def _spots(desk: Desk, constraint: Constraint) -> Iterator[Spot]:
    located = Constraint(permanode=PermanodeConstraint(location=LocationConstraint(any=True)))
    query = SearchQuery(constraint=both(constraint, located), limit=-1, sort=Sort.CREATED_DESC)
    places = list(islice(desk.search(query).all_by_time(), MOST_THINGS))
    if len(places) > _FEW:
        yield from _by_cell(desk.reader, set(places).__contains__)
        return
    for place in places:
        node = desk.reader.node(ref_in(place))
        if node is not None and node.place is not None:
            yield Spot(node.place, 1, place)


def _by_cell(reader: IndexReader, fits: Callable[[bytes], bool]) -> Iterator[Spot]:
    """The finest cells, with what fits in each."""
    cell, things, newest = "", 0, b""
    for key in _finest(reader):
        here, _, place = key.partition(b"|")
        if not fits(place):
            continue
        if (name := here.decode()) != cell:
            if things:
                yield Spot(middle_of(cell), things, newest)
            cell, things = name, 0
        things, newest = things + 1, place
    if things:
        yield Spot(middle_of(cell), things, newest)


def _finest(reader: IndexReader) -> Iterator[bytes]:
    """The ends of all rows of the finest cells, `CELL|TIME|PERMANODE`; those of others, which
    stand between them, are leaped over."""
    start, end = CELL.below()
    width = len(start) + FINEST
    at: bytes | None = start
    while at is not None:
        begin, at = at, None
        for key, _ in reader.scan(begin, end):
            if key[width : width + 1] != b"|":
                at = CELL.below(CELL.parts_of(key)[0])[1]
                break
            yield key[len(start) :]
