"""Where things are, and the area that answers are about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .pictures import picture
from .world import World, a_world

PARIS = (48.8584, 2.2945)


def fill(world: World) -> None:
    world.file("paris.jpg", picture(40, 30, place=PARIS), modified="2019-01-01")
    world.file("south.jpg", picture(44, 30, place=(-54.8, -68.3)), modified="2019-01-02")
    world.file("plain.jpg", picture(48, 30), modified="2019-01-03")
    place(world, "sydney", "-33.85", "151.21")
    place(world, "fiji", "-17.7", "178.1")
    place(world, "samoa", "-13.8", "-171.8")
    place(world, "null island", "0", "0")
    place(world, "pole", "90", "-180")
    place(world, "bad", "north", "12")
    place(world, "out", "91", "12")
    place(world, "far out", "12", "181")
    world.thing("half", "2020-01-01", tag=["no"], latitude="10")
    world.thing("photo", "2020-01-02", tag=["place"], camliContent="@paris.jpg")
    world.thing(
        "photo elsewhere",
        "2020-01-03",
        tag=["place"],
        camliContent="@paris.jpg",
        latitude="10",
        longitude="20",
    )
    world.thing("photo south", "2020-01-04", tag=["place"], camliContent="@south.jpg")
    world.thing("no place", "2020-01-05", tag=["no"], camliContent="@plain.jpg")
    world.thing("image of", "2020-01-06", tag=["no"], camliContentImage="@paris.jpg")
    place(world, "venue", "35.6", "139.7", camliNodeType="foursquare.com:venue")
    visit = "foursquare.com:checkin"
    world.thing("visit", "2020-01-07", camliNodeType=visit, foursquareVenuePermanode="@venue")
    world.thing(
        "own visit",
        "2020-01-08",
        camliNodeType=visit,
        foursquareVenuePermanode="@venue",
        latitude="1",
        longitude="2",
    )
    world.thing(
        "visit of visit", "2020-01-09", camliNodeType=visit, foursquareVenuePermanode="@visit"
    )
    world.thing("no visit", "2020-01-10", foursquareVenuePermanode="@venue")
    world.thing(
        "visit of photo", "2020-01-11", camliNodeType=visit, foursquareVenuePermanode="@photo"
    )
    world.thing(
        "visit nowhere",
        "2020-01-12",
        camliNodeType=visit,
        foursquareVenuePermanode="sha224-" + "0" * 56,
        camliContent="@paris.jpg",
    )
    place(world, "gone", "50", "50")
    world.delete("gone", "2020-02-01")


def place(world: World, name: str, latitude: str, longitude: str, **more: str) -> None:
    world.thing(name, "2020-01-20", tag=["place"], latitude=latitude, longitude=longitude, **more)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("places"), fill) as made:
        yield made


LOCATED = {
    *("sydney", "fiji", "samoa", "null island", "pole", "photo", "photo elsewhere"),
    *("photo south", "venue", "visit", "own visit", "visit nowhere"),
}


def located(world: World, **location: Any) -> set[str]:
    return world.fits({"permanode": {"location": location}})


def box(north: float, west: float, south: float, east: float) -> dict[str, float]:
    return {"north": north, "west": west, "south": south, "east": east}


def test_things_are_where_they_or_their_venues_or_contents_are(world: World) -> None:
    assert located(world, any=True) == LOCATED
    assert set(world.found("has:location")) == LOCATED - {"venue"}


@pytest.mark.parametrize(
    ("corners", "found"),
    [
        ((49, 2, 48, 3), {"photo", "visit nowhere"}),
        ((11, 19, 9, 21), {"photo elsewhere"}),
        ((-50, -70, -60, -60), {"photo south"}),
        ((36, 139, 35, 140), {"venue", "visit"}),
        ((1.5, 1, 0.5, 3), {"own visit"}),
        # Across the line of 180°.
        ((-10, 170, -20, -170), {"fiji", "samoa"}),
        ((-10, 170, -20, 180), {"fiji"}),
        ((-10, -180, -20, -170), {"samoa"}),
        ((-10, -170, -20, 170), set()),
        # All around.
        ((90, -180, -90, 180), LOCATED),
        ((90, 1, -90, 0.5), LOCATED),
        # The borders belong to it.
        ((-33.85, 151.21, -33.85, 151.22), {"sydney"}),
        ((-33.85, 151.20, -33.85, 151.21), {"sydney"}),
        ((-33.84, 151.21, -33.849, 151.22), set()),
        ((90, -180, 90, -179), {"pole"}),
        # South above north: nothing is there.
        ((40, -180, 50, 180), set()),
    ],
)
def test_boxes(world: World, corners: tuple[float, ...], found: set[str]) -> None:
    north, west, south, east = corners
    assert located(world, **box(north, west, south, east)) == found
    expression = f"locrect:{north},{west},{south},{east}"
    assert set(world.found(expression)) == found - {"venue"}


def test_a_box_without_width_is_a_line(world: World) -> None:
    """Perkeep takes it for the whole band around the Earth."""
    assert located(world, **box(90, 151.21, -90, 151.21)) == {"sydney"}
    assert located(world, **box(90, 0, -90, 0)) == {"null island"}


def test_a_box_of_zeros_is_a_point(world: World) -> None:
    """Perkeep takes it for the equator."""
    assert located(world) == {"null island"}


def test_files_are_where_they_were_made(world: World) -> None:
    assert world.fits({"file": {"location": {"any": True}}}) == {"paris.jpg", "south.jpg"}
    found = world.fits({"file": {"location": box(49, 2, 48, 3)}})
    assert found == {"paris.jpg"}


def test_a_venue_that_moves_takes_its_visits_with_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with a_world(tmp_path_factory.mktemp("moving"), fill) as world:
        world.set("venue", "latitude", "-35.6", "2020-03-01")
        assert located(world, **box(36, 139, 35, 140)) == set()
        assert located(world, **box(-35, 139, -36, 140)) == {"venue", "visit"}
        world.remove("venue", "latitude", "", "2020-03-02")
        assert not located(world, any=True) & {"venue", "visit"}


@pytest.mark.parametrize(
    ("expression", "area"),
    [
        ("locrect:49,2,48,3 tag:place", (48.8584, 48.8584, 2.2945, 2.2945)),
        ("locrect:49,2,-34,152 tag:place", (48.8584, -33.85, 2.2945, 151.21)),
        # The short way around, which here is across the line of 180°.
        ("locrect:-10,170,-20,-170", (-13.8, -17.7, 178.1, -171.8)),
        ("locrect:-10,150,-34,-170", (-13.8, -33.85, 151.21, -171.8)),
    ],
)
def test_the_area_holds_all_that_is_found(
    world: World, expression: str, area: tuple[float, ...]
) -> None:
    found = world.query({"expression": expression})["LocationArea"]
    north, south, west, east = area
    assert found == pytest.approx({"north": north, "south": south, "west": west, "east": east})


def test_the_area_does_not_depend_on_the_order(world: World) -> None:
    asked = {"constraint": {"permanode": {"location": {"any": True}}}}
    areas = [
        world.query({**asked, "sort": sort})["LocationArea"]
        for sort in ("created", "-created", "mod", "blobref", "unsorted")
    ]
    assert all(area == areas[0] for area in areas)


def test_the_area_is_of_the_page_alone(world: World) -> None:
    query = {"expression": "locrect:-10,170,-20,-170", "limit": 1}
    area = world.query(query)["LocationArea"]
    assert area["north"] == area["south"]
    assert area["west"] == area["east"]


def test_there_is_no_area_where_nobody_asked_for_places(world: World) -> None:
    assert world.query({"expression": "tag:place"})["LocationArea"] is None
    assert world.query({"expression": "has:location tag:nosuch"})["LocationArea"] is None


def test_sorting_for_a_map_is_asking_for_places(world: World) -> None:
    found = world.query({"expression": "tag:place", "sort": "map"})
    assert found["LocationArea"]["north"] == 90
    assert len(found["blobs"]) == len(world.found("tag:place"))


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_a_map_has_no_more_than_was_asked_for(world: World, limit: int) -> None:
    for expression in ("tag:place", "tag:no"):
        found = world.found({"expression": expression, "sort": "map", "limit": limit})
        assert len(found) == min(limit, len(world.found(expression)))
        assert len(set(found)) == len(found)
        if expression == "tag:place":
            assert set(found) <= LOCATED


def test_a_map_keeps_something_of_every_part(tmp_path_factory: pytest.TempPathFactory) -> None:
    def crowd(world: World) -> None:
        for number in range(40):
            place(world, f"town{number}", str(10 + number / 1000), "10")
        place(world, "far east", "11", "60")
        place(world, "far north", "60", "11")

    with a_world(tmp_path_factory.mktemp("crowd"), crowd) as world:
        query = {"expression": "has:location", "sort": "map", "limit": 4}
        found = world.found(query)
        assert len(found) == 4
        assert {"far east", "far north"} < set(found)
        assert world.found(query) == found
