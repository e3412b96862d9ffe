"""A check of an index names every row that its blobs do not come to, and every one it lacks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.backends.packed import PackedStorage
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob
from holdfast.index.checking import Difference, Findings
from holdfast.index.errors import NoRoomBeside
from holdfast.index.keys import BLOB, CLAIM, HAS, NODE, TIME, WAITING, RowKind
from holdfast.index.kv.leveldb import open_leveldb
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.opening import Index
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file

from .conftest import CORPUS, TRUSTED, Speaker
from .test_opening import indexing, storing
from .test_rebuilding import build_without_end, names_in


@pytest.fixture(params=["packed", "localdisk"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def indexed_folder(tmp_path: Path) -> Path:
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub):
        hub.receive(CORPUS.blobs)
    return tmp_path


def change(folder: Path, *, puts: dict[bytes, bytes] | None = None, deletes: list[bytes]) -> None:
    table = open_leveldb(folder / "index")
    table.write((puts or {}).items(), deletes)
    table.close()


def keys_of(folder: Path, kind: RowKind) -> list[bytes]:
    table = open_leveldb(folder / "index")
    try:
        return [key for key, _ in table.scan(*kind.below())]
    finally:
        table.close()


def checked(folder: Path, *, limit: int = 100) -> Findings:
    with storing("packed", folder) as hub, indexing(folder, hub) as index:
        checking = index.check(limit=limit)
        assert checking.wait(60)
        return checking.findings()


def test_an_index_that_is_as_it_should_be_has_no_differences(kind: str, tmp_path: Path) -> None:
    with storing(kind, tmp_path) as hub, indexing(tmp_path, hub) as index:
        hub.receive(CORPUS.blobs)
        checking = index.check()
        assert checking.wait(60)
        found = checking.findings()
        assert found.is_good
        assert found.some == ()
        assert found.rows > len(CORPUS.blobs)
        assert found.progress.state == "done"
    assert names_in(tmp_path) == ["blobs", "index"]


@pytest.mark.parametrize("kind", [BLOB, CLAIM, NODE, TIME, HAS], ids=lambda kind: kind.name)
def test_a_row_that_is_gone_is_missing(kind: RowKind, indexed_folder: Path) -> None:
    key = keys_of(indexed_folder, kind)[0]
    change(indexed_folder, deletes=[key])
    found = checked(indexed_folder)
    assert found.some == (Difference("missing", kind.name, tuple(kind.parts_of(key))),)
    assert found.counts == {"missing": 1}
    assert not found.is_good


def test_a_row_that_nothing_says_is_extra(indexed_folder: Path) -> None:
    key, value = HAS.row("tag", "made up", "0" * 18, CORPUS.node)
    change(indexed_folder, puts={key: value, b"nonsense": b""}, deletes=[])
    found = checked(indexed_folder)
    assert set(found.some) == {
        Difference("extra", "has", ("tag", "made up", "0" * 18, CORPUS.node)),
        Difference("extra", "unknown", ("nonsense",)),
    }


def test_a_row_that_says_something_else_is_different(indexed_folder: Path) -> None:
    key = NODE.key_of(CORPUS.node)
    change(
        indexed_folder, puts={key: NODE.row("x", value=(None,) * len(NODE.value))[1]}, deletes=[]
    )
    assert checked(indexed_folder).some == (Difference("different", "node", (CORPUS.node,)),)


def test_all_differences_are_counted_and_the_first_are_named(indexed_folder: Path) -> None:
    gone = keys_of(indexed_folder, CLAIM)
    change(indexed_folder, deletes=gone)
    found = checked(indexed_folder, limit=2)
    assert found.counts == {"missing": len(gone)}
    assert [tuple(CLAIM.parts_of(key)) for key in gone[:2]] == [one.parts for one in found.some]


def test_a_rebuild_is_the_remedy(indexed_folder: Path) -> None:
    change(indexed_folder, deletes=keys_of(indexed_folder, CLAIM))
    assert not checked(indexed_folder).is_good
    with storing("packed", indexed_folder) as hub, indexing(indexed_folder, hub) as index:
        assert index.rebuild().wait(60)
        checking = index.check()
        assert checking.wait(60)
    assert checking.findings().is_good


class Slow(PackedStorage):
    """Does something when it has given all there was."""

    def stream(self, after: str = "") -> Iterator[tuple[str, Blob]]:
        yield from super().stream(after)
        self.do()

    def do(self) -> None: ...


def test_what_comes_and_goes_meanwhile_makes_no_difference(tmp_path: Path) -> None:
    storage = Slow(tmp_path / "blobs", open_table=open_leveldb)
    hub = Hub(storage)
    half = len(CORPUS.blobs) // 2
    came = threading.Event()

    def meanwhile() -> None:
        if not came.is_set():
            came.set()
            hub.receive(CORPUS.blobs[half:])
            hub.remove([CORPUS.share, CORPUS.node])

    with indexing(tmp_path, hub) as index:
        hub.receive(CORPUS.blobs[:half])
        assert index.settle(20)
        storage.do = meanwhile
        checking = index.check()
        assert checking.wait(60)
        assert came.is_set()
    assert checking.findings().some == ()
    storage.close()


def test_files_that_come_all_the_time_are_read_before_rows_are_compared(tmp_path: Path) -> None:
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub) as index:
        hub.receive(CORPUS.blobs)
        checking = index.check()
        number = 0
        while checking.is_running and number < 3000:
            made: list[Blob] = []
            write_file(FileFacts(name=b"%d" % number), b"%d" % number, made.append)
            hub.receive(made)
            number += 1
        assert checking.wait(60)
    assert number > 1
    assert checking.findings().some == ()


def test_blobs_that_wait_for_others_do_so_in_both(tmp_path: Path) -> None:
    speaker = Speaker()
    speaker.permanode(b"early")
    with storing("packed", tmp_path) as hub, indexing(tmp_path, hub) as index:
        hub.receive(speaker.made)
        checking = index.check()
        assert checking.wait(60)
    assert checking.findings().is_good
    assert keys_of(tmp_path, WAITING)


def test_a_check_leaves_an_unfinished_rebuild_alone(indexed_folder: Path) -> None:
    with storing("packed", indexed_folder) as hub, indexing(indexed_folder, hub) as index:
        build_without_end(indexed_folder, hub)
        assert index.check().wait(60)
    assert "index.new" in names_in(indexed_folder)


def test_what_a_check_that_was_cut_off_left_is_removed(indexed_folder: Path) -> None:
    open_leveldb(indexed_folder / "index.check" / "table").close()
    with storing("packed", indexed_folder) as hub, indexing(indexed_folder, hub):
        assert names_in(indexed_folder) == ["blobs", "index"]


def test_an_index_in_memory_cannot_be_checked() -> None:
    index = Index(MemoryTable(), Hub(MemoryStorage()), trusted=TRUSTED)
    assert index.wait(10)
    with pytest.raises(NoRoomBeside):
        index.check()
    index.close()
