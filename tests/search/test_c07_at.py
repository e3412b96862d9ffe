"""Searches as of a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .world import World, a_world


def fill(world: World) -> None:
    world.permanode("node")
    world.set("node", "title", "one", "2020-01-01")
    world.set("node", "title", "two", "2020-02-01")
    world.remove("node", "title", "", "2020-03-01")
    world.add("node", "title", "three", "2020-04-01")
    world.thing("child", "2020-01-05", tag=["small"])
    world.thing("parent", "2020-01-02", tag=["large"])
    world.add("parent", "camliMember", "@child", "2020-02-02")
    world.remove("parent", "camliMember", "@child", "2020-04-02")
    world.set("parent", "camliPath:x", "@child", "2020-05-02")
    world.thing("shy", "2020-01-03", tag=["shy"])
    world.set("shy", "camliDefVis", "hide", "2020-02-03")
    world.remove("shy", "camliDefVis", "", "2020-03-03")
    world.thing("place", "2020-01-04", tag=["place"])
    world.set("place", "latitude", "10", "2020-02-04")
    world.set("place", "longitude", "20", "2020-02-04")
    world.set("place", "latitude", "50", "2020-03-04")
    world.permanode("undone")
    world.set("undone", "title", "kept", "2020-01-06")
    world.set("undone", "title", "undone", "2020-01-07", name="undone claim")
    world.delete("undone claim", "2020-09-01")
    world.thing("later", "2090-01-01", tag=["later"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("at"), fill) as made:
        yield made


def at(date: str | None, **constraint: Any) -> dict[str, Any]:
    time = date if date is None or "T" in date else f"{date}T00:00:00Z"
    return {"permanode": {"at": time, **constraint}}


@pytest.mark.parametrize(
    ("date", "title"),
    [
        ("2019-12-31T23:59:59Z", None),
        ("2020-01-01", "one"),
        ("2020-01-31T23:59:59.999999999Z", "one"),
        ("2020-02-01", "two"),
        ("2020-02-01T01:00:00+01:00", "two"),
        ("2020-02-01T00:00:00+01:00", "one"),
        ("2020-03-01", None),
        ("2020-04-01", "three"),
        ("2099-01-01", "three"),
        (None, "three"),
    ],
)
def test_a_value_is_that_of_the_time(world: World, date: str | None, title: str | None) -> None:
    for each in ("one", "two", "three"):
        expected = {"node"} if each == title else set()
        assert world.fits(at(date, attr="title", value=each)) == expected
    number = {"zeroMax": True} if title is None else {"min": 1}
    assert "node" in world.fits(at(date, attr="title", numValue=number))


def test_what_began_later_has_no_values_yet(world: World) -> None:
    assert world.fits(at("2019-01-01", attr="tag", valueMatches={})) == set()
    assert world.fits(at("2020-01-02", attr="tag", valueMatches={})) == {"parent"}


def test_claims_of_the_future_count_where_no_time_is_given(world: World) -> None:
    assert world.fits(at(None, attr="tag", value="later")) == {"later"}
    assert world.fits(at("2080-01-01", attr="tag", value="later")) == set()


def test_a_deletion_has_no_time(world: World) -> None:
    assert world.fits(at("2020-03-01", attr="title", value="undone")) == set()
    assert world.fits(at("2020-03-01", attr="title", value="kept")) == {"undone"}


@pytest.mark.parametrize(
    ("date", "is_child"),
    [
        ("2020-02-01", False),
        ("2020-02-02", True),
        ("2020-04-01", True),
        ("2020-04-02", False),
        ("2020-05-02", True),
        (None, True),
    ],
)
def test_relations_are_those_of_the_time(world: World, date: str | None, is_child: bool) -> None:
    up = {"relation": "parent", "any": {"blobRefPrefix": "@parent"}}
    down = {"relation": "child", "any": {"blobRefPrefix": "@child"}}
    for every in ("any", "all"):
        up_too, down_too = ({**it, every: it["any"]} for it in (up, down))
        if every == "all":
            del up_too["any"], down_too["any"]
        assert world.fits(at(date, relation=up_too)) == ({"child"} if is_child else set())
        assert world.fits(at(date, relation=down_too)) == ({"parent"} if is_child else set())


def test_a_kind_of_edge_is_looked_for_as_of_the_time(world: World) -> None:
    def members(date: str, edge: str) -> set[str]:
        child = {"relation": "child", "edgeType": edge, "any": {"blobRefPrefix": "@child"}}
        return world.fits(at(date, relation=child))

    assert members("2020-03-01", "camliMember") == {"parent"}
    assert members("2020-03-01", "camliPath:x") == set()
    assert members("2020-06-01", "camliMember") == set()
    assert members("2020-06-01", "camliPath:x") == {"parent"}


@pytest.mark.parametrize(
    ("date", "is_hidden"),
    [("2020-01-03", False), ("2020-02-03", True), ("2020-03-03", False), (None, False)],
)
def test_what_is_hidden_is_so_at_a_time(world: World, date: str | None, is_hidden: bool) -> None:
    found = world.fits(at(date, skipHidden=True, attr="tag", value="shy"))
    assert found == (set() if is_hidden else {"shy"})


@pytest.mark.parametrize(
    ("date", "latitude"), [("2020-01-04", None), ("2020-02-04", 10), ("2020-03-04", 50)]
)
def test_locations_are_those_of_the_time(world: World, date: str, latitude: int | None) -> None:
    assert world.fits(at(date, location={"any": True})) == (
        set() if latitude is None else {"place"}
    )
    for each in (10, 50):
        box = {"north": each + 1, "south": each - 1, "west": 19, "east": 21}
        expected = {"place"} if each == latitude else set()
        assert world.fits(at(date, location=box)) == expected


def test_the_times_of_what_is_found_are_those_of_now(world: World) -> None:
    early = {"before": "2020-03-15T00:00:00Z"}
    assert "node" not in world.fits(at("2020-02-01", modTime=early))
    assert "node" not in world.fits(at("2020-02-01", time=early))
    found = world.found({"constraint": at("2020-02-01", attr="title", valueMatches={})})
    # The time of `node` is its last change, in April.
    assert found == ["node", "undone"]


def test_a_time_holds_for_its_own_constraint_alone(world: World) -> None:
    then = at("2020-01-15", attr="title", value="one")
    now = {"permanode": {"attr": "title", "value": "three"}}
    assert world.fits({"logical": {"op": "and", "a": then, "b": now}}) == {"node"}
