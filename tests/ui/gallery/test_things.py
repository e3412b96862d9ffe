"""One thing: what the page of it is told."""

from __future__ import annotations

import pytest

from ...search.pictures import picture
from ...search.world import STRANGER_KEY, World
from .conftest import Gallery

MARKUP = "<script>alert(1)</script>"


def facts(gallery: Gallery, ref: str) -> dict[str, str]:
    return {one["label"]: one["value"] for one in gallery.get("thing", ref=ref)["facts"]}


def values(thing: object) -> dict[str, list[str]]:
    assert isinstance(thing, dict)
    return {one["name"]: one["values"] for one in thing["attributes"]}


def test_a_thing_has_attributes_and_a_history_of_them(world: World, gallery: Gallery) -> None:
    world.thing("a", "2020-01-01", title=MARKUP, tag="x")
    thing = gallery.get("thing", ref="@a")
    assert thing["type"] == "permanode"
    assert not thing["deleted"]
    assert thing["item"]["title"] == MARKUP
    assert values(thing) == {"title": [MARKUP], "tag": ["x"]}
    said = {(one["act"], one["attribute"], one["value"]) for one in thing["history"]}
    assert said == {("set", "title", MARKUP), ("set", "tag", "x")}
    assert not any(one["undone"] or one["stranger"] for one in thing["history"])


def test_history_goes_back_from_what_was_said_last(world: World, gallery: Gallery) -> None:
    world.permanode("a")
    world.set("a", "title", "old", "2020-01-01", name="first")
    world.add("a", "tag", "x", "2020-01-02")
    world.remove("a", "tag", "x", "2020-01-03")
    undone = world.set("a", "title", "wrong", "2020-01-04", name="undone")
    world.delete("undone", "2020-01-05")
    world.put(STRANGER_KEY.public.blob)
    world.set("a", "title", "evil", "2020-01-06", key=STRANGER_KEY)
    world.delete("a", "2020-01-08", name="deleted")
    thing = gallery.get("thing", ref="@a")
    acts = [(one["act"], one["value"], one["undone"], one["stranger"]) for one in thing["history"]]
    assert acts == [
        ("delete", "", False, False),
        ("set", "evil", False, True),
        ("set", "wrong", True, False),
        ("del", "x", False, False),
        ("add", "x", False, False),
        ("set", "old", False, False),
    ]
    assert thing["deleted"]
    assert thing["history"][2]["claim"] == undone
    world.delete("deleted", "2020-01-09")
    back = gallery.get("thing", ref="@a")
    assert (back["deleted"], back["history"][0]["undone"]) == (False, True)
    assert values(back) == {"title": ["old"]}


def test_all_of_a_history_is_walked_page_by_page(world: World, gallery: Gallery) -> None:
    world.permanode("a")
    for number in range(7):
        world.add("a", "tag", f"{number}", "2020-01-01")
    world.delete("a", "2020-01-01")
    whole = gallery.get("history", ref="@a")
    assert (len(whole["history"]), whole["next"]) == (8, None)
    found, more = [], {}
    while True:
        page = gallery.get("history", ref="@a", limit=3, **more)
        found += page["history"]
        if page["next"] is None:
            break
        more = {"from": page["next"]}
    assert found == whole["history"]
    for token in ("x", "|", "0|sha1-x", f"{'f' * 18}|"):
        assert "token" in gallery.refused("history", ref="@a", **{"from": token})["error"]


def test_a_long_history_is_told_in_part(world: World, gallery: Gallery) -> None:
    world.permanode("a")
    for number in range(205):
        world.add("a", "tag", f"{number}", "2020-01-01")
    thing = gallery.get("thing", ref="@a")
    assert len(thing["history"]) == 200
    rest = gallery.get("history", ref="@a", **{"from": thing["earlier"]})
    assert (len(rest["history"]), rest["next"]) == (5, None)


def test_a_thing_is_seen_as_it_was(world: World, gallery: Gallery) -> None:
    world.file("old.jpg", picture(20, 10, model="Old camera"))
    world.file("new.jpg", picture(10, 20, model="New camera"))
    world.permanode("a")
    world.set("a", "title", "first", "2020-01-01", name="first")
    world.set("a", "camliContent", "@old.jpg", "2020-01-01T00:00:01")
    world.set("a", "latitude", "10", "2020-01-01T00:00:02")
    world.set("a", "longitude", "20", "2020-01-01T00:00:02")
    world.set("a", "camliPath:x", "@new.jpg", "2020-01-01T00:00:03")
    world.set("a", "title", "second", "2021-01-01")
    world.set("a", "camliContent", "@new.jpg", "2021-01-01")
    world.remove("a", "camliPath:x", "@new.jpg", "2021-01-01")
    world.settle()
    now = gallery.get("thing", ref="@a")
    assert values(now)["title"] == ["second"]
    assert values(now)["camera"] == ["New camera"]
    assert "camliPath:x" not in values(now)
    then = gallery.get("thing", ref="@a", at="2020-06-01T00:00:00Z")
    assert values(then)["title"] == ["first"]
    assert values(then)["camera"] == ["Old camera"]
    assert values(then)["camliPath:x"] == [world["new.jpg"]]
    assert then["place"] == {"latitude": 10, "longitude": 20}
    assert (then["item"]["title"], then["item"]["width"]) == ("first", 20)
    before = gallery.get("thing", ref="@a", at="2019-01-01T00:00:00Z")
    assert before["attributes"] == []
    # Each moment of its history is one at which what was said then counts.
    first = next(one for one in now["history"] if one["claim"] == world["first"])
    assert values(gallery.get("thing", ref="@a", at=first["date"])) == {"title": ["first"]}


def test_what_was_in_a_set_is_told_with_what_was_said_of_it(world: World, gallery: Gallery) -> None:
    for name in ("a", "b", "c"):
        world.thing(name, "2019-01-01", tag=name)
    world.thing("set", "2020-01-01", title="s")
    world.add("set", "camliMember", "@a", "2020-02-01")
    world.add("set", "camliMember", "sha224-" + "0" * 56, "2020-02-01")
    world.add("set", "camliMember", "@b", "2020-02-02")
    world.add("set", "camliPath:c", "@c", "2020-02-02")
    world.remove("set", "camliMember", "@a", "2020-03-01")
    world.settle()

    def then(at: str) -> tuple[str, object, list[str]]:
        thing = gallery.get("thing", ref="@set", at=f"{at}T12:00:00Z")
        names = [world.name(item["ref"]) for item in thing["members"]]
        return thing["item"]["kind"], thing["item"]["count"], sorted(names)

    assert then("2019-12-01") == ("other", None, [])
    assert then("2020-01-01") == ("set", 0, [])
    assert then("2020-02-01") == ("set", 2, ["a"])
    assert then("2020-02-02") == ("set", 4, ["a", "b"])
    assert then("2020-03-01") == ("set", 3, ["b"])
    assert gallery.get("thing", ref="@set")["members"] is None


def test_what_is_of_a_file_that_is_not_here_is_no_set(world: World, gallery: Gallery) -> None:
    world.thing("it", "2020-01-01", title="t", camliContent="sha224-" + "0" * 56)
    for more in ({}, {"at": "2020-01-02T00:00:00Z"}):
        item = gallery.get("thing", ref="@it", **more)["item"]
        assert (item["kind"], item["count"], item["content"]) == ("other", None, None)


def test_of_many_members_it_had_some_are_told(world: World, gallery: Gallery) -> None:
    world.permanode("set")
    for number in range(101):
        world.permanode(f"m{number}")
        world.add("set", "camliMember", f"@m{number}", "2020-01-01")
    thing = gallery.get("thing", ref="@set", at="2020-01-01T12:00:00Z")
    assert (len(thing["members"]), thing["cut"], thing["item"]["count"]) == (100, ["members"], 101)


def test_what_its_content_says_is_marked_and_told_as_facts(world: World, gallery: Gallery) -> None:
    photo = picture(
        40, 20, taken="2015:06:07 10:20:30", place=(48.8584, 2.2945), make="Acme", model="X1"
    )
    world.file("photo.jpg", photo, modified="2016-01-01")
    world.thing("a", "2020-01-01T12:00:00", camliContent="@photo.jpg")
    world.settle()
    thing = gallery.get("thing", ref="@a")
    derived = {one["name"]: one["derived"] for one in thing["attributes"]}
    assert derived == {"camliContent": False, "camera": True}
    assert thing["place"] == {
        "latitude": pytest.approx(48.8584),
        "longitude": pytest.approx(2.2945),
    }
    assert facts(gallery, "@a") == {
        "Name": "photo.jpg",
        "Size": f"{len(photo)} bytes",
        "Type": "image/jpeg",
        "Dimensions": "40 \N{MULTIPLICATION SIGN} 20",
        "Taken": "2015-06-07 08:20:30 UTC",
        "Camera": "Acme X1",
        "File changed": "2016-01-01 00:00:00 UTC",
        "Place": "48.8584° N, 2.2945° E",
        "Added": "2020-01-01 12:00:00 UTC",
    }
    assert facts(gallery, "@photo.jpg")["Camera"] == "Acme X1"


def test_folders_sets_and_data_have_facts_too(world: World, gallery: Gallery) -> None:
    world.file("a.txt", b"x" * 1234)
    world.folder("inner", ["a.txt"])
    world.folder("outer", ["inner"])
    world.thing("set", "2020-01-01", title="s", camliMember=["@a.txt"])
    world.put(b"data" * 300, "data")
    world.settle()
    assert facts(gallery, "@outer") == {
        "Size": "1.2 kB (1,234 bytes)",
        "Files in all": "1",
        "Members": "1",
    }
    assert facts(gallery, "@set")["Members"] == "1"
    assert facts(gallery, "@data") == {"Size": "1.2 kB (1,200 bytes)"}
    assert gallery.get("thing", ref="@data")["type"] == "data"
    assert gallery.get("thing", ref="@outer")["type"] == "directory"


def test_what_is_around_a_thing(world: World, gallery: Gallery) -> None:
    world.file("a.txt", b"a")
    world.folder("folder", ["a.txt"])
    world.thing("person", "2020-01-01", title="Ann")
    world.thing("it", "2020-01-01", camliContent="@a.txt", author="@person")
    world.thing("reply", "2020-01-01", title="Re", about="@it")
    world.thing("former", "2020-01-01", about="@it")
    world.set("former", "about", "nothing", "2020-01-02")
    world.thing("set", "2020-01-01", title="s", camliMember=["@it"], camliPath_x="@it")
    world.thing("gone", "2020-01-01", title="s", camliMember=["@it"], about="@it")
    world.delete("gone", "2020-01-02")
    world.settle()
    thing = gallery.get("thing", ref="@it")
    assert [world.name(item["ref"]) for item in thing["parents"]] == ["set"]
    assert [world.name(item["ref"]) for item in thing["folders"]] == ["folder"]
    references = [
        (world.name(one["ref"]), one["by"], one["outgoing"]) for one in thing["references"]
    ]
    assert references == [("person", "author", True), ("reply", "about", False)]
    assert values(thing) == {"camliContent": [world["a.txt"]], "author": [world["person"]]}
    of_file = gallery.get("thing", ref="@a.txt")["references"]
    assert [(world.name(one["ref"]), one["by"]) for one in of_file] == [("it", "camliContent")]


def test_its_shares_are_told_with_their_state(world: World, gallery: Gallery) -> None:
    world.file("a.txt", b"a")
    world.thing("it", "2020-01-01", camliContent="@a.txt")
    world.share("it", "2020-01-02", name="open")
    world.share("a.txt", "2020-01-03", name="ended")
    world.delete("ended", "2020-01-04")
    world.settle()
    shares = gallery.get("thing", ref="@it")["shares"]
    assert [(world.name(one["claim"]), one["state"]) for one in shares] == [
        ("ended", "revoked"),
        ("open", "open"),
    ]


def test_thousands_around_it_are_told_in_part(world: World, gallery: Gallery) -> None:
    world.thing("it", "2020-01-01", title="popular")
    for number in range(102):
        world.permanode(f"s{number}")
        world.add(f"s{number}", "camliMember", "@it", "2020-01-01")
        world.permanode(f"r{number}")
        world.set(f"r{number}", "about", "@it", "2020-01-01")
        world.add("it", f"camliPath:{number}", f"@r{number}", "2020-01-01")
    thing = gallery.get("thing", ref="@it")
    assert (len(thing["parents"]), len(thing["references"])) == (100, 200)
    assert sorted(thing["cut"]) == ["parents", "references"]


def test_a_large_value_is_told_whole_and_its_history_in_part(
    world: World, gallery: Gallery
) -> None:
    world.thing("it", "2020-01-01", description="d" * 500_000)
    world.set("it", "description", "d" * 2000, "2020-01-02")
    thing = gallery.get("thing", ref="@it", at="2020-01-01T12:00:00Z")
    assert values(thing)["description"] == ["d" * 500_000]
    assert [(len(one["value"]), one["cut"]) for one in thing["history"]] == [
        (2000, False),
        (2000, True),
    ]


def test_one_way_leads_down_to_a_thing(world: World, gallery: Gallery) -> None:
    world.file("a.txt", b"a")
    world.folder("inner", ["a.txt"])
    world.folder("outer", ["inner"])
    world.thing("kept", "2020-01-01", camliContent="@outer")
    world.thing("top", "2020-01-01", title="Top", camliMember=["@kept"])
    world.thing("it", "2020-01-01", camliContent="@a.txt")
    world.settle()

    def way(ref: str) -> list[str]:
        return [world.name(item["ref"]) for item in gallery.get("crumbs", ref=ref)["crumbs"]]

    assert way("@a.txt") == ["top", "kept", "inner", "a.txt"]
    assert way("@it") == ["top", "kept", "inner", "it"]
    assert way("@outer") == ["top", "outer"]
    assert way("@top") == ["top"]
    assert way("sha224-" + "0" * 56) == []


def test_sets_that_are_in_one_another_are_met_once(world: World, gallery: Gallery) -> None:
    world.thing("a", "2020-01-01", title="A")
    world.thing("b", "2020-01-01", title="B", camliMember=["@a"])
    world.add("a", "camliMember", "@b", "2020-01-02")
    world.thing("self", "2020-01-01", title="Self")
    world.add("self", "camliMember", "@self", "2020-01-02")
    world.settle()
    assert gallery.names("members", ref="@a") == ["b"]
    for name, way in {"a": ["b", "a"], "b": ["a", "b"], "self": ["self"]}.items():
        crumbs = gallery.get("crumbs", ref=f"@{name}")["crumbs"]
        assert [world.name(item["ref"]) for item in crumbs] == way
    thing = gallery.get("thing", ref="@self")
    assert [world.name(item["ref"]) for item in thing["parents"]] == ["self"]
    assert thing["references"] == []


def test_a_very_long_way_is_cut(world: World, gallery: Gallery) -> None:
    world.permanode("s0")
    world.set("s0", "title", "0", "2020-01-01")
    for number in range(1, 40):
        world.permanode(f"s{number}")
        world.add(f"s{number}", "camliMember", f"@s{number - 1}", "2020-01-01")
    assert len(gallery.get("crumbs", ref="@s0")["crumbs"]) == 30


def test_what_is_not_here_is_told_so(gallery: Gallery) -> None:
    missing = "sha224-" + "0" * 56
    answer = gallery.ask("thing", ref=missing)
    assert answer.status == 404
    assert "error" in answer.json
    assert "ref" in gallery.refused("thing", ref="nonsense")["error"]
    assert "at" in gallery.refused("thing", ref=missing, at="yesterday")["error"]
