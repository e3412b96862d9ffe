"""The pages of the gallery: what each comes with before a script has asked for anything."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ...search.client import Answer
from ...search.world import OWNER, World

BROWSER = {**OWNER, "accept": "text/html"}
MARKUP = "</script><script>alert(1)</script>"


def page(world: World, path: str, params: dict[str, str] | None = None) -> Answer:
    return world.client.ask("GET", path, params=params or "", headers=BROWSER)


def island(answer: Answer) -> Any:
    assert answer.status == 200, answer.text
    (text,) = re.findall(
        r'<script type="application/json" id="page">(.*?)</script>', answer.text, re.DOTALL
    )
    return json.loads(text)


def test_home_comes_with_the_first_things(world: World) -> None:
    for number in range(103):
        name = f"t{number}"
        world.permanode(name)
        world.set(name, "tag", "x", f"2020-01-01T00:{number // 60:02}:{number % 60:02}")
    data = island(page(world, "/ui/"))
    assert (data["view"], data["q"]) == ("timeline", "")
    titles = [world.name(item["ref"]) for item in data["first"]["items"]]
    assert titles == [f"t{number}" for number in range(102, 2, -1)]
    rest = world.client.ask(
        "GET", "/ui/api/items", params={"from": data["first"]["next"]}, headers=OWNER
    )
    assert [world.name(item["ref"]) for item in rest.json["items"]] == ["t2", "t1", "t0"]


def test_a_search_that_makes_no_sense_is_a_page_that_says_so(world: World) -> None:
    data = island(page(world, "/ui/", {"q": "tag:a (b"}))
    assert data["first"] is None
    assert data["problem"]["position"] == 7
    assert data["q"] == "tag:a (b"


def test_whatever_things_are_called_is_text(world: World) -> None:
    world.thing("evil", "2020-01-01", title=MARKUP, tag=MARKUP)
    for path in ("/ui/", f"/ui/{world['evil']}"):
        answer = page(world, path, {"q": ""})
        island(answer)
        assert "alert(1)</script>" not in answer.text
    found = page(world, "/ui/", {"q": MARKUP})
    assert "alert(1)</script>" not in found.text


def test_the_page_of_a_set_comes_with_its_members(world: World) -> None:
    world.thing("photo", "2020-01-01", title="Photo")
    world.thing("set", "2020-01-01", title="The set", camliMember=["@photo"])
    data = island(page(world, f"/ui/{world['set']}"))
    assert (data["view"], data["ref"], data["item"]["title"]) == ("thing", world["set"], "The set")
    assert [item["title"] for item in data["first"]["items"]] == ["Photo"]
    of_photo = island(page(world, f"/ui/{world['photo']}"))
    assert of_photo["item"]["title"] == "Photo"


@pytest.mark.parametrize(
    "view", ["sets", "folders", "map", "recent", "duplicates", "largest", "shares", "trash"]
)
def test_each_place_has_a_page(world: World, view: str) -> None:
    assert island(page(world, f"/ui/{view}"))["view"] == view


def test_what_is_not_here_has_no_page(world: World) -> None:
    for path in (f"/ui/sha224-{'0' * 56}", "/ui/sha224-12", "/ui/nothing", "/ui/sets/x"):
        assert page(world, path).status == 404


def test_pages_are_for_who_has_all_rights(world: World) -> None:
    for path in ("/ui/", "/ui/sets", f"/ui/sha224-{'0' * 56}"):
        assert world.client.ask("GET", path, headers={"accept": "text/html"}).status == 401
