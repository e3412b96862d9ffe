"""The LevelDB table: the suite, and what happens to its files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.blobstore.errors import StoreBusy, StoreFailed, TableDamaged
from holdfast.blobstore.table import Table
from holdfast.blobstore.testkit.tablesuite import ROWS, TableSuite
from holdfast.index.kv.leveldb import destroy_leveldb, open_leveldb


class TestLevelDB(TableSuite):
    def open(self, folder: Path) -> Table:
        return open_leveldb(folder)

    def damage(self, folder: Path) -> None:
        (manifest,) = folder.glob("MANIFEST-*")
        manifest.write_bytes(b"\xff" * 100)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """The folder of a closed table that has `ROWS`, some in sorted files, some in a log."""
    folder = tmp_path / "table"
    for at in (0, 500):
        table = open_leveldb(folder)
        table.write(ROWS[at : at + 500])
        table.sync()
        table.close()
    return folder


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def test_a_table_without_its_current_file_is_damaged_not_empty(filled: Path) -> None:
    (filled / "CURRENT").unlink()
    with pytest.raises(TableDamaged, match="CURRENT"):
        open_leveldb(filled)
    (filled / "CURRENT").write_bytes(b"MANIFEST-999999\n")
    with pytest.raises(TableDamaged):
        open_leveldb(filled)


def test_a_table_without_a_sorted_file_is_damaged(filled: Path) -> None:
    only(filled, "*.ldb").unlink()
    with pytest.raises(TableDamaged):
        open_leveldb(filled)


def test_a_flipped_bit_in_the_log_is_damage_and_no_loss_of_rows(filled: Path) -> None:
    log = only(filled, "*.log")
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 1
    log.write_bytes(content)
    with pytest.raises(TableDamaged):
        open_leveldb(filled)


def test_a_flipped_bit_in_a_sorted_file_is_found_when_it_is_read(filled: Path) -> None:
    sorted_file = only(filled, "*.ldb")
    content = bytearray(sorted_file.read_bytes())
    content[100] ^= 1
    sorted_file.write_bytes(content)
    with pytest.raises(TableDamaged):  # noqa: PT012 (either step may find it)
        table = open_leveldb(filled)
        try:
            list(table.scan())
        finally:
            table.close()


@pytest.mark.parametrize("row", [0, 250, 500, 750, 999])
@pytest.mark.parametrize("backwards", [False, True])
def test_wherever_a_bit_is_flipped_no_scan_takes_it_for_the_end(
    filled: Path, row: int, backwards: bool
) -> None:
    open_leveldb(filled).close()  # from here on all rows are in sorted files
    for sorted_file in filled.glob("*.ldb"):
        content = bytearray(sorted_file.read_bytes())
        at = content.find(b"value %d" % row)
        if at >= 0:
            content[at] ^= 1
            sorted_file.write_bytes(content)
    table = open_leveldb(filled)
    for start, end in ((b"", None), (b"%04d" % row, None), (b"", b"%04dx" % row)):
        with pytest.raises(TableDamaged):
            list(table.scan(start, end, backwards=backwards))
    table.close()


def test_a_log_cut_short_by_a_crash_opens_with_whole_writes(tmp_path: Path) -> None:
    folder = tmp_path / "table"
    table = open_leveldb(folder)
    for at in range(0, 1000, 100):
        table.write(ROWS[at : at + 100])
    table.close()
    log = only(folder, "*.log")
    os.truncate(log, log.stat().st_size - 7)
    table = open_leveldb(folder)
    assert list(table.scan()) == ROWS[:900]
    table.close()


def test_a_file_in_the_place_of_the_folder_is_damage(tmp_path: Path) -> None:
    (tmp_path / "table").write_bytes(b"")
    with pytest.raises(TableDamaged):
        open_leveldb(tmp_path / "table")


def test_another_process_has_it(filled: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from holdfast.index.kv.leveldb import *;"
        "table = open_leveldb(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    source = Path(__file__).parents[3] / ".src"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(filled)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(source)},
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"open\n"
        with pytest.raises(StoreBusy):
            open_leveldb(filled)
        child.communicate()
    open_leveldb(filled).close()


def test_sync_reaches_every_log_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "table"
    table = open_leveldb(folder)
    table.write(ROWS)
    # What LevelDB leaves while it turns the rows of an older log into a sorted file.
    older = folder / "000000.log"
    older.write_bytes(b"")
    synced = []
    real = os.fdatasync

    def watch(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", watch)
    table.sync()
    assert sorted(synced) == sorted(folder.glob("*.log"))
    assert len(synced) == 2
    table.close()


def test_after_a_failed_sync_nothing_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = open_leveldb(tmp_path / "table")
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


def test_millions_of_bytes_of_rows_survive_the_change_of_logs(tmp_path: Path) -> None:
    folder = tmp_path / "table"
    table = open_leveldb(folder)
    value = bytes(range(256)) * 16
    for number in range(6000):
        table.write([(b"%06d" % number, value)])
        if number % 1000 == 0:
            table.sync()
    assert any(folder.glob("*.ldb"))
    table.close()
    table = open_leveldb(folder)
    assert sum(1 for _, found in table.scan() if found == value) == 6000
    table.close()


def test_destroying_leaves_nothing_of_it(filled: Path) -> None:
    destroy_leveldb(filled)
    assert not filled.exists()
    destroy_leveldb(filled)
    table = open_leveldb(filled)
    assert list(table.scan()) == []
    table.close()


def test_destroying_works_on_damage_and_spares_what_is_not_its_own(filled: Path) -> None:
    (filled / "CURRENT").unlink()
    (filled / "notes.txt").write_bytes(b"mine")
    destroy_leveldb(filled)
    assert [path.name for path in filled.iterdir()] == ["notes.txt"]


def test_folders_are_made_with_their_parents(tmp_path: Path) -> None:
    table = open_leveldb(tmp_path / "a" / "b" / "c")
    table.write(ROWS)
    table.close()
    assert (tmp_path / "a" / "b" / "c" / "CURRENT").exists()
