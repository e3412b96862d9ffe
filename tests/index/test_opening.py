"""An index and its store over restarts, crashes, losses and copies: always the same rows."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

import pytest

import holdfast
from holdfast.blobstore.backends.packed import PackedStorage
from holdfast.blobstore.errors import StoreBusy, StoreFailed, TableDamaged
from holdfast.blobstore.generation import renew_generation
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.opening import open_storage
from holdfast.blobstore.ref import Blob
from holdfast.blobstore.table import OpenTable, Table
from holdfast.index.errors import IndexOutdated, IndexUnusable
from holdfast.index.keys import CLAIM, CURSOR, VERSION, Row
from holdfast.index.kv.leveldb import LevelTable, destroy_leveldb, open_leveldb
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.opening import Index, open_index
from holdfast.schema.claims import AddAttribute

from .conftest import CORPUS, OWNER, TRUSTED, Counting, Speaker, blob, indexed, key_blob, rows_in

ALL_ROWS = indexed([CORPUS.blobs])
ALL_CLAIMS = {key: row for key, row in ALL_ROWS.items() if key.startswith(CLAIM.below()[0])}


@pytest.fixture(params=["packed", "localdisk"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@contextmanager
def storing(kind: str, folder: Path) -> Iterator[Hub]:
    storage = open_storage(kind, folder / "blobs", open_table=open_leveldb)
    try:
        yield Hub(storage)
    finally:
        storage.close()


@contextmanager
def indexing(
    folder: Path, hub: Hub, *, open_table: OpenTable = open_leveldb, seconds: float = 30
) -> Iterator[Index]:
    with open_index(
        folder / "index",
        hub,
        open_table=open_table,
        discard_table=destroy_leveldb,
        trusted=TRUSTED,
        seconds=seconds,
    ) as index:
        assert index.wait(20)
        yield index
        assert index.settle(20)


def rows_on_disk(folder: Path) -> dict[bytes, bytes]:
    table = open_leveldb(folder / "index")
    try:
        return rows_in(table)
    finally:
        table.close()


def damage(folder: Path) -> None:
    """Break every sorted file and log of a table."""
    for file in (folder / "index").iterdir():
        if file.suffix in (".ldb", ".log") or file.name.startswith("MANIFEST"):
            file.write_bytes(b"\x5a" * (file.stat().st_size + 64))


def test_rows_are_there_after_a_restart(kind: str, tmp_path: Path) -> None:
    with storing(kind, tmp_path) as hub, indexing(tmp_path, hub):
        hub.receive(CORPUS.blobs)
    with storing(kind, tmp_path) as hub, indexing(tmp_path, hub) as index:
        assert index.claims.is_deleted(CORPUS.revoked)
        assert index.claims.about(CORPUS.node).fold(CORPUS.node).attributes["tag"] == ("kept",)
    assert rows_on_disk(tmp_path) == ALL_ROWS


def test_what_came_while_no_index_looked_is_read_later(kind: str, tmp_path: Path) -> None:
    half = len(CORPUS.blobs) // 2
    with storing(kind, tmp_path) as hub:
        hub.receive(CORPUS.blobs[:half])
    with storing(kind, tmp_path) as hub, indexing(tmp_path, hub):
        pass
    with storing(kind, tmp_path) as hub:
        hub.receive(CORPUS.blobs[half:])
    if kind == "localdisk":
        # It cannot tell what is new; whoever writes past the index removes it.
        shutil.rmtree(tmp_path / "index")
    with storing(kind, tmp_path) as hub, indexing(tmp_path, hub):
        pass
    assert rows_on_disk(tmp_path) == ALL_ROWS


@pytest.mark.parametrize("loss", [lambda at: shutil.rmtree(at / "index"), damage])
def test_an_index_that_is_lost_or_damaged_is_made_again(
    loss: Callable[[Path], None], kind: str, tmp_path: Path
) -> None:
    with storing(kind, tmp_path) as hub, indexing(tmp_path, hub):
        hub.receive(CORPUS.blobs)
    loss(tmp_path)
    with storing(kind, tmp_path) as hub, indexing(tmp_path, hub):
        pass
    assert rows_on_disk(tmp_path) == ALL_ROWS


def test_a_store_of_another_generation_is_indexed_afresh(kind: str, tmp_path: Path) -> None:
    with storing(kind, tmp_path) as hub, indexing(tmp_path, hub):
        hub.receive(CORPUS.blobs)
    with storing(kind, tmp_path) as hub:
        hub.remove([CORPUS.share])
    renew_generation(tmp_path / "blobs")
    with storing(kind, tmp_path) as hub, indexing(tmp_path, hub):
        pass
    left = [found for found in CORPUS.blobs if found.ref != CORPUS.share]
    assert rows_on_disk(tmp_path) == indexed([left])


def test_a_store_put_back_from_a_copy_is_indexed_afresh(tmp_path: Path) -> None:
    half = len(CORPUS.blobs) // 2
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub):
        hub.receive(CORPUS.blobs[:half])
    shutil.copytree(tmp_path / "blobs", tmp_path / "copy")
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub):
        hub.receive(CORPUS.blobs[half:])
    shutil.rmtree(tmp_path / "blobs")
    (tmp_path / "copy").rename(tmp_path / "blobs")
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub):
        pass
    assert rows_on_disk(tmp_path) == indexed([CORPUS.blobs[:half]])


def test_rows_of_another_version_are_refused_with_the_folder_to_remove(tmp_path: Path) -> None:
    table = open_leveldb(tmp_path / "index")
    table.write([VERSION.row(value=(99,))])
    table.close()
    with (
        storing("packed", tmp_path) as hub,
        pytest.raises(IndexOutdated, match=f"{tmp_path / 'index'}.*99.*remove that folder"),
        indexing(tmp_path, hub),
    ):
        pass


def test_only_what_came_since_the_last_end_is_read_at_the_next_start(tmp_path: Path) -> None:
    speaker = Speaker()
    speaker.permanode(b"new")
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub):
        hub.receive(CORPUS.blobs)
    with storing("packed", tmp_path) as hub:
        hub.receive(speaker.made)
    streamed = Streamed(tmp_path / "blobs", open_table=open_leveldb)
    with indexing(tmp_path, Hub(streamed)):
        assert streamed.given == [made.ref for made in speaker.made]
    streamed.close()


class Streamed(PackedStorage):
    """Remembers what was streamed."""

    def stream(self, after: str = "") -> Iterator[tuple[str, Blob]]:
        self.given = []
        for token, found in super().stream(after):
            self.given.append(found.ref)
            yield token, found


def test_large_blobs_are_read_some_at_a_time(tmp_path: Path) -> None:
    with storing("packed", tmp_path) as hub:
        for number in range(40):
            hub.receive([blob(bytes([number]) * (4 << 20))])
        tracemalloc.start()
        with indexing(tmp_path, hub):
            _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    # All of them have 160 MiB.
    assert peak < 64 << 20


def test_after_rows_could_not_be_written_nothing_vouches_for_them(tmp_path: Path) -> None:
    table = Refusing()
    with storing("packed", tmp_path) as hub:
        index = Index(table, hub, trusted=TRUSTED)
        assert index.wait(10)
        hub.receive([key_blob(OWNER)])
        table.refuses = True
        with pytest.raises(StoreFailed):
            hub.receive(CORPUS.blobs)
        table.refuses = False
        index.close()
        assert table.get(CURSOR.key_of()) is None
    with storing("packed", tmp_path) as hub:
        index = Index(table, hub, trusted=TRUSTED)
        assert index.settle(10)
        index.close()
    assert rows_in(table) == ALL_ROWS


class Refusing(MemoryTable):
    """Has no room for a while."""

    refuses = False

    def write(self, puts, deletes=()) -> None:
        if self.refuses:
            raise StoreFailed("here", "no space left on device")
        super().write(puts, deletes)

    def sync(self) -> None:
        if self.refuses:
            raise StoreFailed("here", "no space left on device")


def test_a_table_that_still_refuses_keeps_nothing_from_ending_well(tmp_path: Path) -> None:
    table = Refusing()
    with storing("packed", tmp_path) as hub:
        index = Index(table, hub, trusted=TRUSTED)
        assert index.wait(10)
        table.refuses = True
        with pytest.raises(StoreFailed):
            hub.receive(CORPUS.blobs)
        index.close()
        assert table.get(CURSOR.key_of()) is None


def test_an_index_that_cannot_catch_up_says_so_to_who_waits(tmp_path: Path) -> None:
    table = Refusing()
    table.refuses = True
    with storing("packed", tmp_path) as hub:
        index = Index(table, hub, trusted=TRUSTED)
        with pytest.raises(StoreFailed, match="no space"):
            index.wait(10)
        assert not index.claims.is_complete
        index.close()


class Full(LevelTable):
    """A LevelDB on a disk that is full for a while."""

    is_full = False
    failure: str | None = None

    def write(self, puts, deletes=()) -> None:
        if Full.is_full or self.failure:
            self.failure = "it has failed"
            raise StoreFailed("here", "no space left on device")
        super().write(puts, deletes)


def test_when_there_is_room_again_the_index_goes_on_by_itself(kind: str, tmp_path: Path) -> None:
    half = len(CORPUS.blobs) // 2

    def open_table(folder: Path) -> Table:
        table = open_leveldb(folder)
        table.__class__ = Full
        return table

    with (
        storing(kind, tmp_path) as hub,
        indexing(tmp_path, hub, open_table=open_table, seconds=0.05) as index,
    ):
        hub.receive(CORPUS.blobs[:half])
        Full.is_full = True
        with pytest.raises(StoreFailed):
            hub.receive(CORPUS.blobs[half:])
        assert index.claims.about(CORPUS.node).claims
        assert "no space left" in index.status().trouble
        Full.is_full = False
        assert when(lambda: index.claims.is_complete and index.claims.is_deleted(CORPUS.revoked))
        hub.receive(CORPUS.blobs[half:])
        assert not index.status().trouble
    assert rows_on_disk(tmp_path) == ALL_ROWS


def when(is_so: Callable[[], bool]) -> bool:
    """Wait until something is so; whether it ever was."""
    end = monotonic() + 20
    while not is_so():
        if monotonic() > end:
            return False
        sleep(0.02)
    return True


@pytest.fixture
def flipped(tmp_path: Path) -> Path:
    """A store whose index has one wrong bit among the claims, so that opening does not notice."""
    speaker = Speaker()
    for _ in range(5):
        speaker.says(AddAttribute(CORPUS.node, "tag", "x" * 10_000))
    for blobs in ([*CORPUS.blobs, *speaker.made], []):
        with storing("packed", tmp_path) as hub, indexing(tmp_path, hub):
            hub.receive(blobs)
    (file,) = (tmp_path / "index").glob("*.ldb")
    data = bytearray(file.read_bytes())
    data[data.index(b"x" * 1000) + 500] ^= 1
    file.write_bytes(data)
    return tmp_path


def test_damage_found_in_reading_is_told_and_mended_at_the_next_opening(flipped: Path) -> None:
    with (
        storing("packed", flipped) as hub,
        pytest.raises(TableDamaged, match="made again from the blobs, so try again"),
        indexing(flipped, hub) as index,
    ):
        index.claims.about(CORPUS.node)
    with storing("packed", flipped) as hub, indexing(flipped, hub) as index:
        assert finds(index)


def test_damage_found_by_a_server_is_mended_while_it_runs(flipped: Path) -> None:
    with storing("packed", flipped) as hub, indexing(flipped, hub, seconds=0.05) as index:
        with pytest.raises(TableDamaged):
            index.claims.about(CORPUS.node)
        assert when(lambda: index.claims.is_complete and finds(index))
    assert ALL_CLAIMS.items() <= rows_on_disk(flipped).items()


def finds(index: Index) -> bool:
    with suppress(TableDamaged):
        return bool(index.claims.about(CORPUS.node).claims)
    return False


def test_what_is_no_index_is_left_alone_and_named(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("a letter")
    with (
        storing("packed", tmp_path) as hub,
        pytest.raises(IndexUnusable, match=f"{tmp_path / 'index'}.*remove what is there"),
        indexing(tmp_path, hub),
    ):
        pass
    assert (tmp_path / "index").read_text() == "a letter"


KILLED = """
import os, sys
from pathlib import Path
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.opening import open_storage
from holdfast.blobstore.records import Decoder
from holdfast.index.kv.leveldb import LevelTable, destroy_leveldb, open_leveldb
from holdfast.index.opening import open_index

kind, folder, most = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
hub = Hub(open_storage(kind, folder / "blobs", open_table=open_leveldb))
with open_index(folder / "index", hub, open_table=open_leveldb,
                discard_table=destroy_leveldb, trusted=frozenset(sys.argv[4:])) as index:
    index.wait()
    for number, blob in enumerate(Decoder().feed(sys.stdin.buffer.read())):
        hub.receive([blob])
        if number == most:
            os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("most", range(0, len(CORPUS.blobs), 5))
def test_a_process_killed_at_any_blob_loses_no_row(kind: str, most: int, tmp_path: Path) -> None:
    records = b"".join(b"[%b %d]%b" % (r.encode(), len(d), d) for r, d in CORPUS.blobs)
    root = Path(holdfast.__file__).parent.parent
    killed = subprocess.run(
        [sys.executable, "-P", "-c", KILLED, kind, tmp_path, str(most), *TRUSTED],
        input=records,
        env={"PYTHONPATH": str(root)},
        check=False,
    )
    assert killed.returncode == -9
    with storing(kind, tmp_path) as hub, indexing(tmp_path, hub):
        pass
    assert rows_on_disk(tmp_path) == indexed([CORPUS.blobs[: most + 1]])


def test_rows_lost_in_a_power_cut_are_read_again(kind: str, tmp_path: Path) -> None:
    """As if nothing had reached the disk since the last sync of the table."""
    with storing(kind, tmp_path) as hub, indexing(tmp_path, hub):
        hub.receive(CORPUS.blobs[:5])
    with storing(kind, tmp_path) as hub:
        index = Index(table := open_leveldb(tmp_path / "index"), hub, trusted=TRUSTED)
        assert index.wait(10)
        shutil.copytree(tmp_path / "index", tmp_path / "before")
        hub.receive(CORPUS.blobs[5:])
        index.close()
        table.close()
    shutil.rmtree(tmp_path / "index")
    (tmp_path / "before").rename(tmp_path / "index")
    with storing(kind, tmp_path) as hub, indexing(tmp_path, hub):
        pass
    assert rows_on_disk(tmp_path) == ALL_ROWS


def test_an_index_has_one_user_at_a_time(tmp_path: Path) -> None:
    with (
        storing("packed", tmp_path) as hub,
        indexing(tmp_path, hub),
        pytest.raises(StoreBusy),
        indexing(tmp_path, hub),
    ):
        pass


def test_opening_reads_a_few_rows_however_many_there_are(tmp_path: Path) -> None:
    table = Counting()
    with storing("packed", tmp_path) as hub:
        index = Index(table, hub, trusted=TRUSTED)
        hub.receive(CORPUS.blobs)
        assert index.settle(20)
        index.close()
        table.read = 0
        index = Index(table, hub, trusted=TRUSTED)
        assert index.settle(20)
        index.close()
    assert table.read < 20 < len(rows_in(table))


def test_a_large_store_without_an_index_gets_one_the_quick_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.index.opening.PATIENCE_SECONDS", -1.0)
    with storing("packed", tmp_path) as hub:
        hub.receive(CORPUS.blobs[:5])
        opened = open_index(
            tmp_path / "index",
            hub,
            open_table=open_leveldb,
            discard_table=destroy_leveldb,
            trusted=TRUSTED,
        )
        with opened as index:
            assert not index.wait(0)
            hub.receive(CORPUS.blobs[5:])
            assert index.settle(60)
            assert index.rebuilding is not None
            assert index.rebuilding.wait(20)
    assert rows_on_disk(tmp_path) == ALL_ROWS
    # With an index it is not slow to catch up, however long it takes.
    with storing("packed", tmp_path) as hub:
        hub.receive(Speaker().made)
        with indexing(tmp_path, hub) as index:
            assert index.rebuilding is None


def test_all_rows_of_another_store_are_gone_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.index.opening._ROWS_AT_ONCE", len(ALL_ROWS) // 2)
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub):
        hub.receive(CORPUS.blobs)
    renew_generation(tmp_path / "blobs")
    (tmp_path / "index" / "letter").write_text("dear")
    written: list[int] = []

    class Watched(LevelTable):
        def write(self, puts: Iterable[Row], deletes: Iterable[bytes] = ()) -> None:
            deletes = list(deletes)
            written.append(len(deletes))
            super().write(puts, deletes)

    def open_watched(folder: Path) -> LevelTable:
        table = open_leveldb(folder)
        return Watched(folder, table._database)

    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub, open_table=open_watched):
        pass
    assert max(written) < len(ALL_ROWS) // 2
    assert rows_on_disk(tmp_path) == ALL_ROWS
    (kept,) = tmp_path.glob("index.old*")
    assert (kept / "letter").read_text() == "dear"
