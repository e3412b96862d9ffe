"""Items: what a page of tiles says of each thing, and the timeline of all."""

from __future__ import annotations

import base64

from ...search.world import World
from .conftest import Gallery


def test_things_come_newest_first_page_by_page(world: World, gallery: Gallery) -> None:
    for number in range(5):
        world.thing(f"t{number}", f"2020-01-0{number + 1}", title=f"number {number}")
    page = gallery.get("items", limit=3)
    assert [item["title"] for item in page["items"]] == ["number 4", "number 3", "number 2"]
    rest = gallery.get("items", limit=3, **{"from": page["next"]})
    assert [item["title"] for item in rest["items"]] == ["number 1", "number 0"]
    assert rest["next"] is None


def test_an_expression_that_makes_no_sense_is_refused_at_its_position(gallery: Gallery) -> None:
    assert "position" in gallery.refused("items", q="tag:a (")


def test_the_timeline_has_a_shape_for_each_item_and_its_months(
    world: World, gallery: Gallery
) -> None:
    world.thing("a", "2020-01-01", title="hello", tag="x")
    world.thing("b", "2020-02-01", title="there", tag="x")
    found = gallery.get("timeline", q="tag:x")
    assert found["total"] == 2
    assert len(base64.b64decode(found["ratios"])) == 2
    assert [first for _, first in found["months"]] in ([0], [0, 1])
