"""Tests of the values of attributes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .world import World, a_world


def fill(world: World) -> None:
    world.thing("plain", "2020-01-01", n=["5"], word=["Straße"], f="2.5")
    world.thing("pair", "2020-01-02", n=["5", "-7"], word=["apple", "BANANA"])
    world.thing("texts", "2020-01-03", n=["five", "5.0"], word=["İstanbul", "ǅ"], f="1e3")
    world.thing("zero", "2020-01-04", n=["0"], f="0")
    world.thing("large", "2020-01-05", n=["9223372036854775807"], f="-0.5")
    world.thing("larger", "2020-01-06", n=["9223372036854775808", "+3"], f="1e400")
    world.thing("twice", "2020-01-07", n=["5"], word=["apple"])
    world.add("twice", "n", "5", "2020-01-08")
    world.thing("blank", "2020-01-08", n="", word="")
    world.thing("spaced", "2020-01-09", n=[" 5", "0x5"], word=["naïve café", "a|b%c"])
    world.thing("nothing", "2020-01-10", other="x")
    world.thing("again", "2020-01-11", n=["1", "2"])
    world.set("again", "n", "8", "2020-01-12")
    world.remove("again", "n", "3", "2020-01-13")
    world.thing("gone", "2020-01-14", n=["5", "6"])
    world.remove("gone", "n", "5", "2020-01-15")
    world.thing("cleared", "2020-01-16", n=["5", "6"])
    world.remove("cleared", "n", "", "2020-01-17")
    world.file("picture.txt", b"x")
    world.permanode("unclaimed")
    world.thing(
        "holder",
        "2020-01-18",
        ref=["@plain", "@picture.txt", "sha224-" + "0" * 56, "no ref", "@unclaimed"],
    )
    world.thing("lone", "2020-01-19", ref=["sha224-" + "0" * 56])
    world.thing("long", "2020-01-20", word=["z" * 500 + "1", "z" * 500 + "2"])
    world.thing("longer", "2020-01-21", word=["z" * 500 + "2"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("values"), fill) as made:
        yield made


FIVES = "plain pair twice"
WITH_N = "plain pair texts zero large larger twice blank spaced again gone"


def n(**tests: Any) -> dict[str, Any]:
    return {"permanode": {"attr": "n", **tests}}


def word(**tests: Any) -> dict[str, Any]:
    return {"permanode": {"attr": "word", "valueMatches": tests}}


@pytest.mark.parametrize(
    ("constraint", "found"),
    [
        (n(value="5"), FIVES),
        (n(value="8"), "again"),
        (n(value="1"), ""),
        (n(value="6"), "gone"),
        (n(value="5", valueAllMatch=True), "plain twice"),
        (n(valueMatches={"equals": "5"}), FIVES),
        (n(valueMatches={"empty": True}), "blank"),
        (n(valueMatches={}), WITH_N),
        (n(valueMatchesInt={"min": 5}), f"{FIVES} large again gone"),
        (n(valueMatchesInt={"equals": 5}), FIVES),
        (n(valueMatchesInt={"min": 5, "max": 7}), f"{FIVES} gone"),
        (n(valueMatchesInt={"max": -1}), "pair"),
        (n(valueMatchesInt={"zeroMax": True}), "pair zero"),
        (n(valueMatchesInt={"zeroMin": True}), f"{FIVES} zero large larger again gone"),
        (
            n(valueMatchesInt={"zeroMin": True}, valueAllMatch=True),
            "plain zero large twice again gone",
        ),
        (n(valueMatchesInt={"zeroMin": True, "zeroMax": True}), "zero"),
        (n(valueMatchesInt={}), f"{FIVES} zero large larger again gone"),
        (n(valueMatchesInt={"min": (1 << 63) - 1}), "large"),
        (n(valueMatchesFloat={"min": 5, "max": 5}), f"{FIVES} texts"),
        (n(valueMatchesFloat={"max": -6.5}), "pair"),
        ({"permanode": {"attr": "f", "valueMatchesFloat": {"min": 2.5}}}, "plain texts"),
        ({"permanode": {"attr": "f", "valueMatchesFloat": {"max": -0.25}}}, "large"),
        (
            {"permanode": {"attr": "f", "valueMatchesFloat": {"zeroMin": True, "max": 3}}},
            "plain zero",
        ),
        # The same value must pass all tests.
        (n(value="5", valueMatchesInt={"max": -1}), ""),
        (n(valueMatches={"hasPrefix": "-"}, valueMatchesInt={"max": -1}), "pair"),
        (n(valueMatches={"equals": "5"}, valueMatchesInt={"min": 5}), FIVES),
        (n(valueMatchesFloat={"min": 4}, valueMatchesInt={"max": 5}), FIVES),
    ],
)
def test_a_value_must_pass_all_tests(world: World, constraint: dict[str, Any], found: str) -> None:
    assert world.fits(constraint) == set(found.split())


@pytest.mark.parametrize(
    ("count", "found"),
    [
        ({"min": 1}, WITH_N),
        ({"min": 2}, "pair texts larger twice spaced"),
        ({"equals": 2}, "pair texts larger twice spaced"),
        ({"min": 3}, ""),
        ({"min": 1, "max": 1}, "plain zero large blank again gone"),
        (
            {"zeroMax": True},
            "nothing cleared holder lone long longer",
        ),
        ({"max": 1}, "plain zero large blank again gone nothing cleared holder lone long longer"),
    ],
)
def test_values_are_counted(world: World, count: dict[str, Any], found: str) -> None:
    assert world.fits(n(numValue=count)) == set(found.split())


def test_how_many_and_which_are_asked_together(world: World) -> None:
    assert world.fits(n(numValue={"min": 2}, value="5")) == {"pair", "twice"}
    assert world.fits(n(numValue={"max": 1}, value="5")) == {"plain"}


def test_without_an_attribute_there_are_no_values_to_test(world: World) -> None:
    everything = world.fits({"permanode": {}})
    assert world.fits({"permanode": {"value": "5", "valueMatchesInt": {"min": 9}}}) == everything


@pytest.mark.parametrize(
    ("tests", "found"),
    [
        ({"equals": "apple"}, "pair twice"),
        ({"equals": "Apple"}, ""),
        ({"equals": "Apple", "caseInsensitive": True}, "pair twice"),
        ({"equals": "banana", "caseInsensitive": True}, "pair"),
        ({"contains": "AN", "caseInsensitive": False}, "pair"),
        ({"contains": "an"}, "texts"),
        ({"contains": "an", "caseInsensitive": True}, "pair texts"),
        ({"hasPrefix": "app"}, "pair twice"),
        ({"hasPrefix": "APP", "caseInsensitive": True}, "pair twice"),
        ({"hasSuffix": "ANA"}, "pair"),
        ({"hasSuffix": "ana", "caseInsensitive": True}, "pair"),
        ({"hasPrefix": "a", "hasSuffix": "e", "contains": "pp"}, "pair twice"),
        ({"hasPrefix": "a", "hasSuffix": "A"}, ""),
        ({"equals": "STRAßE", "caseInsensitive": True}, "plain"),
        ({"contains": "NAÏVE CAFÉ", "caseInsensitive": True}, "spaced"),
        ({"contains": "naive"}, ""),
        ({"equals": "ǆ", "caseInsensitive": True}, "texts"),
        ({"equals": "a|b%c"}, "spaced"),
        ({"hasPrefix": "a|"}, "spaced"),
        ({"contains": "%"}, "spaced"),
        ({"empty": True}, "blank"),
        ({"empty": True, "equals": "x"}, ""),
        # Bytes of UTF-8.
        ({"byteLength": {"equals": 7}}, "plain"),
        ({"byteLength": {"min": 1, "max": 5}}, "pair texts twice spaced"),
        ({"byteLength": {"zeroMax": True}}, "blank"),
        ({"byteLength": {"equals": 501}}, "long longer"),
        ({"equals": "z" * 500 + "1"}, "long"),
        ({"hasPrefix": "z" * 300}, "long longer"),
        ({"hasSuffix": "2"}, "long longer"),
        ({"regexp": "^a.*e$"}, "pair twice"),
        ({"regexp": "PP"}, ""),
        ({"regexp": "(?i)PP"}, "pair twice"),
        ({"regexp": "^.$"}, "texts"),
        # A pattern takes the place of the four others.
        ({"regexp": "^a", "equals": "nothing"}, "pair twice spaced"),
        ({"regexp": "^$"}, "blank"),
    ],
)
def test_texts(world: World, tests: dict[str, Any], found: str) -> None:
    assert world.fits(word(**tests)) == set(found.split())


def test_each_value_must_pass_if_all_must(world: World) -> None:
    constraint = word(contains="a", caseInsensitive=True)
    constraint["permanode"]["valueAllMatch"] = True
    assert world.fits(constraint) == {"plain", "pair", "twice", "spaced"}


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        ({"anything": True}, "holder"),
        ({"camliType": "permanode"}, "holder"),
        ({"camliType": "file"}, "holder"),
        ({"camliType": "directory"}, ""),
        ({"file": {"fileName": {"equals": "picture.txt"}}}, "holder"),
        ({"file": {"isImage": True}}, ""),
        ({"permanode": {"attr": "n", "value": "5"}}, "holder"),
        ({"permanode": {"attr": "n", "value": "6"}}, ""),
        ({"blobRefPrefix": "@plain"}, "holder"),
        ({"blobRefPrefix": "sha224-000"}, ""),
        (
            {
                "permanode": {
                    "attr": "n",
                    "valueMatchesInt": {"min": 1},
                    "skipHidden": True,
                }
            },
            "holder",
        ),
    ],
)
def test_a_value_may_name_a_blob_that_fits(world: World, inner: dict[str, Any], found: str) -> None:
    constraint = {"permanode": {"attr": "ref", "valueInSet": inner}}
    assert world.fits(constraint) == set(found.split())


def test_a_value_that_names_nothing_fits_no_inner_constraint(world: World) -> None:
    constraint = {
        "permanode": {"attr": "ref", "valueInSet": {"anything": True}, "valueAllMatch": True}
    }
    assert world.fits(constraint) == set()
