"""Tests of single things: numbers, texts, times and places against what is asked of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import TypeAlias, TypeVar

from ...schema.timestamps import Timestamp
from ..media.moments import Place
from ..query.patterns import finder
from ..query.scalars import (
    FloatConstraint,
    IntConstraint,
    LocationConstraint,
    StringConstraint,
    TimeConstraint,
)
from .spans import since_ns

Thing = TypeVar("Thing")
Test: TypeAlias = Callable[[Thing], bool]


def fits_int(asked: IntConstraint, number: int) -> bool:
    """Whether an integer fits."""
    low, high = asked.lowest, asked.highest
    return (low is None or number >= low) and (high is None or number <= high)


def fits_float(asked: FloatConstraint, number: float) -> bool:
    """Whether a number fits; what is no number fits nothing."""
    low, high = asked.lowest, asked.highest
    if number != number:
        return False
    return (low is None or number >= low) and (high is None or number <= high)


def string_test(asked: StringConstraint) -> Test[str]:
    """What tells whether a text fits."""
    tests: list[Test[str]] = []
    if asked.empty:
        tests.append(lambda text: not text)
    if asked.byte_length is not None:
        length = asked.byte_length
        tests.append(lambda text: fits_int(length, len(text.encode("utf-8", "surrogatepass"))))
    if asked.regexp:
        tests.append(finder(asked.regexp))
    else:
        tests += _comparisons(asked)
    return all_of(tests)


def _comparisons(asked: StringConstraint) -> list[Test[str]]:
    fold = str.casefold if asked.case_insensitive else str
    tests: list[Test[str]] = []
    if equals := fold(asked.equals):
        tests.append(lambda text: fold(text) == equals)
    if contains := fold(asked.contains):
        tests.append(lambda text: contains in fold(text))
    if prefix := fold(asked.has_prefix):
        tests.append(lambda text: fold(text).startswith(prefix))
    if suffix := fold(asked.has_suffix):
        tests.append(lambda text: fold(text).endswith(suffix))
    return tests


def time_test(asked: TimeConstraint, now_ns: int) -> Test[Timestamp | None]:
    """What tells whether a moment fits; one that is not known fits nothing."""
    since = since_ns(asked, now_ns)
    before = None if asked.before is None else asked.before.ns
    return lambda time: (
        time is not None
        and not time.is_any_zero
        and (since is None or time.ns >= since)
        and (before is None or time.ns < before)
    )


def location_test(asked: LocationConstraint) -> Test[Place | None]:
    """What tells whether a place fits; one that is not known fits nothing."""
    if asked.any:
        return lambda place: place is not None
    return lambda place: (
        place is not None
        and asked.south <= place.latitude <= asked.north
        and _is_between(asked.west, asked.east, place.longitude)
    )


def _is_between(west: float, east: float, longitude: float) -> bool:
    if west <= east:
        # The line of 180° has two names.
        return west <= longitude <= east or (abs(longitude) == 180 and west <= -longitude <= east)
    return longitude >= west or longitude <= east


def all_of(tests: Sequence[Test[Thing]]) -> Test[Thing]:
    """What passes all of several tests."""
    if len(tests) == 1:
        return tests[0]
    return lambda thing: all(test(thing) for test in tests)


def integer_in(text: str) -> int | None:
    """The decimal number of 64 bits that a text is; None for other texts."""
    if len(text) > 20 or not (text.isascii() and text.lstrip("+-").isdigit()):
        return None
    try:
        number = int(text)
    except ValueError:
        return None
    return number if -(1 << 63) <= number < 1 << 63 else None


def float_in(text: str) -> float | None:
    """The finite number that a text is; None for other texts."""
    # Python takes digits of all scripts, and more, for numbers.
    if len(text) > 100 or "_" in text or not text.isascii() or text != text.strip():
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None
