"""The tests every sorted table passes, in one class to inherit from."""

# ruff: noqa: ARG002 (what is to be overridden names its arguments)

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from time import thread_time
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..errors import HoldfastError, RowTooLarge, StoreBusy, TableDamaged
from ..table import MAX_ROW_SIZE, Table

ROWS = [(b"%04d" % number, b"value %d" % number) for number in range(1000)]
"""Rows in key order."""

ODD = sorted({b"", b"\0", b"\0\0", b"a", b"a\0", b"a\0b", b"a\xff", b"b", b"\xff", b"\xff\xff\0"})
"""Keys whose order a text collation would get wrong."""

_keys = st.one_of(st.binary(max_size=3), st.sampled_from(ODD))


class TableSuite:
    """All tests of tables. Subclasses say how theirs is opened."""

    is_persistent: ClassVar[bool] = True
    """Whether opening the same folder again finds the same rows, and no folder opens twice."""

    def open(self, folder: Path) -> Table:
        """Open the table in `folder`, or make it there; the folder itself may be missing."""
        raise AssertionError("every suite says how its table is opened")

    def damage(self, folder: Path) -> None:
        """Make the files of a closed table unreadable."""
        raise AssertionError("every suite of a persistent table says how one gets damaged")

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not cls.is_persistent:
            for name in _PERSISTENT:
                setattr(cls, name, None)

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "table"

    @pytest.fixture
    def reopen(self, folder: Path) -> Iterator[Callable[[], Table]]:
        """Closes the table under test, if it is open, and opens it."""
        opened: list[Table] = []

        def reopen() -> Table:
            while opened:
                opened.pop().close()
            opened.append(self.open(folder))
            return opened[-1]

        yield reopen
        while opened:
            opened.pop().close()

    @pytest.fixture
    def table(self, reopen: Callable[[], Table]) -> Table:
        """The table under test, fresh and empty."""
        return reopen()

    def test_a_new_table_is_empty(self, table: Table) -> None:
        assert list(table.scan()) == []
        assert table.get(b"key") is None

    def test_rows_are_found_by_their_keys(self, table: Table) -> None:
        table.write(ROWS)
        assert [table.get(key) for key, _ in ROWS] == [value for _, value in ROWS]
        assert table.get(b"0000x") is None
        assert table.get(b"000") is None

    def test_rows_are_scanned_in_the_order_of_bytes(self, table: Table) -> None:
        rows = [*ROWS, *((key, b"odd " + key) for key in ODD)]
        random.Random(1).shuffle(rows)  # noqa: S311 (nothing secret about it)
        table.write(rows)
        assert list(table.scan()) == sorted(rows)

    def test_any_bytes_are_a_key_and_a_value(self, table: Table) -> None:
        table.write([(key, key + b"\0\xff") for key in ODD])
        assert [table.get(key) for key in ODD] == [key + b"\0\xff" for key in ODD]
        table.write([(b"k", b"")])
        assert table.get(b"k") == b""

    def test_long_rows_come_back(self, table: Table) -> None:
        key, value = b"k" * 70_000, random.Random(1).randbytes(1 << 20)  # noqa: S311
        table.write([(key, value)])
        assert list(table.scan()) == [(key, value)]

    def test_a_row_of_too_many_bytes_is_refused_with_its_whole_write(self, table: Table) -> None:
        table.write(ROWS[:1])
        with pytest.raises(RowTooLarge) as caught:
            table.write([*ROWS[1:3], (b"k", bytes(MAX_ROW_SIZE))], [b"0000"])
        assert caught.value.size == MAX_ROW_SIZE + 1
        table.write(ROWS[3:4])
        assert list(table.scan()) == [ROWS[0], ROWS[3]]

    def test_a_scan_has_a_start_and_an_end(self, table: Table) -> None:
        table.write(ROWS)
        assert list(table.scan(b"0010", b"0013")) == ROWS[10:13]
        assert list(table.scan(b"0990")) == ROWS[990:]
        assert list(table.scan(end=b"0002")) == ROWS[:2]
        assert list(table.scan(b"00100", b"0013")) == ROWS[11:13]
        assert list(table.scan(b"5")) == []
        for start, end in ((b"0013", b"0010"), (b"0010", b"0010"), (b"", b"")):
            assert list(table.scan(start, end)) == []

    def test_any_bytes_bound_a_scan(self, reopen: Callable[[], Table]) -> None:
        table = reopen()
        rows = [(key, b"") for key in ODD]
        table.write(rows)

        @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
        @given(start=_keys, end=st.one_of(st.none(), _keys))
        def check(start: bytes, end: bytes | None) -> None:
            expected = [r for r in rows if start <= r[0] and (end is None or r[0] < end)]
            assert list(table.scan(start, end)) == expected
            assert list(table.scan(start, end, backwards=True)) == expected[::-1]

        check()

    def test_backwards_a_scan_has_the_same_rows_from_the_last_on(self, table: Table) -> None:
        assert list(table.scan(backwards=True)) == []
        table.write(ROWS)
        assert list(table.scan(backwards=True)) == ROWS[::-1]
        for start, end in (
            (b"0010", b"0013"),
            (b"00100", b"0012x"),
            (b"0010", b"0010\0"),
            (b"0000", b"0001"),
            (b"0999", b"1"),
            (b"0013", b"0010"),
            (b"0010", b"0010"),
            (b"00100", b"0011"),
            (b"5", b"6"),
            (b"", b""),
            (b"", b"0000"),
        ):
            found = list(table.scan(start, end, backwards=True))
            assert found == list(table.scan(start, end))[::-1]
            assert found == [row for row in ROWS[::-1] if start <= row[0] < end]
        assert list(table.scan(b"0999", backwards=True)) == ROWS[999:]
        assert list(table.scan(b"0990", backwards=True)) == ROWS[:989:-1]
        assert list(table.scan(b"5", backwards=True)) == []
        assert list(table.scan(end=b"0002", backwards=True)) == ROWS[1::-1]
        assert list(table.scan(end=b"5", backwards=True)) == ROWS[::-1]

    def test_writing_replaces_and_deletes(self, table: Table) -> None:
        table.write(ROWS[:10])
        table.write([(b"0003", b"new"), (b"x", b"y")], [b"0004", b"0005", b"never there"])
        assert table.get(b"0003") == b"new"
        assert table.get(b"0004") is None
        assert [key for key, _ in table.scan(b"0002", b"0007")] == [b"0002", b"0003", b"0006"]
        table.write([], [key for key, _ in ROWS[:10]])
        assert list(table.scan()) == [(b"x", b"y")]

    def test_backwards_too_later_writes_replace_and_delete(self, table: Table) -> None:
        table.write(ROWS)
        table.sync()
        deleted = [*ROWS[:1], *ROWS[200:500], *ROWS[::7], *ROWS[998:]]
        table.write([], [key for key, _ in deleted])
        changed = [(key, b"new") for key, _ in ROWS[5::7]] + [(b"0250x", b""), (b"z", b"last")]
        table.write(changed)
        expected = dict(ROWS)
        for key, _ in deleted:
            expected.pop(key, None)
        expected.update(changed)
        rows = sorted(expected.items(), reverse=True)
        assert list(table.scan(backwards=True)) == rows
        within = [row for row in rows if b"0200" <= row[0] < b"0500"]
        assert list(table.scan(b"0200", b"0500", backwards=True)) == within

    def test_the_last_of_two_rows_with_one_key_counts(self, table: Table) -> None:
        table.write([(b"k", b"first"), (b"k", b"second")])
        assert list(table.scan()) == [(b"k", b"second")]

    def test_a_key_both_put_and_deleted_is_gone(self, table: Table) -> None:
        table.write([(b"k", b"old"), (b"other", b"")])
        table.write([(b"k", b"new")], [b"k"])
        assert table.get(b"k") is None
        assert list(table.scan()) == [(b"other", b"")]

    def test_rows_may_come_from_iterators(self, table: Table) -> None:
        table.write(iter(ROWS))
        table.write(iter(()), (key for key, _ in ROWS[5:]))
        assert list(table.scan()) == ROWS[:5]

    def test_a_write_that_breaks_off_writes_nothing(self, table: Table) -> None:
        def rows() -> Iterator[tuple[bytes, bytes]]:
            yield from ROWS[:5]
            raise LookupError

        with pytest.raises(LookupError):
            table.write(rows())
        assert list(table.scan()) == []

    def test_a_scan_sees_the_table_as_it_was_at_the_call(self, table: Table) -> None:
        table.write(ROWS)
        unread, begun = table.scan(), table.scan(b"0001")
        assert next(begun) == ROWS[1]
        table.write([(b"0002", b"changed"), (b"00015", b"new")], [key for key, _ in ROWS[3:]])
        later = table.scan()
        table.write([], [b"0002"])
        assert list(unread) == ROWS
        assert list(begun) == ROWS[2:]
        expected = [*ROWS[:2], (b"00015", b"new"), (b"0002", b"changed")]
        assert list(later) == expected

    def test_backwards_too_a_scan_sees_the_table_as_it_was(self, table: Table) -> None:
        table.write(ROWS)
        unread, begun = table.scan(backwards=True), table.scan(end=b"0999", backwards=True)
        assert next(begun) == ROWS[998]
        table.write([(b"0997", b"changed"), (b"00015", b"new")], [key for key, _ in ROWS[2:997]])
        later = table.scan(backwards=True)
        table.write([(b"z", b"last")], [b"0997"])
        assert list(unread) == ROWS[::-1]
        assert list(begun) == ROWS[997::-1]
        expected = [*ROWS[:2], (b"00015", b"new"), (b"0997", b"changed"), *ROWS[998:]]
        assert list(later) == expected[::-1]

    def test_a_scan_of_which_few_rows_are_taken_costs_little(self, table: Table) -> None:
        table.write((b"%06d" % number, b"value") for number in range(50_000))
        for backwards in (False, True):
            begun = thread_time()
            assert sum(1 for _ in table.scan(backwards=backwards)) == 50_000
            whole = thread_time() - begun
            begun = thread_time()
            for _ in range(50):
                assert len(list(islice(table.scan(backwards=backwards), 50))) == 50
            assert thread_time() - begun < 5 * whole

    def test_scans_may_be_left_unfinished(self, table: Table) -> None:
        table.write(ROWS)
        for _ in range(50):
            next(table.scan())
            next(table.scan(backwards=True))
        kept = [table.scan(), table.scan(backwards=True)]
        assert [next(scan) for scan in kept] == [ROWS[0], ROWS[-1]]
        table.write([(b"a", b"b")])
        table.close()

    def test_threads_see_whole_writes(self, table: Table) -> None:
        is_done = threading.Event()

        def write() -> None:
            try:
                for number in range(200):
                    table.write([(b"%d" % key, b"%d" % number) for key in range(20)])
                    if number % 50 == 0:
                        table.sync()
            finally:
                is_done.set()

        def read() -> None:
            while not is_done.is_set():
                for backwards in (False, True):
                    assert len({value for _, value in table.scan(backwards=backwards)}) <= 1

        _run(write, read, read)
        assert [value for _, value in table.scan()] == [b"199"] * 20

    def test_threads_write_without_losing_rows(self, table: Table) -> None:
        def write(thread: int) -> None:
            for number in range(100):
                key = b"%d/%03d" % (thread, number)
                table.write([(key, key)])
                assert table.get(key) == key

        _run(*(partial(write, thread) for thread in range(6)))
        assert sum(1 for _ in table.scan()) == 600

    def test_threads_sync_at_the_same_time(self, table: Table) -> None:
        def write(thread: int) -> None:
            for number in range(20):
                table.write([(b"%d/%02d" % (thread, number), b"value")])
                table.sync()

        _run(*(partial(write, thread) for thread in range(6)))
        assert sum(1 for _ in table.scan()) == 120

    def test_scans_and_lookups_go_on_while_large_rows_are_written(self, table: Table) -> None:
        table.write(ROWS)
        large = [(b"large %d" % number, bytes(1 << 20)) for number in range(24)]

        def write() -> None:
            for row in large:
                table.write([row])

        def read() -> None:
            for key, value in ROWS:
                assert table.get(key) == value
            for _ in range(10):
                assert list(table.scan(end=b"large")) == ROWS

        _run(write, read, read)
        assert list(table.scan(b"large")) == sorted(large)

    def test_rows_outlast_the_table(self, reopen: Callable[[], Table]) -> None:
        for turn in range(3):
            table = reopen()
            assert len(list(table.scan())) == turn * 1000
            table.write([(b"%d" % turn + key, value) for key, value in ROWS])
            table.sync()
        assert len(list(reopen().scan())) == 3000

    def test_deleted_rows_stay_deleted(self, reopen: Callable[[], Table]) -> None:
        table = reopen()
        table.write(ROWS)
        table.sync()
        table.write([], [key for key, _ in ROWS[10:]])
        table.sync()
        assert list(reopen().scan()) == ROWS[:10]

    def test_an_open_table_cannot_be_opened(self, table: Table, folder: Path) -> None:
        table.write(ROWS)
        with pytest.raises(StoreBusy):
            self.open(folder)
        assert list(table.scan()) == ROWS

    def test_a_closed_table_says_so(self, table: Table) -> None:
        table.write(ROWS)
        begun, descending = table.scan(), table.scan(backwards=True)
        next(begun), next(descending)
        table.close()
        table.close()
        calls: list[Callable[[], object]] = [
            partial(next, begun),
            partial(next, descending),
            partial(table.get, b"0001"),
            table.scan,
            partial(table.write, ROWS[:1]),
            table.sync,
        ]
        for call in calls:
            with pytest.raises(HoldfastError):
                call()

    def test_a_damaged_table_says_so(self, reopen: Callable[[], Table], folder: Path) -> None:
        table = reopen()
        table.write(ROWS)
        table.close()
        self.damage(folder)
        with pytest.raises(TableDamaged):
            self.open(folder)


_PERSISTENT = (
    "test_rows_outlast_the_table",
    "test_deleted_rows_stay_deleted",
    "test_an_open_table_cannot_be_opened",
    "test_a_closed_table_says_so",
    "test_a_damaged_table_says_so",
)


def _run(*jobs: Callable[[], None]) -> None:
    with ThreadPoolExecutor(len(jobs)) as pool:
        for done in [pool.submit(job) for job in jobs]:
            done.result()
