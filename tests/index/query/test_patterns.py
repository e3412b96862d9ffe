"""Regular expressions from outside."""

from __future__ import annotations

import time

import pytest

from holdfast.index.query.patterns import MAX_PATTERN, BadPattern, finder


def test_patterns_are_looked_for_anywhere():
    assert finder(r"\d{4}")("IMG_2016.jpg")
    assert not finder(r"^\d{4}")("IMG_2016.jpg")
    assert finder("(?i)stra.e")("HAUPTSTRAßE")
    assert not finder("a")("\udc80")


@pytest.mark.parametrize(
    "pattern",
    ["(a", r"(a)\1", "(?=a)", "(((a{1000}){1000}){1000})", "a" * (MAX_PATTERN + 1)],
)
def test_patterns_that_are_none_or_could_hang_are_refused(pattern):
    with pytest.raises(BadPattern):
        finder(pattern)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*)*x", "(?:a?){500}a{500}$"])
def test_no_pattern_takes_long(pattern):
    find = finder(pattern)
    start = time.perf_counter()
    assert not find("a" * 100_000 + "b")
    assert time.perf_counter() - start < 20
