"""The text of schema blobs, to the byte."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.schema.canonical import Number, canonical, quoted

EXAMPLE = """\
{"camliVersion": 1,
  "camliType": "file",
  "fileName": "one",
  "parts": [
    {
      "blobRef": "sha224-54a2f7f92a5f975d8096af77a126edda7da60c5aa872ef1b871701ae",
      "size": 1
    }
  ],
  "unixGroup": "root",
  "unixGroupId": 0,
  "unixMtime": "2026-11-20T18:15:36.902032673Z",
  "unixOwner": "root",
  "unixOwnerId": 0,
  "unixPermission": "0644"
}"""


def test_the_example_of_the_format_is_reproduced():
    assert canonical(json.loads(EXAMPLE)).decode() == EXAMPLE


def test_the_version_is_first_and_a_bare_one_whatever_it_is_given_as():
    assert canonical({"a": 1, "camliVersion": "1"}) == b'{"camliVersion": 1,\n  "a": 1\n}'
    assert json.loads(canonical({})) == {"camliVersion": 1}


def test_empty_things_stay_on_their_line():
    text = canonical({"a": [], "b": {}, "c": None}).decode()
    assert text == '{"camliVersion": 1,\n  "a": [],\n  "b": {},\n  "c": null\n}'


def test_booleans_and_numbers_are_plain_and_kept_numbers_keep_their_text():
    text = canonical({"a": True, "b": False, "c": -5, "d": Number("1.50e3")}).decode()
    assert '"a": true,\n  "b": false,\n  "c": -5,\n  "d": 1.50e3\n' in text


def test_keys_are_sorted_at_every_level_by_their_bytes():
    text = canonical({"é": 1, "z": {"b": 1, "a": [{"d": 1, "c": 1}]}, "😀": 1, "\uffff": 1})
    keys = [line.split('"')[1] for line in text.decode().splitlines() if '"' in line]
    assert keys == ["camliVersion", "z", "a", "c", "d", "b", "é", "\uffff", "😀"]


@pytest.mark.parametrize(
    ("plain", "written"),
    [
        ('"\\', '\\"\\\\'),
        ("\n\r\t", "\\n\\r\\t"),
        ("\b\f", "\\b\\f"),
        ("\x00\x01\x0b\x1f", "\\u0000\\u0001\\u000b\\u001f"),
        ("<>&", "\\u003c\\u003e\\u0026"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("/\x7f'é\ufffd😀", "/\x7f'é\ufffd😀"),
        ("a\udcffb\ud800", "a\\ufffdb\\ufffd"),
    ],
)
def test_strings_are_escaped_exactly_so(plain, written):
    assert quoted(plain) == f'"{written}"'


@given(st.text())
def test_every_string_reads_back_as_itself(text):
    assert json.loads(quoted(text)) == text
    quoted(text).encode()


def test_floats_and_bytes_are_refused():
    for value in (1.5, b"bytes", object()):
        with pytest.raises(TypeError, match="cannot hold"):
            canonical({"a": value})
