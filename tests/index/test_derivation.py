"""What follows from blobs depends on which there are, and on nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.indexer import Indexer
from holdfast.index.keys import (
    CELL,
    CONTENT,
    EDGE,
    GRAM,
    HAS,
    LINK,
    MEMBER,
    MODIFIED,
    NODE,
    TIME,
    WORD,
)
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.rederiving import derive_after
from holdfast.schema.claims import AddAttribute, DelAttribute, Delete, SetAttribute, Statement

from .conftest import CORPUS, OWNER, TRUSTED, Speaker, indexed, key_blob
from .stores import file_blobs
from .test_postings import LIMA, photo

DERIVED = (NODE, TIME, MODIFIED, HAS, CONTENT, WORD, GRAM, CELL, LINK, EDGE, MEMBER)

NODES = [f"n{number}".encode() for number in range(4)]
NODE_REFS = [Speaker().permanode(name) for name in NODES]
TEXT, TEXT_BLOBS = file_blobs(b"a.txt", b"of bananas and pears")
PHOTO, PHOTO_BLOBS = file_blobs(b"pears.jpg", photo(LIMA))

refs = st.sampled_from([*NODE_REFS, TEXT, PHOTO, Ref.of(b"nothing")])
nodes = st.sampled_from(NODE_REFS)
values = {
    "camliMember": refs,
    "camliPath:a": refs,
    "camliContent": st.sampled_from([TEXT, PHOTO, NODE_REFS[0]]),
    "camliNodeType": st.sampled_from(["foursquare.com:checkin", "foursquare.com:checkin", "x"]),
    "foursquareVenuePermanode": nodes,
    "latitude": st.sampled_from(["48.2", "1", "north"]),
    "longitude": st.sampled_from(["16.3", "-1"]),
    "title": st.sampled_from(["Bananas", "pears of bananas", "x" * 50, ""]),
    "camera": st.sampled_from(["Mine", ""]),
    "dateCreated": st.sampled_from(["2001-01-01T00:00:00Z", "soon"]),
}
changes = st.sampled_from([AddAttribute, SetAttribute, SetAttribute, DelAttribute])


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    node = draw(nodes)
    if draw(st.integers(0, 15)) == 0:
        return Delete(node)
    name = draw(st.sampled_from(sorted(values)))
    change = draw(changes)
    value = "" if change is DelAttribute and draw(st.booleans()) else draw(values[name])
    return change(node, name, value)


@st.composite
def arrivals(draw: st.DrawFn) -> list[list[Blob]]:
    """Permanodes, files, and claims that come in any order, cut into batches anywhere.

    Most claims are later than all that came before, some much earlier; some deletes are undone.
    """
    owner = Speaker()
    for name in NODES:
        owner.permanode(name)
    for statement in draw(st.lists(statements(), min_size=5, max_size=40)):
        step = draw(st.sampled_from([1, 1, 1, 1, -30]))
        ref = owner.says(statement, at=owner.at + 1 + step)
        if isinstance(statement, Delete) and draw(st.booleans()):
            owner.says(Delete(ref))
    blobs = owner.made
    for others in (TEXT_BLOBS, PHOTO_BLOBS, [key_blob(OWNER)]):
        at = draw(st.integers(0, len(blobs)))
        blobs[at:at] = others
    if draw(st.booleans()):
        blobs = draw(st.permutations(blobs))
    cuts = sorted(draw(st.sets(st.integers(1, len(blobs) - 1), max_size=12)))
    return [blobs[a:b] for a, b in zip([0, *cuts], [*cuts, len(blobs)], strict=True)]


class Rows:
    """The rows of a store, made in one thread."""

    def __init__(self, batches: Iterable[Sequence[Blob]]) -> None:
        self._storage, self.table = MemoryStorage(), MemoryTable()
        self._indexer = Indexer(self.table, self._storage, trusted=TRUSTED)
        for batch in batches:
            self._storage.receive(batch)
            self._indexer.receive(batch)
            self._read()

    def remove(self, refs: Sequence[Ref]) -> None:
        with self._indexer.removing(refs):
            self._storage.remove(refs)
        self._read()

    def all(self) -> dict[bytes, bytes]:
        return dict(self.table.scan())

    def _read(self) -> None:
        while self._indexer.has_unread.is_set():
            self._indexer.read_some(100, keeping=nullcontext, check=lambda: None)


@settings(max_examples=100, deadline=None)
@given(arrivals())
def test_however_blobs_come_their_rows_are_the_same(batches: list[list[Blob]]) -> None:
    blobs = [blob for batch in batches for blob in batch]
    at_once = Rows([sorted(blobs, key=lambda blob: blob.ref)]).all()
    assert Rows(batches).all() == at_once


@settings(max_examples=60, deadline=None)
@given(arrivals(), st.data())
def test_what_is_removed_leaves_no_trace(batches: list[list[Blob]], data: st.DataObject) -> None:
    blobs = [blob for batch in batches for blob in batch]
    # What a file consists of, and the key of claims, need not be there any longer.
    refs = [blob.ref for blob in blobs if blob.data.startswith(b"{")]
    gone = data.draw(st.lists(st.sampled_from(refs), unique=True))
    rows = Rows(batches)
    cut = data.draw(st.integers(0, len(gone)))
    rows.remove(gone[:cut])
    rows.remove(gone[cut:])
    left = [blob for blob in blobs if blob.ref not in gone]
    assert rows.all() == Rows([left]).all()


def is_derived(key: bytes) -> bool:
    return any(key.startswith(kind.below()[0]) for kind in DERIVED)


def rederived(table: MemoryTable, most: int) -> dict[bytes, bytes]:
    """All rows once everything has been derived anew."""
    after = ""
    while (last := derive_after(table, TRUSTED, after, most)) is not None:
        assert last > after
        after = last
    return dict(table.scan())


@settings(max_examples=60, deadline=None)
@given(arrivals(), st.integers(1, 6), st.integers(0, 3))
def test_deriving_all_anew_gives_the_rows_of_blobs_one_by_one(
    batches: list[list[Blob]], most: int, known: int
) -> None:
    """Also where some rows are those of fewer blobs, or all are there already."""
    rows = Rows(batches).all()
    table = MemoryTable()
    table.write((key, value) for key, value in rows.items() if not is_derived(key))
    assert rederived(table, most) == rows
    assert rederived(table, most) == rows
    early = Rows(batches[:known]).all()
    table = MemoryTable()
    table.write((key, value) for key, value in rows.items() if not is_derived(key))
    table.write((key, value) for key, value in early.items() if is_derived(key))
    assert rederived(table, most) == rows


@pytest.mark.parametrize("limit", ["_MOST_BYTES", "_MOST_WORDS"])
def test_large_permanodes_are_derived_few_at_a_time(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"holdfast.index.rederiving.{limit}", 1)
    rows = indexed([CORPUS.blobs])
    table = Counting()
    table.write((key, value) for key, value in rows.items() if not is_derived(key))
    table.writes = 0
    assert rederived(table, 1000) == rows
    assert table.writes > 5


class Counting(MemoryTable):
    """Counts writes."""

    writes = 0

    def write(self, puts, deletes=()) -> None:
        self.writes += 1
        super().write(puts, deletes)
