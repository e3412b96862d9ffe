"""Atlas: where on Earth everything is that has a place, in little room and kept up with changes."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterable, Iterator

from ...blobstore.ref import Ref
from ..keys import CELL, NODE
from .keeping import taking_turns
from .reader import IndexReader
from .texts import Texts
from .walking import ref_in

MOST = 1_000_000
"""Things that are in it: the newest. Each takes some 110 bytes."""

MOST_CHANGES = 50_000
"""Refs that are remembered as changed; of more, everything is looked up again."""

_PLACE = NODE.value.index("place")


class Atlas:
    """Things with a place, newest first, each by its number. It is filled once."""

    def __init__(self) -> None:
        self.standings = Texts()
        """Where each stands in time: `TIME|REF`, descending."""
        self.latitudes = array("d")
        self.longitudes = array("d")
        self.is_whole = True
        """Whether there are no more than are in it."""

    def __len__(self) -> int:
        return len(self.standings)

    def add(self, standing: bytes, latitude: float, longitude: float) -> None:
        """Add a thing that is older than all others."""
        self.standings.append(standing)
        self.latitudes.append(latitude)
        self.longitudes.append(longitude)


class Surveyor:
    """Makes an atlas of each state of the index, out of the one before it. Safe for many threads.

    To list what has a place costs little; where just it is stands in its own row, which is read
    only of what is new or has changed.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._noting = threading.Lock()
        self._changed: set[Ref] | None = None
        """What may be elsewhere than in the atlas; None: everything."""
        self._atlas = Atlas()
        self._stamp = ""

    def note(self, changed: Iterable[Ref]) -> None:
        """Take notice of a change before the index has another stamp: see `Index.watching`."""
        refs = frozenset(changed)
        with self._noting:
            if self._changed is not None:
                self._changed |= refs
                if not refs or len(self._changed) > MOST_CHANGES:
                    self._changed = None

    def atlas(self, reader: IndexReader, stamp: str) -> Atlas:
        """What has a place; `stamp` is the state of the index before any of it was read.

        Raises as the reader does; then what was found is used the next time.
        """
        with taking_turns(self._turn, reader):
            if self._stamp != stamp:
                self._survey(reader)
                self._stamp = stamp
            return self._atlas

    def _survey(self, reader: IndexReader) -> None:
        with self._noting:
            changed, self._changed = self._changed, set()
        old = Atlas() if changed is None else self._atlas
        atlas = Atlas()
        self._stamp = ""
        try:
            _fill(atlas, reader, old, frozenset(changed or ()))
        except BaseException:
            if len(old) <= len(atlas):
                self._atlas = atlas
            elif changed:
                with self._noting:
                    if self._changed is not None:
                        self._changed |= changed
            raise
        self._atlas = atlas


def _fill(atlas: Atlas, reader: IndexReader, old: Atlas, changed: frozenset[Ref]) -> None:
    """Fill an atlas from the rows; what has not changed is where it was."""
    at, before = 0, iter(old.standings)
    known = next(before, b"")
    for standing in _standings(reader):
        if len(atlas) == MOST:
            atlas.is_whole = False
            return
        while known > standing:
            at, known = at + 1, next(before, b"")
        if known == standing and not (changed and ref_in(standing) in changed):
            atlas.add(standing, old.latitudes[at], old.longitudes[at])
            continue
        value = reader.get(NODE.key_of(ref_in(standing)))
        place = None if value is None else NODE.value_of(value)[_PLACE]
        if place is not None:
            atlas.add(standing, *place)


def _standings(reader: IndexReader) -> Iterator[bytes]:
    """Where all stands that has a place, `TIME|REF`, newest first."""
    start, end = CELL.below("")
    for key, _ in reader.scan(start, end, backwards=True):
        yield key[len(start) :]
