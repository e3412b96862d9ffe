"""Pairs of searches and answers captured from Perkeep's server, the first set."""

from __future__ import annotations

import pytest

from holdfast.blobstore.ref import Ref

from .fixture_a import LAND
from .world import World

T = {"permanode": {"attr": "tag", "value": "ssumq"}}
UNTITLED = {
    "logical": {"op": "not", "a": {"permanode": {"attr": "camliContent", "numValue": {"min": 1}}}}
}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"expression": "tag:ssumq"}, "PN_PLACE PN_SET PN_NOTE PN_LAND"),
        ({"expression": "tag:ssumq is:image"}, "PN_LAND"),
        ({"expression": "tag:ssumq -is:image -title:set"}, "PN_PLACE PN_NOTE"),
        ({"expression": "tag:ssumq has:location"}, "PN_PLACE PN_LAND"),
        ({"expression": "tag:ssumq before:2016"}, "PN_LAND"),
        # Perkeep finds PN_DEL, too, which is deleted.
        ({"constraint": T, "sort": "created"}, "PN_LAND PN_NOTE PN_SET PN_HIDE PN_PLACE"),
        ({"constraint": T, "sort": "-mod", "limit": 2}, "PN_PLACE PN_HIDE"),
        (
            {
                "constraint": {
                    "permanode": {"attr": "ssumqn", "valueMatchesInt": {"min": 40, "max": 50}}
                }
            },
            "PN_PLACE",
        ),
        (
            {
                "constraint": {
                    "permanode": {
                        "attr": "camliContent",
                        "valueInSet": {
                            "file": {"fileName": {"hasPrefix": "ssumq-", "hasSuffix": ".txt"}}
                        },
                    }
                }
            },
            "PN_NOTE",
        ),
        (
            {
                "constraint": {
                    "permanode": {
                        "relation": {"relation": "parent", "any": {"blobRefPrefix": "@PN_SET"}}
                    }
                }
            },
            "PN_NOTE PN_LAND",
        ),
        (
            {"constraint": {"permanode": {"relation": {"relation": "child", "all": T}}}},
            "PN_SET",
        ),
        (
            {"constraint": {"logical": {"op": "and", "a": T, "b": UNTITLED}}},
            "PN_PLACE PN_HIDE PN_SET",
        ),
        (
            {
                "constraint": {
                    "file": {
                        "fileName": {"equals": "ssumq-land.jpg"},
                        "width": {"min": 400},
                        "location": {"any": True},
                    }
                },
                "sort": "blobref",
            },
            "FILE_LAND",
        ),
        ({"expression": 'title:"ssumq set"'}, "PN_SET"),
        ({"constraint": T, "limit": 2}, "PN_PLACE PN_HIDE"),
    ],
)
def test_the_same_is_found_in_the_same_order(a: World, query: dict, found: str) -> None:
    assert a.found(query) == found.split()


def test_the_area_of_what_is_found_spans_both_places(a: World) -> None:
    area = {"north": 48.8584, "south": -33.85, "west": 2.2945, "east": 151.21}
    found = a.query({"expression": "tag:ssumq has:location"})["LocationArea"]
    assert found == pytest.approx(area, abs=1e-6)


def test_a_page_around_something_has_its_neighbours_by_ref(a: World) -> None:
    names = a.by_ref(["PN_LAND", "PN_NOTE", "PN_SET", "PN_HIDE", "PN_PLACE"])
    at = names.index("PN_SET")
    query = {"constraint": T, "sort": "blobref", "around": "@PN_SET", "limit": 3}
    assert a.found(query) == names[max(at - 1, 0) : at + 2]


def test_pages_go_on_where_the_last_one_ended_with_the_same_tokens(a: World) -> None:
    first = a.query({"constraint": T, "limit": 2})
    assert a.in_names(first["continue"]) == "pn:1791072000000000000:PN_HIDE"
    second = a.query({"constraint": T, "limit": 2, "continue": first["continue"]})
    assert a.names_in(second) == ["PN_SET", "PN_NOTE"]
    # By the time of the file, not that of the claim.
    assert a.in_names(second["continue"]) == "pn:1557032705000000000:PN_NOTE"


def test_a_page_by_change_has_such_a_token_too(a: World) -> None:
    found = a.query({"constraint": T, "sort": "-mod", "limit": 2})
    assert a.in_names(found["continue"]) == "pn:1791072000000000000:PN_HIDE"


def test_a_described_file_says_all_that_is_known_of_it(a: World) -> None:
    found = a.query(
        {
            "constraint": {
                "file": {"fileName": {"equals": "ssumq-land.jpg"}, "location": {"any": True}}
            },
            "sort": "blobref",
            "describe": {"depth": 1},
        }
    )
    assert a.in_names(found) == {
        "blobs": [{"blob": "FILE_LAND"}],
        "description": {
            "meta": {
                "FILE_LAND": {
                    "blobRef": "FILE_LAND",
                    "camliType": "file",
                    "size": len(a.blobs[a["FILE_LAND"]]),
                    "file": {
                        "fileName": "ssumq-land.jpg",
                        "size": len(LAND),
                        "mimeType": "image/jpeg",
                        "time": "2015-06-07T08:20:30Z",
                        "modTime": "2020-01-01T00:00:00Z",
                        "wholeRef": Ref.of(LAND),
                    },
                    "image": {"width": 400, "height": 300},
                    "location": pytest.approx({"latitude": 48.8584, "longitude": 2.2945}),
                }
            }
        },
        "LocationArea": pytest.approx(
            {"north": 48.8584, "south": 48.8584, "west": 2.2945, "east": 2.2945}
        ),
    }


def test_rules_describe_what_members_contain(a: World) -> None:
    rules = [{"attrs": ["camliMember"], "rules": [{"attrs": ["camliContent"]}]}]
    found = a.query({"expression": 'title:"ssumq set"', "describe": {"depth": 1, "rules": rules}})
    meta = a.in_names(found["description"]["meta"])
    assert set(meta) == {"PN_SET", "PN_LAND", "PN_NOTE", "FILE_LAND", "FILE_NOTE"}
    assert meta["PN_SET"] == {
        "blobRef": "PN_SET",
        "camliType": "permanode",
        "size": len(a.blobs[a["PN_SET"]]),
        "permanode": {
            "attr": {
                "camliMember": ["PN_LAND", "PN_NOTE"],
                "tag": ["ssumq"],
                "title": ["Ssumq Set"],
            },
            "modtime": "2026-10-03T00:00:00Z",
        },
    }
    assert meta["PN_LAND"] == {
        "blobRef": "PN_LAND",
        "camliType": "permanode",
        "size": len(a.blobs[a["PN_LAND"]]),
        "permanode": {
            "attr": {
                "camliContent": ["FILE_LAND"],
                "tag": ["ssumq", "ssumq-photo"],
                "title": ["Ssumq Tower"],
            },
            "modtime": "2026-10-01T00:00:00Z",
        },
        "location": pytest.approx({"latitude": 48.8584, "longitude": 2.2945}),
    }


def test_a_wrong_predicate_is_told_where_it_stands(a: World) -> None:
    assert a.refusal({"expression": "tag:ssumq is:imge"}).startswith(
        'Invalid SearchQuery: Error parsing search expression "tag:ssumq is:imge": Unknown search'
        ' predicate: "is:imge" at position 10, token: "is:imge"'
    )


def test_an_attribute_without_a_test_is_refused(a: World) -> None:
    assert a.refusal({"constraint": {"permanode": {"attr": "tag"}}}).startswith(
        "Invalid SearchQuery: PermanodeConstraint with Attr requires also setting NumValue or a"
        " value-matching constraint"
    )
