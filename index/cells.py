"""Cells: the Earth quartered again and again, so that lists can be kept of what is where.

A cell is named by digits: each halves the longitudes (1 is east) and the latitudes (2 is north)
of the cell before it, and `""` is all of the Earth. Places in cells that begin alike are near
each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import NamedTuple

from .media.moments import Place

LENGTHS = (0, 3, 6, 9, 12)
"""How many digits cells have of which there are lists. Twelve are five kilometres by ten."""

MOST_CELLS = 64
"""How many cells cover a box at most."""

FINEST = 12
_SIDE = 1 << FINEST
"""How many columns, and rows, of the finest cells there are."""

WIDTH, HEIGHT = 360 / _SIDE, 180 / _SIDE
"""Of the finest cells, in degrees."""

_STEP = 3
"""Digits from one length to the next."""

_MOST_FINER = 48
"""More of the 64 cells in a cell than this are not worth having instead of it."""


def cells_of(place: Place) -> tuple[str, ...]:
    """The cells of all lengths that a place is in."""
    finest = _name(_Cell(FINEST, _column(place.longitude) % _SIDE, _row(place.latitude)))
    return tuple(finest[:length] for length in LENGTHS)


def middle_of(cell: str) -> Place:
    """The place in the middle of a cell."""
    column = row = 0
    for digit in map(int, cell):
        column, row = column << 1 | digit & 1, row << 1 | digit >> 1
    side = 1 << len(cell)
    return Place((row + 0.5) / side * 180 - 90, (column + 0.5) / side * 360 - 180)


def cover(north: float, west: float, south: float, east: float) -> tuple[str, ...]:
    """Cells that together hold every place in a box: a few, none inside of another, sorted.

    A place is in the box if its latitude is from `south` to `north`, and its longitude from `west`
    to `east`, or if `west` is greater not between them: such a box spans the line of 180 degrees,
    whose two longitudes are the same here. If `west` is `east` the box is a line. All degrees may
    be any numbers.
    """
    is_beside = west <= east and (west > 180 or east < -180)
    if is_beside or not (south <= north and south <= 90 and north >= -90):
        return ()
    rows = _row(south), _row(north)
    return tuple(sorted(map(_name, _few([_Box(*run, *rows) for run in _columns(west, east)]))))


class _Box(NamedTuple):
    """Columns and rows of the finest cells, from the first to the last."""

    left: int
    right: int
    bottom: int
    top: int

    def within(self, other: _Box) -> _Box | None:
        """What both have in common; None if nothing."""
        left, right = max(self.left, other.left), min(self.right, other.right)
        bottom, top = max(self.bottom, other.bottom), min(self.top, other.top)
        return _Box(left, right, bottom, top) if left <= right and bottom <= top else None

    @property
    def size(self) -> int:
        return (self.right - self.left + 1) * (self.top - self.bottom + 1)


class _Cell(NamedTuple):
    """A cell, by its column and row among those of its length."""

    length: int
    column: int
    row: int

    @property
    def box(self) -> _Box:
        side = _SIDE >> self.length
        left, bottom = self.column * side, self.row * side
        return _Box(left, left + side - 1, bottom, bottom + side - 1)

    def finer(self, boxes: list[_Box]) -> Iterator[_Box]:
        """The columns and rows of the next length in it that touch these boxes."""
        side = _SIDE >> self.length + _STEP
        for box in self.parts_of(boxes):
            yield _Box(*(edge // side for edge in box))

    def parts_of(self, boxes: list[_Box]) -> list[_Box]:
        """What of these boxes is in it."""
        return [part for box in boxes if (part := box.within(self.box)) is not None]


def _few(boxes: list[_Box]) -> list[_Cell]:
    """Few cells, as small as that allows, that cover all these boxes, which do not overlap."""
    done: list[_Cell] = []
    open_cells: list[tuple[int, _Cell]] = []

    def add(cell: _Cell) -> None:
        outside = cell.box.size - sum(part.size for part in cell.parts_of(boxes))
        if outside and cell.length < FINEST:
            heappush(open_cells, (-outside, cell))
        else:
            done.append(cell)

    add(_Cell(0, 0, 0))
    while open_cells:
        _, cell = heappop(open_cells)  # the one that holds most that is in no box
        finer = list(cell.finer(boxes))
        count = sum(box.size for box in finer)
        if count > _MOST_FINER or len(done) + len(open_cells) + count > MOST_CELLS:
            done.append(cell)
            continue
        # Two boxes may touch the same cell, from two sides.
        for column, row in dict.fromkeys(
            (column, row)
            for box in finer
            for column in range(box.left, box.right + 1)
            for row in range(box.bottom, box.top + 1)
        ):
            add(_Cell(cell.length + _STEP, column, row))
    return done


def _columns(west: float, east: float) -> list[tuple[int, int]]:
    """The columns from one longitude to another, in runs that have none in common."""
    first, last = _column(west), _column(east)
    if west > east:
        last += _SIDE  # on around the Earth
    if last - first >= _SIDE:
        return [(0, _SIDE - 1)]
    if last < _SIDE:
        return [(first, last)]
    if first >= _SIDE:
        return [(first - _SIDE, last - _SIDE)]
    return [(first, _SIDE - 1), (0, last - _SIDE)]


# Rounding keeps order, so what is between two longitudes is between their columns.
def _column(longitude: float) -> int:
    """From 0, and `_SIDE` for 180 degrees, which are those of column 0."""
    return int((min(max(longitude, -180.0), 180.0) + 180) / 360 * _SIDE)


def _row(latitude: float) -> int:
    return min(int((min(max(latitude, -90.0), 90.0) + 90) / 180 * _SIDE), _SIDE - 1)


def _name(cell: _Cell) -> str:
    _, column, row = cell
    steps = range(cell.length - _STEP, -1, -_STEP)
    return "".join([_DIGITS[column >> at & 7][row >> at & 7] for at in steps])


_DIGITS = [
    ["".join("0123"[(x >> at & 1) + 2 * (y >> at & 1)] for at in (2, 1, 0)) for y in range(8)]
    for x in range(8)
]
"""The digits of one step, by the last three bits of column and row."""
