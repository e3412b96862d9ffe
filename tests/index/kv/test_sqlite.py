"""The SQLite table: the suite, and what happens to its files."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from holdfast.blobstore.errors import StoreFailed, TableDamaged
from holdfast.blobstore.table import Table
from holdfast.blobstore.testkit.tablesuite import ROWS, TableSuite
from holdfast.index.kv.sqlite import ROWS_NAME, destroy_sqlite, open_sqlite


class TestSqlite(TableSuite):
    def open(self, folder: Path) -> Table:
        return open_sqlite(folder)

    def damage(self, folder: Path) -> None:
        (folder / ROWS_NAME).write_bytes(b"\xff" * 8192)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """The folder of a closed table that has `ROWS`."""
    folder = tmp_path / "table"
    table = open_sqlite(folder)
    table.write(ROWS)
    table.sync()
    table.close()
    return folder


def test_a_closed_table_is_one_file_and_a_lock(filled: Path) -> None:
    assert sorted(path.name for path in filled.iterdir()) == ["holdfast.lock", ROWS_NAME]


def test_a_table_without_its_file_is_damaged_not_empty(filled: Path) -> None:
    (filled / f"{ROWS_NAME}-wal").write_bytes(b"")
    (filled / ROWS_NAME).unlink()
    with pytest.raises(TableDamaged, match="missing"):
        open_sqlite(filled)


@pytest.mark.parametrize("left", [0, 100, 4096, 20_000])
def test_a_file_cut_short_is_damage(filled: Path, left: int) -> None:
    os.truncate(filled / ROWS_NAME, left)
    with pytest.raises(TableDamaged):  # noqa: PT012 (either step may find it)
        table = open_sqlite(filled)
        try:
            list(table.scan())
        finally:
            table.close()


def test_a_flipped_bit_in_a_row_is_found_when_it_is_read(filled: Path) -> None:
    file = filled / ROWS_NAME
    content = bytearray(file.read_bytes())
    content[content.index(b"value 500")] ^= 1
    file.write_bytes(content)
    table = open_sqlite(filled)
    assert table.get(b"0499") == b"value 499"
    with pytest.raises(TableDamaged, match="checksum"):
        table.get(b"0500")
    with pytest.raises(TableDamaged, match="checksum"):
        list(table.scan())
    table.close()


def test_another_program_s_file_and_another_version_are_refused(filled: Path) -> None:
    with sqlite3.connect(filled / ROWS_NAME) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(TableDamaged, match="/2, not"):
        open_sqlite(filled)
    assert (filled / ROWS_NAME).exists()


def test_making_a_table_goes_on_where_a_crash_broke_it_off(tmp_path: Path) -> None:
    folder = tmp_path / "table"
    folder.mkdir()
    (folder / f"{ROWS_NAME}.new").write_bytes(b"half a file")
    table = open_sqlite(folder)
    table.write(ROWS)
    assert list(table.scan()) == ROWS
    table.close()


def test_a_file_in_the_place_of_the_folder_is_damage(tmp_path: Path) -> None:
    (tmp_path / "table").write_bytes(b"")
    with pytest.raises(TableDamaged):
        open_sqlite(tmp_path / "table")


def test_a_path_may_have_any_characters(tmp_path: Path) -> None:
    table = open_sqlite(tmp_path / "a?b=c #%25 ü")
    table.write(ROWS)
    assert list(table.scan()) == ROWS
    table.close()


def test_after_a_failed_sync_nothing_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = open_sqlite(tmp_path / "table")
    table.write(ROWS[:1])

    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", fail)
        with pytest.raises(StoreFailed, match="Input/output error"):
            table.sync()
    with pytest.raises(StoreFailed, match="open it again"):
        table.sync()
    with pytest.raises(StoreFailed):
        table.write(ROWS[1:])
    assert list(table.scan()) == ROWS[:1]
    table.close()


def test_more_scans_at_once_than_connections_are_kept(filled: Path) -> None:
    table = open_sqlite(filled)
    scans = [table.scan() for _ in range(30)]
    table.write([], [key for key, _ in ROWS])
    assert all(list(scan) == ROWS for scan in scans)
    assert list(table.scan()) == []
    table.close()


def test_destroying_leaves_nothing_of_it(filled: Path) -> None:
    (filled / ROWS_NAME).write_bytes(b"damaged")
    (filled / "notes.txt").write_bytes(b"mine")
    destroy_sqlite(filled)
    assert [path.name for path in filled.iterdir()] == ["notes.txt"]
    (filled / "notes.txt").unlink()
    destroy_sqlite(filled)
    destroy_sqlite(filled)
    assert not filled.exists()
