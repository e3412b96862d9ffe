"""Very many things on a map: told by what is kept of where all is, as if each had been asked."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

from holdfast.index.search.atlas import Surveyor
from holdfast.index.search.clusters import MOST

from ...search.world import World, a_world
from .conftest import Gallery

MANY = 2300


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    chance = random.Random(7)

    def fill(world: World) -> None:
        with world.at_once():
            spread(world)

    def spread(world: World) -> None:
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


def counted(answer: Any) -> int:
    return sum(place["count"] for place in answer["places"])


def test_of_more_clusters_than_a_page_can_show_all_things_are_counted(world: World) -> None:
    gallery = Gallery(world)
    for number in range(400):
        latitude, longitude = number // 20 * 5 - 50, number % 20 * 10 - 90
        world.thing(f"{number}", "2020-01-01", latitude=f"{latitude}", longitude=f"{longitude}")
    for zoom in (0, 4, 9, 15):
        found = gallery.get("map", zoom=zoom)
        assert 1 < len(found["places"]) <= MOST
        assert counted(found) == 400
    # Those that are few enough stand by themselves.
    box = {"north": 0, "south": -50, "west": -90, "east": 0}
    assert len(gallery.get("map", zoom=9, **box)["places"]) == 110


def test_boxes_count_what_a_search_finds_there(crowd: Gallery) -> None:
    chance = random.Random(3)
    for zoom in range(0, 17, 2):
        latitude, longitude = chance.choice(((48.85, 2.35), (-17.8, 180.0), (40.7, -74.0)))
        reach = 20 / 2**zoom
        north = latitude + chance.uniform(0, reach)
        south = latitude - chance.uniform(0, reach)
        west = longitude - chance.uniform(0, reach)
        east = longitude + chance.uniform(0, reach)
        east -= 360 if east > 180 else 0
        asked = {"north": north, "south": south, "west": west, "east": east}
        found = crowd.get("map", zoom=zoom, **asked)
        query = f"locrect:{north:.14f},{west:.14f},{south:.14f},{east:.14f}"
        assert counted(found) == crowd.get("timeline", q=query)["total"]


def test_what_is_moved_a_little_is_where_it_is_now(world: World, gallery: Gallery) -> None:
    when = "2020-01-01T00:00:00Z"
    for name in ("a", "b"):
        world.thing(name, "2020-01-01", latitude="10", longitude="20", startDate=when, title=name)

    def places() -> list[tuple[float, float]]:
        found = gallery.get("map", zoom=20)
        return sorted((place["latitude"], place["longitude"]) for place in found["places"])

    assert places() == [(10, 20)]
    world.set("b", "latitude", "10.001", "2020-01-02")
    assert places() == [(10, 20), (10.001, 20)]
    world.remove("a", "longitude", "20", "2020-01-03")
    assert places() == [(10.001, 20)]


def test_an_index_made_anew_is_surveyed_anew(world: World, gallery: Gallery) -> None:
    world.thing("a", "2020-01-01", latitude="10", longitude="20")
    assert counted(gallery.get("map")) == 1
    rebuilding = world.index.rebuild(anew=True)
    while rebuilding.is_running:
        time.sleep(0.01)
    world.thing("b", "2020-01-01", latitude="30", longitude="20")
    assert counted(gallery.get("map")) == 2


def test_of_what_has_not_changed_no_row_is_read_again(crowd: Gallery) -> None:
    world = crowd.world
    surveyor = Surveyor()
    changed: list[Any] = []
    with world.index.watching(lambda refs: changed.append(refs)):

        def rows_read(stamp: str) -> int:
            for refs in changed:
                surveyor.note(refs)
            changed.clear()
            reader = world.index.search.reader()
            atlas = surveyor.atlas(reader, stamp)
            assert len(atlas) == MANY
            assert atlas.is_whole
            return reader.rows_read

        assert rows_read("1") == 2 * MANY
        assert rows_read("1") == 0
        assert rows_read("2") == MANY
        world.set("7", "title", "another", "2020-01-05")
        assert rows_read("3") == MANY + 1
        surveyor.note(())
        assert rows_read("4") == 2 * MANY


def test_a_survey_that_nobody_waited_for_goes_on_where_it_ended(crowd: Gallery) -> None:
    surveyor = Surveyor()

    class Ended(Exception):
        pass

    left = 10

    def check() -> None:
        nonlocal left
        left -= 1
        if not left:
            raise Ended

    service = crowd.world.index.search
    with pytest.raises(Ended):
        surveyor.atlas(service.for_one(check).reader(), "1")
    reader = service.reader()
    assert len(surveyor.atlas(reader, "1")) == MANY
    assert reader.rows_read < 2 * MANY - 1000
