"""Twins: contents that are there more than once, those first whose copies come to most bytes."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from heapq import nsmallest
from itertools import groupby, islice
from typing import NamedTuple

from ...blobstore.ref import Ref
from ..keys import COPIES, HAS
from .desk import Desk
from .items import Item
from .liveness import Liveness
from .reader import IndexReader
from .texts import Texts

MOST = 1_000_000
"""Contents that are told of."""

MOST_ITEMS = 100
"""Things with the same contents that are shown."""

_GREATEST = (1 << 64) - 1


class Group(NamedTuple):
    """Things that have the same contents."""

    whole: Ref
    size: int
    items: list[Item]
    more: bool
    """Whether there are more of them than are shown."""


class Place(NamedTuple):
    """Where contents stand: by the bytes of all copies but one, most first, and by their ref."""

    order: int
    """So many bytes, negative."""
    whole: Ref


class Twins:
    """All such contents, in one state of the index. Safe for many threads.

    They may be those of several files, or of one file that several permanodes have. What takes
    room is that of a hundred bytes for each.
    """

    def __init__(self, reader: IndexReader) -> None:
        self._wasted = array("Q")
        self._wholes = Texts()
        for order, whole in nsmallest(MOST, _several(reader)):
            self._wasted.append(-order)
            self._wholes.append(whole.encode())
        # Of some of them nothing is left but one; that is found out when they would be shown.
        self._is_single = bytearray(len(self._wasted))

    def groups(
        self, desk: Desk, liveness: Liveness, after: Place | None
    ) -> Iterator[tuple[Place, Group]]:
        """What is there more than once, from behind a place on."""
        places = range(len(self._wasted))
        start = 0 if after is None else bisect_right(places, after, key=self._place)
        for at in places[start:]:
            if self._is_single[at]:
                continue
            place = self._place(at)
            group = _group(desk, liveness, place.whole)
            if group is None:
                self._is_single[at] = 1
            else:
                yield place, group

    def _place(self, at: int) -> Place:
        return Place(-self._wasted[at], Ref(self._wholes[at].decode()))


def _group(desk: Desk, liveness: Liveness, whole: Ref) -> Group | None:
    found = (item for file in desk.reader.files(whole) for item in liveness.items(desk, file))
    items = list(islice(found, MOST_ITEMS + 1))
    if len(items) < 2:
        return None
    shown = items[:MOST_ITEMS]
    size = next((item.size for item in shown if item.size is not None), 0)
    return Group(whole, size, shown, len(items) > MOST_ITEMS)


def _several(reader: IndexReader) -> Iterator[Place]:
    """Contents that are there more than once, in any order."""
    held = _held(reader)
    for key, value in reader.scan(*COPIES.below()):
        digits, text = COPIES.parts_of(key)
        whole = Ref(text)
        _, more = held.pop(whole, (0, 0))
        yield _place_of(whole, int(digits, 16), COPIES.value_of(value)[0] - 1 + more)
    for whole, (size, more) in held.items():
        yield _place_of(whole, size, more)


def _held(reader: IndexReader) -> dict[Ref, tuple[int, int]]:
    """The contents of files that several permanodes have: their size, and how many times more."""
    found: dict[Ref, tuple[int, int]] = {}
    keys = (key for key, _ in reader.scan(*HAS.below("camliContent")))
    for _, same in groupby(keys, _content_in):
        first, more = _first_and_others(same)
        facts = reader.file(Ref(HAS.parts_of(first)[1])) if more else None
        if facts is not None and facts.whole is not None:
            whole = Ref(facts.whole)
            _, before = found.get(whole, (0, 0))
            found[whole] = facts.size, before + more
    return found


def _first_and_others(keys: Iterator[bytes]) -> tuple[bytes, int]:
    return next(keys), sum(1 for _ in keys)


def _content_in(key: bytes) -> bytes:
    return key.split(b"|", 3)[2]


def _place_of(whole: Ref, size: int, more: int) -> Place:
    return Place(-min(size * more, _GREATEST), whole)
