"""A buffer in front of tables: the suite over each, its log, and what crashes leave of it."""

from __future__ import annotations

import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from holdfast.blobstore.errors import StoreFailed, TableDamaged
from holdfast.blobstore.table import Table
from holdfast.blobstore.testkit.tablesuite import ROWS, TableSuite
from holdfast.index.kv.buffered import BufferedTable, buffered, destroy_buffered, open_buffered
from holdfast.index.kv.leveldb import destroy_leveldb, open_leveldb
from holdfast.index.kv.memory import open_memory
from holdfast.index.kv.sqlite import ROWS_NAME

from . import openers


class TestBufferedMemory(TableSuite):
    is_persistent = False

    def open(self, folder: Path) -> Table:
        return buffered(open_memory, capacity=openers.SMALL)(folder)


class TestBufferedLevelDB(TableSuite):
    def open(self, folder: Path) -> Table:
        return openers.buffered_leveldb(folder)

    def damage(self, folder: Path) -> None:
        (manifest,) = (folder / "table").glob("MANIFEST-*")
        manifest.write_bytes(b"\xff" * 100)


class TestLargelyBufferedLevelDB(TableSuite):
    def open(self, folder: Path) -> Table:
        return openers.largely_buffered_leveldb(folder)

    def damage(self, folder: Path) -> None:
        (log,) = folder.glob("*.log")
        log.write_bytes(b"\xff" * 100)


class TestBufferedSqlite(TableSuite):
    def open(self, folder: Path) -> Table:
        return openers.buffered_sqlite(folder)

    def damage(self, folder: Path) -> None:
        (folder / "table" / ROWS_NAME).write_bytes(b"\xff" * 8192)


BATCHES = [ROWS[at : at + 10] for at in range(0, 100, 10)]


def opened(folder: Path, **options: int) -> BufferedTable:
    return open_buffered(folder, open_table=open_leveldb, **options)


def left_by_a_crash(folder: Path) -> Path:
    """A copy of the files of an open table, made while nothing is written."""
    left = folder.with_name("left")
    shutil.rmtree(left, ignore_errors=True)
    shutil.copytree(folder, left)
    return left


def rows_in(folder: Path) -> list[tuple[bytes, bytes]]:
    table = opened(folder)
    try:
        return list(table.scan())
    finally:
        table.close()


@pytest.fixture
def crashed(tmp_path: Path) -> Path:
    """What a crash left: ten writes in the log, each of them synced, nothing in the table."""
    table = opened(tmp_path / "table")
    for batch in BATCHES:
        table.write(batch)
        table.sync()
    left = left_by_a_crash(tmp_path / "table")
    table.close()
    return left


def only_log(folder: Path) -> Path:
    (log,) = folder.glob("*.log")
    return log


def test_synced_rows_outlast_a_crash_that_takes_all_of_the_table_s_own_log(crashed: Path) -> None:
    for log in (crashed / "table").glob("*.log"):
        os.truncate(log, 0)
    assert rows_in(crashed) == ROWS[:100]
    assert rows_in(crashed) == ROWS[:100]


def test_a_log_cut_anywhere_opens_with_whole_writes(crashed: Path, tmp_path: Path) -> None:
    content = only_log(crashed).read_bytes()
    ends = [content.index(b"".join(batch[-1])) + len(b"".join(batch[-1])) for batch in BATCHES]
    for size in range(36, len(content), 97):
        shutil.rmtree(tmp_path / "cut", ignore_errors=True)
        shutil.copytree(crashed, tmp_path / "cut")
        # What a file system gave a file but had not written yet is zeros.
        only_log(tmp_path / "cut").write_bytes(content[:size] + bytes(size % 1000))
        assert rows_in(tmp_path / "cut") == ROWS[: 10 * sum(end <= size for end in ends)]


def test_a_hole_before_rows_nobody_had_synced_ends_the_log(tmp_path: Path) -> None:
    table = opened(tmp_path / "table")
    table.write(BATCHES[0])
    table.sync()
    for batch in BATCHES[1:]:
        table.write(batch)
    left = left_by_a_crash(tmp_path / "table")
    table.close()
    log = only_log(left)
    content = log.read_bytes()
    at = content.index(b"0035")
    log.write_bytes(content[:at] + bytes(40) + content[at + 40 :])
    assert rows_in(left) == ROWS[:30]


@pytest.mark.parametrize("row", [5, 45, 75])
def test_a_flipped_bit_before_synced_rows_is_damage(crashed: Path, row: int) -> None:
    log = only_log(crashed)
    content = bytearray(log.read_bytes())
    content[content.index(b"value %d" % row)] ^= 1
    log.write_bytes(content)
    with pytest.raises(TableDamaged, match="damaged at byte"):
        opened(crashed)
    assert log.read_bytes() == content


def test_a_damaged_length_is_damage_too(crashed: Path) -> None:
    log = only_log(crashed)
    content = bytearray(log.read_bytes())
    content[36 + 24 : 36 + 32] = b"\xff" * 8
    log.write_bytes(content)
    with pytest.raises(TableDamaged, match="damaged at byte 36"):
        opened(crashed)


def test_a_log_of_another_name_or_format_is_damage(crashed: Path) -> None:
    log = only_log(crashed)
    content = log.read_bytes()
    log.rename(log.with_name("0000000000000009.log"))
    with pytest.raises(TableDamaged, match="says it is log 2"):
        opened(crashed)
    log.with_name("0000000000000009.log").rename(log)
    log.write_bytes(b"hfkvlog2" + content[8:])
    with pytest.raises(TableDamaged, match="of this format"):
        opened(crashed)


def test_a_table_without_its_log_is_damaged_not_empty(crashed: Path) -> None:
    only_log(crashed).unlink()
    with pytest.raises(TableDamaged, match="log is missing"):
        opened(crashed)


class Stuck:
    """A real table whose next sync waits until it is let go."""

    def __init__(self, folder: Path) -> None:
        self.table = open_leveldb(folder)
        self.get, self.scan, self.close = self.table.get, self.table.scan, self.table.close
        self.write = self.table.write
        self.is_syncing, self.may_sync = threading.Event(), threading.Event()

    def sync(self) -> None:
        self.is_syncing.set()
        self.may_sync.wait()
        self.table.sync()


@pytest.fixture
def crashed_in_flush(tmp_path: Path) -> Path:
    """What a crash left between a table's getting rows and its having them durably."""
    folder = tmp_path / "table"
    tables: list[Stuck] = []

    def open_stuck(path: Path) -> Table:
        tables.append(Stuck(path))
        return tables[-1]

    table = open_buffered(folder, open_table=open_stuck)
    table.write(ROWS[:50])
    with ThreadPoolExecutor(1) as pool:
        flushing = pool.submit(table.flush)
        assert tables[0].is_syncing.wait(30)
        # Reading and writing go on meanwhile.
        table.write(ROWS[50:60], [b"0000"])
        table.sync()
        assert list(table.scan()) == ROWS[1:60]
        assert list(table.scan(backwards=True)) == ROWS[59:0:-1]
        assert table.get(b"0000") is None
        assert table.get(b"0001") == b"value 1"
        left = left_by_a_crash(folder)
        tables[0].may_sync.set()
        flushing.result()
    assert list(table.scan()) == ROWS[1:60]
    table.close()
    return left


def test_a_flush_that_a_crash_breaks_off_loses_nothing(crashed_in_flush: Path) -> None:
    assert len(list(crashed_in_flush.glob("*.log"))) == 2
    for log in (crashed_in_flush / "table").glob("*.log"):
        os.truncate(log, 0)
    assert rows_in(crashed_in_flush) == ROWS[1:60]


def test_a_log_that_is_needed_and_missing_is_damage(crashed_in_flush: Path) -> None:
    older, _ = sorted(crashed_in_flush.glob("*.log"))
    older.unlink()
    with pytest.raises(TableDamaged, match="is missing"):
        opened(crashed_in_flush)


def test_a_log_cut_though_another_follows_is_damage(crashed_in_flush: Path) -> None:
    older, _ = sorted(crashed_in_flush.glob("*.log"))
    os.truncate(older, older.stat().st_size - 1)
    with pytest.raises(TableDamaged, match="its end is missing"):
        opened(crashed_in_flush)


def test_a_log_that_comes_back_after_its_removal_is_not_believed(tmp_path: Path) -> None:
    folder = tmp_path / "table"
    table = opened(folder)
    table.write([(b"k", b"old")])
    log = only_log(folder)
    content = log.read_bytes()
    table.flush()
    table.write([(b"k", b"new")])
    table.flush()
    left = left_by_a_crash(folder)
    table.close()
    (left / log.name).write_bytes(content)
    assert rows_in(left) == [(b"k", b"new")]
    assert not (left / log.name).exists()


def test_an_older_log_still_there_after_its_rows_were_settled_changes_nothing(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "table"
    table = opened(folder)
    table.write([(b"k", b"old")])
    log = only_log(folder)
    content = log.read_bytes()
    table.flush()
    left = left_by_a_crash(folder)
    table.close()
    (left / log.name).write_bytes(content)  # without its last record, as it is not needed
    assert rows_in(left) == [(b"k", b"old")]


def test_rows_go_to_the_table_by_size_and_the_log_begins_anew(tmp_path: Path) -> None:
    folder = tmp_path / "table"
    table = opened(folder, capacity=100_000)
    logs = set()
    for number in range(100):
        table.write([(b"%d/%s" % (number, key), value) for key, value in ROWS[:20]])
        assert sum(log.stat().st_size for log in folder.glob("*.log")) < 200_000
        logs.add(only_log(folder).name)
    assert 3 < len(logs) < 20
    left = left_by_a_crash(folder)
    table.close()
    assert len(rows_in(left)) == 2000


def test_a_write_larger_than_the_buffer_is_taken_whole(tmp_path: Path) -> None:
    table = opened(tmp_path / "table", capacity=1000)
    rows = [(b"%d" % number, bytes(1 << 20)) for number in range(9)]
    table.write(rows)
    table.sync()
    assert list(table.scan()) == rows
    table.close()
    assert rows_in(tmp_path / "table") == rows


def test_threads_that_sync_at_once_share_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = opened(tmp_path / "table")
    real, may_go_on, begun = os.fdatasync, threading.Event(), threading.Event()
    count = 0

    def slow(descriptor: int) -> None:
        nonlocal count
        count += 1
        begun.set()
        may_go_on.wait()
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", slow)
    written = threading.Barrier(9)

    def work(number: int) -> None:
        table.write([(b"%d" % number, b"")])
        written.wait()
        table.sync()

    with ThreadPoolExecutor(9) as pool:
        table.write(ROWS[:1])
        first = pool.submit(table.sync)
        assert begun.wait(30)
        rest = [pool.submit(work, number) for number in range(8)]
        written.wait()
        may_go_on.set()
        for done in (first, *rest):
            done.result()
    assert count == 2
    table.sync()
    assert count == 2
    table.close()


@pytest.mark.parametrize("name", ["write", "fdatasync"])
def test_after_a_failure_nothing_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = tmp_path / "table"
    table = opened(folder)
    table.write(ROWS[:10])
    table.sync()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, name, fail)
        with pytest.raises(StoreFailed, match="free some space"):  # noqa: PT012 (either fails)
            table.write(ROWS[10:20])
            table.sync()
    with pytest.raises(StoreFailed, match="open it again"):
        table.write(ROWS[20:])
    with pytest.raises(StoreFailed, match="open it again"):
        table.sync()
    assert list(table.scan())[:10] == ROWS[:10]
    table.close()
    assert rows_in(folder)[:10] == ROWS[:10]


def test_a_failure_of_the_table_leaves_all_rows_to_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "table"
    table = opened(folder)
    table.write(ROWS)

    def fail(*_: object) -> None:
        raise StoreFailed(str(folder), "the disk is gone")

    monkeypatch.setattr("holdfast.index.kv.leveldb.LevelTable.sync", fail)
    with pytest.raises(StoreFailed, match="the disk is gone"):
        table.flush()
    assert list(table.scan()) == ROWS
    with pytest.raises(StoreFailed):
        table.write(ROWS)
    table.close()
    monkeypatch.undo()
    assert rows_in(folder) == ROWS


def test_destroying_works_on_damage_and_spares_what_is_not_its_own(crashed: Path) -> None:
    only_log(crashed).write_bytes(b"damaged")
    (crashed / "notes.txt").write_bytes(b"mine")
    destroy_buffered(crashed, destroy_table=destroy_leveldb)
    assert [path.name for path in crashed.iterdir()] == ["notes.txt"]
    (crashed / "notes.txt").unlink()
    destroy_buffered(crashed, destroy_table=destroy_leveldb)
    assert not crashed.exists()
    assert rows_in(crashed) == []
