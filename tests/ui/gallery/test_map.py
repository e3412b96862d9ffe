"""The map: things in clusters, and land under them."""

from __future__ import annotations

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


def test_bad_numbers_are_refused(gallery: Gallery) -> None:
    assert "north" in gallery.refused("map", north="far")["error"]


def test_there_is_land_in_france_and_none_in_the_pacific(gallery: Gallery) -> None:
    rings = gallery.get("land", detail=0)["rings"]
    points = [(ring[at], ring[at + 1]) for ring in rings for at in range(0, len(ring), 2)]
    assert any(-5 < x < 8 and 42 < y < 51 for x, y in points)
    assert not any(-150 < x < -135 and 25 < y < 45 for x, y in points)
