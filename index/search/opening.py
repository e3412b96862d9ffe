"""Opening: from sources to streams, spending on each what it may be worth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from ...blobstore.ref import Ref
from ...blobstore.storage import Storage
from ..keys import (
    BLOB,
    GRAM,
    HAS,
    KINDS,
    MEMBER,
    MODIFIED,
    NODE,
    TYPE,
    WHOLE,
    WORD,
    RowKind,
    date_text,
)
from ..nodes import Node, is_for_links, ref_in
from ..query.constraints import Constraint
from ..vocabulary import LETTERS, grams_of
from ..words import MOST_LETTERS
from .reader import IndexReader
from .sources import (
    Both,
    ByRef,
    Changed,
    Either,
    Held,
    Holders,
    OfWhole,
    Prefixed,
    Rows,
    Source,
    Spelled,
    Spread,
    Stored,
    These,
)
from .spans import EVERYWHERE, Span
from .streams import (
    UPWARDS,
    Gathered,
    Intersection,
    Order,
    Postings,
    StoredRefs,
    Stream,
    Union,
    places_of,
)

MOST_LISTS = 64
"""Lists that are intersected: what more lists would leave out is tested."""

MOST_MERGED = 16
"""Lists that are merged into one: each step of a merge looks at all of them."""

FEW = 5000
"""Places that are sooner tested than another source is opened."""

_KINDS = {kind.name: kind for kind in KINDS}

Search = Callable[[Constraint, int, int], list[Ref] | None]
"""All that fits a constraint; None if it is more than so many, or takes more tests."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What may be spent on a source before the query is answered without it."""

    rows: int
    """Rows that are read, and places that are collected and sorted."""
    results: int
    """Of a constraint that is searched for within another."""
    tests: int
    """Of that same."""


LIGHT = Effort(rows=500, results=100, tests=500)
"""At first: most pages are full before more would have paid."""

HEAVY = Effort(rows=50_000, results=5_000, tests=50_000)
"""When a page is not full although many blobs were tested."""


@dataclass
class Opener:
    """Opens sources for one query, in one thread, and notes what became of each."""

    reader: IndexReader
    storage: Storage
    find_node: Callable[[Ref], Node | None]
    search: Search = lambda _constraint, _most, _tests: None
    notes: dict[str, str] = field(default_factory=dict)
    """What was done with each source that was opened, for a person."""

    def by_time(
        self, source: Source | None, order: Order, span: Span, effort: Effort
    ) -> Stream | None:
        """A stream of permanodes by time, which may have more than the source says.

        None if it would have to be all there are: there is none that goes by time, and the
        places are too many to be collected with this effort.
        """
        stream = None if source is None else self._by_time(source, order, span, effort)
        if source is not None and not isinstance(source, Both | Either):
            self.notes[str(source)] = _done(stream)
        return stream

    def by_ref(self, source: Source | None, order: Order, span: Span, effort: Effort) -> Stream:
        """A stream of blobs by ref, which may have more than the source says."""
        stream = self._by_ref(source, order, span, effort)
        if stream is None:
            stream = self.rows(BLOB, (), order, span)
        return stream

    def rows(self, kind: RowKind, parts: tuple[str, ...], order: Order, span: Span) -> Postings:
        """One posting list."""
        prefix, _ = kind.below(*parts)
        return Postings(self.reader, prefix, order, low=span.low, high=span.high)

    # By time

    def _by_time(self, source: Source, order: Order, span: Span, effort: Effort) -> Stream | None:
        match source:
            case Rows(kind, parts):
                return self.rows(_KINDS[kind], parts, order, span)
            case Spelled():
                words = self._words(source, effort)
                if words is None:
                    return None
                return self._lists([(WORD, (word,)) for word in words], order, span, effort)
            case Both(sources):
                return self._all_of(sources, order, span, effort)
            case Either(sources):
                streams: list[Stream] = []
                for one in sources:
                    stream = self.by_time(one, order, span, effort)
                    if stream is None:
                        return None
                    streams.append(stream)
                return streams[0] if len(streams) == 1 else Union(streams, order)
            case Holders(attribute, inner):
                return self._holders(attribute, inner, order, span, effort)
            case Held(attribute, inner):
                return self._held(attribute, inner, order, span, effort)
            case Spread():
                places: Iterable[bytes] = self._spread(source)
            case Changed(low, high):
                places = self._places(self._changed(low, high))
            case These(refs):
                places = self._places(refs)
            case Prefixed(prefix):
                places = self._places(self._prefixed(prefix))
            case OfWhole(whole):
                places = self._places(self._of_whole(whole))
            case Stored() | ByRef():
                return None
        return _gathered(places, order, effort)

    def _all_of(
        self, sources: tuple[Source, ...], order: Order, span: Span, effort: Effort
    ) -> Stream | None:
        streams: list[Stream] = []
        are_few = False
        for source in sorted(sources, key=_cost):
            if are_few and _cost(source):
                self.notes[str(source)] = "left to the test: there are few already"
                continue
            stream = self.by_time(source, order, span, effort)
            if stream is not None:
                streams.append(stream)
                are_few = are_few or (isinstance(stream, Gathered) and stream.count <= FEW)
        if len(streams) < 2:
            return streams[0] if streams else None
        # The shortest first: it decides where the others need not be read.
        streams.sort(key=lambda one: one.count if isinstance(one, Gathered) else 1 << 62)
        return Intersection(streams[:MOST_LISTS], order)

    def _lists(
        self,
        lists: Sequence[tuple[RowKind, tuple[str, ...]]],
        order: Order,
        span: Span,
        effort: Effort,
    ) -> Stream | None:
        """Some lists as one: merged, or, if they are many, collected."""
        if len(lists) > MOST_MERGED:
            return _gathered(self._collected(lists, span), order, effort)
        streams = [self.rows(kind, parts, order, span) for kind, parts in lists]
        return streams[0] if len(streams) == 1 else Union(streams, order)

    def _words(self, spelled: Spelled, effort: Effort) -> list[str] | None:
        """The words that are in use and spelled so; None if finding out takes too long."""
        part = spelled.part
        if len(part) < LETTERS:
            return None
        if len(part) > MOST_LETTERS:  # which no word has that is posted
            return []
        if spelled.is_prefix:
            start = GRAM.key_of(part[:LETTERS], part)
            found = (key for key, _ in self.reader.scan(start, start + b"\xff"))
            words = [GRAM.parts_of(key)[1] for key in islice(found, effort.rows + 1)]
            return words if len(words) <= effort.rows else None
        # The rarest of its grams: whose list ends first.
        grams = sorted(set(grams_of(part)))
        lists = [(self.reader.scan(*GRAM.below(gram)), list[str]()) for gram in grams]
        for _ in range(max(effort.rows // len(lists), 1)):
            for rows, words in lists:
                row = next(rows, None)
                if row is None:
                    return [word for word in words if part in word]
                words.append(GRAM.parts_of(row[0])[1])
        return None

    def _holders(
        self, attribute: str | None, inner: Constraint, order: Order, span: Span, effort: Effort
    ) -> Stream | None:
        refs = self._fitting(inner, effort)
        if refs is None:
            return None
        if attribute is not None and not is_for_links(attribute):
            return self._lists([(HAS, (attribute, ref)) for ref in refs], order, span, effort)
        places = self._places(
            parent
            for ref in refs
            for parent, name in self.reader.parents(ref)
            if attribute in (None, name)
        )
        return _gathered(places, order, effort)

    def _held(
        self, attribute: str | None, inner: Constraint, order: Order, span: Span, effort: Effort
    ) -> Stream | None:
        parents = self._fitting(inner, effort)
        if parents is None:
            return None
        if attribute is None:
            return self._lists([(MEMBER, (parent,)) for parent in parents], order, span, effort)
        if is_for_links(attribute):
            places = self._places(
                link.child for parent in parents for link, _ in self.reader.links(parent, attribute)
            )
        else:
            places = self._places(
                ref
                for parent in parents
                if (node := self.find_node(parent)) is not None
                for value in node.values(attribute)
                if (ref := ref_in(value)) is not None
            )
        return _gathered(places, order, effort)

    def _fitting(self, inner: Constraint, effort: Effort) -> list[Ref] | None:
        """All that fits a constraint, and perhaps more; None if finding it takes too long."""
        # A blob that is not here is no result of a search, and can be a value all the same.
        one = ref_in(inner.blob_ref_prefix)
        return self.search(inner, effort.results, effort.tests) if one is None else [one]

    def _collected(
        self, lists: Iterable[tuple[RowKind, tuple[str, ...]]], span: Span
    ) -> Iterator[bytes]:
        for kind, parts in () if span.is_empty else lists:
            start, _ = kind.below(*parts)
            for key, _ in self.reader.scan(start + span.low, start + span.high):
                yield key[len(start) :]

    def _spread(self, spread: Spread) -> Iterator[bytes]:
        low = _KINDS[spread.kind].key_of(*spread.parts, spread.low)
        high = (
            low if spread.high is None else _KINDS[spread.kind].key_of(*spread.parts, spread.high)
        )
        for key, _ in self.reader.scan(low, high + b"\xff"):
            at = key.rindex(b"|", 0, key.rindex(b"|"))
            yield key[at + 1 :]

    def _changed(self, low: str, high: str) -> Iterator[Ref]:
        for key, _ in self.reader.scan(MODIFIED.key_of(low), MODIFIED.key_of(high)):
            yield Ref(MODIFIED.parts_of(key)[1])

    def _prefixed(self, prefix: str) -> Iterator[Ref]:
        start = NODE.key_of(prefix)
        for key, _ in self.reader.scan(start, start + b"\xff"):
            yield Ref(NODE.parts_of(key)[0])

    def _of_whole(self, whole: Ref) -> Iterator[Ref]:
        for key, _ in self.reader.scan(*WHOLE.below(whole)):
            yield from self.reader.having("camliContent", Ref(WHOLE.parts_of(key)[1]))

    def _places(self, permanodes: Iterable[Ref]) -> Iterator[bytes]:
        for ref in permanodes:
            node = self.find_node(ref)
            if node is not None and node.is_listed and node.time is not None:
                yield f"{date_text(node.time)}|{ref}".encode()

    # By ref

    def _by_ref(
        self, source: Source | None, order: Order, span: Span, effort: Effort
    ) -> Stream | None:
        match source:
            case Rows(kind, parts):
                return self.rows(_KINDS[kind], parts, order, span)
            case Stored():
                return StoredRefs(
                    self.storage, order, count=self.reader.count, low=span.low, high=span.high
                )
            case ByRef(inner):
                return self._permanodes_by_ref(inner, order, span, effort)
            case Both(sources):
                some = sources[:MOST_LISTS]
                return Intersection([self.by_ref(one, order, span, effort) for one in some], order)
            case Either(sources):
                return Union([self.by_ref(one, order, span, effort) for one in sources], order)
        return None

    def _permanodes_by_ref(
        self, source: Source, order: Order, span: Span, effort: Effort
    ) -> Stream:
        by_time = self.by_time(source, UPWARDS, EVERYWHERE, effort)
        places = None if by_time is None else list(islice(places_of(by_time), effort.rows + 1))
        if places is None or len(places) > effort.rows:
            return self.rows(TYPE, ("permanode",), order, span)
        refs = (place.rpartition(b"|")[2] for place in places)
        return Gathered((ref for ref in refs if span.low <= ref < span.high), order)


def _cost(source: Source) -> int:
    """What opening a source costs: nothing, its own rows, or rows that lead to others."""
    match source:
        case Both(sources) | Either(sources):
            return max(map(_cost, sources), default=0)
        case Rows() | These():
            return 0
        case Spread() | Changed() | Prefixed() | OfWhole():
            return 1
    return 2


def _gathered(places: Iterable[bytes], order: Order, effort: Effort) -> Stream | None:
    found = list(islice(places, effort.rows + 1))
    return Gathered(found, order) if len(found) <= effort.rows else None


def _done(stream: Stream | None) -> str:
    match stream:
        case None:
            return "left to the test: too many to collect"
        case Gathered():
            return f"collected {stream.count}"
        case Union() | Intersection():
            return "merged"
    return "walked"
