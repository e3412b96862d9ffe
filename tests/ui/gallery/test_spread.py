"""Very many things on a map: told by the lists of what is where, as if each had been asked."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from ...search.world import World, a_world
from .conftest import Gallery

MANY = 2300
"""More than are asked one by one."""


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    chance = random.Random(7)

    def fill(world: World) -> None:
        for number in range(MANY):
            # Most are in three towns, of which one is at the line of 180°.
            latitude, longitude = chance.choice(((48.85, 2.35), (-17.8, 180.0), (40.7, -74.0)))
            latitude += chance.uniform(-0.3, 0.3)
            longitude = (longitude + chance.uniform(-0.3, 0.3) + 180) % 360 - 180
            name = f"{number}"
            world.permanode(name)
            world.set(name, "latitude", f"{latitude:.5f}", "2020-01-01")
            world.set(name, "longitude", f"{longitude:.5f}", "2020-01-01")
            world.set(name, "startDate", f"{1900 + number % 100}-02-03T00:00:00Z", "2020-01-01")
            if number % 10 == 0:
                world.set(name, "tag", "tenth", "2020-01-01")

    with a_world(tmp_path_factory.mktemp("crowd"), fill) as world:
        yield Gallery(world)


def test_all_are_counted_whoever_looks_from_afar(crowd: Gallery) -> None:
    found = crowd.get("map", zoom=1)
    assert sum(place["count"] for place in found["places"]) == MANY
    for latitude, longitude in ((48.85, 2.35), (40.7, -74.0)):
        near = [
            place
            for place in found["places"]
            if abs(place["latitude"] - latitude) < 0.1 and abs(place["longitude"] - longitude) < 0.1
        ]
        assert sum(place["count"] for place in near) > MANY / 4
    newest = max(place["item"]["time"] for place in found["places"])
    assert newest == "1999-02-03T00:00:00Z"


def test_what_is_seen_from_near_is_just_where_it_is(crowd: Gallery) -> None:
    found = crowd.get("map", north=48.9, south=48.8, west=2.3, east=2.4, zoom=13)
    assert found["places"]
    for place in found["places"]:
        assert 48.8 <= place["latitude"] <= 48.9
        assert 2.3 <= place["longitude"] <= 2.4
    query = "locrect:48.9,2.3,48.8,2.4"
    assert (
        sum(place["count"] for place in found["places"]) == crowd.get("timeline", q=query)["total"]
    )


def test_a_box_over_the_date_line_has_both_sides_of_a_town(crowd: Gallery) -> None:
    town = crowd.get("map", north=-17, south=-19, west=179, east=-179, zoom=7)
    sides = {place["longitude"] > 0 for place in town["places"]}
    assert sides == {True, False}
    assert town["area"]["west"] > 179
    assert town["area"]["east"] < -179


def test_a_search_narrows_the_crowd(crowd: Gallery) -> None:
    found = crowd.get("map", q="tag:tenth", zoom=0)
    assert sum(place["count"] for place in found["places"]) == MANY / 10


def test_what_changes_is_on_the_map_at_once(crowd: Gallery) -> None:
    before = crowd.get("map", zoom=1)
    crowd.world.thing("new", "2020-01-01", title="new", latitude="-40", longitude="20")
    after = crowd.get("map", zoom=1)
    count = sum(place["count"] for place in after["places"])
    assert count == sum(place["count"] for place in before["places"]) + 1
    crowd.world.delete("new", "2020-01-02")
    assert crowd.get("map", zoom=1) == before


def test_there_are_never_more_clusters_than_a_page_can_show(world: World) -> None:
    gallery = Gallery(world)
    for number in range(400):
        latitude, longitude = number // 20 * 5 - 50, number % 20 * 10 - 90
        world.thing(f"{number}", "2020-01-01", latitude=f"{latitude}", longitude=f"{longitude}")
    assert len(gallery.get("map", zoom=9)["places"]) == 250
