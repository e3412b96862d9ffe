"""JSON as Go writes it."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.ui.searchjson import float_text, json_bytes

VALUES = st.recursive(
    # Halves of characters are replaced, as in the reference.
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=30,
)


@given(VALUES)
def test_what_is_written_reads_as_what_it_was(value: Any) -> None:
    assert json.loads(json_bytes(value)) == value
    assert json.loads(json_bytes(value, is_compact=True)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_keep_all_their_digits(number: float) -> None:
    assert float(float_text(number)) == number


# From Go's own tests of encoding/json, and what its encoder gives.
@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (48.8584, "48.8584"),
        (-74.0, "-74"),
        (0.1, "0.1"),
        (0.000001, "0.000001"),
        (0.0000001, "1e-7"),
        (1.5e-7, "1.5e-7"),
        (1e-10, "1e-10"),
        (1e20, "100000000000000000000"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (5e-324, "5e-324"),
    ],
)
def test_numbers_have_the_digits_and_exponents_of_go(number: float, text: str) -> None:
    assert float_text(number) == text
    assert math.copysign(1, float(text)) == math.copysign(1, number)


def test_no_browser_can_see_a_tag_in_it() -> None:
    text = json_bytes({"<a>": "</script>&\u2028\u2029"})
    assert text == (b'{\n  "\\u003ca\\u003e": "\\u003c/script\\u003e\\u0026\\u2028\\u2029"\n}\n')


def test_half_a_character_is_replaced() -> None:
    assert json_bytes("a\ud800", is_compact=True) == '"a\ufffd"'.encode()


def test_maps_are_sorted_and_objects_are_not() -> None:
    value = {"z": 1, "meta": {"b": {"y": 1, "a": 2}, "a": {}}, "attr": {"Z": [], "a": []}}
    assert json_bytes(value, is_compact=True) == (
        b'{"z":1,"meta":{"a":{},"b":{"y":1,"a":2}},"attr":{"Z":[],"a":[]}}'
    )


def test_empty_things_take_no_line_of_their_own() -> None:
    assert json_bytes({"a": [], "b": {}, "c": [[]]}) == (
        b'{\n  "a": [],\n  "b": {},\n  "c": [\n    []\n  ]\n}\n'
    )


def test_any_iterable_is_a_list() -> None:
    assert json_bytes({"n": (n for n in range(3))}, is_compact=True) == b'{"n":[0,1,2]}'
