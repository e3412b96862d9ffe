"""Searching: one page of what a query asks for, in its order, and what that took."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import nlargest, nsmallest
from itertools import islice

from ...blobstore.ref import Ref
from ...blobstore.storage import Storage
from ...schema.timestamps import FIRST_NS, Timestamp
from ..keys import MODIFIED, TIME, TYPE, date_of, date_text
from ..media.moments import Place as Location
from ..query.constraints import Constraint, finds_only_permanodes
from ..query.pages import Place, Sort
from ..query.request import SearchQuery
from ..query.scalars import LocationConstraint
from ..query.trees import nodes
from .geography import Area, area_of
from .matching import Matcher, needs_rows
from .opening import HEAVY, Opener
from .planning import Planner, plan_blobs
from .reader import IndexReader
from .sieve import Sieve, sieve_of
from .spans import EVERYWHERE
from .streams import UPWARDS, Order, places_of
from .thinning import thinned
from .walking import MISSES, Walker, ref_in

MOST_RESULTS = 100_000
"""How many results one answer has, whatever is asked for; a token leads to the rest."""


MANY = 10_000
"""Blobs that are tested one by one before a sieve is made, which may read as many rows and more."""

MANY_OF_ALL = 2000
"""The same where all results are wanted."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a query was answered."""

    sources: str
    """Which rows hold what may fit."""
    done: dict[str, str]
    """What was done with each of them."""
    order: str
    rows_read: int
    tested: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Found:
    """One page of results."""

    refs: tuple[Ref, ...]
    next: Place | None
    """Where to go on; None where the page is not full, or its order has no places."""
    area: Area | None
    """Where the results are; None unless the query asks where things are."""
    explanation: Explanation


class Search:
    """Answers one query, in which names of places and saved searches are looked up already.

    For one thread. Raises `TooMuchToRead`.
    """

    def __init__(
        self,
        query: SearchQuery,
        constraint: Constraint,
        reader: IndexReader,
        storage: Storage,
        *,
        now_ns: int,
    ) -> None:
        self._query = query
        self._constraint = constraint
        self._reader = reader
        self._now_ns = now_ns
        self._sort = query.sort_of(constraint)
        self._most = MOST_RESULTS if query.most is None else min(query.most, MOST_RESULTS)
        self._matcher = Matcher(reader, storage, now_ns=now_ns)
        self._test = self._matcher.test_of(constraint)
        self._opener = Opener(reader, storage, self._matcher.node)
        planner = Planner(now_ns)
        self._walker = Walker(self._opener, self._matcher, planner)
        # Permanodes of which nothing is claimed are in no list but those of types.
        by_ref = self._sort is Sort.BLOBREF and not needs_rows(constraint)
        self._is_of_permanodes = finds_only_permanodes(constraint) and not by_ref
        self._plan = (
            planner.permanodes(constraint)
            if self._is_of_permanodes
            else plan_blobs(constraint, planner)
        )
        self._way = ""

    def fits(self, refs: Iterable[Ref]) -> bool:
        """Whether any of these is among the results, on whatever page."""
        return any(map(self._matcher.test_of_any(self._constraint), refs))

    def page(self) -> Found:
        """The page that is asked for."""
        began = time.perf_counter()
        area = None
        if self._sort is Sort.MAP:
            places, area = self._mapped()
        elif self._query.around is not None:
            places = self._around(self._query.around)
        else:
            places = list(islice(self._in_order(self._query.after), self._most))
        refs = tuple(place.ref for place in places)
        if self._sort is not Sort.MAP and _is_about_places(self._constraint):
            area = area_of(self._matcher.place_of(ref) for ref in refs)
        goes_on = self._sort.has_places and self._query.around is None
        is_full = bool(places) and len(places) == self._most
        explanation = Explanation(
            sources=str(self._plan.source or "all permanodes"),
            done=dict(self._opener.notes),
            order=f"{self._sort.value}, {self._way}",
            rows_read=self._reader.rows_read,
            tested=self._walker.tested,
            seconds=time.perf_counter() - began,
        )
        return Found(refs, places[-1] if goes_on and is_full else None, area, explanation)

    def all_by_time(self) -> Iterator[bytes]:
        """Where everything stands that fits, as `TIME|REF`, for a sort by creation.

        Of what is not permanodes alone, as much as one page has at most.
        """
        assert self._sort in (Sort.CREATED, Sort.CREATED_DESC)
        if not self._is_of_permanodes:
            yield from map(_time_place, self._in_order(None))
            return
        order = Order(self._sort.is_descending)
        for place, _ in self._walker.by_time(
            self._plan,
            self._test,
            order,
            order.start,
            make_sieve=self._sieve,
            many=MANY_OF_ALL,
        ):
            yield place

    def place_of(self, ref: Ref) -> Location | None:
        """Where on Earth a permanode or a file is."""
        return self._matcher.place_of(ref)

    def _around(self, ref: Ref) -> list[Place]:
        """The page with a blob in its middle; at either end there may be less on one side."""
        middle = self._place_of(ref)
        if middle is None or not self._most or not self.fits((ref,)):
            return []
        before = list(islice(self._in_order(middle, backwards=True), self._most // 2))
        behind = islice(self._in_order(middle), self._most - 1 - len(before))
        return [*reversed(before), middle, *behind]

    def _mapped(self) -> tuple[list[Place], Area | None]:
        """Results for a map: where there are too many, some from everywhere."""
        found = [
            (place, self._matcher.place_of(place.ref))
            for place in islice(self._in_order(None), MOST_RESULTS)
        ]
        area = area_of(where for _, where in found)
        kept = thinned(found, area, self._most)
        if len(kept) < len(found):
            area = area_of(self._matcher.place_of(place.ref) for place in kept)
        return kept, area

    # Orders

    def _in_order(self, after: Place | None, *, backwards: bool = False) -> Iterator[Place]:
        """What fits, in the order asked for, or the other way round, from behind a place on."""
        sort = self._sort
        if not sort.has_places:
            sort = Sort.CREATED_DESC if self._is_of_permanodes else Sort.BLOBREF
        order = Order(sort.is_descending != backwards)
        if not self._is_of_permanodes:
            found = self._blobs(sort, order, after)
        elif sort in (Sort.CREATED, Sort.CREATED_DESC):
            found = self._by_time(order, after)
        else:
            found = self._along(sort, order, after)
        # What is given another time meanwhile may be met again there.
        seen = set[Ref]()
        for place in found:
            if place.ref not in seen:
                seen.add(place.ref)
                yield place

    def _by_time(self, order: Order, after: Place | None) -> Iterator[Place]:
        self._way = "walked by time"
        bound = order.start if after is None else order.past(_time_place(after))
        for place, ref in self._walker.by_time(
            self._plan, self._test, order, bound, make_sieve=self._sieve, many=MANY
        ):
            yield Place(_ns_in(place), ref)

    def _along(self, sort: Sort, order: Order, after: Place | None) -> Iterator[Place]:
        """Permanodes in another order than that of most lists.

        First those of the list that goes so are tested; if few fit, all are collected from
        wherever fewest are, and sorted.
        """
        by_ref = sort is Sort.BLOBREF
        self._way = "walked by ref" if by_ref else "walked by last change"
        kind, parts = (TYPE, ("permanode",)) if by_ref else (MODIFIED, ())
        stream = self._opener.rows(kind, parts, order, EVERYWHERE)
        bound = order.start
        if after is not None:
            bound = order.past(after.ref.encode() if by_ref else _time_place(after))
        misses = 0
        for at, ref, does_fit in self._walker.along(stream, self._test, order, bound):
            place = Place(0 if by_ref else _ns_in(at), ref)
            if does_fit:
                yield place
                continue
            misses += 1
            if misses == MISSES and (few := self._few()) is not None:
                self._way += ", then collected and sorted"
                found = (held for one in few if (held := self._place_of(one)) is not None)
                yield from _ranked(found, order, place, self._most)
                return

    def _few(self) -> list[Ref] | None:
        """All permanodes that fit, if it can be told that they are not many."""
        stream = self._opener.by_time(self._plan.source, UPWARDS, self._plan.span, HEAVY)
        if stream is None:
            if self._plan.span == EVERYWHERE:
                return None
            stream = self._opener.rows(TIME, (), UPWARDS, self._plan.span)
        places = list(islice(places_of(stream), HEAVY.rows + 1))
        if len(places) > HEAVY.rows:
            return None
        return [ref for place in places if self._walker.fits(ref := ref_in(place), self._test)]

    def _blobs(self, sort: Sort, order: Order, after: Place | None) -> Iterator[Place]:
        """Blobs of any kind: by ref, or collected and sorted by their times."""
        if sort is Sort.BLOBREF:
            self._way = "walked by ref"
            bound = order.start if after is None else order.past(after.ref.encode())
            for _, ref in self._walker.by_ref(self._plan, self._test, order, bound):
                yield Place(0, ref)
            return
        self._way = "collected and sorted"
        found = self._walker.by_ref(self._plan, self._test, UPWARDS, UPWARDS.start)
        places = (place for _, ref in found if (place := self._place_of(ref)) is not None)
        yield from _ranked(places, order, after, self._most)

    def _sieve(self) -> Sieve:
        return sieve_of(
            self._constraint,
            self._reader,
            test_of=self._matcher.test_of_any,
            now_ns=self._now_ns,
        )

    def _place_of(self, ref: Ref) -> Place | None:
        """Where a blob stands in the order asked for; None for a permanode that is not in it."""
        if self._sort is Sort.BLOBREF or not (self._is_of_permanodes or self._sort.has_places):
            return Place(0, ref)
        by_change = self._sort in (Sort.MODIFIED, Sort.MODIFIED_DESC)
        node = self._matcher.node(ref)
        if node is not None:
            moment = node.modified if by_change else node.time
            if moment is None:
                return None if self._is_of_permanodes else Place(FIRST_NS, ref)
            return Place(moment.ns, ref)
        facts = self._reader.file(ref)
        if facts is None or not facts.times:
            return Place(FIRST_NS, ref)  # what has no time is older than all that has one
        return Place(facts.times[-1 if by_change else 0].ns, ref)


def _ranked(places: Iterable[Place], order: Order, after: Place | None, most: int) -> list[Place]:
    """The first places behind `after`, sorted."""
    if order.is_descending:
        return nlargest(most, (place for place in places if after is None or place < after))
    return nsmallest(most, (place for place in places if after is None or place > after))


def _time_place(place: Place) -> bytes:
    return f"{date_text(Timestamp(place.ns))}|{place.ref}".encode()


def _ns_in(place: bytes) -> int:
    digits, _, _ = place.partition(b"|")
    return date_of(digits.decode(), is_zone_unknown=False).ns


def _is_about_places(constraint: Constraint) -> bool:
    return any(isinstance(node, LocationConstraint) for node, _ in nodes(constraint))
