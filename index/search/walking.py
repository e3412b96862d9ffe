"""Walking: taking what fits, in order, from the streams that a plan comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...blobstore.ref import Ref
from ..keys import TIME
from ..query.constraints import Constraint, finds_only_permanodes
from .matching import Matcher, needs_rows
from .opening import HEAVY, LIGHT, Effort, Opener
from .planning import Plan, Planner, plan_blobs
from .reftests import RefTest
from .sieve import Sieve
from .streams import UPWARDS, Order, Stream

MISSES = 200
"""Blobs that are tested in vain before more is spent on lists that leave them out."""


class Walker:
    """Finds what fits, for one query, in one thread."""

    def __init__(self, opener: Opener, matcher: Matcher, planner: Planner) -> None:
        self._opener = opener
        self._matcher = matcher
        self._planner = planner
        opener.search = self.fitting
        self.tested = 0
        """How many blobs were tested."""

    def by_time(
        self,
        plan: Plan,
        test: RefTest,
        order: Order,
        bound: bytes,
        *,
        make_sieve: Callable[[], Sieve] | None = None,
        many: int = 0,
    ) -> Iterator[tuple[bytes, Ref]]:
        """The permanodes that pass the test, with their places, by time.

        With `make_sieve`, what comes after so `many` tests is sieved first.
        """

        def open_(effort: Effort) -> Stream:
            stream = self._opener.by_time(plan.source, order, plan.span, effort)
            return self._opener.rows(TIME, (), order, plan.span) if stream is None else stream

        return self._walk(open_, test, order, bound, make_sieve, many)

    def by_ref(
        self, plan: Plan, test: RefTest, order: Order, bound: bytes
    ) -> Iterator[tuple[bytes, Ref]]:
        """The blobs that pass the test, with their places, by ref."""

        def open_(effort: Effort) -> Stream:
            return self._opener.by_ref(plan.source, order, plan.span, effort)

        return self._walk(open_, test, order, bound)

    def along(
        self, stream: Stream, test: RefTest, order: Order, bound: bytes
    ) -> Iterator[tuple[bytes, Ref, bool]]:
        """All that is in a stream, and whether it passes the test."""
        while (place := stream.seek(bound)) is not None:
            bound = order.past(place)
            ref = ref_in(place)
            yield place, ref, self.fits(ref, test)

    def fits(self, ref: Ref, test: RefTest) -> bool:
        """Whether a blob passes a test, which is counted."""
        self.tested += 1
        return test(ref)

    def fitting(self, constraint: Constraint, most: int, most_tests: int) -> list[Ref] | None:
        """All that fits, in any order; None if that is more, or takes more tests, than so many."""
        test = self._matcher.test_of(constraint)
        end = self.tested + most_tests
        found: list[Ref] = []

        def bounded(ref: Ref) -> bool:
            if self.tested > end:
                raise _TooMany
            return test(ref)

        try:
            if finds_only_permanodes(constraint) and needs_rows(constraint):
                plan = self._planner.permanodes(constraint)
                places = self.by_time(plan, bounded, UPWARDS, UPWARDS.start)
            else:
                plan = plan_blobs(constraint, self._planner)
                places = self.by_ref(plan, bounded, UPWARDS, UPWARDS.start)
            for _, ref in places:
                found.append(ref)
                if len(found) > most:
                    return None
        except _TooMany:
            return None
        return found

    def _walk(
        self,
        open_: Callable[[Effort], Stream],
        test: RefTest,
        order: Order,
        bound: bytes,
        make_sieve: Callable[[], Sieve] | None = None,
        many: int = 0,
    ) -> Iterator[tuple[bytes, Ref]]:
        effort, misses = LIGHT, 0
        sieve: Sieve | None = None
        stream = open_(effort)
        while (place := stream.seek(bound)) is not None:
            bound = order.past(place)
            ref = ref_in(place)
            if make_sieve is not None and sieve is None and self.tested >= many:
                sieve = make_sieve()
            passes = None if sieve is None else sieve(place)
            if passes or (passes is None and self.fits(ref, test)):
                yield place, ref
                continue
            misses += 1
            if misses == MISSES and effort is LIGHT:
                effort = HEAVY
                stream = open_(effort)


class _TooMany(Exception):
    pass


def ref_in(place: bytes) -> Ref:
    """The blob that stands at a place."""
    return Ref(place.rpartition(b"|")[2].decode())
