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

_FINEST = 12
_SIDE = 1 << _FINEST
_STEP = 3
"""Digits from one length to the next."""

_MOST_FINER = 48
"""More of the 64 cells in a cell than this are not worth having instead of it."""


def cell_of(place: Place, length: int) -> str:
    """The cell of so many digits, at most 12, that a place is in."""
    return _name(_column(place.longitude) % _SIDE, _row(place.latitude))[:length]


def cells_of(place: Place) -> tuple[str, ...]:
    """The cells of all lengths that a place is in."""
    finest = cell_of(place, _FINEST)
    return tuple(finest[:length] for length in LENGTHS)


def cover(north: float, west: float, south: float, east: float) -> tuple[str, ...]:
    """Cells that together hold every place in a box: a few, none inside of another, sorted.

    A place is in the box if its latitude is from `south` to `north`, and its longitude from `west`
    to `east`, or if `west` is greater not between them: such a box spans the line of 180 degrees,
    whose two longitudes are the same here. If `west` is `east` the box is a line. All degrees may
    be any numbers.
    """
    if not (south <= north and south <= 90 and north >= -90):
        return ()
    rows = _row(south), _row(north)
    spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    boxes = [
        box
        for low, high in spans
        if low <= 180 and high >= -180
        for box in _boxes(_column(low), _column(high), *rows)
    ]
    return tuple(sorted(_refined(boxes))) if boxes else ()


class _Box(NamedTuple):
    """Columns and rows of the finest cells, from the first to the last."""

    left: int
    right: int
    bottom: int
    top: int

    def common(self, other: _Box) -> int:
        """How many of the finest cells are in both."""
        width = min(self.right, other.right) - max(self.left, other.left) + 1
        height = min(self.top, other.top) - max(self.bottom, other.bottom) + 1
        return max(width, 0) * max(height, 0)


def _boxes(left: int, right: int, bottom: int, top: int) -> Iterator[_Box]:
    # Behind the last column comes the first: places at 180 degrees are in that.
    if left < _SIDE:
        yield _Box(left, min(right, _SIDE - 1), bottom, top)
    if right >= _SIDE:
        yield _Box(0, 0, bottom, top)


def _refined(boxes: list[_Box]) -> list[str]:
    """Few cells, as small as that allows, that cover all these."""
    done: list[str] = []
    open_cells = [(-_outside("", boxes), "")]
    while open_cells:
        outside, cell = heappop(open_cells)  # the one that holds most that is in no box
        finer = _finer(cell, boxes) if outside else []
        if finer and len(done) + len(open_cells) + len(finer) <= MOST_CELLS:
            for one in finer:
                heappush(open_cells, (-_outside(one, boxes), one))
        else:
            done.append(cell)
    return done


def _finer(cell: str, boxes: list[_Box]) -> list[str]:
    """The cells of the next length in this one that touch a box; none if they are not worth it."""
    if len(cell) == _FINEST:
        return []
    names = [cell]
    for _ in range(_STEP):
        names = [name + digit for name in names for digit in "0123" if _inside(name + digit, boxes)]
    return names if len(names) <= _MOST_FINER else []


def _inside(cell: str, boxes: list[_Box]) -> int:
    extent = _extent(cell)
    return sum(box.common(extent) for box in boxes)


def _outside(cell: str, boxes: list[_Box]) -> int:
    """How many of the finest cells in a cell are in no box."""
    side = _SIDE >> len(cell)
    return max(side * side - _inside(cell, boxes), 0)  # two boxes may share a column


def _extent(cell: str) -> _Box:
    column = row = 0
    for digit in cell:
        column, row = column * 2 + int(digit) % 2, row * 2 + int(digit) // 2
    side = _SIDE >> len(cell)
    left, bottom = column * side, row * side
    return _Box(left, left + side - 1, bottom, bottom + side - 1)


# Rounding keeps order, so what is between two longitudes is between their columns.
def _column(longitude: float) -> int:
    """From 0, and `_SIDE` for 180 degrees."""
    share = (min(max(longitude, -180.0), 180.0) + 180) / 360
    return int(share * _SIDE)


def _row(latitude: float) -> int:
    share = (min(max(latitude, -90.0), 90.0) + 90) / 180
    return min(int(share * _SIDE), _SIDE - 1)


def _name(column: int, row: int) -> str:
    """The finest cell."""
    return "".join(_DIGITS[column >> at & _MASK, row >> at & _MASK] for at in range(9, -1, -_STEP))


_MASK = (1 << _STEP) - 1
_DIGITS = {
    (column, row): "".join(
        str((column >> bit & 1) + 2 * (row >> bit & 1)) for bit in reversed(range(_STEP))
    )
    for column in range(_MASK + 1)
    for row in range(_MASK + 1)
}
