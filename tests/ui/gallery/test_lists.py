"""Lists: suggestions, sets, tags, saved searches, and what is new, there twice, or large."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from holdfast.index.query.errors import BadQuery
from holdfast.index.search.folderorder import FolderOrders
from holdfast.index.search.spreads import Spreads
from holdfast.ui.gallery.listcalls import CALLS
from holdfast.ui.gallery.reading import Shared
from holdfast.ui.searchcalls import Parameters

from ...search.world import World, a_world

HOSTILE = '<img src=x onerror="alert(1)">|%7C\u202e'


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path) as made:
        yield made


def ask(world: World, call: str, **params: object) -> Any:
    world.settle()
    asked = Parameters(urlencode(params))
    return CALLS[call](world.index.search, asked, Shared(FolderOrders(), Spreads(), lambda: ""))


def names(world: World, answer: Any) -> list[str]:
    return [world.name(item["ref"]) for item in answer["items"]]


def walk(world: World, call: str, token: str, member: str, **params: object) -> list[Any]:
    """All rows of a list, by pages of one."""
    rows: list[Any] = []
    place: dict[str, str] = {}
    for _ in range(50):
        answer = ask(world, call, limit=1, **params, **place)
        rows += answer[member]
        if answer["next"] is None:
            return rows
        place = {token: answer["next"]}
    raise AssertionError("no last page")


def test_sets_come_newest_changed_first_and_by_words_of_their_titles(world: World) -> None:
    world.thing("photo", "2020-01-01", tag="x")
    world.thing("old", "2020-01-02", title="Summer at sea", camliMember=["@photo"])
    world.thing("empty", "2020-01-03", title="Winter")
    world.thing("evil", "2020-01-04", title=HOSTILE, camliMember=["@photo"])
    world.thing("gone", "2020-01-05", title="Summer gone", camliMember=["@photo"])
    world.delete("gone", "2020-01-06")
    answer = ask(world, "sets")
    assert names(world, answer) == ["evil", "empty", "old"]
    assert answer["items"][2]["count"] == 1
    assert answer["items"][0]["title"] == HOSTILE
    assert names(world, ask(world, "sets", match="SEA summ")) == ["old"]
    assert names(world, ask(world, "sets", limit=1)) == ["evil"]


def test_tags_come_with_how_many_have_them(world: World) -> None:
    world.thing("a", "2020-01-01", tag=["Landscape", "rare"])
    world.thing("b", "2020-01-01", tag=["Landscape", HOSTILE])
    world.thing("c", "2020-01-01", tag=["gone"])
    world.delete("c", "2020-01-02")
    assert ask(world, "tags", match="land") == {"tags": [{"tag": "Landscape", "count": 2}]}
    assert {one["tag"] for one in ask(world, "tags")["tags"]} == {"Landscape", "rare", HOSTILE}


def test_saved_searches_come_with_their_expressions(world: World) -> None:
    world.put(b"tag:a or tag:b", "text")
    world.thing("s", "2020-01-01", camliNamedSearch=HOSTILE, camliContent="@text")
    world.thing("lost", "2020-01-01", camliNamedSearch="lost", camliContent=f"sha224-{'0' * 56}")
    found = ask(world, "saved")["searches"]
    assert found == [{"ref": world["s"], "name": HOSTILE, "expression": "tag:a or tag:b"}]


def test_suggestions_count_as_scripts_do(world: World) -> None:
    world.thing("a", "2020-01-01", tag="landscape")
    text = 'tag:"\U0001f600" tag:lan'
    found = ask(world, "suggest", text=text, cursor=len(text) + 1)["suggestions"]
    assert found[0]["label"] == "landscape"
    assert found[0]["text"].startswith('tag:"\U0001f600" tag:landscape')
    assert found[0]["cursor"] == len(found[0]["text"]) + 1
    assert found[0]["kind"] == "tag"


def test_what_changed_last_is_walked_to_the_end(world: World) -> None:
    for day in range(1, 6):
        world.thing(f"t{day}", f"2020-01-0{day}", title=HOSTILE)
    world.delete("t3", "2020-02-01")
    rows = walk(world, "recent", "from", "items")
    assert [world.name(row["ref"]) for row in rows] == ["t5", "t4", "t2", "t1"]


def test_what_is_there_twice_is_one_group(world: World) -> None:
    world.file("one", b"same" * 100)
    world.file("two", b"same" * 100)
    world.file("single", b"of its own")
    world.file("third", b"both of one file")
    for name, content in (("p1", "one"), ("p2", "two"), ("p3", "third"), ("p4", "third")):
        world.thing(name, "2020-01-01", camliContent=f"@{content}")
    groups = walk(world, "duplicates", "after", "groups")
    assert [{world.name(item["ref"]) for item in one["items"]} for one in groups] == [
        {"p1", "p2"},
        {"p3", "p4"},
    ]
    assert [one["size"] for one in groups] == [400, 16]
    world.delete("p2", "2020-01-02")
    world.delete("p4", "2020-01-02")
    assert ask(world, "duplicates")["groups"] == []


def test_the_largest_files_and_folders_are_walked_to_the_end(world: World) -> None:
    world.file("small", b"s")
    world.file("large", b"l" * 1000)
    world.file("gone", b"g" * 2000)
    world.folder("folder", ["small", "large"])
    world.thing("p", "2020-01-01", camliContent="@large", title=HOSTILE)
    world.thing("q", "2020-01-01", camliContent="@gone")
    world.delete("q", "2020-01-02")
    rows = walk(world, "largest", "after", "items")
    assert [(world.name(row["ref"]), row["size"]) for row in rows] == [("p", 1000), ("small", 1)]
    folders = ask(world, "largest", kind="directory")["items"]
    assert [(world.name(row["ref"]), row["files"]) for row in folders] == [("folder", 2)]


@pytest.mark.parametrize(
    ("call", "name"), [("recent", "from"), *((c, "after") for c in ("duplicates", "largest"))]
)
def test_a_token_that_is_none_is_refused(world: World, call: str, name: str) -> None:
    with pytest.raises(BadQuery, match="no token"):
        ask(world, call, **{name: "x|y:z"})
