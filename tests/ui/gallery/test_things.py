"""One thing: what the page of it is told."""

from __future__ import annotations

from ...search.world import World
from .conftest import Gallery

MARKUP = "<script>alert(1)</script>"


def test_a_thing_has_attributes_and_a_history_of_them(world: World, gallery: Gallery) -> None:
    world.thing("a", "2020-01-01", title=MARKUP, tag="x")
    thing = gallery.get("thing", ref="@a")
    assert thing["type"] == "permanode"
    assert not thing["deleted"]
    assert thing["item"]["title"] == MARKUP
    values = {one["name"]: one["values"] for one in thing["attributes"]}
    assert (values["title"], values["tag"]) == ([MARKUP], ["x"])
    said = {(one["act"], one["attribute"], one["value"]) for one in thing["history"]}
    assert {name for _, name, _ in said} >= {"title", "tag"}
    assert not any(one["undone"] or one["stranger"] for one in thing["history"])


def test_what_is_not_here_is_told_so(gallery: Gallery) -> None:
    missing = "sha224-" + "0" * 56
    answer = gallery.ask("thing", ref=missing)
    assert answer.status == 404
    assert "error" in answer.json
    assert "ref" in gallery.refused("thing", ref="nonsense")["error"]
    assert "at" in gallery.refused("thing", ref=missing, at="yesterday")["error"]


def test_crumbs_of_sets_in_each_other_end(world: World, gallery: Gallery) -> None:
    world.thing("a", "2020-01-01", title="outer")
    found = gallery.get("crumbs", ref="@a")["crumbs"]
    assert [item["title"] for item in found] == ["outer"]
