"""Pairs of searches and answers captured from Perkeep's server, the second set.

Where Perkeep is wrong the right answer stands here, and a comment says what Perkeep answers.
"""

from __future__ import annotations

import pytest

from holdfast.blobstore.ref import Ref

from .fixture_a import LAND
from .world import World

PHOTO = {"permanode": {"attr": "tag", "value": "photo"}}
PARIS = {"permanode": {"attr": "tag", "value": "paris"}}


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("is:portrait", "square rot port"),
        ("is:landscape", "square pano land"),
        ("is:pano", "pano"),
        ("width:300-400", "port land"),
        ("width:-200", "square rot"),
        ("height:0", ""),
        ("filename:*a*", "square pano land"),
        ("filename:LAND.jpg", ""),
        ("attr:tag:", ""),
        ("attr:blank:", "nums"),
        ("attr:nosuch:", ""),
        ("after:2015-06 before:2016-01-02", "land"),
        ("locrect:50,-80,-40,160", "port land checkin"),
        ("locrect:-30,100,-40,-170", "checkin"),
        ("with:ali", "checkin"),
        ("(tag:photo or tag:icon) -is:landscape", "rot port"),
        # Perkeep, which reads it as (tag:icon or (tag:photo is:pano)) is:image in part, also
        # finds rot, port and land.
        ("tag:icon or tag:photo is:pano is:image", "square pano"),
        ("is:post or tag:photo", "tweet rot pano port land"),
    ],
)
def test_expressions_find_the_same_in_the_same_order(b: World, expression: str, found: str) -> None:
    assert b.found(expression) == found.split()


def test_parents_and_children_are_found(b: World) -> None:
    assert b.found(f"parentof:{b['note']}") == ["sub"]
    assert b.found(f"childrenof:{b['root']}") == ["sub"]


def test_a_sort_does_not_change_what_is_found(b: World) -> None:
    """Perkeep finds but the tweet here."""
    query = {"expression": "is:post or tag:photo", "sort": "created"}
    assert b.found(query) == ["land", "port", "pano", "rot", "tweet"]


@pytest.mark.parametrize(
    ("constraint", "found"),
    [
        (
            {
                "permanode": {
                    "attr": "tag",
                    "valueMatches": {"equals": "photo"},
                    "valueAllMatch": True,
                }
            },
            "rot pano port",
        ),
        (
            {
                "permanode": {
                    "attr": "n",
                    "valueMatchesInt": {"zeroMin": True},
                    "valueAllMatch": True,
                }
            },
            "",
        ),
        ({"permanode": {"at": "2026-01-15T00:00:00Z", "attr": "title", "value": "A"}}, "tl"),
        # The claim that said so is deleted. Perkeep goes on counting it, in searches alone.
        ({"permanode": {"attr": "title", "value": "second"}}, ""),
        ({"permanode": {"attr": "title", "value": "first"}}, "delcl"),
        ({"permanode": {"attr": "tag", "numValue": {"min": 2}}}, "tl land"),
    ],
)
def test_constraints_find_the_same_permanodes(b: World, constraint: dict, found: str) -> None:
    assert b.found({"constraint": constraint}) == found.split()


INNER = {"file": {"fileName": {"equals": "inner.jpg"}}}


@pytest.mark.parametrize(
    ("constraint", "found"),
    [
        ({"dir": {"contains": INNER}}, "b/"),
        ({"dir": {"recursiveContains": INNER}}, "a/ tree/ b/"),
        ({"file": {"parentDir": {"fileName": {"equals": "b"}}}}, "inner.jpg three.txt"),
        ({"file": {"wholeRef": Ref.of(LAND)}}, "land.jpg inner.jpg"),
        ({"logical": {"op": "xor", "a": PHOTO, "b": PARIS}}, "pano port rot"),
    ],
)
def test_constraints_find_the_same_by_ref(b: World, constraint: dict, found: str) -> None:
    assert b.found({"constraint": constraint, "sort": "blobref"}) == b.by_ref(found.split())


@pytest.mark.parametrize(
    ("node", "at", "attributes", "changed"),
    [
        ("tl", "2026-02-15T00:00:00Z", {"title": ["B"]}, "2026-02-01T00:00:00Z"),
        ("tl", None, {"tag": ["x"], "title": ["C"]}, "2026-04-05T00:00:00Z"),
        ("emptied", None, {"tag": []}, "2026-04-07T00:00:00Z"),
        ("bare", None, {}, "0001-01-01T00:00:00Z"),
    ],
)
def test_permanodes_are_described_alike(
    b: World, node: str, at: str | None, attributes: dict, changed: str
) -> None:
    meta = b.describe({"blobref": f"@{node}", "at": at})
    assert meta[node]["permanode"] == {"attr": attributes, "modtime": changed}


def test_what_changed_last_comes_first(b: World) -> None:
    recent = b.in_names(b.get("recent", n="1000")["recent"])
    changed = {one["blobref"]: one["modtime"] for one in recent}
    assert recent[0]["blobref"] == "nums"
    # An empty value was set last, which counts.
    assert changed["nums"] == "2026-11-09T07:30:00Z"
    # Perkeep says 07-02, the date of a claim that is deleted.
    assert changed["delcl"] == "2026-07-01T00:00:00Z"
    assert [one["modtime"] for one in recent] == sorted(changed.values(), reverse=True)
