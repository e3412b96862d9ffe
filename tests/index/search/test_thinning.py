"""Fewer results for a map: some from everywhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.index.media.moments import Place
from holdfast.index.search.geography import area_of
from holdfast.index.search.thinning import thinned

spots = st.builds(Place, st.floats(-90, 90), st.floats(-180, 180))


@given(st.lists(st.none() | spots, max_size=60), st.integers(1, 40))
def test_a_map_gets_no_more_than_it_asks_for_in_order(spots: list[Place | None], most: int) -> None:
    found = list(enumerate(spots))
    kept = thinned(found, area_of(spots), most)
    located = [number for number, spot in found if spot is not None]
    assert kept == sorted(kept)
    if len(found) <= most:
        assert kept == [number for number, _ in found]
    elif located:
        assert len(kept) == min(most, len(located))
        assert set(kept) <= set(located)
    else:
        assert len(kept) == most


def test_a_crowd_leaves_room_for_whoever_is_far_away() -> None:
    crowd = [Place(48.85 + n / 10_000, 2.29) for n in range(200)]
    alone = [Place(-33.85, 151.21), Place(40.7, -74.0), Place(-33.9, 18.4)]
    spots = [*crowd, *alone]
    kept = thinned(list(enumerate(spots)), area_of(spots), 10)
    assert len(kept) == 10
    assert {200, 201, 202} <= set(kept)


def test_places_on_both_sides_of_the_line_of_180_degrees_are_neighbours() -> None:
    spots = [Place(0, 179.9), Place(0, -179.9), Place(0, 179.8), Place(0.0, -179.8)]
    area = area_of(spots)
    assert area is not None
    assert (area.west, area.east) == (179.8, -179.8)
    assert len(thinned(list(enumerate(spots)), area, 3)) == 3
