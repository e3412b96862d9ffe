"""Cells of the Earth: named alike everywhere, and covering whatever box is asked for."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.index.cells import LENGTHS, MOST_CELLS, cells_of, cover
from holdfast.index.media.moments import Place

latitudes = st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 0.0, 45.0, 90.0]))
longitudes = st.one_of(st.floats(-180, 180), st.sampled_from([-180.0, 0.0, 45.0, 90.0, 180.0]))


@st.composite
def boxes(draw: st.DrawFn) -> tuple[float, float, float, float]:
    """Boxes of all sizes, some over the line of 180 degrees, some beyond what is on Earth."""
    south, west = draw(latitudes), draw(longitudes)
    size = draw(st.sampled_from([0, 1e-9, 0.001, 0.3, 2, 30, 400]))
    height, width = draw(st.floats(0, 1)) * size, draw(st.floats(0, 1)) * size
    east = west + width
    return south + height, west, south, east - 360 if east > 180 and draw(st.booleans()) else east


def is_in(place: Place, box: tuple[float, float, float, float]) -> bool:
    """What a search says of a place and a box."""
    north, west, south, east = box
    if west <= east:
        return south <= place.latitude <= north and west <= place.longitude <= east
    return south <= place.latitude <= north and not east < place.longitude < west


@example((90, -180, -90, 180), 0.5, 0.5)
@example((10, 170, -10, -170), 0.5, 1.0)
@example((90, 180, 90, 180), 0.0, 0.0)
@given(boxes(), st.floats(0, 1), st.floats(0, 1))
def test_every_place_in_a_box_is_in_a_cell_of_its_cover(
    box: tuple[float, float, float, float], up: float, along: float
) -> None:
    north, west, south, east = box
    longitude = west + (east - west + (0 if west <= east else 360)) * along
    place = Place(
        min(south + (north - south) * up, 90),
        min(longitude, 180) if west <= east else longitude - 360 * (longitude > 180),
    )
    cells = cover(*box)
    assert len(cells) <= MOST_CELLS
    assert {len(cell) for cell in cells} <= set(LENGTHS)
    if is_in(place, box):
        assert set(cells) & set(cells_of(place))


@given(latitudes, longitudes)
def test_the_corners_of_a_box_are_in_its_cover(latitude: float, longitude: float) -> None:
    here = Place(latitude, longitude)
    for box in (
        (latitude, longitude, latitude, longitude),
        (latitude, longitude, latitude - 1, longitude + 1),
        (latitude + 1, longitude - 1, latitude, longitude),
        (latitude, longitude, -90, -180),
    ):
        assert set(cover(*box)) & set(cells_of(here))


@given(boxes())
def test_no_cell_of_a_cover_is_inside_of_another(box: tuple[float, float, float, float]) -> None:
    cells = cover(*box)
    assert list(cells) == sorted(set(cells))
    assert not any(b.startswith(a) for a, b in pairwise(cells))


@pytest.mark.parametrize(
    ("place", "cell"),
    [
        (Place(-90, -180), "000000000000"),
        (Place(90, 179.999), "333333333333"),
        (Place(0, 0), "300000000000"),
        (Place(-0.001, -0.001), "033333333333"),
        (Place(48.2082, 16.3738), "320012113012"),
    ],
)
def test_a_digit_says_which_quarter(place: Place, cell: str) -> None:
    assert cells_of(place) == ("", cell[:3], cell[:6], cell[:9], cell)


def test_the_two_longitudes_of_180_degrees_are_one() -> None:
    assert cells_of(Place(10, 180)) == cells_of(Place(10, -180))
    assert set(cover(11, 179, 9, 180)) & set(cells_of(Place(10, -180)))


def test_a_box_over_the_line_of_180_degrees_does_not_reach_around_the_earth() -> None:
    cells = cover(10, 170, -10, -170)
    for there in (Place(0, 175), Place(0, -175), Place(0, 180)):
        assert set(cells) & set(cells_of(there))
    for elsewhere in (Place(0, 0), Place(0, 160), Place(0, -160)):
        assert not set(cells) & set(cells_of(elsewhere))


def test_where_west_is_east_there_is_but_a_line() -> None:
    cells = cover(90, 10, -90, 10)
    assert not set(cells) & set(cells_of(Place(0, 60)))


def test_a_box_that_is_upside_down_or_beside_the_earth_has_no_cells() -> None:
    assert cover(-1, 0, 1, 1) == cover(95, 0, 91, 1) == cover(1, 181, 0, 190) == ()


def test_the_cover_of_a_town_is_not_much_larger_than_the_town() -> None:
    cells = cover(48.32, 16.18, 48.12, 16.58)
    assert cells
    town = 0.2 * 0.4
    assert sum(360 * 180 / 4 ** len(cell) for cell in cells) < 2 * town


def test_all_of_the_earth_is_one_cell() -> None:
    assert cover(90, -180, -90, 180) == ("",)
