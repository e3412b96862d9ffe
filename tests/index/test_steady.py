"""A steady table is exchanged under those who use it, and none of them is cut off."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from holdfast.blobstore.errors import StoreBusy, StoreFailed
from holdfast.index.kv.leveldb import LevelTable, destroy_leveldb, open_leveldb
from holdfast.index.steady import SteadyTable


@pytest.fixture
def table(tmp_path: Path) -> SteadyTable:
    other = open_leveldb(tmp_path / "other")
    other.write([(b"a", b"new"), (b"b", b"new")])
    other.close()
    opened = SteadyTable(tmp_path / "rows", open_table=open_leveldb, discard_table=destroy_leveldb)
    opened.write([(b"a", b"old"), (b"b", b"old")])
    return opened


def exchange(folder: Path) -> None:
    (folder / "rows").rename(folder / "before")
    (folder / "other").rename(folder / "rows")


def test_after_the_exchange_the_rows_are_those_of_the_other(
    table: SteadyTable, tmp_path: Path
) -> None:
    assert table.replace(lambda: exchange(tmp_path), seconds=1)
    assert list(table.scan()) == [(b"a", b"new"), (b"b", b"new")]
    table.write([(b"a", b"newer")])
    assert table.get(b"a") == b"newer"
    table.close()


def test_while_somebody_reads_nothing_is_exchanged(table: SteadyTable, tmp_path: Path) -> None:
    rows = table.scan()
    assert next(rows) == (b"a", b"old")
    assert not table.replace(lambda: exchange(tmp_path), seconds=0.05)
    assert list(rows) == [(b"b", b"old")]
    assert table.replace(lambda: exchange(tmp_path), seconds=1)
    assert table.get(b"b") == b"new"
    table.close()


def test_who_reads_may_go_on_and_who_comes_waits_for_the_other(
    table: SteadyTable, tmp_path: Path
) -> None:
    rows = table.scan()
    next(rows)
    exchanged: list[bool] = []
    exchanging = threading.Thread(
        target=lambda: exchanged.append(table.replace(lambda: exchange(tmp_path), seconds=20))
    )
    exchanging.start()
    while not table._is_closing:
        time.sleep(0.001)
    found: list[bytes | None] = []
    coming = threading.Thread(target=lambda: found.append(table.get(b"a")))
    coming.start()
    coming.join(0.1)
    assert coming.is_alive()
    # Whoever waited for the one that comes would wait for ever.
    assert table.get(b"a") == b"old"
    assert list(rows) == [(b"b", b"old")]
    exchanging.join(20)
    coming.join(20)
    assert exchanged == [True]
    assert found == [b"new"]
    table.close()


def test_an_exchange_that_fails_leaves_the_old_rows(table: SteadyTable) -> None:
    def change() -> None:
        raise StoreFailed("here", "input/output error")

    with pytest.raises(StoreFailed, match="input/output error"):
        table.replace(change, seconds=1)
    assert table.get(b"a") == b"old"
    table.write([(b"a", b"newer")])
    assert table.get(b"a") == b"newer"
    table.close()


def test_a_table_that_cannot_be_opened_after_an_exchange_is_opened_when_it_is_mended(
    table: SteadyTable, tmp_path: Path
) -> None:
    held: list[LevelTable] = []

    def change() -> None:
        exchange(tmp_path)
        held.append(open_leveldb(tmp_path / "rows"))

    with pytest.raises(StoreBusy):
        table.replace(change, seconds=1)
    with pytest.raises(StoreFailed, match="closed"):
        table.get(b"a")
    held[0].close()
    assert table.mend(lambda: None)
    assert table.get(b"a") == b"new"
    table.close()
