"""What a person asks, and how answers are read and shown."""

from __future__ import annotations

import io
import os
import pty
import re
import termios
from pathlib import Path
from typing import Any

import pytest

from holdfast.index.query.expression import parse_expression
from holdfast.index.query.patterns import finder
from holdfast.index.query.scalars import StringConstraint
from holdfast.schema.timestamps import Timestamp, parse_time
from holdfast.tools.claiming.errors import BadUsage
from holdfast.tools.commands.search import arranged
from holdfast.tools.output import Output
from holdfast.tools.searching.filters import files_like, named, of_type, parse_size, whole_of
from holdfast.tools.searching.items import Item, item_fields, item_of
from holdfast.tools.searching.queries import is_query
from holdfast.tools.searching.tables import (
    Column,
    Table,
    columns_of,
    cut,
    minute_text,
    placed_name,
    type_text,
)

REF = "sha224-" + "a" * 56
FILE = "sha224-" + "f" * 56


def fits(matches: StringConstraint, text: str) -> bool:
    if matches.regexp:
        return finder(matches.regexp)(text)
    return (
        (not matches.equals or text == matches.equals)
        and text.startswith(matches.has_prefix)
        and text.endswith(matches.has_suffix)
        and matches.contains in text
    )


@pytest.mark.parametrize(
    ("glob", "fitting", "others"),
    [
        ("a.txt", ["a.txt"], ["A.txt", "a.txt2", "ba.txt"]),
        ("a*", ["a", "abc"], ["ba"]),
        ("*.jpg", [".jpg", "x.jpg"], ["x.jpg2"]),
        ("*lake*", ["lake", "my lake!"], ["lak"]),
        ("*", ["", "anything"], []),
        ("a*b", ["ab", "a\nb"], ["abc", "cab"]),
        ("?.t[xy]t", ["a.txt", "ü.tyt"], ["ab.txt", ".txt", "a.tzt"]),
        ("[!a-c]x", ["dx", "-x"], ["ax", "cx", "x"]),
        ("[]^]x", ["]x", "^x"], ["ax", "[]^]x"]),
        ("[!]]x", ["ax"], ["]x"]),
        ("a[b", ["a[b"], ["ab"]),
        ("(a|b)+.?", ["(a|b)+.c"], ["a.c", "(a|b).c"]),
        ("a\\d?", ["a\\dx"], ["a1x"]),
    ],
)
def test_names_are_matched_as_the_shell_does(
    glob: str, fitting: list[str], others: list[str]
) -> None:
    matches = named(glob)
    assert [text for text in fitting + others if fits(matches, text)] == fitting


def test_names_that_the_index_has_rows_for_are_no_patterns() -> None:
    assert named("a.txt") == StringConstraint(equals="a.txt")
    assert named("IMG_*") == StringConstraint(has_prefix="IMG_")
    assert named("*.jpg") == StringConstraint(has_suffix=".jpg")
    assert named("*a*") == StringConstraint(contains="a")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("500", 500),
        ("500B", 500),
        ("1k", 1024),
        ("1.5 GiB", 3 << 29),
        ("10M", 10 << 20),
        ("2tb", 2 << 40),
    ],
)
def test_sizes_are_read_with_their_units(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1", "much", "10X", "1,5M", "1e3", "9" * 15 + "T"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(BadUsage, match=r"1\.5G"):
        parse_size(text)


def test_types_are_one_or_all_of_a_kind() -> None:
    assert of_type("image/JPEG") == StringConstraint(equals="image/jpeg")
    assert of_type("pdf") == StringConstraint(equals="application/pdf")
    for kind in ("image", "image/", "image/*"):
        assert of_type(kind) == StringConstraint(has_prefix="image/")


def test_filters_all_hold_together() -> None:
    said = files_like(words=["a", "b c"], name="*.x", kind=None, larger="1k").file
    assert said is not None
    assert (said.text, said.file_size and said.file_size.min) == ("a b c", 1024)
    assert (said.file_name, said.mime_type) == (StringConstraint(has_suffix=".x"), None)


def test_a_local_file_has_the_ref_that_indexes_know_contents_by(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"")
    # The well-known digest of nothing.
    assert whole_of(tmp_path / "f") == (
        "sha224-d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f"
    )


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["tag:a", "-tag:b"], ["tag:a", " -tag:b"]),
        (["--tag:b", "-(tag:a)"], [" --tag:b", " -(tag:a)"]),
        (["--sort", "-mod", "--json"], ["--sort=-mod", "--json"]),
        (["--", "--sort", "-x"], [" --sort", " -x"]),
        (["--server", "http://x:1/"], ["--server", "http://x:1/"]),
        (["--save=a:b", "-h"], ["--save=a:b", "-h"]),
    ],
)
def test_negations_are_told_apart_from_options(typed: list[str], words: list[str]) -> None:
    assert arranged(typed) == words


def test_a_space_before_a_negation_means_nothing() -> None:
    assert parse_expression("tag:a  -tag:b") == parse_expression("tag:a -tag:b")


@pytest.mark.parametrize(
    ("text", "is_whole"),
    [
        ('{"Expression": "tag:a"}', True),
        ('{"constraint": {}, "limit": 3}', True),
        ("{}", True),
        ('{"permanode": {}}', False),
        ('{"expression": "", "permanode": {}}', False),
        ("nonsense", True),
        ("[1]", True),
    ],
)
def test_a_query_is_told_from_a_constraint_by_its_keys(text: str, is_whole: bool) -> None:
    assert is_query(text.encode()) is is_whole


def permanode(attr: object, modtime: str = "2026-05-05T00:00:00Z") -> dict[str, object]:
    return {
        REF: {"camliType": "permanode", "permanode": {"attr": attr, "modtime": modtime}},
        FILE: {
            "camliType": "file",
            "file": {
                "fileName": "lake.jpg",
                "size": 7,
                "mimeType": "image/jpeg",
                "time": "2020-01-01T00:00:00Z",
                "modTime": "2021-01-01T00:00:00Z",
            },
        },
    }


@pytest.mark.parametrize(
    ("attr", "time"),
    [
        ({"startDate": ["2019-01-01T00:00:00Z"], "camliContent": [FILE]}, "2019-01-01T00:00:00Z"),
        (
            {"datePublished": ["2019-01-01T00:00:00Z"], "camliContent": [FILE]},
            "2020-01-01T00:00:00Z",
        ),
        ({"datePublished": ["2019-01-01T00:00:00Z"]}, "2019-01-01T00:00:00Z"),
        ({"startDate": ["soon"]}, "2026-05-05T00:00:00Z"),
        ({}, "2026-05-05T00:00:00Z"),
    ],
)
def test_the_time_of_a_thing_is_the_one_that_searches_sort_by(
    attr: dict[str, list[str]], time: str
) -> None:
    assert item_of(REF, permanode(attr)).time == parse_time(time)


def test_a_permanode_is_shown_with_what_is_in_it() -> None:
    item = item_of(REF, permanode({"camliContent": [FILE], "tag": ["b", "a"]}))
    assert (item.title, item.tags, type_text(item)) == ("lake.jpg", ("b", "a"), "image/jpeg")
    fields = item_fields(item)
    assert (fields["title"], fields["name"], fields["size"]) == (None, "lake.jpg", 7)
    alone = item_of(REF, {REF: permanode({"camliContent": [FILE]})[REF]})
    assert (alone.title, alone.contents, type_text(alone)) == ("", None, "permanode")


@pytest.mark.parametrize(
    "meta",
    [
        {},
        {REF: None},
        {REF: []},
        {REF: {"camliType": 7}},
        {REF: {"camliType": "permanode"}},
        {REF: {"camliType": "permanode", "permanode": {"attr": [1], "modtime": 3}}},
        permanode({"tag": "a", "title": [1, None], "camliContent": [[]]}, modtime="never"),
        {REF: {"camliType": "file", "file": {"fileName": {}, "size": "7", "time": "x"}}},
        {REF: {"camliType": "directory", "dir": 3, "location": "here"}},
    ],
)
def test_an_answer_of_any_shape_can_be_shown(meta: dict[str, Any]) -> None:
    item = item_of(REF, meta)
    assert item.ref == REF
    assert (item.title, item.tags, item_fields(item)["size"]) == ("", (), None)
    assert type_text(item)


def test_letters_that_take_two_columns_are_cut_in_time() -> None:
    text = "東京タワー and more"
    assert columns_of(text) == 19
    for columns in range(1, 19):
        shown = cut(text, columns)
        assert columns_of(shown) <= columns
        assert shown.endswith("…")
    assert cut(text, 19) == text


def test_moments_whose_zone_is_unknown_are_shown_as_the_clock_did() -> None:
    moment = parse_time("2015-06-07T10:20:30-00:01")
    assert minute_text(moment) == "2015-06-07 10:20"
    assert minute_text(None) == ""
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", minute_text(Timestamp(0)))


def test_names_stand_behind_the_folder_they_are_in() -> None:
    assert placed_name({"name": "a", "folders": [{"name": "b"}, {"name": "c"}]}) == "b/a"
    assert placed_name({"name": "a", "folders": []}) == "a"
    assert placed_name({"folders": 3}) == ""


def written(columns: int | None, cells: tuple[str, str], text: str, indent: str = "") -> list[str]:
    """The lines of a table with one row, at a terminal of so many columns, or into a file."""
    table_columns = (Column(6), Column(4, is_right=True))
    if columns is None:
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        Table(Output(out=out), table_columns, indent=indent).line(REF, cells, text)
        out.seek(0)
        return out.read().splitlines()
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    saved = os.dup(1)
    try:
        # The width is asked of standard output.
        os.dup2(theirs, 1)
        with os.fdopen(os.dup(theirs), "w", encoding="utf-8") as out:
            Table(Output(out=out), table_columns, indent=indent).line(REF, cells, text)
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(theirs)
    seen = b""
    try:
        while piece := os.read(ours, 65536):
            seen += piece
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    return seen.decode().splitlines()


def test_a_row_goes_whole_into_a_pipe() -> None:
    text = "a text of any length " * 20
    assert written(None, ("longer than that", "1"), text, indent="  ") == [
        f"  {REF}  longer than that     1  {text.strip()}"
    ]


def test_a_row_is_cut_to_fit_a_terminal_or_gets_two_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    text = "0123456789" * 20
    assert written(120, ("longer", "1"), text) == [f"{REF}  longer     1  {text[:40]}…"]
    assert written(80, ("longer yet", "12345"), text) == [
        REF,
        f"    longe…  123…  {text[:61]}…",
    ]
    assert written(80, ("a", "b"), "") == [REF, "    a          b"]


def test_an_item_of_which_nothing_is_known_is_a_blob() -> None:
    assert type_text(Item(ref=REF)) == "blob"
