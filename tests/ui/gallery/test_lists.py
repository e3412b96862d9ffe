"""Lists: suggestions, sets, tags, saved searches, and what is new, there twice, or large."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ...search.client import Answer
from ...search.world import OWNER, STRANGER_KEY, World
from .conftest import Gallery

HOSTILE = '<img src=x onerror="alert(1)">|%7C\u202e'

PAGED = (("sets", "from"), ("recent", "from"), ("duplicates", "after"), ("largest", "after"))
CALLS = ("suggest", "saved", "sets", "tags", "recent", "duplicates", "largest", "map", "land")


def walk(gallery: Gallery, call: str, token: str, limit: int = 1, **params: Any) -> list[Any]:
    """All rows of a list, page by page; none but the last may be short, and that not empty."""
    gallery.world.settle()
    member = "groups" if call == "duplicates" else "items"
    rows: list[Any] = []
    place: dict[str, str] = {}
    for _ in range(100):
        answer = gallery.get(call, limit=limit, **params, **place)
        rows += answer[member]
        if answer["next"] is None:
            assert answer[member] or not rows
            return rows
        assert len(answer[member]) == limit
        place = {token: answer["next"]}
    raise AssertionError("no last page")


def in_names(world: World, rows: list[Any]) -> list[str]:
    return [world.name(row["ref"]) for row in rows]


def test_sets_come_newest_changed_first_and_by_words_of_their_titles(
    world: World, gallery: Gallery
) -> None:
    world.thing("photo", "2020-01-01", tag="x")
    world.thing("old", "2020-01-02", title="Summer at sea", camliMember=["@photo"])
    world.thing("empty", "2020-01-03", title="Winter")
    world.thing("evil", "2020-01-04", title=HOSTILE, camliMember=["@photo"])
    world.thing("gone", "2020-01-05", title="Summer gone", camliMember=["@photo"])
    world.delete("gone", "2020-01-06")
    answer = gallery.get("sets")
    assert gallery.names("sets") == ["evil", "empty", "old"]
    assert answer["items"][2]["count"] == 1
    assert answer["items"][0]["title"] == HOSTILE
    assert gallery.names("sets", match="SEA summ") == ["old"]
    assert gallery.names("sets", limit=1) == ["evil"]


def test_sets_are_walked_to_the_end_page_by_page(world: World, gallery: Gallery) -> None:
    world.thing("photo", "2020-01-01", tag="x")
    for number in range(7):
        # Some were changed at the same moment.
        title = f"{'even' if number % 2 == 0 else 'odd'} {number}"
        world.thing(f"s{number}", f"2020-01-0{2 + number // 2}", title=title, camliMember="@photo")
    whole = gallery.names("sets")
    assert set(whole) == {f"s{number}" for number in range(7)}
    for limit in (1, 2, 3, 7):
        assert in_names(world, walk(gallery, "sets", "from", limit)) == whole
    even = in_names(world, walk(gallery, "sets", "from", 2, match="even"))
    assert even == [name for name in whole if int(name[1:]) % 2 == 0]


def test_of_sets_between_two_pages_nothing_is_lost_but_what_moved(
    world: World, gallery: Gallery
) -> None:
    world.thing("photo", "2020-01-01", tag="x")
    for day in range(1, 6):
        world.thing(f"s{day}", f"2020-02-0{day}", title=f"{day}", camliMember="@photo")
    first = gallery.get("sets", limit=2)
    assert in_names(world, first["items"]) == ["s5", "s4"]
    world.delete("s4", "2020-03-01")
    world.set("s1", "title", "moved to the top", "2020-03-01")
    rest = gallery.get("sets", **{"from": first["next"]})
    assert in_names(world, rest["items"]) == ["s3", "s2"]


def test_a_photo_with_something_in_it_is_no_set(world: World, gallery: Gallery) -> None:
    world.file("picture", b"p")
    world.thing("other", "2020-01-01", tag="x")
    world.thing("p", "2020-01-01", title="P", camliContent="@picture", camliMember="@other")
    assert gallery.names("sets") == []


def test_tags_come_with_how_many_have_them(world: World, gallery: Gallery) -> None:
    world.thing("a", "2020-01-01", tag=["Landscape", "rare"])
    world.thing("b", "2020-01-01", tag=["Landscape", HOSTILE])
    world.thing("c", "2020-01-01", tag=["gone"])
    world.delete("c", "2020-01-02")
    assert gallery.get("tags", match="land") == {"tags": [{"tag": "Landscape", "count": 2}]}
    assert {one["tag"] for one in gallery.get("tags")["tags"]} == {"Landscape", "rare", HOSTILE}
    world.add("a", "tag", "new", "2020-01-03")
    assert gallery.get("tags", match="new") == {"tags": [{"tag": "new", "count": 1}]}


def test_saved_searches_come_with_their_expressions(world: World, gallery: Gallery) -> None:
    world.put(b"tag:a or tag:b", "text")
    world.thing("s", "2020-01-01", camliNamedSearch=HOSTILE, camliContent="@text")
    world.thing("lost", "2020-01-01", camliNamedSearch="lost", camliContent=f"sha224-{'0' * 56}")
    found = gallery.get("saved")["searches"]
    assert found == [{"ref": world["s"], "name": HOSTILE, "expression": "tag:a or tag:b"}]


def test_suggestions_count_as_scripts_do(world: World, gallery: Gallery) -> None:
    world.thing("a", "2020-01-01", tag="landscape")
    text = 'tag:"\U0001f600" tag:lan'
    found = gallery.get("suggest", text=text, cursor=len(text) + 1)["suggestions"]
    assert found[0]["label"] == "landscape"
    assert found[0]["text"].startswith('tag:"\U0001f600" tag:landscape')
    assert found[0]["cursor"] == len(found[0]["text"]) + 1
    assert found[0]["kind"] == "tag"


def test_what_changed_last_is_walked_to_the_end(world: World, gallery: Gallery) -> None:
    for day in range(1, 6):
        world.thing(f"t{day}", f"2020-01-0{day}", title=HOSTILE)
    world.delete("t3", "2020-02-01")
    rows = walk(gallery, "recent", "from")
    assert in_names(world, rows) == ["t5", "t4", "t2", "t1"]


def test_nothing_is_recent_that_is_not_for_people(world: World, gallery: Gallery) -> None:
    world.put(b"tag:a", "text")
    world.thing("search", "2020-01-01", camliNamedSearch="mine", camliContent="@text")
    world.thing("hidden", "2020-01-02", title="x", camliDefVis="hide")
    world.thing("venue", "2020-01-02", title="x", camliNodeType="foursquare.com:venue")
    world.thing("shown", "2020-01-03", title="x")
    world.thing("late", "2020-01-04", camliNamedSearch="other", camliContent="@text")
    assert in_names(world, walk(gallery, "recent", "from")) == ["shown"]
    world.permanode("bare")
    world.put(STRANGER_KEY.public.blob)
    world.permanode("strange", key=STRANGER_KEY)
    world.set("strange", "title", "not ours", "2021-01-01", key=STRANGER_KEY)
    assert gallery.names("recent") == ["shown"]


def test_what_is_there_twice_is_one_group(world: World, gallery: Gallery) -> None:
    world.file("one", b"same" * 100)
    world.file("two", b"same" * 100)
    world.file("single", b"of its own")
    world.file("third", b"both of one file")
    for name, content in (("p1", "one"), ("p2", "two"), ("p3", "third"), ("p4", "third")):
        world.thing(name, "2020-01-01", camliContent=f"@{content}")
    groups = walk(gallery, "duplicates", "after")
    assert [set(in_names(world, one["items"])) for one in groups] == [{"p1", "p2"}, {"p3", "p4"}]
    assert [(one["size"], one["more"]) for one in groups] == [(400, False), (16, False)]
    world.delete("p2", "2020-01-02")
    world.delete("p4", "2020-01-02")
    assert gallery.get("duplicates") == {"groups": [], "next": None}


def test_those_come_first_whose_copies_come_to_most_bytes(world: World, gallery: Gallery) -> None:
    for name, size, copies in (("few large", 500, 2), ("many small", 200, 5), ("tiny", 1, 9)):
        for number in range(copies):
            world.file(f"{name} {number}", name[0].encode() * size)
    groups = walk(gallery, "duplicates", "after")
    assert [(one["size"], len(one["items"])) for one in groups] == [(200, 5), (500, 2), (1, 9)]


def test_groups_of_which_one_is_left_shorten_no_page(world: World, gallery: Gallery) -> None:
    for number in range(9):
        data = f"{number}".encode() * (100 - number)
        for copy in "ab":
            world.file(f"{number}{copy}", data)
            world.thing(f"p{number}{copy}", "2020-01-01", camliContent=f"@{number}{copy}")
        if number % 3:
            world.delete(f"p{number}b", "2020-01-02")
    for _ in range(2):  # the second time it is known of which one is left
        groups = walk(gallery, "duplicates", "after", 2)
        assert [one["size"] for one in groups] == [100, 97, 94]
    assert len(gallery.get("duplicates", limit=3)["groups"]) == 3
    assert gallery.get("duplicates", limit=3)["next"] is None


def test_of_very_many_copies_some_are_shown(world: World, gallery: Gallery) -> None:
    for number in range(102):
        world.file(f"{number}", b"the same")
    world.settle()
    (group,) = gallery.get("duplicates")["groups"]
    assert (len(group["items"]), group["more"]) == (100, True)


def test_the_largest_files_and_folders_are_walked_to_the_end(
    world: World, gallery: Gallery
) -> None:
    world.file("small", b"s")
    world.file("large", b"l" * 1000)
    world.file("gone", b"g" * 2000)
    world.folder("folder", ["small", "large"])
    world.thing("p", "2020-01-01", camliContent="@large", title=HOSTILE)
    world.thing("q", "2020-01-01", camliContent="@gone")
    world.delete("q", "2020-01-02")
    rows = walk(gallery, "largest", "after")
    assert [(world.name(row["ref"]), row["size"]) for row in rows] == [("p", 1000), ("small", 1)]
    folders = gallery.get("largest", kind="directory")["items"]
    assert [(world.name(row["ref"]), row["files"]) for row in folders] == [("folder", 2)]


def test_what_is_nobodys_shortens_no_page(world: World, gallery: Gallery) -> None:
    for number in range(12):
        world.file(f"f{number}", b"x" * (100 - number))
        world.thing(f"p{number}", "2020-01-01", camliContent=f"@f{number}")
        if number % 4:
            world.delete(f"p{number}", "2020-01-02")
    for limit in (1, 2, 3, 4):
        rows = walk(gallery, "largest", "after", limit)
        assert in_names(world, rows) == ["p0", "p4", "p8"]


def largest(gallery: Gallery, kind: str = "file") -> list[str]:
    gallery.world.settle()
    return gallery.names("largest", kind=kind)


def test_what_a_deleted_folder_holds_is_nobodys_unless_another_holds_it(
    world: World, gallery: Gallery
) -> None:
    world.file("a", b"a" * 9)
    world.file("b", b"b" * 8)
    world.folder("inner", ["a", "b"])
    world.folder("outer", ["inner"])
    world.thing("p", "2020-01-01", camliContent="@outer")
    assert largest(gallery) == ["a", "b"]
    assert set(largest(gallery, "directory")) == {"p", "inner"}  # of one size
    world.delete("p", "2020-01-02", name="deleted")
    assert (largest(gallery), largest(gallery, "directory")) == ([], [])
    world.folder("other", ["b"])
    assert largest(gallery) == ["b"]
    assert largest(gallery, "directory") == ["other"]
    world.delete("deleted", "2020-01-03")
    assert largest(gallery) == ["a", "b"]


def test_what_a_set_has_or_a_thing_shows_is_somebodys(world: World, gallery: Gallery) -> None:
    for size, name in enumerate(("member", "cover", "former"), 1):
        world.file(name, b"x" * size)
        world.thing(f"of {name}", "2020-01-01", camliContent=f"@{name}")
        world.delete(f"of {name}", "2020-01-02")
    assert largest(gallery) == []
    world.thing("set", "2020-01-01", title="set", camliMember=["@member", "@former"])
    world.remove("set", "camliMember", "@former", "2020-01-02")
    world.thing("film", "2020-01-01", title="film", camliContentImage="@cover")
    assert largest(gallery) == ["cover", "member"]
    world.delete("set", "2020-01-03")
    assert largest(gallery) == ["cover"]


def test_what_strangers_say_takes_no_file_out_of_the_lists(world: World, gallery: Gallery) -> None:
    world.file("mine", b"mine")
    world.put(STRANGER_KEY.public.blob)
    world.permanode("theirs", key=STRANGER_KEY)
    world.set("theirs", "camliContent", "@mine", "2020-01-01", key=STRANGER_KEY)
    assert largest(gallery) == ["mine"]


def test_folders_above_one_another_are_gone_up_however_deep(world: World, gallery: Gallery) -> None:
    world.file("f", b"f")
    world.folder("0", ["f"])
    for depth in range(1, 1200):
        world.folder(f"{depth}", [f"{depth - 1}"])
    world.thing("p", "2020-01-01", camliContent="@1199")
    assert largest(gallery) == ["f"]
    world.delete("p", "2020-01-02")
    assert largest(gallery) == []


@pytest.mark.parametrize(("call", "name"), PAGED)
@pytest.mark.parametrize(
    "token",
    [
        "x|y:z",
        "|",
        ":",
        "-1:sha224-x",
        f"{'9' * 31}:sha224-{'0' * 56}",
        f"zzz|sha224-{'0' * 56}",
        f"{'0' * 18}|sha224-{'0' * 55}",
        "\u0663:sha224-x",
        "\x00",
        "a" * 5000,
    ],
)
def test_a_token_that_is_none_is_refused(
    gallery: Gallery, call: str, name: str, token: str
) -> None:
    assert "token" in gallery.refused(call, **{name: token})["error"]


@pytest.mark.parametrize(("call", "name"), PAGED)
def test_a_token_beyond_the_end_leads_to_nothing(
    world: World, gallery: Gallery, call: str, name: str
) -> None:
    world.file("f", b"f")
    world.thing("t", "2020-01-01", title="t")
    ref = f"sha224-{'0' * 56}"
    token = f"0:{ref}" if name == "after" else f"{'0' * 18}|{ref}"
    answer = gallery.get(call, **{name: token})
    assert (next(iter(answer.values())), answer["next"]) == ([], None)
    huge = f"{'9' * 30}:{ref}" if name == "after" else f"{'f' * 18}|{ref}"
    assert gallery.ask(call, **{name: huge}).status == 200


@pytest.mark.parametrize("call", [call for call, _ in PAGED])
@pytest.mark.parametrize("limit", ["-1", "0", "x", "1.5", "9" * 18, "9" * 400, "\u0665", ""])
def test_a_limit_that_makes_no_sense_is_as_good_as_none(
    world: World, gallery: Gallery, call: str, limit: str
) -> None:
    for number in range(3):
        world.file(f"{number}", b"the same")
        world.thing(f"t{number}", "2020-01-01", title="t")
    world.settle()
    assert gallery.get(call, limit=limit) == gallery.get(call)


def test_a_kind_that_is_none_is_refused(gallery: Gallery) -> None:
    for kind in ("files", "permanode", "|", "file|"):
        assert "neither" in gallery.refused("largest", kind=kind)["error"]


@pytest.mark.parametrize("call", CALLS)
def test_who_is_signed_out_is_told_nothing(world: World, call: str) -> None:
    def ask(**headers: str) -> Answer:
        return world.client.ask("GET", f"/ui/api/{call}", headers=headers)

    vivify = {"Authorization": "Basic dTp2"}
    for answer in (ask(), ask(Authorization="Basic dTp4"), ask(**vivify)):
        assert answer.status in (401, 403)
        assert json.loads(answer.body).keys() == {"error", "remedy"}
    assert ask(**OWNER).status == 200


@pytest.mark.parametrize("call", CALLS)
def test_head_is_answered_as_get_is_but_for_the_body(world: World, call: str) -> None:
    asked = f"/ui/api/{call}"
    got = world.client.ask("GET", asked, headers=OWNER)
    head = world.client.ask("HEAD", asked, headers=OWNER)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(got.body))
    assert head.headers["content-type"] == got.headers["content-type"] == "application/json"
    other = world.client.ask("DELETE", asked, headers=OWNER)
    assert other.status == 405
    assert "GET" in other.headers["allow"]
