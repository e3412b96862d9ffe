"""Timelines and pages: the same things in the same order, whichever way they are asked for."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from holdfast.blobstore.ref import Ref

from ...search.fixture_a import fill_a
from ...search.fixture_b import fill_b
from ...search.pictures import picture
from ...search.world import World, a_world
from .conftest import Gallery

EXPRESSIONS = (
    "is:image",
    "-is:image",
    "is:landscape or is:portrait",
    "is:untagged",
    "has:location",
    "-(has:location or is:image)",
    "tag:funny",
    "title:a",
    "before:2016",
    "date:2014..2016 is:image",
    "format:jpg width:100-",
    "is:checkin",
)


@pytest.fixture(scope="module", params=[fill_a, fill_b], ids=["a", "b"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gallery]:
    with a_world(tmp_path_factory.mktemp("filled"), request.param) as world:
        yield Gallery(world)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """450 pictures, each of a day of its own, and all in one set."""

    def fill(world: World) -> None:
        with world.at_once():
            make(world)

    def make(world: World) -> None:
        shapes = [picture(30, 20), picture(20, 30), picture(20, 20)]
        for number, data in enumerate(shapes):
            world.file(f"f{number}", data)
        world.permanode("set")
        for number in range(450):
            name = f"p{number}"
            world.permanode(name)
            world.set(name, "camliContent", f"@f{number % 3}", "2020-01-01")
            day = f"{2000 + number // 28}-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}"
            world.set(name, "startDate", f"{day}T12:00:00Z", "2020-01-01")
            world.add("set", "camliMember", f"@{name}", "2020-01-01")

    with a_world(tmp_path_factory.mktemp("many"), fill) as world:
        yield Gallery(world)


def pages(gallery: Gallery, limit: int, **params: Any) -> list[Any]:
    """All items, page by page."""
    found: list[Any] = []
    more: dict[str, str] = {}
    for _ in range(1000):
        page = gallery.get("items", limit=limit, **params, **more)
        found += page["items"]
        if page["next"] is None:
            return found
        more = {"from": page["next"]}
    raise AssertionError("no last page")


def shapes(timeline: Any) -> list[int]:
    return list(base64.b64decode(timeline["ratios"]))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_is_found_is_what_the_search_finds(filled: Gallery, expression: str) -> None:
    query = {"expression": expression, "limit": -1, "sort": "-created"}
    searched = [found["blob"] for found in filled.world.query(query)["blobs"] or ()]
    assert [item["ref"] for item in pages(filled, 7, q=expression)] == searched
    timeline = filled.get("timeline", q=expression)
    assert (timeline["total"], timeline["whole"]) == (len(searched), True)


def test_constraints_in_json_are_asked_for_behind_raw(filled: Gallery) -> None:
    files = filled.get("items", q='raw:{"file": {"isImage": true}}', limit=1000)["items"]
    query = {"constraint": {"file": {"isImage": True}}, "limit": -1, "sort": "-created"}
    searched = [found["blob"] for found in filled.world.query(query)["blobs"] or ()]
    assert [item["ref"] for item in files] == searched
    assert filled.get("timeline", q='raw:{"file": {"isImage": true}}')["total"] == len(searched)
    assert "unknown field" in filled.refused("items", q='raw:{"fil": {}}')["error"]


def test_the_timeline_tells_of_each_item_in_turn(many: Gallery) -> None:
    items = pages(many, 100)
    timeline = many.get("timeline")
    assert timeline["total"] == len(items) == len(shapes(timeline)) == 450
    expected = {(30, 20): 147, (20, 30): 109, (20, 20): 128}
    assert shapes(timeline) == [expected[item["width"], item["height"]] for item in items]
    months: dict[str, int] = {}
    for number, item in enumerate(items):
        months.setdefault(item["time"][:7], number)
    assert timeline["months"] == [[month, first] for month, first in months.items()]


def test_every_chunk_can_be_gone_to(many: Gallery) -> None:
    items = pages(many, 1000)
    for params in ({}, {"q": "is:image"}, {"within": "@set"}):
        timeline = many.get("timeline", **params)
        assert (timeline["chunk"], len(timeline["tokens"])) == (200, 2)
        for number, token in enumerate(timeline["tokens"], start=1):
            chunk = many.get("items", limit=200, **params, **{"from": token})["items"]
            assert chunk == items[200 * number : 200 * (number + 1)]


def test_nothing_in_particular_is_all_but_sets_and_saved_searches(
    world: World, gallery: Gallery
) -> None:
    world.file("a.jpg", picture(9, 9))
    world.thing("photo", "2020-01-01", camliContent="@a.jpg", camliMember=["@a.jpg"])
    world.thing("note", "2020-01-02", title="A note")
    world.thing("set", "2020-01-03", title="Set", camliMember=["@photo"])
    world.thing("path", "2020-01-03", title="Root", camliPath_x="@photo")
    world.put(b"tag:x", "text")
    world.thing("saved", "2020-01-04", camliNamedSearch="s", camliContent="@text")
    world.thing("hidden", "2020-01-04", title="h", camliDefVis="hide")
    world.thing("gone", "2020-01-04", title="g")
    world.delete("gone", "2020-01-05")
    world.settle()
    assert sorted(gallery.names("items")) == ["note", "photo"]
    assert gallery.get("timeline")["total"] == 2
    assert sorted(gallery.names("items", q="-tag:x")) == ["note", "path", "photo", "saved", "set"]


def test_a_set_has_its_members_newest_first_and_what_is_no_permanode_last(
    world: World, gallery: Gallery
) -> None:
    world.file("loose.txt", b"x")
    world.file("other.txt", b"y")
    missing = "sha224-" + "7" * 56
    for day in (1, 2, 3):
        world.thing(f"m{day}", f"2020-01-0{day}", title=f"m{day}")
    world.thing("gone", "2020-01-04", title="gone")
    world.delete("gone", "2020-01-05")
    members = ["@loose.txt", "@m1", "@m3", "@m2", missing, "@gone", "@other.txt"]
    world.thing("set", "2020-01-01", title="s", camliMember=members, camliPath_x="@m1")
    world.settle()
    loose = world.by_ref(["loose.txt", "other.txt"])
    expected = ["m3", "m2", "m1", *loose]
    assert gallery.names("members", ref="@set") == expected
    for limit in (1, 2, 3, 4, 10):
        found = [world.name(item["ref"]) for item in pages(gallery, limit, within="@set")]
        assert found == expected
    timeline = gallery.get("timeline", within="@set")
    assert (timeline["total"], timeline["whole"]) == (5, True)
    assert timeline["months"] == [["2020-01", 0], ["", 3]]
    assert gallery.names("items", within="@set", q="title:m2") == ["m2"]


def test_sets_in_themselves_and_in_each_other_are_sets(world: World, gallery: Gallery) -> None:
    world.permanode("a")
    world.permanode("b")
    world.add("a", "camliMember", "@a", "2020-01-01")
    world.add("a", "camliMember", "@b", "2020-01-01")
    world.add("b", "camliMember", "@a", "2020-01-02")
    assert gallery.names("members", ref="@a") == ["b", "a"]
    assert gallery.item("a")["count"] == 2
    thing = gallery.get("thing", ref="@a")
    assert sorted(world.name(item["ref"]) for item in thing["parents"]) == ["a", "b"]
    crumbs = gallery.get("crumbs", ref="@a")["crumbs"]
    assert [world.name(item["ref"]) for item in crumbs] == ["b", "a"]


def test_a_folder_has_its_entries_as_people_sort_them(world: World, gallery: Gallery) -> None:
    world.file("deep", b"d")
    for name in ("img10", "IMG2", "img1", "Ähre", "zebra"):
        world.file(name, name.encode())
    for name in ("sub2", "Sub10"):
        world.folder(name, ["deep"])
    names = ["img10", "IMG2", "img1", "Ähre", "zebra", "sub2", "Sub10"]
    world.folder("folder", names)
    world.thing("holder", "2020-01-01", camliContent="@zebra", title="Striped")
    world.thing("kept", "2020-01-01", camliContent="@folder")
    world.settle()
    expected = ["sub2", "Sub10", "Ähre", "img1", "IMG2", "img10", "holder"]
    assert gallery.names("members", ref="@folder") == expected
    assert gallery.names("items", within="@kept", limit=1000) == expected
    for limit in (1, 3, 7):
        found = [world.name(item["ref"]) for item in pages(gallery, limit, within="@folder")]
        assert found == expected
    timeline = gallery.get("timeline", within="@folder")
    assert (timeline["total"], timeline["months"], timeline["tokens"]) == (7, [], [])
    assert gallery.names("items", within="@folder", q="img1") == ["img1", "img10"]


def test_what_is_missing_from_a_folder_keeps_its_place(world: World, gallery: Gallery) -> None:
    world.file("here.txt", b"x")
    world.names["lost"] = Ref("sha224-" + "9" * 56)
    world.folder("folder", ["here.txt", "lost"])
    world.settle()
    items = gallery.get("members", ref="@folder")["items"]
    assert sorted(item["kind"] for item in items) == ["document", "other"]
    assert gallery.get("timeline", within="@folder")["total"] == 2


def test_what_has_nothing_in_it_is_empty(world: World, gallery: Gallery) -> None:
    world.file("file", b"x")
    world.thing("bare", "2020-01-01", tag="x")
    world.settle()
    for ref in ("@file", "@bare", "sha224-" + "0" * 56):
        assert gallery.get("members", ref=ref) == {"items": [], "next": None}
        assert gallery.get("timeline", within=ref)["total"] == 0


def test_a_timeline_is_the_same_until_something_changes(world: World, gallery: Gallery) -> None:
    world.thing("a", "2020-01-01", title="a")
    first = gallery.get("timeline")
    assert gallery.get("timeline") == first
    world.thing("b", "2020-01-02", title="b")
    second = gallery.get("timeline")
    assert second["total"] == 2
    assert second["stamp"] != first["stamp"]
    world.delete("a", "2020-01-03")
    third = gallery.get("timeline")
    assert third["total"] == 1
    world.file("c.jpg", picture(40, 10))
    world.thing("c", "2020-01-01", camliContent="@c.jpg")
    world.settle()
    assert gallery.get("timeline", q="is:image")["total"] == 1
    assert len({first["stamp"], second["stamp"], third["stamp"]}) == 3


def test_what_was_lately_is_not_remembered(world: World, gallery: Gallery) -> None:
    world.thing("a", "2020-01-01", title="a")
    lately = 'raw:{"permanode": {"modTime": {"inLast": 1000000000000000000}}}'
    assert gallery.get("timeline", q=lately)["total"] == 1


def test_errors_say_where_in_the_expression_they_are(gallery: Gallery) -> None:
    for call in ("items", "timeline"):
        said = gallery.refused(call, q="tag:\U0001f600 (tag:b")
        assert said["position"] == 7
        assert said["error"]
        assert gallery.refused(call, q="  beach")["position"] == 2
    assert "loc" not in gallery.refused("items", q="tag:a or")


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({"from": "x"}, "token"),
        ({"from": "pn:0:x"}, "token"),
        ({"in": "x"}, "in"),
        ({"q": "raw:{"}, "JSON"),
        ({"q": "raw:[]"}, "object"),
    ],
)
def test_what_makes_no_sense_is_refused(
    gallery: Gallery, params: dict[str, str], word: str
) -> None:
    assert word in gallery.refused("items", **params)["error"]


def test_a_token_of_another_list_is_refused(world: World, gallery: Gallery) -> None:
    world.folder("folder", [])
    world.settle()
    for token in ("entry:", "entry:-1", "entry:1e3", "pn:1:x", "entry:99999999999"):
        assert "token" in gallery.refused("members", ref="@folder", **{"from": token})["error"]


def test_strangers_are_told_to_sign_in(world: World) -> None:
    answer = world.client.ask("GET", "/ui/api/items", headers={})
    assert answer.status == 401
    assert answer.json["remedy"]
    assert "basic" not in answer.headers["www-authenticate"].lower()


def test_there_are_no_other_calls_and_no_other_methods(gallery: Gallery) -> None:
    assert gallery.ask("nothing").status == 404
    posted = gallery.world.client.ask(
        "POST", "/ui/api/items", headers={"authorization": "Basic dTpw"}
    )
    assert (posted.status, posted.headers["allow"]) == (405, "GET")


def test_long_answers_are_packed_for_who_takes_that(many: Gallery) -> None:
    world = many.world
    plain = many.ask("items", limit=200)
    packed = world.client.ask(
        "GET",
        "/ui/api/items",
        params={"limit": "200"},
        headers={"authorization": "Basic dTpw", "accept-encoding": "gzip"},
    )
    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.body) * 3 < len(plain.body)
    assert plain.headers["cache-control"] == "no-store"
