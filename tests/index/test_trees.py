"""What folders come to and which files are alike: always what adding all up would give."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import NamedTuple, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.batch import Batch
from holdfast.index.files import FileFacts as Facts
from holdfast.index.files import ReadFile, file_rows
from holdfast.index.keys import (
    BLOB,
    CHILD,
    COPIES,
    PARENT,
    SIZE,
    TREE,
    Row,
    number_text,
)
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.opening import Index
from holdfast.index.trees import MOST, Total, Tree, follow, tree_of
from holdfast.schema.directories import write_directory, write_symlink
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file

from .conftest import Counting, rows_in


class Store:
    """Files and folders in a store with an index."""

    def __init__(self) -> None:
        self.hub, self.table = Hub(MemoryStorage()), MemoryTable()
        self.index = Index(self.table, self.hub, trusted=frozenset())

    def put(self, blobs: Sequence[Blob]) -> None:
        self.hub.receive(blobs)
        assert self.index.settle(10)

    def total(self, directory: Ref) -> Total | None:
        return tree_of(self.table, directory).total

    def by_size(self) -> list[tuple[str, str, str]]:
        rows = (SIZE.parts_of(key) for key, _ in self.table.scan(*SIZE.below()))
        return [(kind, size.lstrip("0"), ref) for kind, size, ref in rows]


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()
    yield made
    made.index.close()


@pytest.fixture
def made() -> list[Blob]:
    return []


def file(made: list[Blob], name: str, text: bytes) -> Ref:
    return write_file(FileFacts(name=name.encode()), text, made.append)


def folder(made: list[Blob], name: str, *members: Ref) -> Ref:
    return write_directory(FileFacts(name=name.encode()), members, made.append)


def test_a_folder_comes_to_all_that_is_in_it_and_below(store: Store, made: list[Blob]) -> None:
    link = write_symlink(FileFacts(name=b"link"), b"a", made.append)
    inner = folder(made, "inner", file(made, "a", b"12345"), file(made, "b", b"123"), link)
    outer = folder(made, "outer", inner, file(made, "c", b"12"), folder(made, "empty"))
    store.put(made)
    assert store.total(inner) == Total(8, 2)
    assert store.total(outer) == Total(10, 3)
    assert store.total(made[-1].ref) == Total(10, 3)


def test_what_is_in_two_folders_counts_in_both_and_once_in_each(
    store: Store, made: list[Blob]
) -> None:
    one = file(made, "a", b"12345")
    inner = folder(made, "inner", one, one)
    outer = folder(made, "outer", inner, one, inner)
    store.put(made)
    assert store.total(inner) == Total(5, 1)
    assert store.total(outer) == Total(10, 2)


def test_a_folder_has_no_size_before_all_in_it_is_there(store: Store, made: list[Blob]) -> None:
    late: list[Blob] = []
    inner = folder(made, "inner", file(late, "a", b"12345"), file(made, "b", b"123"))
    outer = folder(made, "outer", inner)
    store.put(made)
    assert store.total(inner) is store.total(outer) is None
    assert [row for row in store.by_size() if row[0] == "directory"] == []
    store.put(late)
    assert store.by_size() == [
        *sorted(("directory", "8", ref) for ref in (inner, outer)),
        ("file", "3", file([], "b", b"123")),
        ("file", "5", file([], "a", b"12345")),
    ]


def test_a_folder_has_no_size_any_longer_when_something_in_it_is_removed(
    store: Store, made: list[Blob]
) -> None:
    one, other = file(made, "a", b"12345"), file(made, "b", b"123")
    inner = folder(made, "inner", one, other)
    outer, top = folder(made, "outer", inner), folder(made, "top", inner, one)
    store.put(made)
    before = rows_in(store.table)
    store.hub.remove([one])
    assert store.total(inner) is store.total(outer) is store.total(top) is None
    assert store.by_size() == [("file", "3", other)]
    store.hub.remove([inner])
    store.put(made)
    assert rows_in(store.table) == before


def test_contents_that_several_files_have_are_told_with_how_many_have_them(
    store: Store, made: list[Blob]
) -> None:
    names = [file(made, name, b"the same") for name in "abc"]
    file(made, "d", b"another")

    def copies() -> list[tuple[list[str], int]]:
        rows = store.table.scan(*COPIES.below())
        return [(COPIES.parts_of(key), COPIES.value_of(value)[0]) for key, value in rows]

    same = [number_text(8), Ref.of(b"the same")]
    store.put(made)
    assert copies() == [(same, 3)]
    store.put(made)
    store.hub.remove(names[:1])
    assert copies() == [(same, 2)]
    store.hub.remove(names[1:2])
    assert copies() == []
    store.hub.remove(names)
    store.put(made)
    assert copies() == [(same, 3)]


# By rows alone, as the indexer writes them


class Thing(NamedTuple):
    """A blob: a folder of members, else a file of so many bytes, else a link."""

    members: frozenset[Ref] | None = None
    size: int | None = None

    def rows(self, ref: Ref) -> list[Row]:
        if self.members is not None:
            pairs = [(ref, member) for member in self.members]
            return [
                BLOB.row(ref, value=("directory", None, None)),
                *(CHILD.row(*pair) for pair in pairs),
                *(PARENT.row(*reversed(pair)) for pair in pairs),
            ]
        if self.size is None:
            return [BLOB.row(ref, value=("symlink", None, None))]
        # All files of a size are alike.
        facts = Facts("name", self.size, whole=Ref.of(str(self.size).encode()))
        return [
            BLOB.row(ref, value=("file", None, None)),
            *file_rows(ref, ReadFile(facts, [])),
        ]


Things: TypeAlias = dict[Ref, Thing]


def change(table: MemoryTable, things: Things, *, put: bool) -> None:
    """Put or delete the rows of some blobs in one batch."""
    batch = Batch(table)
    rows = [row for ref, thing in things.items() for row in thing.rows(ref)]
    if put:
        batch.put(rows)
        follow(batch, things, ())
    else:
        batch.delete(key for key, _ in rows)
        follow(batch, (), things)
    batch.write()


def ref_of(number: int) -> Ref:
    return Ref.of(str(number).encode())


@st.composite
def graphs(draw: st.DrawFn) -> Things:
    """Blobs; folders have some of those made before them, and perhaps one that never comes."""
    things: Things = {}
    for number in range(1, draw(st.integers(2, 12))):
        if draw(st.booleans()):
            members = draw(st.frozensets(st.sampled_from([ref_of(0), *things])))
            things[ref_of(number)] = Thing(members)
        else:
            size = draw(st.sampled_from([None, 0, 1, 7, MOST - 1]))
            things[ref_of(number)] = Thing(size=size)
    return things


def added_up(things: Things) -> dict[bytes, bytes]:
    """The rows that all these blobs come to, by walking all ways there are."""

    def total(ref: Ref) -> Total | None:
        thing = things.get(ref)
        if thing is None:
            return None
        if thing.members is None:
            return Total(0, 0) if thing.size is None else Total(thing.size, 1)
        totals = [total(member) for member in thing.members]
        if None in totals:
            return None
        size, files = (min(sum(each), MOST) for each in zip((0, 0), *totals, strict=True))
        return Total(size, files)

    rows: list[Row] = []
    alike = Counter(thing.size for thing in things.values() if thing.size is not None)
    for size, count in alike.items():
        if count > 1:
            of = number_text(size), Ref.of(str(size).encode())
            rows.append(COPIES.row(*of, value=(count,)))
    for ref, thing in things.items():
        of_all = total(ref)
        if thing.size is not None:
            rows.append(SIZE.row("file", number_text(thing.size), ref))
        if thing.members is None:
            continue
        known = [one for member in thing.members if (one := total(member)) is not None]
        sums = [sum(one.size for one in known), sum(one.files for one in known)]
        rows.append(TREE.row(ref, value=(len(thing.members) - len(known), *sums)))
        if of_all is not None:
            rows.append(SIZE.row("directory", number_text(of_all.size), ref))
    return dict(rows)


@settings(max_examples=150, deadline=None)
@given(graphs(), st.data())
def test_whatever_comes_and_goes_totals_and_copies_are_those_of_what_is_there(
    things: Things, data: st.DataObject
) -> None:
    table, here = MemoryTable(), Things()
    some = st.sets(st.sampled_from(sorted(things)), min_size=1)
    for chosen, is_put in data.draw(st.lists(st.tuples(some, st.booleans()), max_size=12)):
        those = {ref: things[ref] for ref in data.draw(st.permutations(sorted(chosen)))}
        change(table, those, put=is_put)
        here = here | those if is_put else {k: v for k, v in here.items() if k not in those}
        kinds = (TREE, SIZE, COPIES)
        assert dict(row for kind in kinds for row in table.scan(*kind.below())) == added_up(here)


def timed(table: MemoryTable, things: Things) -> float:
    """Seconds of work it is to put the rows of blobs, each in a batch of its own."""
    start = time.process_time()
    for ref, thing in things.items():
        change(table, {ref: thing}, put=True)
    return time.process_time() - start


def test_folders_that_all_hold_both_folders_below_come_to_more_than_can_be_walked() -> None:
    levels = [(ref_of(2 * level), ref_of(2 * level + 1)) for level in range(80)]
    things = {ref: Thing(size=1000) for ref in levels[0]}
    for below, level in pairwise(levels):
        things |= dict.fromkeys(level, Thing(frozenset(below)))
    table = MemoryTable()
    # From above, so that all is told at last, upwards.
    assert timed(table, dict(reversed(things.items()))) < 2
    assert tree_of(table, levels[30][0]) == Tree(0, 1000 << 30, 1 << 30)
    top = tree_of(table, levels[-1][0])
    assert top.total == Total(MOST, MOST)
    change(table, {levels[0][0]: things[levels[0][0]]}, put=False)
    assert all(tree_of(table, ref).total is None for pair in levels[1:] for ref in pair)
    change(table, {levels[0][0]: things[levels[0][0]]}, put=True)
    assert tree_of(table, levels[-1][0]) == top


def test_a_thousand_folders_within_each_other_take_each_one_look() -> None:
    things = {ref_of(0): Thing(size=5)}
    for number in range(1, 1001):
        things[ref_of(number)] = Thing(frozenset({ref_of(number - 1)}))
    for order in (things, dict(reversed(things.items()))):
        table = MemoryTable()
        assert timed(table, order) < 2
        assert tree_of(table, ref_of(1000)) == Tree(0, 5, 1)


def test_the_files_of_a_wide_folder_do_not_take_longer_each_the_more_there_are() -> None:
    wide, table = ref_of(-1), Counting()
    files = {ref_of(number): Thing(size=1) for number in range(20_000)}
    change(table, {wide: Thing(frozenset(files))}, put=True)
    table.read = 0
    some = dict(islice(files.items(), 500))
    timed(table, some)
    assert table.read < 10 * len(some)
    change(table, dict(islice(files.items(), 500, None)), put=True)
    assert tree_of(table, wide) == Tree(0, 20_000, 20_000)
