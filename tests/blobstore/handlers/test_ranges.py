"""The `Range` header."""

from __future__ import annotations

import pytest

from holdfast.blobstore.handlers.ranges import BadRanges, asked_spans


@pytest.mark.parametrize(
    ("header", "spans"),
    [
        ("bytes=0-0", [(0, 1)]),
        ("bytes=0-", [(0, 10)]),
        ("bytes=-1", [(9, 10)]),
        ("bytes=-99", [(0, 10)]),
        ("bytes=5-99", [(5, 10)]),
        ("BYTES = 1-2", [(1, 3)]),
        ("bytes=1-2,4-4 , -1", [(1, 3), (4, 5), (9, 10)]),
        ("bytes=1-2,50-60", [(1, 3)]),
    ],
)
def test_ranges_in_a_blob(header: str, spans: list[tuple[int, int]]) -> None:
    assert asked_spans(header, 10) == spans


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=2-1",
        "bytes=1-2,x",
        "bytes=--1",
        "bytes=1-2-3",
        "lines=1-2",
        "bytes=0-,0-",
        "bytes=" + ",".join(["0-0"] * 101),
        "bytes=" + "9" * 30 + "-",
    ],
)
def test_what_gets_the_whole(header: str) -> None:
    assert asked_spans(header, 10) is None


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=99-100", "bytes=-0", "bytes=10-,20-30"])
def test_what_lies_outside(header: str) -> None:
    with pytest.raises(BadRanges):
        asked_spans(header, 10)


def test_an_empty_blob_has_no_ranges() -> None:
    assert asked_spans("bytes=0-0", 0) is None
