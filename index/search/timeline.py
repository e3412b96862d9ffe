"""Timelines: how very many things stand in a row, told before any of them is looked at.

A page that shows 100,000 pictures has its final height at once if it knows the shape of each; and
can go to any month, and ask from there on, if it knows where months and chunks begin.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import log2

from ...blobstore.ref import Ref
from ...schema.timestamps import FIRST_NS, Timestamp, parse_time
from ..keys import CONTENT, FILE, date_of, date_text
from ..query.pages import Place
from .moments import utc_text
from .reader import IndexReader
from .walking import ref_in

MOST_ITEMS = 250_000
"""How many items a timeline has; more can only be paged through."""

CHUNK = 200
"""Items from one token to the next."""

UNKNOWN_SHAPE = 128
"""The shape of what has none, and of squares."""

_FEW = 3000
"""Items each of which is looked at; of more, all pictures there are may be read instead."""

_WORTH = 8
"""That costs about as much as to look at one in so many of them."""


@dataclass(slots=True)
class Timeline:
    """Things in order, newest first if they go by time."""

    shapes: bytes = b""
    """One byte each: b stands for a width of 2**((b - 128) / 32) times the height."""
    months: list[tuple[str, int]] = field(default_factory=list)
    """Each month (`2024-07`, in UTC) and the number of the first thing of it; `""` is of those
    without a time. None where things do not go by time."""
    tokens: list[str] = field(default_factory=list)
    """What leads to the things from `CHUNK` on, from two times `CHUNK` on, and so on."""
    end: str = ""
    """What would lead on from the last of them."""
    is_whole: bool = True
    """Whether there is nothing more."""


def timeline_by_time(reader: IndexReader, places: Iterable[bytes]) -> Timeline:
    """The timeline of what stands at these places, each a `TIME|REF`, newest first."""
    at: dict[bytes, int] = {}
    timeline = Timeline()
    beginning, last = b"g", b""  # no digit sorts behind that
    for place in places:
        number = len(at)
        if number == MOST_ITEMS:
            timeline.is_whole = False
            break
        if place < beginning:
            month, beginning = _month_of(place)
            timeline.months.append((month, number))
        if number and not number % CHUNK:
            timeline.tokens.append(token_of(last))
        at[place] = number
        last = place
    if at:
        timeline.end = token_of(last)
    timeline.shapes = bytes(_shapes(reader, at))
    return timeline


def token_of(place: bytes) -> str:
    """What leads on from a place."""
    return Place(_moment_of(place).ns, ref_in(place)).token


def shapes_of(reader: IndexReader, contents: Iterable[Ref]) -> Iterator[int]:
    """The shapes of files; of all else `UNKNOWN_SHAPE`."""
    for ref in contents:
        value = reader.get(FILE.key_of(ref))
        picture = None if value is None else FILE.value_of(value)[5]
        yield UNKNOWN_SHAPE if picture is None else shape_of(*picture)


@lru_cache(10_000)
def shape_of(width: int, height: int) -> int:
    """The byte for a shape, as the page reckons it too."""
    if not (width > 0 and height > 0):
        return UNKNOWN_SHAPE
    return min(255, max(0, int(128.5 + 32 * log2(width / height))))


def _month_of(place: bytes) -> tuple[str, bytes]:
    """The month of a place, and where that begins."""
    moment = _moment_of(place)
    if moment.ns <= FIRST_NS:
        return "", b""
    month = utc_text(moment)[:7]
    first = parse_time(f"{month}-01T00:00:00Z")
    return month, b"" if first is None else date_text(first).encode()


def _moment_of(place: bytes) -> Timestamp:
    return date_of(place.partition(b"|")[0].decode(), is_zone_unknown=False)


def _shapes(reader: IndexReader, at: Mapping[bytes, int]) -> Iterable[int]:
    if len(at) > _FEW:
        widths = _pixels(reader, "width", at)
        heights = None if widths is None else _pixels(reader, "height", at)
        if widths is not None and heights is not None:
            return map(shape_of, widths, heights)
    return shapes_of(reader, _contents(reader, at))


def _pixels(reader: IndexReader, name: str, at: Mapping[bytes, int]) -> Sequence[int] | None:
    """One side of each picture, 0 for what is none; None if there are too many others."""
    pixels = array("L", bytes(array("L").itemsize * len(at)))
    start, end = CONTENT.below(name)
    rows = _WORTH * len(at)
    digits = len(start) + 10
    for key, _ in reader.scan(start, end):
        number = at.get(key[digits + 1 :])
        if number is not None:
            pixels[number] = int(key[len(start) : digits])
        rows -= 1
        if not rows:
            return None
    return pixels


def _contents(reader: IndexReader, places: Iterable[bytes]) -> Iterator[Ref]:
    for place in places:
        ref = ref_in(place)
        node = reader.node(ref)
        yield ref if node is None or node.content is None else node.content
