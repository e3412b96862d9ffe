"""Parents and children."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .world import World, a_world

NOWHERE = "sha224-" + "0" * 56


def fill(world: World) -> None:
    world.file("pic.txt", b"a picture, say")
    world.thing("red", "2020-01-01", tag=["red"], camliContent="@pic.txt")
    world.thing("red too", "2020-01-02", tag=["red"])
    world.thing("blue", "2020-01-03", tag=["blue"])
    world.thing("reds", "2020-01-04", tag=["set"], camliMember=["@red", "@red too"])
    world.thing("both", "2020-01-05", tag=["set"], camliMember=["@red", "@blue"])
    world.thing("empty", "2020-01-06", tag=["set"])
    world.thing("paths", "2020-01-07", tag=["tree"])
    world.set("paths", "camliPath:red.txt", "@red", "2020-01-07")
    world.set("paths", "camliPath:sub/%|x", "@blue", "2020-01-07")
    world.thing("removed", "2020-01-08", tag=["set"], camliMember=["@red", "@blue"])
    world.remove("removed", "camliMember", "@red", "2020-01-09")
    world.thing("moved", "2020-01-10", tag=["tree"])
    world.set("moved", "camliPath:it", "@red", "2020-01-10")
    world.set("moved", "camliPath:it", "@blue", "2020-01-11")
    world.thing("dangling", "2020-01-12", tag=["set"], camliMember=[NOWHERE, "@red", "no ref"])
    world.thing("lost", "2020-01-13", tag=["set"], camliMember=[NOWHERE])
    world.thing("self", "2020-01-14", tag=["loop"])
    world.add("self", "camliMember", "@self", "2020-01-14")
    world.thing("gone", "2020-01-15", tag=["set"], camliMember=["@red", "@blue"])
    world.delete("gone", "2020-01-16")
    world.thing("gone child", "2020-01-17", tag=["red"])
    world.delete("gone child", "2020-01-18")
    world.thing("has gone", "2020-01-19", tag=["set"], camliMember=["@gone child"])
    world.thing("twice", "2020-01-20", tag=["set"], camliMember=["@red too"])
    world.add("twice", "camliMember", "@red too", "2020-01-21")
    world.thing("files", "2020-01-21", tag=["set"], camliMember=["@pic.txt"])
    world.permanode("bare")
    world.thing("bares", "2020-01-22", tag=["set"], camliMember=["@bare"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("relations"), fill) as made:
        yield made


def related(world: World, relation: str, **more: Any) -> set[str]:
    return world.fits({"permanode": {"relation": {"relation": relation, **more}}})


def tag(value: str) -> dict[str, Any]:
    return {"permanode": {"attr": "tag", "value": value}}


def ref(name: str) -> dict[str, Any]:
    return {"blobRefPrefix": f"@{name}"}


def test_children_of_what_fits(world: World) -> None:
    assert related(world, "parent", any=ref("reds")) == {"red", "red too"}
    assert related(world, "parent", any=ref("paths")) == {"red", "blue"}
    assert related(world, "parent", any=tag("tree")) == {"red", "blue"}
    assert related(world, "parent", any=tag("loop")) == {"self"}
    assert related(world, "parent", any=tag("nosuch")) == set()


def test_children_all_of_whose_parents_fit(world: World) -> None:
    assert related(world, "parent", all=tag("set")) == {"red too"}
    either = {"logical": {"op": "or", "a": tag("set"), "b": tag("tree")}}
    assert related(world, "parent", all=either) == {"red", "red too", "blue"}


def test_parents_of_what_fits(world: World) -> None:
    assert related(world, "child", any=ref("red")) == {"reds", "both", "paths", "dangling"}
    assert related(world, "child", any=tag("blue")) == {"both", "paths", "removed", "moved"}
    assert related(world, "child", any=tag("red")) == {
        "reds",
        "both",
        "paths",
        "dangling",
        "twice",
    }
    assert related(world, "child", any=tag("nosuch")) == set()


def test_parents_all_of_whose_children_fit(world: World) -> None:
    """What is not there says nothing against it. Perkeep's search fails as a whole."""
    assert related(world, "child", all=tag("red")) == {"reds", "twice", "dangling"}
    assert related(world, "child", all=tag("blue")) == {"removed", "moved"}
    assert related(world, "child", all=tag("loop")) == {"self"}


def test_what_is_removed_or_moved_is_related_no_longer(world: World) -> None:
    assert "removed" not in related(world, "child", any=ref("red"))
    assert "moved" not in related(world, "child", any=ref("red"))
    moved = ref("moved")
    assert related(world, "parent", any=moved) == {"blue"}


def test_what_is_deleted_is_related_to_nothing(world: World) -> None:
    assert "gone" not in related(world, "child", any=ref("red"))
    assert related(world, "parent", any=ref("gone")) == set()
    assert related(world, "child", any=ref("gone child")) == set()
    assert "has gone" not in related(world, "child", any=tag("red"))


def test_members_that_are_not_there_do_no_harm(world: World) -> None:
    """With one such member anywhere, Perkeep's `parentof:` fails altogether."""
    assert world.found(f"parentof:{world['red']}") == ["dangling", "paths", "both", "reds"]
    assert related(world, "child", any={"anything": True}) >= {"dangling", "reds", "self"}
    assert "lost" not in related(world, "child", any={"anything": True})
    assert "lost" not in related(world, "child", all={"anything": True})


def test_an_attribute_relates_by_name(world: World) -> None:
    def child(edge: str, **inner: Any) -> set[str]:
        return related(world, "child", edgeType=edge, **inner)

    assert child("camliMember", any=ref("red")) == {"reds", "both", "dangling"}
    assert child("camliPath:red.txt", any=ref("red")) == {"paths"}
    assert child("camliPath:sub/%|x", any=tag("blue")) == {"paths"}
    assert child("camliPath:", any=ref("red")) == set()
    assert child("camliPath:it", any=tag("blue")) == {"moved"}
    assert child("nosuch", any={"anything": True}) == set()
    parent = related(world, "parent", edgeType="camliPath:red.txt", any={"anything": True})
    assert parent == {"red"}


def test_content_is_a_relation_when_asked_for(world: World) -> None:
    file = {"file": {"fileName": {"equals": "pic.txt"}}}
    assert related(world, "child", edgeType="camliContent", any=file) == {"red"}
    assert related(world, "child", edgeType="camliContent", all=file) == {"red"}
    assert related(world, "child", edgeType="camliContent", any={"dir": {}}) == set()
    assert related(world, "child", any=file) == {"files"}


def test_relations_nest(world: World) -> None:
    with_pic = {
        "permanode": {
            "relation": {
                "relation": "child",
                "edgeType": "camliContent",
                "any": {"file": {"fileSize": {"min": 1}}},
            }
        }
    }
    assert related(world, "child", any=with_pic) == {"reds", "both", "paths", "dangling"}
    siblings = {"permanode": {"relation": {"relation": "child", "any": ref("red")}}}
    assert related(world, "parent", any=siblings) == {"red", "red too", "blue"}


def test_a_relation_and_other_tests_are_all_to_hold(world: World) -> None:
    constraint = {
        "permanode": {
            "relation": {"relation": "parent", "any": tag("set")},
            "attr": "tag",
            "value": "blue",
        }
    }
    assert world.fits(constraint) == {"blue"}
    neither = {"logical": {"op": "not", "a": constraint}}
    assert "blue" not in world.fits(
        {"logical": {"op": "and", "a": {"permanode": {}}, "b": neither}}
    )


def test_expressions_look_up_and_down(world: World) -> None:
    assert world.found(f"childrenof:{world['both']}") == ["blue", "red"]
    assert world.found(f"childrenof:{world['both'][:30]} tag:blue") == ["blue"]
    assert world.found(f"parentof:{world['blue']} tag:tree") == ["moved", "paths"]
