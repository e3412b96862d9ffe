"""Tallies: which values things have, each once, and how many things have each; without a search."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from ..keys import RowKind
from ..nodes import VALUE_LENGTH
from .reader import IndexReader

MOST_COUNTED = 1000
"""Things that are counted for one value."""


class Tally(NamedTuple):
    """A value, and how many things have it; `is_least` if they may be more."""

    value: str
    things: int
    is_least: bool


def values_of(
    reader: IndexReader, kind: RowKind, parts: tuple[str, ...], prefix: str = ""
) -> Iterator[str]:
    """The different values, sorted, that follow these parts in the keys of rows, and begin so.

    However many rows each has, it costs but one to leap over them. What is as long as keys hold may
    be but the beginning of a value, and is left out.
    """
    start, end = kind.below(*parts)
    if prefix:
        start = kind.key_of(*parts, prefix)
        end = start + b"\xff"
    place = len(parts)
    while (row := next(reader.scan(start, end), None)) is not None:
        value = kind.parts_of(row[0])[place]
        if len(value) < VALUE_LENGTH:
            yield value
        start = kind.below(*parts, value)[1]


def tally(
    reader: IndexReader, kind: RowKind, *parts: str, most: int = MOST_COUNTED
) -> tuple[int, bool]:
    """How many rows have keys of these parts, at most so many; and whether there are more."""
    count = sum(1 for _ in islice(reader.scan(*kind.below(*parts)), most + 1))
    return min(count, most), count > most


def tallies(
    reader: IndexReader,
    kind: RowKind,
    parts: tuple[str, ...],
    prefix: str = "",
    *,
    most: int = MOST_COUNTED,
) -> Iterator[Tally]:
    """The same values, with what has them counted."""
    for value in values_of(reader, kind, parts, prefix):
        yield Tally(value, *tally(reader, kind, *parts, value, most=most))


def spellings(text: str) -> tuple[str, ...]:
    """What may be meant by a text that was typed without regard to capitals."""
    return tuple(
        dict.fromkeys((text, text.lower(), text[:1].upper() + text[1:], text.title(), text.upper()))
    )
