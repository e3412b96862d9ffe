"""Boxes anywhere on Earth hold what is in them, at their borders too."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from holdfast.index.query.scalars import LocationConstraint

from .naive_things import place_fits
from .world import World, a_world

LATITUDES = (-90, -89.999, -45, -0.0001, 0, 0.0001, 11.25, 22.5, 45, 89.9, 90)
LONGITUDES = (-180, -179.9999, -90, -0.0001, 0, 0.0001, 11.25, 45, 90, 135, 179.9999, 180)


def points() -> dict[str, tuple[float, float]]:
    """Places where cells meet, and some anywhere, many of them near each other."""
    chance = random.Random(1)
    found = [(chance.choice(LATITUDES), chance.choice(LONGITUDES)) for _ in range(120)]
    for _ in range(20):
        latitude, longitude = chance.uniform(-80, 80), chance.uniform(-179, 179)
        found += [
            (round(latitude + chance.gauss(0, 0.2), 4), round(longitude + chance.gauss(0, 0.2), 4))
            for _ in range(6)
        ]
    return {f"p{number}": place for number, place in enumerate(found)}


POINTS = points()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    def fill(world: World) -> None:
        for name, (latitude, longitude) in POINTS.items():
            world.thing(name, "2020-01-01", latitude=str(latitude), longitude=str(longitude))

    with a_world(tmp_path_factory.mktemp("boxes"), fill) as made:
        yield made


def boxes() -> Iterator[LocationConstraint]:
    chance = random.Random(2)
    places = list(POINTS.values())
    for _ in range(300):
        # The borders go through places, or beside them, of which one may be both.
        (a, b), (c, d) = chance.choice(places), chance.choice(places)
        if chance.random() < 0.3:
            a, b = a + chance.uniform(-1, 1), b + chance.uniform(-1, 1)
        if chance.random() < 0.3:
            c, d = a - chance.uniform(0, 3), b + chance.uniform(0, 3)
        yield LocationConstraint(north=max(a, c), south=min(a, c), west=b, east=d)


def test_what_is_in_a_box_is_found(world: World) -> None:
    counts = []
    for box in boxes():
        asked = {name: getattr(box, name) for name in ("north", "west", "south", "east")}
        expected = {name for name, place in POINTS.items() if place_fits(box, place)}
        assert world.fits({"permanode": {"location": asked}}) == expected, asked
        counts.append(len(expected))
    assert sum(count > 0 for count in counts) > 100
