"""The map: things in clusters."""

from __future__ import annotations

import pytest

from ...search.world import World
from .conftest import Gallery


def test_things_near_each_other_are_told_together(world: World, gallery: Gallery) -> None:
    near = (("a", "48.85", "2.35"), ("b", "48.86", "2.36"), ("c", "-17.8", "178"))
    for day, (name, latitude, longitude) in enumerate(near):
        world.thing(name, f"2020-01-0{day + 1}", title=name, latitude=latitude, longitude=longitude)
    found = gallery.get("map", zoom=0)
    assert sorted(place["count"] for place in found["places"]) == [1, 2]
    assert found["area"] is not None
    around = gallery.get("map", north=-10, south=-30, west=170, east=-170, zoom=3)
    assert [place["item"]["title"] for place in around["places"]] == ["c"]
    assert gallery.get("map", north=10, south=0, west=0, east=10)["places"] == []


def test_the_newest_thing_stands_for_those_around_it(world: World, gallery: Gallery) -> None:
    for day, name in ((2, "middle"), (3, "newest"), (1, "oldest")):
        date = f"2020-01-0{day}"
        world.thing(name, date, title=name, latitude="10", longitude="20", startDate=date)
    (place,) = gallery.get("map", zoom=5)["places"]
    assert (place["latitude"], place["longitude"], place["count"]) == (10, 20, 3)
    assert place["item"]["title"] == "newest"


def test_only_what_is_searched_for_and_has_a_place_is_there(world: World, gallery: Gallery) -> None:
    world.thing("a", "2020-01-01", tag="x", latitude="10", longitude="20")
    world.thing("b", "2020-01-01", tag="y", latitude="50", longitude="20")
    world.thing("nowhere", "2020-01-01", tag="x")
    world.thing("gone", "2020-01-01", tag="x", latitude="10", longitude="20")
    world.delete("gone", "2020-01-02")
    found = gallery.get("map", q="tag:x")
    assert [(place["latitude"], place["count"]) for place in found["places"]] == [(10, 1)]
    assert found["area"] == {"north": 10, "south": 10, "west": 20, "east": 20}
    assert gallery.get("map", q="tag:none") == {"places": [], "area": None, "whole": True}
    assert "error" in gallery.refused("map", q="tag:x and (")


def test_a_box_around_the_world_still_has_a_north_and_a_south(
    world: World, gallery: Gallery
) -> None:
    for name, latitude in (("pole", "89"), ("middle", "5"), ("south", "-60")):
        world.thing(name, "2020-01-01", title=name, latitude=latitude, longitude="20")

    def titles(**box: float) -> set[str]:
        return {place["item"]["title"] for place in gallery.get("map", **box)["places"]}

    assert titles(north=30, south=-30, west=-180, east=180) == {"middle"}
    assert titles(north=85.05, south=0, west=-180, east=180) == {"pole", "middle"}
    assert titles(north=85, south=-85, west=-180, east=180) == {"pole", "middle", "south"}


def test_a_box_may_go_on_beyond_the_date_line(world: World, gallery: Gallery) -> None:
    world.thing("east", "2020-01-01", latitude="0", longitude="179")
    world.thing("west", "2020-01-01", latitude="0", longitude="-179")
    world.thing("far", "2020-01-01", latitude="0", longitude="0")
    for west, east in ((170, -170), (170, 190), (-190, -170)):
        found = gallery.get("map", north=10, south=-10, west=west, east=east, zoom=6)
        assert sorted(place["longitude"] for place in found["places"]) == [-179, 179]
        assert (found["area"]["west"], found["area"]["east"]) == (179, -179)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("north", "far"),
        ("north", "NaN"),
        ("south", "nan"),
        ("west", "nan"),
        ("east", "-nan"),
        ("east", "1e999"),
        ("west", "-inf"),
        ("zoom", "x"),
        ("zoom", "nan"),
        ("zoom", "infinity"),
        ("south", "-91"),
        ("north", "1e300"),
    ],
)
def test_bad_numbers_are_refused(gallery: Gallery, name: str, value: str) -> None:
    assert name in gallery.refused("map", **{name: value})["error"]


def test_what_is_upside_down_is_refused(gallery: Gallery) -> None:
    assert "south" in gallery.refused("map", north=10, south=20)["error"]


@pytest.mark.parametrize("zoom", [-1e300, -1, 0, 3.4, 20, 21, 1e300])
def test_every_zoom_shows_all_there_is(world: World, gallery: Gallery, zoom: float) -> None:
    edges = ((90, 180), (-90, -180), (90, -180), (0, 0), (-0.0001, -0.0001), (89.99999, 179.99999))
    for number, (latitude, longitude) in enumerate(edges):
        place = {"latitude": f"{latitude}", "longitude": f"{longitude}"}
        world.thing(f"{number}", "2020-01-01", **place)
    found = gallery.get("map", zoom=zoom)
    assert sum(place["count"] for place in found["places"]) == len(edges)
    whole = {"north": 90, "south": -90}
    for box in ({"west": 0, "east": 360}, {"west": -1e300, "east": 1e300}):
        found = gallery.get("map", zoom=zoom, **whole, **box)
        assert sum(place["count"] for place in found["places"]) == len(edges)


def test_the_line_of_180_degrees_is_looked_at_by_either_name(
    world: World, gallery: Gallery
) -> None:
    world.thing("east", "2020-01-01", latitude="0", longitude="180")
    world.thing("west", "2020-01-01", latitude="1", longitude="-180")
    for west, east in ((170, 180), (-180, -170), (170, -170)):
        found = gallery.get("map", north=10, south=-10, west=west, east=east, zoom=6)
        assert sum(place["count"] for place in found["places"]) == 2
