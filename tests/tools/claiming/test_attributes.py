"""From what was typed to what is claimed."""

import io
import sys
from pathlib import Path

import pytest

from holdfast.blobstore.ref import Ref
from holdfast.schema.claims import AddAttribute, DelAttribute, SetAttribute
from holdfast.tools.claiming.attributes import (
    as_tag,
    as_text,
    new_values,
    parse_pair,
    read_value,
    removed_values,
    tag_changes,
)
from holdfast.tools.claiming.desk import Desk
from holdfast.tools.claiming.errors import BadUsage, NotText, ValueTooLong

P = Ref.of(b"permanode")


def test_text_is_utf8_or_an_error_that_says_what_is_not() -> None:
    assert as_text("Zürich 😀", "the title") == "Zürich 😀"
    with pytest.raises(NotText, match="the title is not UTF-8"):
        as_text("Z\udcfcrich", "the title")


def test_pairs_are_cut_at_the_first_equals_sign() -> None:
    assert parse_pair("url=http://x/?a=b") == ("url", "http://x/?a=b")
    assert parse_pair("note=") == ("note", "")
    for bad in ("note", "=value", ""):
        with pytest.raises(BadUsage, match="NAME=VALUE"):
            parse_pair(bad)


def test_the_first_value_of_a_name_is_set_and_others_are_added() -> None:
    assert list(new_values(P, [("a", "1"), ("b", "2"), ("a", "3")])) == [
        SetAttribute(P, "a", "1"),
        SetAttribute(P, "b", "2"),
        AddAttribute(P, "a", "3"),
    ]


def test_removing_without_values_removes_all() -> None:
    assert removed_values(P, "a", []) == [DelAttribute(P, "a")]
    assert removed_values(P, "a", ["x", "y"]) == [DelAttribute(P, "a", x) for x in ("x", "y")]
    with pytest.raises(BadUsage, match="leave values out"):
        removed_values(P, "a", [""])


def test_tags_are_not_claimed_twice(desk: Desk) -> None:
    permanode = desk.claimer.permanode()
    desk.claim(tag_changes(permanode, add=["a", "b", "a"], remove=[], now=None))
    now = desk.about(permanode).fold(permanode)
    assert now.attributes == {"tag": ("a", "b")}
    assert tag_changes(permanode, add=["a"], remove=["c"], now=now) == []
    assert tag_changes(permanode, add=["a", "c"], remove=["b"], now=now) == [
        DelAttribute(permanode, "tag", "b"),
        AddAttribute(permanode, "tag", "c"),
    ]
    both = tag_changes(permanode, add=["a"], remove=["a"], now=now)
    assert both == [DelAttribute(permanode, "tag", "a"), AddAttribute(permanode, "tag", "a")]


def test_a_tag_is_not_empty() -> None:
    with pytest.raises(BadUsage):
        as_tag("")


def test_a_value_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "value"
    file.write_bytes("é".encode() * (1 << 19))
    assert len(read_value(file)) == 1 << 19
    file.write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(ValueTooLong, match="give the file's ref"):
        read_value(file)
    file.write_bytes(b"caf\xe9")
    with pytest.raises(NotText, match="value"):
        read_value(file)


def test_a_value_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"line\nline\n")))
    assert read_value(Path("-")) == "line\nline\n"
