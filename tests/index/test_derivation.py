"""What follows from blobs depends on which there are, and on nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from itertools import chain

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.indexer import Indexer
from holdfast.index.keys import (
    CELL,
    CONTENT,
    EDGE,
    GRAM,
    HAS,
    LACKS,
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

DERIVED = (NODE, TIME, MODIFIED, HAS, LACKS, CONTENT, WORD, GRAM, CELL, LINK, EDGE, MEMBER)

NODES = [f"n{number}".encode() for number in range(4)]
NODE_REFS = [Speaker().permanode(name) for name in NODES]
TEXT, TEXT_BLOBS = file_blobs(b"a.txt", b"of bananas and pears")
PHOTO, PHOTO_BLOBS = file_blobs(b"pears.jpg", photo(LIMA))

_REFS = [*NODE_REFS, TEXT, PHOTO, Ref.of(b"nothing")]
_CHECKIN = "foursquare.com:checkin"
_VALUES = {
    "camliMember": _REFS,
    "camliPath:a": _REFS,
    "camliContent": [TEXT, PHOTO, NODE_REFS[0]],
    "camliNodeType": [_CHECKIN, _CHECKIN, "something else"],
    "foursquareVenuePermanode": NODE_REFS,
    "latitude": ["48.2", "1", "north"],
    "longitude": ["16.3", "-1"],
    "tag": ["a", "b"],
    "title": ["Bananas", "pears of bananas", "x" * 50, ""],
    "camera": ["Mine", ""],
    "dateCreated": ["2001-01-01T00:00:00Z", "soon"],
}
_CHANGES = [AddAttribute, SetAttribute, SetAttribute, DelAttribute]


def some_statements(chance: random.Random) -> list[Statement]:
    """What makes sense together: mostly one thing."""
    node = chance.choice(NODE_REFS)
    match chance.randrange(12):
        case 0:
            return [Delete(node)]
        case 1 | 2:
            venue = SetAttribute(node, "foursquareVenuePermanode", chance.choice(NODE_REFS))
            return [SetAttribute(node, "camliNodeType", _CHECKIN), venue]
        case 3 | 4:
            return [
                SetAttribute(node, name, chance.choice(_VALUES[name]))
                for name in ("latitude", "longitude")
            ]
    name, change = chance.choice(sorted(_VALUES)), chance.choice(_CHANGES)
    is_all = change is DelAttribute and chance.random() < 0.5
    return [change(node, name, "" if is_all else chance.choice(_VALUES[name]))]


def arrivals(chance: random.Random) -> list[list[Blob]]:
    """Permanodes, files, and claims that come in any order, cut into batches anywhere.

    Most claims are later than all that came before, some much earlier; some deletes are undone.
    """
    owner = Speaker()
    for name in NODES:
        owner.permanode(name)
    for statement in chain(*(some_statements(chance) for _ in range(chance.randrange(10, 50)))):
        ref = owner.says(statement, at=owner.at + chance.choice([2, 2, 2, 2, -30]))
        if isinstance(statement, Delete) and chance.random() < 0.6:
            owner.says(Delete(ref))
    blobs = owner.made
    for others in (TEXT_BLOBS, PHOTO_BLOBS, [key_blob(OWNER)]):
        at = chance.randrange(len(blobs))
        blobs[at:at] = others
    if chance.random() < 0.3:
        chance.shuffle(blobs)
    cuts = sorted(chance.sample(range(1, len(blobs)), chance.randrange(len(blobs) - 1)))
    return [blobs[a:b] for a, b in zip([0, *cuts], [*cuts, len(blobs)], strict=True)]


@pytest.fixture(params=range(30))
def chance(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(request.param)


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


def test_however_blobs_come_their_rows_are_the_same(chance: random.Random) -> None:
    batches = arrivals(chance)
    blobs = [blob for batch in batches for blob in batch]
    at_once = Rows([sorted(blobs, key=lambda blob: blob.ref)]).all()
    assert Rows(batches).all() == at_once


def test_what_is_removed_leaves_no_trace(chance: random.Random) -> None:
    batches = arrivals(chance)
    blobs = [blob for batch in batches for blob in batch]
    # What a file consists of, and the key of claims, need not be there any longer.
    refs = {blob.ref for blob in blobs if blob.data.startswith(b"{")} - {NODE_REFS[0]}
    gone = chance.sample(sorted(refs), chance.randrange(len(refs)))
    rows = Rows(batches)
    cut = chance.randrange(len(gone) + 1)
    rows.remove(gone[:cut])
    rows.remove(gone[cut:])
    assert rows.all() == Rows([[blob for blob in blobs if blob.ref not in gone]]).all()


def is_derived(key: bytes) -> bool:
    return any(key.startswith(kind.below()[0]) for kind in DERIVED)


def rederived(table: MemoryTable, most: int) -> dict[bytes, bytes]:
    """All rows once everything has been derived anew."""
    after = ""
    while (last := derive_after(table, TRUSTED, after, most)) is not None:
        assert last > after
        after = last
    return dict(table.scan())


def test_deriving_all_anew_gives_the_rows_of_blobs_one_by_one(chance: random.Random) -> None:
    """Also where some rows are those of fewer blobs, or all are there already."""
    batches, most = arrivals(chance), chance.randrange(1, 6)
    rows = Rows(batches).all()
    table = MemoryTable()
    table.write((key, value) for key, value in rows.items() if not is_derived(key))
    assert rederived(table, most) == rows
    assert rederived(table, most) == rows
    early = Rows(batches[: chance.randrange(len(batches))]).all()
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
