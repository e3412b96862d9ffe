"""An index made anew has the rows of the old one, whatever happens meanwhile."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

import holdfast
from holdfast.blobstore.backends.packed import PackedStorage
from holdfast.blobstore.errors import CorruptBlob
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.opening import open_storage
from holdfast.blobstore.ref import Blob
from holdfast.index.errors import IndexOutdated, MakingFailed, NoRoomBeside
from holdfast.index.folders import Folders
from holdfast.index.keys import CLAIM, NODE, VERSION
from holdfast.index.kv.leveldb import destroy_leveldb, open_leveldb
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.making import Means
from holdfast.index.opening import Index
from holdfast.index.rebuilding import Rebuilding, rebuild_unopened

from .conftest import CORPUS, DATA, TRUSTED, blob, indexed
from .test_opening import indexing, rows_on_disk, storing

ALL_ROWS = indexed([CORPUS.blobs])
HALF = len(CORPUS.blobs) // 2


@pytest.fixture(params=["packed", "localdisk"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_rows_made_anew_are_those_that_came_one_by_one(kind: str, tmp_path: Path) -> None:
    with storing(kind, tmp_path) as hub, indexing(tmp_path, hub) as index:
        hub.receive(CORPUS.blobs)
        assert index.rebuild().wait(60)
        assert index.rebuilding is not None
        assert index.rebuilding.progress().state == "done"
        assert index.claims.about(CORPUS.node).fold(CORPUS.node).attributes["tag"] == ("kept",)
    assert rows_on_disk(tmp_path) == ALL_ROWS
    assert names_in(tmp_path) == ["blobs", "index"]


def test_after_a_rebuild_only_what_comes_later_is_read_at_the_next_start(tmp_path: Path) -> None:
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub) as index:
        hub.receive(CORPUS.blobs)
        assert index.rebuild().wait(60)
    storage = Meanwhile(tmp_path / "blobs", open_table=open_leveldb)
    with indexing(tmp_path, Hub(storage)):
        assert storage.given == 0
    storage.close()


class Meanwhile(PackedStorage):
    """Does something when it has given all there was."""

    given = 0
    do: Callable[[], object] | None = None

    def stream(self, after: str = "") -> Iterator[tuple[str, Blob | CorruptBlob]]:
        for found in super().stream(after):
            self.given += 1
            yield found
        if self.do is not None:
            do, self.do = self.do, None
            do()


def test_what_comes_and_goes_meanwhile_is_in_the_rows_or_is_not(tmp_path: Path) -> None:
    storage = Meanwhile(tmp_path / "blobs", open_table=open_leveldb)
    hub = Hub(storage)

    def meanwhile() -> None:
        hub.receive(CORPUS.blobs[HALF:])
        hub.remove(gone)
        hub.receive(CORPUS.blobs[:3])  # one of those is back again

    gone = [found.ref for found in CORPUS.blobs[:HALF:4]]
    with indexing(tmp_path, hub) as index:
        hub.receive(CORPUS.blobs[:HALF])
        assert index.settle(20)
        storage.do = meanwhile
        assert index.rebuild().wait(60)
        assert storage.do is None
    storage.close()
    left = [b for b in CORPUS.blobs if b.ref not in gone or b in CORPUS.blobs[:3]]
    assert rows_on_disk(tmp_path) == indexed([left])


def test_a_storage_that_tells_no_order_loses_nothing_either(tmp_path: Path) -> None:
    with storing("localdisk", tmp_path) as hub, indexing(tmp_path, hub) as index:
        hub.receive(CORPUS.blobs[:HALF])
        rebuilding = index.rebuild()
        for found in CORPUS.blobs[HALF:]:
            hub.receive([found])
        hub.remove([CORPUS.share])
        assert rebuilding.wait(60)
    left = [found for found in CORPUS.blobs if found.ref != CORPUS.share]
    assert rows_on_disk(tmp_path) == indexed([left])


def test_the_stores_of_another_program_come_to_the_same_rows(tmp_path: Path) -> None:
    with tarfile.open(DATA / "blobstore" / "perkeep-stores.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    (tmp_path / "diskpacked").rename(tmp_path / "blobs")
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub):
        pass
    before = rows_on_disk(tmp_path)
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub) as index:
        assert index.rebuild().wait(60)
    assert len(before) > 100
    assert rows_on_disk(tmp_path) == before


def test_of_two_that_ask_for_a_rebuild_the_second_finds_the_first(tmp_path: Path) -> None:
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub) as index:
        hub.receive(CORPUS.blobs)
        first = index.rebuild()
        assert index.rebuild() is first
        assert first.wait(60)
        assert index.rebuild() is not first


def test_closing_breaks_off_and_the_next_rebuild_goes_on(tmp_path: Path) -> None:
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub) as index:
        hub.receive(CORPUS.blobs)
        assert index.settle(20)
        rebuilding = index.rebuild()
    assert rebuilding.progress().state == "stopped"
    assert "index.new" in names_in(tmp_path)
    assert rows_on_disk(tmp_path) == ALL_ROWS
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub) as index:
        assert index.rebuild().wait(60)
    assert rows_on_disk(tmp_path) == ALL_ROWS
    assert names_in(tmp_path) == ["blobs", "index"]


def test_what_is_removed_while_an_unfinished_one_lies_there_has_no_rows(tmp_path: Path) -> None:
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub) as index:
        hub.receive(CORPUS.blobs)
        build_without_end(tmp_path, hub)
        hub.remove([CORPUS.share, CORPUS.node])
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub) as index:
        assert index.rebuild().wait(60)
    left = [found for found in CORPUS.blobs if found.ref not in (CORPUS.share, CORPUS.node)]
    assert rows_on_disk(tmp_path) == indexed([left])


class Enough(Exception):
    """Breaks off."""


def build_without_end(folder: Path, hub: Hub) -> None:
    """Make all of an index, and leave it beside the one that is there."""

    def install(_: object) -> None:
        raise Enough

    rebuilding = Rebuilding(means(hub), Folders.of(folder / "index").new, install)
    rebuilding.start()
    with pytest.raises(Enough):
        rebuilding.wait(60)


def means(hub: Hub) -> Means:
    return Means(
        hub=hub,
        open_table=open_leveldb,
        discard_table=destroy_leveldb,
        trusted=TRUSTED,
        seconds=0.0,
    )


def test_what_is_made_already_is_not_made_again(tmp_path: Path) -> None:
    storage = Meanwhile(tmp_path / "blobs", open_table=open_leveldb)
    hub = Hub(storage)
    with indexing(tmp_path, hub) as index:
        hub.receive(CORPUS.blobs)
        build_without_end(tmp_path, hub)
        storage.given = 0
        assert index.rebuild().wait(60)
        assert storage.given == 0
    storage.close()
    assert rows_on_disk(tmp_path) == ALL_ROWS


def test_a_rebuild_that_breaks_off_among_the_blobs_goes_on_there(tmp_path: Path) -> None:
    made = [
        blob(b'{"camliVersion": 1, "camliType": "unheard of", "n": %d}' % n) for n in range(4000)
    ]
    storage = Meanwhile(tmp_path / "blobs", open_table=open_leveldb)
    hub = Hub(storage)
    hub.receive(made)

    def noted() -> int:
        """How often it was noted how far it is."""
        logs = (tmp_path / "index.new" / "table").glob("*.log")
        return sum(log.read_bytes().count(b"making") for log in logs)

    def break_off() -> None:
        assert when(lambda: noted() >= 3)
        raise Enough

    storage.do = break_off
    rebuilding = rebuild_unopened(tmp_path / "index", means(hub))
    with pytest.raises(Enough):
        rebuilding.wait(60)
    storage.given = 0
    assert rebuild_unopened(tmp_path / "index", means(hub)).wait(60)
    assert 0 < storage.given <= 3500
    with indexing(tmp_path, hub):
        pass
    storage.close()
    assert rows_on_disk(tmp_path) == indexed([made])


def test_an_unfinished_one_of_other_keys_or_rows_is_begun_again(tmp_path: Path) -> None:
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub) as index:
        hub.receive(CORPUS.blobs)
        build_without_end(tmp_path, hub)
        table = open_leveldb(tmp_path / "index.new" / "table")
        table.write([VERSION.row(value=(1,)), NODE.row("stale", value=(None,) * len(NODE.value))])
        table.close()
        assert index.rebuild().wait(60)
    assert rows_on_disk(tmp_path) == ALL_ROWS


def test_an_unfinished_one_that_is_damaged_is_begun_again(tmp_path: Path) -> None:
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub) as index:
        hub.receive(CORPUS.blobs)
        build_without_end(tmp_path, hub)
        (tmp_path / "index.new" / "table" / "CURRENT").write_bytes(b"nonsense")
        assert index.rebuild().wait(60)
    assert rows_on_disk(tmp_path) == ALL_ROWS


def test_rows_that_are_wrong_are_right_after_a_rebuild(tmp_path: Path) -> None:
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub):
        hub.receive(CORPUS.blobs)
    table = open_leveldb(tmp_path / "index")
    table.write((), [key for key, _ in table.scan(*CLAIM.below())])
    table.close()
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub) as index:
        assert not index.claims.about(CORPUS.node).fold(CORPUS.node).attributes
        assert index.rebuild().wait(60)
        assert index.claims.about(CORPUS.node).fold(CORPUS.node).attributes
    assert rows_on_disk(tmp_path) == ALL_ROWS


def test_who_is_reading_reads_on_in_the_old_rows_and_the_exchange_waits(tmp_path: Path) -> None:
    with storing("packed", tmp_path) as hub, open_at(tmp_path, hub) as (index, table):
        hub.receive(CORPUS.blobs)
        assert index.settle(20)
        rows = table.scan()
        first = next(rows)
        rebuilding = index.rebuild()
        assert when(lambda: rebuilding.progress().phase == "arrivals" or not rebuilding.is_running)
        time.sleep(1)
        assert rebuilding.is_running
        assert table.get(first[0]) == first[1]
        assert sum(1 for _ in rows) >= len(ALL_ROWS)
        assert rebuilding.wait(60)


@contextmanager
def open_at(folder: Path, hub: Hub) -> Iterator[tuple[Index, object]]:
    with indexing(folder, hub) as index:
        yield index, index._table


def when(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return False


def test_an_index_in_memory_says_that_it_cannot_be_made_anew() -> None:
    storage = open_storage("memory", Path(), open_table=open_leveldb)
    index = Index(MemoryTable(), Hub(storage), trusted=TRUSTED)
    assert index.wait(10)
    with pytest.raises(NoRoomBeside):
        index.rebuild()
    index.close()


def children_of(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


@pytest.mark.parametrize("victim", [0, 1, 2])
def test_a_process_of_it_that_is_killed_ends_it_with_a_remedy(victim: int, tmp_path: Path) -> None:
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub) as index:
        hub.receive(CORPUS.blobs)
        assert index.settle(20)
        before = set(children_of(os.getpid()))
        rebuilding = index.rebuild()
        assert when(lambda: len(set(children_of(os.getpid())) - before) == 3)
        os.kill(sorted(set(children_of(os.getpid())) - before)[victim], signal.SIGKILL)
        with pytest.raises(MakingFailed, match="run `holdfast reindex`"):
            rebuilding.wait(60)
        assert set(children_of(os.getpid())) <= before
        assert index.claims.about(CORPUS.node).claims
        assert index.rebuild().wait(60)
    assert rows_on_disk(tmp_path) == ALL_ROWS


KILLED = """
import os, sys
from pathlib import Path
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.opening import open_storage
from holdfast.index.beside import Beside
from holdfast.index.folders import Folders
from holdfast.index.kv.leveldb import destroy_leveldb, open_leveldb
from holdfast.index.making import Means, Making
from holdfast.index.rebuilding import Rebuilding, rebuild_unopened

folder, most = Path(sys.argv[1]), int(sys.argv[2])
hub = Hub(open_storage("packed", folder / "blobs", open_table=open_leveldb))
steps = 0

def step(*_):
    global steps
    steps += 1
    if steps > most:
        os.kill(os.getpid(), 9)

def reported(self, *progress, report=Rebuilding.report):
    step()
    report(self, *progress)

Rebuilding.report = reported
for name in ("rename", "rmdir", "unlink"):
    def watched(self, *arguments, do=getattr(Path, name), **options):
        step()
        result = do(self, *arguments, **options)
        step()
        return result
    setattr(Path, name, watched)

means = Means(hub=hub, open_table=open_leveldb, discard_table=destroy_leveldb,
              trusted=frozenset(sys.argv[3:]), seconds=0.0)
rebuild_unopened(folder / "index", means).wait()
print(steps)
"""


def run_killed(folder: Path, most: int) -> subprocess.CompletedProcess[str]:
    root = Path(holdfast.__file__).parent.parent
    return subprocess.run(
        [sys.executable, "-P", "-c", KILLED, folder, str(most), *TRUSTED],
        env={"PYTHONPATH": str(root)},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def indexed_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    with storing("packed", folder) as hub, indexing(folder, hub):
        hub.receive(CORPUS.blobs)
    return folder


def test_killed_at_any_step_one_index_or_the_other_is_there_and_the_next_goes_on(
    indexed_store: Path, tmp_path: Path
) -> None:
    trial = tmp_path / "whole"
    shutil.copytree(indexed_store, trial)
    steps = int(run_killed(trial, 10**9).stdout)
    assert steps > 10
    # Not each of the first, which are reports; each of the last, which are the exchange.
    for most in (*range(0, steps - 8, 7), *range(steps - 8, steps)):
        folder = tmp_path / str(most)
        shutil.copytree(indexed_store, folder)
        assert run_killed(folder, most).returncode == -signal.SIGKILL
        with storing("packed", folder) as hub, indexing(folder, hub):
            pass
        assert rows_on_disk(folder) == ALL_ROWS
        if most % 2 == 0:
            assert run_killed(folder, 10**9).returncode == 0
            assert rows_on_disk(folder) == ALL_ROWS
            assert names_in(folder) == ["blobs", "index"]
        shutil.rmtree(folder)


def test_an_index_of_an_older_version_is_made_anew_without_being_opened(tmp_path: Path) -> None:
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub):
        hub.receive(CORPUS.blobs)
    table = open_leveldb(tmp_path / "index")
    table.write([VERSION.row(value=(3,))])
    table.close()
    with storing("packed", tmp_path) as hub:
        with pytest.raises(IndexOutdated, match="run `holdfast reindex`"), indexing(tmp_path, hub):
            pass
        assert rebuild_unopened(tmp_path / "index", means(hub)).wait(60)
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub):
        pass
    assert rows_on_disk(tmp_path) == ALL_ROWS


def test_an_index_behind_a_link_stays_there(tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "rows").mkdir(parents=True)
    (tmp_path / "index").symlink_to(tmp_path / "elsewhere" / "rows")
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub) as index:
        hub.receive(CORPUS.blobs)
        assert index.rebuild().wait(60)
    assert (tmp_path / "index").is_symlink()
    assert names_in(tmp_path / "elsewhere") == ["rows"]
    assert rows_on_disk(tmp_path) == ALL_ROWS


def test_what_else_lay_in_the_folder_of_the_index_is_kept(tmp_path: Path) -> None:
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub) as index:
        hub.receive(CORPUS.blobs)
        (tmp_path / "index" / "letter").write_text("dear")
        assert index.rebuild().wait(60)
    (kept,) = (path for path in tmp_path.iterdir() if path.name.startswith("index.old"))
    assert (kept / "letter").read_text() == "dear"
    assert names_in(kept) == ["letter"]


FULL = """
from holdfast.blobstore.errors import StoreFull
from holdfast.index.kv.leveldb import LevelTable, open_leveldb

class Full(LevelTable):
    left = 3

    def write(self, puts, deletes=()):
        self.left -= 1
        if self.left < 0:
            raise StoreFull("the disk", "no space left on device")
        super().write(puts, deletes)

def open_full(folder):
    return Full(folder, open_leveldb(folder)._database)
"""


def test_a_rebuild_that_fills_the_disk_makes_room_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "fulldisk.py").write_text(FULL)
    monkeypatch.syspath_prepend(tmp_path / "modules")
    full = import_module("fulldisk")
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub):
        hub.receive(CORPUS.blobs)
    with storing("packed", tmp_path) as hub:
        rebuilding = rebuild_unopened(
            tmp_path / "index", replace(means(hub), open_table=full.open_full)
        )
        with pytest.raises(MakingFailed, match=r"the disk.*no space left"):
            rebuilding.wait(60)
    assert names_in(tmp_path) == ["blobs", "index", "modules"]
    assert rows_on_disk(tmp_path) == ALL_ROWS
