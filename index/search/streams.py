"""Streams of places: posting lists that are walked, merged and intersected without being loaded.

A *place* is the end of a row's key: `TIME|PERMANODE` where lists go by time, and the ref alone
where they go by ref. All lists of one query have places of one form, in one order, so what is in
several of them is found by leaping from one to the next. A *bound* is where to go on: ascending,
the first place there may be; descending, the first there may not be.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...blobstore.storage import Storage
from ..attributes import ref_in
from .reader import IndexReader

_STEPS = 8
"""Rows that are stepped over before a list is opened anew: that costs as much as twenty."""

_AT_ONCE = 1000

BEHIND_ALL = b"\xff"
"""A bound behind all places."""


@dataclass(frozen=True, slots=True)
class Order:
    """One of the two ways through places."""

    is_descending: bool

    @property
    def start(self) -> bytes:
        """The bound that leaves nothing out."""
        return BEHIND_ALL if self.is_descending else b""

    def at(self, place: bytes) -> bytes:
        """The bound at which `place` is the first there may be."""
        return place + b"\0" if self.is_descending else place

    def past(self, place: bytes) -> bytes:
        """The bound right behind `place`."""
        return place if self.is_descending else place + b"\0"

    def reaches(self, place: bytes, bound: bytes) -> bool:
        """Whether a place is not before a bound."""
        return place < bound if self.is_descending else place >= bound

    def first(self, places: Iterable[bytes]) -> bytes:
        """The one of several places that comes first."""
        return max(places) if self.is_descending else min(places)

    def last(self, places: Iterable[bytes]) -> bytes:
        """The one of several places that comes last."""
        return min(places) if self.is_descending else max(places)


UPWARDS = Order(is_descending=False)


class Stream(ABC):
    """Places in an order. Bounds must not go back."""

    @abstractmethod
    def seek(self, bound: bytes) -> bytes | None:
        """The first place that is not before `bound`; None if there is none."""


class Postings(Stream):
    """The rows whose keys are `prefix` and a place, from `low` on and before `high`."""

    def __init__(
        self,
        reader: IndexReader,
        prefix: bytes,
        order: Order,
        *,
        low: bytes = b"",
        high: bytes = BEHIND_ALL,
    ) -> None:
        self._reader = reader
        self._prefix = prefix
        self._order = order
        self._low, self._high = low, high
        self._rows: Iterator[tuple[bytes, bytes]] | None = None
        self._place: bytes | None = None

    def seek(self, bound: bytes) -> bytes | None:
        if self._rows is not None:
            reaches = self._order.reaches
            if self._place is None or reaches(self._place, bound):
                return self._place
            for _ in range(_STEPS):
                place = self._step()
                if place is None or reaches(place, bound):
                    return place
        self._open(bound)
        return self._step()

    def _open(self, bound: bytes) -> None:
        low, high = self._low, self._high
        if self._order.is_descending:
            high = min(high, bound)
        else:
            low = max(low, bound)
        if low >= high:
            self._rows = iter(())
            return
        self._rows = self._reader.scan(
            self._prefix + low, self._prefix + high, backwards=self._order.is_descending
        )

    def _step(self) -> bytes | None:
        assert self._rows is not None
        row = next(self._rows, None)
        self._place = None if row is None else row[0][len(self._prefix) :]
        return self._place


class Gathered(Stream):
    """Places that were collected in memory."""

    def __init__(self, places: Iterable[bytes], order: Order) -> None:
        self._places = sorted(set(places))
        self._order = order

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._places)

    def seek(self, bound: bytes) -> bytes | None:
        at = bisect_left(self._places, bound)
        if self._order.is_descending:
            return self._places[at - 1] if at else None
        return self._places[at] if at < len(self._places) else None


class Union(Stream):
    """The places that any of some streams has."""

    def __init__(self, streams: Sequence[Stream], order: Order) -> None:
        self._streams = list(streams)
        self._order = order

    def seek(self, bound: bytes) -> bytes | None:
        found = [
            (stream, place) for stream in self._streams if (place := stream.seek(bound)) is not None
        ]
        if len(found) < len(self._streams):
            self._streams = [stream for stream, _ in found]
        return self._order.first(place for _, place in found) if found else None


class Intersection(Stream):
    """The places that all of some streams have: each leaps to where the last one stands."""

    def __init__(self, streams: Sequence[Stream], order: Order) -> None:
        assert streams
        self._streams = tuple(streams)
        self._order = order

    def seek(self, bound: bytes) -> bytes | None:
        place = None
        agreeing = 0
        while True:
            for stream in self._streams:
                found = stream.seek(bound)
                if found is None:
                    return None
                agreeing = agreeing + 1 if found == place else 1
                place = found
                if agreeing == len(self._streams):
                    return place
                bound = self._order.at(place)


class StoredRefs(Stream):
    """All blobs of a storage, by ref, whether anything is known of them or not."""

    def __init__(
        self,
        storage: Storage,
        order: Order,
        *,
        count: Callable[[], None],
        low: bytes = b"",
        high: bytes = BEHIND_ALL,
    ) -> None:
        self._storage = storage
        self._order = order
        self._count = count
        self._low, self._high = low, high
        self._refs: Iterator[bytes] | None = None
        self._place: bytes | None = None

    def seek(self, bound: bytes) -> bytes | None:
        if self._refs is None:
            self._refs = self._all(bound)
            self._place = next(self._refs, None)
        while self._place is not None and not self._order.reaches(self._place, bound):
            self._place = next(self._refs, None)
        return self._place

    def _all(self, bound: bytes) -> Iterator[bytes]:
        if self._order.is_descending:
            # Storages list upwards alone.
            yield from reversed(list(self._upwards(self._low, min(self._high, bound))))
        else:
            yield from self._upwards(max(self._low, bound), self._high)

    def _upwards(self, low: bytes, high: bytes) -> Iterator[bytes]:
        after = low.decode()
        if ref_in(after) is not None:
            # What sorts right before a ref cannot be named; its beginning sorts before it.
            after = after[:-1]
        while True:
            page = [sized.ref for sized in self._storage.enumerate(after, _AT_ONCE)]
            for ref in page:
                self._count()
                place = ref.encode()
                if place >= high:
                    return
                if place >= low:
                    yield place
            if len(page) < _AT_ONCE:
                return
            after = page[-1]


def places_of(stream: Stream) -> Iterator[bytes]:
    """All places of a stream that goes upwards."""
    bound = UPWARDS.start
    while (place := stream.seek(bound)) is not None:
        yield place
        bound = UPWARDS.past(place)
