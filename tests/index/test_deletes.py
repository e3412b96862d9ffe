"""Deletes are found by their targets, be those many or few."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from holdfast.blobstore.ref import Ref
from holdfast.index.claims import deletes_of
from holdfast.index.keys import DELETE, Row, date_text
from holdfast.index.kv.memory import MemoryTable
from holdfast.schema.timestamps import Timestamp


class Counting(MemoryTable):
    """Counts scans, and the rows they read."""

    scans = rows_read = 0

    def scan(
        self, start: bytes = b"", end: bytes | None = None, *, backwards: bool = False
    ) -> Iterator[Row]:
        self.scans += 1
        for row in super().scan(start, end, backwards=backwards):
            self.rows_read += 1
            yield row


def ref(number: int) -> Ref:
    return Ref.of(b"%d" % number)


def table_of(*deletes: tuple[Ref, Ref]) -> Counting:
    """A table with a delete of each target by each claim."""
    table = Counting()
    moment = date_text(Timestamp(5))
    table.write(DELETE.row(*pair, value=(ref(-1), moment, False)) for pair in deletes)
    return table


@pytest.mark.parametrize("seed", range(20))
def test_the_deletes_of_any_targets_and_of_these_are_found(seed: int) -> None:
    chance = random.Random(seed)
    # Refs of hashes nobody knows have any length, and so another order with what follows them.
    refs = [*map(ref, range(60)), *(Ref("odd-" + "1" * length) for length in range(1, 9))]
    chance.shuffle(refs)
    deletes = [
        (chance.choice(refs[:at]), refs[at])
        for at in chance.sample(range(1, len(refs)), chance.randrange(len(refs) - 1))
    ]
    targets = chance.sample(refs, chance.randrange(1, 30))
    expected, wanted = set(), set(targets)
    for target, delete in sorted(deletes, key=lambda pair: refs.index(pair[1])):
        if target in wanted and delete not in targets:
            wanted.add(delete)
            expected.add((target, delete))
    found = [(delete.says.target, delete.ref) for delete in deletes_of(table_of(*deletes), targets)]
    assert set(found) == expected
    assert len(found) == len(expected)


def test_where_nothing_is_deleted_one_look_is_enough() -> None:
    table = table_of((ref(1), ref(2)))
    assert list(deletes_of(table, map(ref, range(10, 1000)))) == []
    assert table.scans == 1


def test_among_many_deletes_of_other_things_few_are_read() -> None:
    table = table_of(*((ref(number), ref(-number)) for number in range(1000, 5000)))
    assert list(deletes_of(table, map(ref, range(10)))) == []
    assert table.rows_read < 100
