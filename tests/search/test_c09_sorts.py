"""Orders, and pages of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .world import World, a_world

TIED = [f"tied{number}" for number in range(5)]
EARLY = ["old", "older", "ancient"]


def fill(world: World) -> None:
    """Seven things of their own time, five of one, and three from before 1970."""
    for number in range(1, 8):
        world.file(f"file{number}", b"%d" % number, modified=f"201{number}-01-01")
        world.thing(
            f"own{number}",
            f"2020-01-{10 - number:02}",
            tag=["all"],
            camliContent=f"@file{number}",
        )
    for name in TIED:
        world.thing(name, "2020-02-01", tag=["all", "tied"])
    for name, year in (("old", 1969), ("older", 1890), ("ancient", 1)):
        world.thing(name, "2020-03-01", tag=["all"], startDate=f"{year:04}-06-01T00:00:00Z")
    world.thing("deleted", "2020-02-01", tag=["all", "tied"])
    world.delete("deleted", "2020-02-02")
    world.file("undated", b"no time")
    world.file("also2012", b"2", modified="2012-01-01")
    world.folder("folder", ["file1", "undated"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("sorts"), fill) as made:
        yield made


ALL = {"permanode": {"attr": "tag", "value": "all"}}
TIES = {"permanode": {"attr": "tag", "value": "tied"}}
FILES = {"file": {}}


def created(world: World) -> list[str]:
    """Everything tagged, oldest first; ties by ref."""
    return [
        *reversed(EARLY),
        *(f"own{number}" for number in range(1, 8)),
        *world.by_ref(TIED),
    ]


def changed(world: World) -> list[str]:
    """Everything tagged, changed longest ago first; ties by ref."""
    return [
        *(f"own{number}" for number in range(7, 0, -1)),
        *world.by_ref(TIED),
        *world.by_ref(EARLY),
    ]


def in_order(world: World, sort: str) -> list[str]:
    match sort:
        case "created" | "-created":
            found = created(world)
        case "mod" | "-mod":
            found = changed(world)
        case _:
            found = world.by_ref(created(world))
    return found[::-1] if sort.startswith("-") else found


SORTS = ["-created", "created", "-mod", "mod", "blobref"]


@pytest.mark.parametrize("sort", SORTS)
def test_permanodes_in_every_order(world: World, sort: str) -> None:
    assert world.found({"constraint": ALL, "sort": sort}) == in_order(world, sort)


def test_permanodes_are_listed_newest_first_if_nothing_is_said(world: World) -> None:
    assert world.found({"constraint": ALL}) == in_order(world, "-created")


@pytest.mark.parametrize("sort", ["unsorted", "map"])
def test_sorts_without_order_find_the_same(world: World, sort: str) -> None:
    found = world.found({"constraint": ALL, "sort": sort})
    assert sorted(found) == sorted(created(world))


BY_TIME = ["file1", "file2", "also2012", "file3", "file4", "file5", "file6", "file7"]


@pytest.mark.parametrize("sort", [None, "blobref"])
def test_files_are_listed_by_ref_if_nothing_is_said(world: World, sort: str | None) -> None:
    query = {"constraint": FILES, **({"sort": sort} if sort else {})}
    assert world.found(query) == world.by_ref([*BY_TIME, "undated"])


@pytest.mark.parametrize("sort", ["created", "-created", "mod", "-mod"])
def test_files_can_be_listed_by_time(world: World, sort: str) -> None:
    """Perkeep can not. What has no time is older than all that has one."""
    pair = world.by_ref(["file2", "also2012"])
    expected = ["undated", "file1", *pair, *BY_TIME[3:]]
    found = world.found({"constraint": FILES, "sort": sort})
    assert found == (expected[::-1] if sort.startswith("-") else expected)


@pytest.mark.parametrize("sort", ["unsorted", "map"])
def test_files_are_found_in_no_order_too(world: World, sort: str) -> None:
    found = world.found({"constraint": FILES, "sort": sort})
    assert sorted(found) == sorted([*BY_TIME, "undated"])


@pytest.mark.parametrize("sort", SORTS)
def test_any_sort_is_for_any_query(world: World, sort: str) -> None:
    mixed = {"logical": {"op": "or", "a": ALL, "b": {"dir": {}}}}
    found = world.found({"constraint": mixed, "sort": sort})
    assert sorted(found) == sorted([*created(world), "folder"])
    assert [name for name in found if name != "folder"] == in_order(world, sort)


@pytest.mark.parametrize("constraint", [ALL, TIES, FILES])
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7])
def test_pages_hold_everything_once_in_order(
    world: World, constraint: dict[str, Any], sort: str, limit: int
) -> None:
    query = {"constraint": constraint, "sort": sort}
    whole = world.found({**query, "limit": -1})
    pages = list(world.pages({**query, "limit": limit}))
    assert [name for page in pages for name in page] == whole
    assert all(len(page) == limit for page in pages[:-1])


@pytest.mark.parametrize("sort", SORTS)
def test_a_full_page_has_a_token_even_if_it_is_the_last(world: World, sort: str) -> None:
    query = {"constraint": TIES, "sort": sort, "limit": 5}
    last = world.query(query)
    assert len(last["blobs"]) == 5
    behind = world.query({**query, "continue": last["continue"]})
    assert behind["blobs"] is None
    assert "continue" not in behind


def test_a_page_that_is_not_full_has_none(world: World) -> None:
    assert "continue" not in world.query({"constraint": TIES, "limit": 6})
    assert "continue" not in world.query({"constraint": TIES, "limit": -1})
    assert "continue" not in world.query({"constraint": TIES})


@pytest.mark.parametrize("sort", ["unsorted", "map"])
def test_without_an_order_there_is_no_next_page(world: World, sort: str) -> None:
    query = {"constraint": TIES, "sort": sort, "limit": 5}
    assert "continue" not in world.query(query)
    world.refusal({**query, "continue": f"pn:0:{world['tied1']}"})


def test_tokens_are_of_the_form_perkeeps_clients_know(world: World) -> None:
    token = world.query({"constraint": ALL, "limit": 6})["continue"]
    assert world.in_names(token) == "pn:1483228800000000000:own7"
    token = world.query({"constraint": ALL, "sort": "-mod", "limit": 1})["continue"]
    assert token == f"pn:1583020800000000000:{max(world[name] for name in EARLY)}"


def test_pages_go_on_past_1970(world: World) -> None:
    """Perkeep gives such tokens, but does not take them."""
    query = {"constraint": ALL, "limit": 13}
    token = world.query(query)["continue"]
    assert world.in_names(token) == "pn:-18489600000000000:old"
    assert world.found({**query, "continue": token}) == ["older", "ancient"]
    assert list(world.pages({"constraint": ALL, "sort": "created", "limit": 1}))[:4] == [
        ["ancient"],
        ["older"],
        ["old"],
        ["own1"],
    ]


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "pn:",
        "pn:1:2:3",
        "pn::sha224-",
        "pn:12x:REF",
        "pn:1.5:REF",
        "pn:+1:REF",
        "pn:1:REF0",
        "pn:99999999999999999999999:REF",
        "qn:1:REF",
        " pn:1:REF",
    ],
)
def test_what_is_no_token_is_refused(world: World, token: str) -> None:
    """Perkeep gives the first page again."""
    token = token.replace("REF", world["tied1"])
    said = world.refusal({"constraint": ALL, "limit": 2, "continue": token})
    assert "continue" in said


def test_pages_go_on_after_writes(tmp_path_factory: pytest.TempPathFactory) -> None:
    with a_world(tmp_path_factory.mktemp("writes"), fill) as world:
        query = {"constraint": ALL, "limit": 4}
        expected = in_order(world, "-created")
        first = world.query(query)
        assert world.names_in(first) == expected[:4]
        world.thing("newer", "2021-01-01", tag=["all"])
        world.thing("between", "2020-01-01", tag=["all"], startDate="2015-06-01T00:00:00Z")
        world.delete(expected[4], "2021-01-02")
        world.delete(expected[3], "2021-01-03")
        pages = world.pages({**query, "continue": first["continue"]})
        rest = [name for page in pages for name in page]
        at = expected.index("own5")
        assert rest == [*expected[5:at], "between", *expected[at:]]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_a_page_around_something(world: World, sort: str, limit: int) -> None:
    everything = in_order(world, sort)
    for at, name in enumerate(everything):
        query = {"constraint": ALL, "sort": sort, "around": f"@{name}", "limit": limit}
        answer = world.query(query)
        found = world.names_in(answer)
        assert "continue" not in answer
        assert len(found) <= limit
        start = everything.index(found[0])
        assert found == everything[start : start + len(found)]
        assert name in found
        before, behind = limit // 2, limit - 1 - limit // 2
        if at >= before and len(everything) - 1 - at >= behind:
            # With an even limit there is one more before.
            assert found == everything[at - before : at + behind + 1]
        else:
            # At an end it may be short, but not on the other side.
            assert set(everything[max(at - before, 0) : at + behind + 1]) <= set(found)


@pytest.mark.parametrize("sort", [None, "blobref", "created", "-mod"])
def test_a_page_of_files_around_one(world: World, sort: str | None) -> None:
    query: dict[str, Any] = {"constraint": FILES, **({"sort": sort} if sort else {})}
    everything = world.found(query)
    found = world.found({**query, "around": f"@{everything[4]}", "limit": 3})
    assert found == everything[3:6]


def test_around_what_is_not_among_the_results_there_is_nothing(world: World) -> None:
    for name in ("own1", "deleted", "file1"):
        answer = world.query({"constraint": TIES, "around": f"@{name}", "limit": 3})
        assert answer["blobs"] is None
    nowhere = "sha224-" + "0" * 56
    assert world.query({"constraint": TIES, "around": nowhere})["blobs"] is None


def test_around_and_continue_exclude_each_other(world: World) -> None:
    query = {"constraint": ALL, "around": "@own1", "continue": f"pn:1:{world['own1']}"}
    assert "Continue and Around parameters are mutually exclusive" in world.refusal(query)


@pytest.mark.parametrize("more", [{"around": "@own1"}, {"continue": "pn:1:REF"}])
def test_a_map_has_no_pages(world: World, more: dict[str, str]) -> None:
    more = {key: value.replace("REF", world["own1"]) for key, value in more.items()}
    said = world.refusal({"constraint": ALL, "sort": "map", **more})
    assert "Continue or Around parameters are not available with MapSort" in said


def test_the_same_is_found_by_expressions(world: World) -> None:
    for sort in SORTS:
        found = world.found({"expression": "tag:all", "sort": sort})
        assert found == in_order(world, sort)
    pages = list(world.pages({"expression": "tag:tied", "limit": 2}))
    assert pages == [in_order(world, "-created")[at : at + 2] for at in (0, 2)] + [
        in_order(world, "-created")[4:5]
    ]
