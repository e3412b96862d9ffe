"""The time of a permanode: what it is taken from, one source before the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .pictures import picture
from .world import World, a_world

CONTENT = {"camliContent": "@photo.jpg"}
SOURCES: list[tuple[str, dict[str, str], str]] = [
    # In the order in which they count: each node has one source less.
    ("due", {"paymentDueDate": "2001-01-01T00:00:00Z"}, "2001-01-01T00:00:00Z"),
    ("start", {"startDate": "2002-01-01T00:00:00Z"}, "2002-01-01T00:00:00Z"),
    ("created", {"dateCreated": "2003-01-01T00:00:00Z"}, "2003-01-01T00:00:00Z"),
    ("taken", CONTENT, "2004-01-01T11:00:00Z"),
    ("published", {"datePublished": "2005-01-01T00:00:00Z"}, "2005-01-01T00:00:00Z"),
    ("modified", {"dateModified": "2006-01-01T00:00:00Z"}, "2006-01-01T00:00:00Z"),
]


def fill(world: World) -> None:
    # Noon in Paris, by its place.
    photo = picture(40, 30, taken="2004:01:01 12:00:00", place=(48.8584, 2.2945))
    world.file("photo.jpg", photo, modified="2019-01-01")
    world.file("timeless.txt", b"no time at all")
    world.file("new york.jpg", picture(4, 3, taken="2016:01:02 03:04:05", place=(40.7, -74.0)))
    world.file(
        "twice.jpg",
        picture(8, 6, taken="2016:01:02 03:04:05", place=(40.7, -74.0)),
        modified="2015-01-01",
    )
    world.file(
        "epoch.jpg",
        picture(8, 4, taken="2016:01:02 03:04:05", place=(40.7, -74.0)),
        modified="1980-01-01",
    )
    world.file("old.txt", b"from before computers", modified="1901-01-01")
    for number, (name, _, _) in enumerate(SOURCES):
        rest: dict[str, str] = {}
        for _, attributes, _ in SOURCES[number:]:
            rest.update(attributes)
        world.thing(name, f"2021-01-0{number + 1}", **rest)
    world.thing("timeless", "2021-02-01", camliContent="@timeless.txt")
    world.set("timeless", "title", "changed since", "2021-02-09")
    world.thing("plain", "2021-02-02", title="no content")
    world.set("plain", "title", "changed since", "2021-02-08")
    world.thing("added", "2021-02-03", camliContent=["@photo.jpg"])
    world.add("added", "tag", "changed since", "2021-02-07")
    world.thing("cleared", "2021-02-04", **CONTENT)
    world.remove("cleared", "camliContent", "", "2021-02-06")
    world.thing("cleared of another", "2021-03-01", **CONTENT)
    world.remove("cleared of another", "camliContent", "@timeless.txt", "2021-03-02")
    world.thing("bad date", "2021-03-03", startDate="in spring", dateCreated="1999-01-01T00:00:00Z")
    world.thing("not there", "2021-03-04", camliContent="sha224-" + "0" * 56)
    world.thing("zone", "2021-03-05", startDate="2010-01-01T00:00:00+05:00")
    world.thing("new york", "2021-03-06", camliContent="@new york.jpg")
    world.thing("twice", "2021-03-07", camliContent="@twice.jpg")
    world.thing("epoch", "2021-03-08", camliContent="@epoch.jpg")
    world.thing("old", "2021-03-09", camliContent="@old.txt")
    world.thing("ancient", "2021-03-10", startDate="0044-03-15T12:00:00Z")
    world.thing("deleted change", "2021-03-11", title="one")
    world.set("deleted change", "title", "two", "2021-03-20", name="change")
    world.delete("change", "2021-03-21")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("times"), fill) as made:
        yield made


TIMES = [
    *((name, time) for name, _, time in SOURCES),
    # The date of the claim that set the content.
    ("timeless", "2021-02-01T00:00:00Z"),
    ("plain", "2021-02-08T00:00:00Z"),
    # Content that was added, not set, gives no time; nor does what was taken away.
    ("added", "2021-02-07T00:00:00Z"),
    ("cleared", "2021-02-06T00:00:00Z"),
    ("cleared of another", "2021-03-02T00:00:00Z"),
    ("bad date", "1999-01-01T00:00:00Z"),
    ("not there", "2021-03-04T00:00:00Z"),
    ("zone", "2009-12-31T19:00:00Z"),
    ("new york", "2016-01-02T08:04:05Z"),
    ("twice", "2015-01-01T00:00:00Z"),
    # A clock that was never set.
    ("epoch", "2016-01-02T08:04:05Z"),
    ("old", "1901-01-01T00:00:00Z"),
    ("ancient", "0044-03-15T12:00:00Z"),
    ("deleted change", "2021-03-11T00:00:00Z"),
]


@pytest.mark.parametrize(("name", "time"), TIMES)
def test_the_first_source_that_is_there_counts(world: World, name: str, time: str) -> None:
    just_after = f"{time[:-1]}.000000001Z"
    for key in ("before", "after"):
        fits = world.fits({"permanode": {"time": {key: time}}})
        fits_after = world.fits({"permanode": {"time": {key: just_after}}})
        assert (name in fits, name in fits_after) == {
            "before": (False, True),
            "after": (True, False),
        }[key]


def test_things_are_listed_by_that_time(world: World) -> None:
    by_time = [name for name, _ in sorted(TIMES, key=lambda pair: (pair[1], world[pair[0]]))]
    assert world.found({"constraint": {"permanode": {}}, "sort": "created"}) == by_time
    assert world.found({"constraint": {"permanode": {}}, "sort": "-created"}) == by_time[::-1]
    assert world.found("") == by_time[::-1]


CHANGES = {
    **{name: f"2021-01-0{number + 1}T00:00:00Z" for number, (name, _, _) in enumerate(SOURCES)},
    "timeless": "2021-02-09T00:00:00Z",
    "plain": "2021-02-08T00:00:00Z",
    "added": "2021-02-07T00:00:00Z",
    "cleared": "2021-02-06T00:00:00Z",
    "cleared of another": "2021-03-02T00:00:00Z",
    "bad date": "2021-03-03T00:00:00Z",
    "not there": "2021-03-04T00:00:00Z",
    "zone": "2021-03-05T00:00:00Z",
    "new york": "2021-03-06T00:00:00Z",
    "twice": "2021-03-07T00:00:00Z",
    "epoch": "2021-03-08T00:00:00Z",
    "old": "2021-03-09T00:00:00Z",
    "ancient": "2021-03-10T00:00:00Z",
    # What is deleted is no change.
    "deleted change": "2021-03-11T00:00:00Z",
}


def test_the_last_change_is_that_of_the_claims(world: World) -> None:
    assert CHANGES.keys() == {name for name, _ in TIMES}
    by_change = sorted(CHANGES, key=lambda name: (CHANGES[name], world[name]))
    query: dict[str, Any] = {"constraint": {"permanode": {}}}
    assert world.found({**query, "sort": "mod"}) == by_change
    assert world.found({**query, "sort": "-mod"}) == by_change[::-1]


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        ({"after": "2021-02-08T00:00:00Z", "before": "2021-03-01T00:00:00Z"}, "timeless plain"),
        ({"after": "2021-02-08T00:00:00Z", "before": "2021-02-08T00:00:00Z"}, ""),
        ({"before": "2021-01-02T00:00:00Z"}, "due"),
        ({"inLast": 1}, ""),
        ({"inLast": 1, "after": "2021-03-11T00:00:00Z"}, "deleted_change"),
    ],
)
def test_what_changed_when(world: World, bounds: dict[str, Any], found: str) -> None:
    expected = {name.replace("_", " ") for name in found.split()}
    assert world.fits({"permanode": {"modTime": bounds}}) == expected


def test_no_bounds_ask_for_a_time_alone(world: World) -> None:
    everything = {name for name, _ in TIMES}
    assert world.fits({"permanode": {"time": {}}}) == everything
    assert world.fits({"permanode": {"time": {"before": None, "after": ""}}}) == everything


def test_in_last_counts_nanoseconds_back_from_now(world: World) -> None:
    century = 100 * 366 * 86400 * 10**9
    found = world.fits({"permanode": {"time": {"inLast": century}}})
    assert found >= {"plain", "due", "new york"}
    assert not found & {"ancient", "old"}


def test_a_file_without_time_passes_no_test_of_times(world: World) -> None:
    files = world.fits({"file": {"time": {"after": "0002-01-01T00:00:00Z"}}})
    assert files == {"photo.jpg", "new york.jpg", "twice.jpg", "epoch.jpg", "old.txt"}
    assert "timeless.txt" not in world.fits({"file": {"time": {"before": "2100-01-01T00:00:00Z"}}})
    modified = world.fits({"file": {"modTime": {"after": "0002-01-01T00:00:00Z"}}})
    assert modified == {"photo.jpg", "twice.jpg"}
