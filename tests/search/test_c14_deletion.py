"""What is deleted, what is deleted no longer, and what is again: now, and after starting anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .world import STRANGER_KEY, World, a_world

ALIVE = ("alive", "undeleted", "deleted by a stranger", "undeleted twice")
DEAD = ("deleted", "deleted again", "deleted by two")
SHARES = {
    "share": True,
    "revoked share": False,
    "restored share": True,
    "revoked again": False,
}
TITLES = {
    # The title of what has a claim `later` behind `first`, by what became of it.
    "kept": "later",
    "deleted claim": "first",
    "undeleted claim": "later",
    "claim deleted again": "first",
}


def fill(world: World) -> None:
    world.put(STRANGER_KEY.public.blob)
    world.put(b"shared bytes", "bytes")
    for number, name in enumerate((*ALIVE, *DEAD)):
        world.thing(name, f"2020-01-0{number + 1}", tag=["thing"], camliRoot=name)
    world.thing("parent", "2020-01-10", camliMember=[f"@{name}" for name in (*ALIVE, *DEAD)])
    for name in DEAD[:2]:
        world.set(name, "camliPath:up", "@parent", "2020-01-11")

    def kill(target: str, times: int, day: int) -> None:
        for number in range(times):
            name = f"{target}, delete {number + 1}"
            world.delete(target, f"2020-02-{day:02}", name=name)
            target = name

    kill("deleted", 1, 1)
    kill("undeleted", 2, 2)
    kill("deleted again", 3, 3)
    kill("undeleted twice", 4, 4)
    world.delete("deleted by a stranger", "2020-02-05", key=STRANGER_KEY)
    world.delete("deleted by two", "2020-02-06", name="one of two")
    world.delete("deleted by two", "2020-02-07", name="other of two")
    world.delete("one of two", "2020-02-08")
    for times, name in enumerate(TITLES):
        world.permanode(name)
        world.set(name, "title", "first", "2020-03-01")
        world.set(name, "title", "later", f"2020-03-0{times + 2}", name=f"later of {name}")
        kill(f"later of {name}", times, 9)
    for times, name in enumerate(SHARES):
        world.share("bytes", f"2020-04-0{times + 1}", name=name)
        kill(name, times, 9)


@pytest.fixture(scope="module", params=["as it is", "after a restart", "after reindexing"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("deletion"), fill) as made:
        if request.param == "after a restart":
            made.restart()
            made.restart()
        if request.param == "after reindexing":
            made.reindex()
        yield made


SORTS = ("-created", "created", "-mod", "mod", "blobref", "unsorted", "map")


@pytest.mark.parametrize("sort", SORTS)
def test_no_search_finds_what_is_deleted(world: World, sort: str) -> None:
    """Perkeep's does, unless it goes by `-created` or `-mod`."""
    for constraint in (
        {"permanode": {"attr": "tag", "value": "thing"}},
        {"permanode": {"attr": "tag", "valueMatches": {"hasPrefix": "th"}}},
        {"permanode": {"relation": {"relation": "parent", "any": {"blobRefPrefix": "@parent"}}}},
    ):
        assert world.fits(constraint, sort=sort) == set(ALIVE)
    everything = world.fits({"permanode": {}}, sort=sort)
    assert everything == {*ALIVE, *TITLES, "parent"}


@pytest.mark.parametrize(
    "constraint", [{"anything": True}, {"anyCamliType": True}, {"camliType": "permanode"}]
)
def test_nor_does_one_for_blobs_of_any_kind(world: World, constraint: dict[str, Any]) -> None:
    found = world.fits(constraint, sort="blobref")
    assert not found & set(DEAD)
    assert found >= set(ALIVE)


def test_nor_is_it_found_by_its_ref(world: World) -> None:
    for name in DEAD:
        assert world.fits({"blobRefPrefix": f"@{name}"}) == set()
        assert world.found(f"ref:{world[name]}") == []
    for name in ALIVE:
        assert world.fits({"blobRefPrefix": f"@{name}"}) == {name}


def test_nor_by_what_it_contains(world: World) -> None:
    child = {"relation": "child", "any": {"blobRefPrefix": "@parent"}}
    assert world.fits({"permanode": {"relation": child}}) == set()


def test_what_is_deleted_is_described_all_the_same(world: World) -> None:
    for name in (*ALIVE, *DEAD):
        found = world.describe({"blobref": f"@{name}"})[name]["permanode"]
        assert found["attr"]["tag"] == ["thing"]


def test_what_is_deleted_is_not_recent(world: World) -> None:
    recent = world.in_names(world.get("recent", n="1000")["recent"])
    assert {one["blobref"] for one in recent} == {*ALIVE, *TITLES, "parent"}


def test_what_is_deleted_is_not_looked_up_by_value(world: World) -> None:
    found = world.get("permanodeattr", attr="tag", value="thing", max="100")["withAttr"]
    assert {world.name(one["permanode"]) for one in found} == set(ALIVE)
    signer = world.key
    for name in ALIVE:
        found = world.get("signerattrvalue", signer=signer, attr="camliRoot", value=name)
        assert world.name(found["permanode"]) == name
    for name in DEAD:
        params = {"signer": signer, "attr": "camliRoot", "value": name}
        assert world.ask("GET", "signerattrvalue", params=params).status >= 400


def test_what_is_deleted_is_at_the_end_of_no_edge_or_path(world: World) -> None:
    found = world.get("signerpaths", signer=world.key, target="@parent")
    assert found["paths"] is None


def test_the_delete_of_a_permanode_is_a_claim_about_it(world: World) -> None:
    found = world.in_names(world.get("claims", permanode="@deleted")["claims"])
    assert [one["type"] for one in found][-1] == "delete"
    assert found[-1]["blobref"] == "deleted, delete 1"
    assert not {"attr", "value"} & found[-1].keys()
    undeleted = world.get("claims", permanode="@undeleted")["claims"]
    assert all(one["type"] != "delete" for one in undeleted)
    again = world.in_names(world.get("claims", permanode="@deleted again")["claims"])
    assert again[-1]["blobref"] == "deleted again, delete 1"


@pytest.mark.parametrize(("name", "title"), TITLES.items())
def test_a_deleted_claim_does_not_count(world: World, name: str, title: str) -> None:
    """In searches, Perkeep counts it."""
    for each in ("first", "later"):
        found = world.fits({"permanode": {"attr": "title", "value": each}})
        assert (name in found) == (each == title)
        assert (name in world.found(f"attr:title:{each}")) == (each == title)
        early = {"permanode": {"attr": "title", "value": each, "at": "2020-03-08T00:00:00Z"}}
        assert (name in world.fits(early)) == (each == title)
    described = world.describe({"blobref": f"@{name}"})[name]["permanode"]
    assert described["attr"] == {"title": [title]}
    claims = world.get("claims", permanode=f"@{name}")["claims"]
    expected = ["first"] if title == "first" else ["first", "later"]
    assert [one["value"] for one in claims] == expected


def test_a_deleted_claim_changed_nothing(world: World) -> None:
    recent = world.in_names(world.get("recent", n="1000")["recent"])
    changed = {one["blobref"]: one["modtime"] for one in recent}
    assert changed["deleted claim"] == changed["claim deleted again"] == "2020-03-01T00:00:00Z"
    assert changed["kept"] == "2020-03-02T00:00:00Z"
    assert changed["undeleted claim"] == "2020-03-04T00:00:00Z"
    early = {"before": "2020-03-01T00:00:01Z", "after": "2020-03-01T00:00:00Z"}
    found = world.fits({"permanode": {"modTime": early}})
    assert found == {"deleted claim", "claim deleted again"}


def test_a_deleted_claim_is_looked_up_by_no_value(world: World) -> None:
    found = world.get("permanodeattr", attr="title", value="later")["withAttr"]
    assert {world.name(one["permanode"]) for one in found} == {"kept", "undeleted claim"}


@pytest.mark.parametrize(("name", "is_open"), SHARES.items())
def test_a_revoked_share_stays_revoked(world: World, name: str, is_open: bool) -> None:
    """Perkeep opens it again when it is started anew."""
    chain = f"via={world[name]}"
    answer = world.client.ask("GET", f"/share/{world['bytes']}", params=chain)
    assert answer.status == (200 if is_open else 401)
    assert world.client.ask("GET", f"/share/{world[name]}").status == answer.status


def test_deleting_goes_on_as_it_went(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each delete takes effect at once, also on what was deleted before a restart."""
    with a_world(tmp_path_factory.mktemp("chain")) as world:
        world.thing("node", "2020-01-01", tag=["x"])
        target = "node"
        for times in range(1, 7):
            name = f"delete {times}"
            world.delete(target, "2020-01-02", name=name)
            target = name
            expected = [] if times % 2 else ["node"]
            assert world.found("tag:x") == expected
            world.restart()
            assert world.found("tag:x") == expected
            if times % 3 == 0:
                world.reindex()
                assert world.found("tag:x") == expected


def test_a_delete_may_come_before_what_it_deletes(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with (
        a_world(tmp_path_factory.mktemp("there")) as there,
        a_world(tmp_path_factory.mktemp("here")) as here,
    ):
        there.thing("node", "2020-01-01", tag=["x"])
        there.delete("node", "2020-01-02", name="delete")
        here.put(there.blobs[there["delete"]], "delete")
        here.restart()
        for ref, data in there.blobs.items():
            here.put(data, "node" if ref == there["node"] else "")
        assert here.found("tag:x") == []
        assert here.fits({"anything": True}, sort="blobref") >= {"delete"}
        here.restart()
        assert here.found("tag:x") == []
