"""The smallest box around a number of places."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.index.media.moments import Place
from holdfast.index.search.geography import Area, area_of

SYDNEY, NEW_YORK, PARIS = Place(-33.85, 151.21), Place(40.7, -74), Place(48.86, 2.29)
FIJI, SAMOA = Place(-17.7, 178.0), Place(-13.8, -172.1)

degrees = st.integers(-180, 180).map(float)
places = st.builds(Place, st.integers(-90, 90).map(float), degrees)


def holds(area: Area, place: Place) -> bool:
    if not area.south <= place.latitude <= area.north:
        return False
    if area.west <= area.east:
        return area.west <= place.longitude <= area.east
    return place.longitude >= area.west or place.longitude <= area.east


def width(area: Area) -> float:
    return area.east - area.west + (0 if area.west <= area.east else 360)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], None),
        ([None, None], None),
        ([PARIS], Area(48.86, 48.86, 2.29, 2.29)),
        ([Place(0, 0)], Area(0, 0, 0, 0)),
        ([PARIS, None, SYDNEY], Area(48.86, -33.85, 2.29, 151.21)),
        ([SYDNEY, NEW_YORK, PARIS], Area(48.86, -33.85, 151.21, 2.29)),
        ([FIJI, SAMOA], Area(-13.8, -17.7, 178.0, -172.1)),
        ([SYDNEY, NEW_YORK], Area(40.7, -33.85, 151.21, -74)),
        # Two boxes of 180 degrees would do.
        ([Place(0, -90), Place(0, 90)], Area(0, 0, -90, 90)),
    ],
)
def test_the_smallest_box_holds_all_places(
    found: list[Place | None], expected: Area | None
) -> None:
    assert area_of(found) == expected
    assert area_of(reversed(found)) == expected


@given(st.lists(places, min_size=1, max_size=8), st.randoms())
@example([Place(0, -180), Place(0, 180)], None)
@example([Place(0, 0), Place(0, 180), Place(0, -180)], None)
def test_the_box_holds_all_whatever_their_order_and_none_is_smaller(found, random) -> None:
    area = area_of(found)
    assert area is not None
    assert all(holds(area, place) for place in found)
    if random is not None:
        random.shuffle(found)
        assert area_of(found) == area
    longitudes = [place.longitude for place in found]
    boxes = [area._replace(west=w, east=e) for w in longitudes for e in longitudes]
    enough = [width(box) for box in boxes if all(holds(box, place) for place in found)]
    assert math.isclose(width(area), min(enough), abs_tol=1e-9) or width(area) == 0


def test_an_area_is_told_by_its_sides() -> None:
    assert Area(1, 2, 3, 4).document() == {"north": 1, "south": 2, "west": 3, "east": 4}
