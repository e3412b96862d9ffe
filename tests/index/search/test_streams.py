"""Posting lists merged and intersected: what sets would give, in either order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.search.errors import TooMuchToRead
from holdfast.index.search.reader import IndexReader
from holdfast.index.search.streams import (
    BEHIND_ALL,
    Gathered,
    Intersection,
    Order,
    Postings,
    StoredRefs,
    Stream,
    Union,
)

UP, DOWN = Order(is_descending=False), Order(is_descending=True)

places = st.builds(lambda number: f"{number:03}|ref".encode(), st.integers(0, 60))
lists = st.lists(st.frozensets(places), min_size=1, max_size=4)


def reader_of(*held: frozenset[bytes]) -> IndexReader:
    table = MemoryTable()
    for name, found in enumerate(held):
        table.write((b"%d|%s" % (name, place), b"[]") for place in found)
    return IndexReader(table, trusted=frozenset())


def taken(stream: Stream, order: Order, bound: bytes) -> Iterator[bytes]:
    while (place := stream.seek(bound)) is not None:
        yield place
        bound = order.past(place)


def expected(found: frozenset[bytes], order: Order) -> list[bytes]:
    return sorted(found, reverse=order.is_descending)


@given(lists, st.sampled_from((UP, DOWN)), st.booleans())
def test_merging_and_intersecting_lists_gives_what_sets_would(
    held: list[frozenset[bytes]], order: Order, is_gathered: bool
) -> None:
    reader = reader_of(*held)

    def streams() -> list[Stream]:
        made: list[Stream] = [Postings(reader, b"%d|" % n, order) for n in range(len(held))]
        if is_gathered:
            made[0] = Gathered(held[0], order)
        return made

    merged = taken(Union(streams(), order), order, order.start)
    assert list(merged) == expected(frozenset().union(*held), order)
    common = taken(Intersection(streams(), order), order, order.start)
    assert list(common) == expected(held[0].intersection(*held), order)


@given(st.frozensets(places), st.lists(places), st.sampled_from((UP, DOWN)))
def test_seeking_finds_the_first_place_that_is_not_before(
    held: frozenset[bytes], bounds: list[bytes], order: Order
) -> None:
    stream = Postings(reader_of(held), b"0|", order)
    for bound in sorted(bounds, reverse=order.is_descending):
        left = [place for place in expected(held, order) if order.reaches(place, bound)]
        assert stream.seek(bound) == (left[0] if left else None)
        assert stream.seek(bound) == (left[0] if left else None)


@given(st.frozensets(places), places, places, st.sampled_from((UP, DOWN)))
def test_a_list_can_be_cut_at_both_ends(
    held: frozenset[bytes], low: bytes, high: bytes, order: Order
) -> None:
    stream = Postings(reader_of(held), b"0|", order, low=low, high=high)
    cut = frozenset(place for place in held if low <= place < high)
    assert list(taken(stream, order, order.start)) == expected(cut, order)


def test_leaping_over_a_long_list_reads_little_of_it() -> None:
    long = frozenset(f"{number:06}|ref".encode() for number in range(20_000))
    short = frozenset({b"000003|ref", b"009999|ref", b"019999|ref", b"019999|rex"})
    reader = reader_of(long, short)
    common = Intersection([Postings(reader, b"0|", UP), Postings(reader, b"1|", UP)], UP)
    assert len(list(taken(common, UP, b""))) == 3
    assert reader.rows_read < 100


def test_no_more_is_read_than_may_be() -> None:
    reader = IndexReader(
        reader_of(frozenset(b"%d|ref" % n for n in range(100, 200)))._table,
        trusted=frozenset(),
        most=50,
    )
    with pytest.raises(TooMuchToRead, match="narrow it"):
        list(taken(Postings(reader, b"0|", UP), UP, b""))


@given(st.frozensets(st.binary(max_size=3), max_size=40), st.sampled_from((UP, DOWN)), st.data())
def test_all_blobs_of_a_storage_can_be_walked_by_ref(
    held: frozenset[bytes], order: Order, data: st.DataObject
) -> None:
    storage = MemoryStorage()
    storage.receive([Blob(Ref.of(one), one) for one in held])
    refs = frozenset(Ref.of(one).encode() for one in held)
    some = sorted({ref[:length] for ref in refs for length in (8, 9, len(ref))})
    low = data.draw(st.sampled_from(some or [b""]))
    counted: list[None] = []
    stream = StoredRefs(
        storage, order, count=lambda: counted.append(None), low=low, high=BEHIND_ALL
    )
    cut = frozenset(ref for ref in refs if ref >= low)
    assert list(taken(stream, order, order.start)) == expected(cut, order)
    assert len(cut) <= len(counted) <= len(cut) + 2
