"""The sieve: what fits, told by the lists that a place is in, without a look at what stands there.

To test a permanode costs a row of its own, at a random place, and twenty times as much as to walk
on by one. Where very many are walked it pays to read first, one after the other, the lists of all
that has a tag, or is a picture; most tests are then answered by whether a place is in them.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import TypeAlias

from ...schema.timestamps import NANOSECONDS, Timestamp
from ..cells import cover
from ..files import FileFacts
from ..keys import CELL, CONTENT, HAS, LACKS, LINK, MEMBER, RowKind, date_text
from ..media.images import Size
from ..nodes import VALUE_LENGTH, is_for_links, ref_in
from ..postings import LOOKED_FOR_ABSENT, MOST_PIXELS
from ..query.constraints import (
    HIDDEN,
    Constraint,
    FileConstraint,
    LogicalConstraint,
    Op,
    PermanodeConstraint,
    Relation,
    RelationConstraint,
)
from ..query.scalars import IntConstraint, LocationConstraint, StringConstraint, TimeConstraint
from .filetests import picture_tests
from .reader import IndexReader
from .reftests import RefTest
from .spans import span_of_time

MOST_PLACES = 400_000
"""Places of one test that are held in memory; where there are more, the test is left to others."""

MOST_ROWS = 1_500_000
"""Rows of lists that one sieve is made of."""

MOST_PARENTS = 20_000

Sieve: TypeAlias = Callable[[bytes], bool | None]
"""Whether what stands at a place, `TIME|PERMANODE`, fits; None if that has to be looked at. Of
places in lists alone: what is not listed is not asked about."""

_SOME = IntConstraint(min=1)
_NOT_EMPTY = StringConstraint(byte_length=_SOME)


def sieve_of(
    constraint: Constraint,
    reader: IndexReader,
    *,
    test_of: Callable[[Constraint], RefTest],
    now_ns: int,
) -> Sieve:
    """The sieve of a constraint. `test_of` makes tests of other blobs that are named in it."""
    return _Maker(reader, test_of, now_ns).sieve(constraint)


def _unknown(_place: bytes) -> None:
    return None


class _Maker:
    def __init__(
        self, reader: IndexReader, test_of: Callable[[Constraint], RefTest], now_ns: int
    ) -> None:
        self._reader = reader
        self._test_of = test_of
        self._now_ns = now_ns
        self._room = MOST_ROWS

    def sieve(self, asked: Constraint) -> Sieve:
        if asked == Constraint():  # which finds nothing
            return lambda _place: False
        parts: list[Sieve] = []
        if asked.camli_type not in ("", "permanode"):
            parts.append(lambda _place: False)
        left = replace(asked, camli_type="", any_camli_type=False, permanode=None, logical=None)
        if left != Constraint():
            parts.append(_unknown)
        if asked.permanode is not None:
            parts += self._permanode(asked.permanode)
        if asked.logical is not None:
            parts.append(self._logical(asked.logical))
        return _all_of(parts)

    def _logical(self, logical: LogicalConstraint) -> Sieve:
        a = self.sieve(logical.a)
        if logical.b is None:
            return _none_of(a)
        b = self.sieve(logical.b)
        match logical.op:
            case Op.AND:
                return _all_of([a, b])
            case Op.OR:
                return _none_of(_all_of([_none_of(a), _none_of(b)]))
        return _unknown

    def _permanode(self, asked: PermanodeConstraint) -> list[Sieve]:
        parts: list[Sieve] = []
        if asked.at is not None or asked.mod_time is not None or asked.text:
            parts.append(_unknown)
        if asked.time is not None:
            parts.append(_timed(asked.time, self._now_ns))
        if asked.skip_hidden:
            parts.append(self._visible())
        if asked.attr:
            parts.append(self._attribute(asked))
        if asked.location is not None:
            parts.append(self._located(asked.location))
        if asked.relation is not None:
            parts.append(self._related(asked.relation))
        return parts

    def _visible(self) -> Sieve:
        # Which value is the first is in no list.
        suspects = self._places(HAS, HIDDEN)
        return _unknown if suspects is None else _inside(suspects, None, True)

    def _attribute(self, asked: PermanodeConstraint) -> Sieve:
        name = asked.attr
        asked = _of_attribute(asked)
        if is_for_links(name):
            has_any = asked == PermanodeConstraint(attr=name, num_value=_SOME)
            return self._linking(name) if has_any else _unknown
        if asked == PermanodeConstraint(attr=name, num_value=_SOME):
            return self._member(HAS, (name,))
        if asked == PermanodeConstraint(attr=name, value=asked.value):
            is_sure = 0 < len(asked.value) < VALUE_LENGTH
            return self._member(HAS, (name, asked.value)) if is_sure else _unknown
        if asked == PermanodeConstraint(attr=name, value_matches=_NOT_EMPTY):
            return self._some_text(name)
        content = asked.value_in_set
        if asked == PermanodeConstraint(attr="camliContent", value_in_set=content):
            file = None if content is None else content.file
            if file is not None and content == Constraint(file=file):
                return self._content(file)
        return _unknown

    def _linking(self, name: str) -> Sieve:
        """Whether there is a value by which others may be linked."""
        parents, plain = self._parents, self._places(HAS, [(name,)])
        if parents is None or plain is None:
            return _unknown
        return lambda place: (
            None if place.rpartition(b"|")[2] in parents or place in plain else False
        )

    def _some_text(self, name: str) -> Sieve:
        """Whether a value is not empty."""
        if name not in LOOKED_FOR_ABSENT:
            return _unknown
        without, empty = self._places(LACKS, [(name,)]), self._places(HAS, [(name, "")])
        if without is None or empty is None:
            return _unknown
        return _all_of([_inside(without, False, True), _inside(empty, None, True)])

    def _content(self, asked: FileConstraint) -> Sieve:
        """Whether the content is such a file."""
        several = self._places(CONTENT, [("several", "")])
        if several is None:
            return _unknown
        parts: list[Sieve] = []
        mime = "" if asked.mime_type is None else asked.mime_type.equals
        if asked.is_image:
            parts.append(self._member(CONTENT, ("type", "image")))
        if mime and asked.mime_type == StringConstraint(equals=mime):
            parts.append(self._member(CONTENT, ("mime", mime)))
            asked = replace(asked, mime_type=None)
        if asked.width or asked.height or asked.width_height_ratio:
            parts.append(self._sized(asked))
        left = replace(asked, is_image=False, width=None, height=None, width_height_ratio=None)
        if left != FileConstraint() or not parts:
            parts.append(_unknown)
        # Lists of contents know one of each permanode.
        return _all_of_one(several, _all_of(parts))

    def _sized(self, asked: FileConstraint) -> Sieve:
        """Whether a picture's width, height and shape fit."""
        tests = list(picture_tests(asked))
        widths, heights = self._pixels("width"), self._pixels("height")
        if widths is None or heights is None:
            return _unknown

        def sieve(place: bytes) -> bool | None:
            size = Size(widths.get(place, 0), heights.get(place, 0))
            if max(size) >= MOST_PIXELS:  # lists tell of no more
                return None
            facts = FileFacts("", 0, picture=size if min(size) else None)
            return all(test(facts) for test in tests)

        return sieve

    def _pixels(self, side: str) -> dict[bytes, int] | None:
        """One side of each picture by its place; None if they are too many."""
        if self._room <= 0:
            return None
        found: dict[bytes, int] = {}
        start, end = CONTENT.below(side)
        for key, _ in islice(self._reader.scan(start, end), MOST_PLACES + 1):
            digits, _, place = key[len(start) :].partition(b"|")
            found[place] = int(digits)
        self._room -= len(found)
        return found if len(found) <= MOST_PLACES else None

    def _located(self, asked: LocationConstraint) -> Sieve:
        if asked.any:
            return self._member(CELL, ("",))
        cells = cover(asked.north, asked.west, asked.south, asked.east)
        near = self._places(CELL, [(cell,) for cell in cells])
        return _unknown if near is None else _inside(near, None, False)

    def _related(self, asked: RelationConstraint) -> Sieve:
        if asked.edge_type and not is_for_links(asked.edge_type):
            return _unknown
        if asked.relation is Relation.CHILD:
            parents = self._parents
            if parents is None:
                return _unknown
            return lambda place: None if place.rpartition(b"|")[2] in parents else False
        one = None if asked.any is None else ref_in(asked.any.blob_ref_prefix)
        if asked.any is None or one is None or asked.edge_type:
            return _unknown
        if not self._test_of(asked.any)(one):
            return lambda _place: False
        return self._member(MEMBER, (one,))

    @cached_property
    def _parents(self) -> frozenset[bytes] | None:
        """All permanodes that have others; None if they are too many."""
        found = set[bytes]()
        start, end = LINK.below()
        while (row := next(self._reader.scan(start, end), None)) is not None:
            parent = LINK.parts_of(row[0])[0]
            found.add(parent.encode())
            if len(found) > MOST_PARENTS:
                return None
            start = LINK.below(parent)[1]
        return frozenset(found)

    def _member(self, kind: RowKind, parts: tuple[str, ...]) -> Sieve:
        places = self._places(kind, [parts])
        return _unknown if places is None else _inside(places, True, False)

    def _places(self, kind: RowKind, lists: Iterable[tuple[str, ...]]) -> set[bytes] | None:
        """All places in some lists; None if they are too many."""
        found = set[bytes]()
        if self._room <= 0:
            return None
        for parts in lists:
            for key, _ in islice(self._reader.scan(*kind.below(*parts)), MOST_PLACES + 1):
                found.add(key[key.rindex(b"|", 0, key.rindex(b"|")) + 1 :])
            if len(found) > MOST_PLACES:
                break
        self._room -= len(found)
        return found if len(found) <= MOST_PLACES else None


def _of_attribute(asked: PermanodeConstraint) -> PermanodeConstraint:
    """What is asked of the attribute alone."""
    return replace(
        asked,
        at=None,
        mod_time=None,
        time=None,
        skip_hidden=False,
        relation=None,
        location=None,
        text="",
    )


def _timed(asked: TimeConstraint, now_ns: int) -> Sieve:
    span = span_of_time(asked, now_ns)
    # What is of the first second of 1970 has no time.
    zero = date_text(Timestamp(0)).encode()
    after_zero = date_text(Timestamp(NANOSECONDS)).encode()
    return lambda place: span.low <= place < span.high and not zero <= place < after_zero


def _inside(places: Container[bytes], inside: bool | None, outside: bool | None) -> Sieve:
    return lambda place: inside if place in places else outside


def _all_of(parts: list[Sieve]) -> Sieve:
    if len(parts) == 1:
        return parts[0]

    def sieve(place: bytes) -> bool | None:
        verdict: bool | None = True
        for part in parts:
            found = part(place)
            if found is False:
                return False
            if found is None:
                verdict = None
        return verdict

    return sieve


def _all_of_one(several: Container[bytes], part: Sieve) -> Sieve:
    return lambda place: None if place in several else part(place)


def _none_of(part: Sieve) -> Sieve:
    def sieve(place: bytes) -> bool | None:
        found = part(place)
        return None if found is None else not found

    return sieve
