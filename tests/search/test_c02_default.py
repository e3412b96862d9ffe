"""What is listed when nothing is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from .world import World, a_world

# By time: of the file, of an attribute, or of the last change.
LISTED = [
    *("nums", "delcl", "like", "tweet", "person", "root", "sub", "set", "tree", "square"),
    *("emptied", "tl", "rot", "pano", "pdf", "upper", "note", "port", "land", "checkin"),
]


@pytest.mark.parametrize(
    "body",
    [
        {},
        None,
        {"constraint": None},
        {"expression": ""},
        {"expression": "  \n"},
        {"expression": None, "limit": 0},
    ],
)
def test_all_that_is_not_hidden_is_listed_newest_first(b: World, body: Any) -> None:
    answer = b.ask("POST", "query", body=json.dumps(body).encode())
    assert answer.status == 200
    found = b.names_in(answer.json)
    assert found == LISTED
    assert not {"hidden", "venue", "deleted", "bare"} & set(found)


def test_a_constraint_finds_what_is_hidden_too(b: World) -> None:
    found = b.fits({"permanode": {}})
    assert found == {*LISTED, "hidden", "venue"}


def test_a_constraint_can_skip_what_is_hidden(b: World) -> None:
    assert b.fits({"permanode": {"skipHidden": True}}) == set(LISTED)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    def fill(world: World) -> None:
        for number in range(230):
            world.thing(f"n{number:03}", f"2020-01-01T00:00:00.{number:03}", tag=["many"])

    with a_world(tmp_path_factory.mktemp("many"), fill) as world:
        yield world


@pytest.mark.parametrize(
    ("limit", "count"), [(None, 200), (0, 200), (1, 1), (229, 229), (500, 230), (-1, 230)]
)
def test_a_limit_of_zero_is_200_and_a_negative_one_is_none(
    many: World, limit: int | None, count: int
) -> None:
    found = many.found({"expression": "tag:many", "limit": limit})
    assert found == [f"n{number:03}" for number in range(229, 229 - count, -1)]
