"""The localdisk storage: the suite, and what is true of its files."""

# ruff: noqa: ARG002 (damage is done behind the storage's back)

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from holdfast.blobstore.backends.localdisk import LocalDiskStorage
from holdfast.blobstore.errors import CorruptBlob, StoreDamaged, StoreFailed
from holdfast.blobstore.ref import Blob, Ref
from holdfast.blobstore.storage import HasGeneration, ReadsRanges, Storage, fetch_one
from holdfast.blobstore.testkit.lasting import contents
from holdfast.blobstore.testkit.samples import FOREIGN, blob, listed, refs, sized, texts
from holdfast.blobstore.testkit.storagemachine import SETTINGS, StorageMachine
from holdfast.blobstore.testkit.storagesuite import StorageSuite


def file_of(folder: Path, ref: Ref) -> Path:
    return folder / ref.hash_name / ref.hex[:2] / ref.hex[2:4] / f"{ref}.dat"


class TestLocalDisk(StorageSuite):
    abilities = frozenset({ReadsRanges, HasGeneration})

    def open(self, folder: Path) -> Storage:
        return LocalDiskStorage(folder)

    def open_read_only(self, folder: Path) -> Storage:
        return LocalDiskStorage(folder, read_only=True)

    def damage(self, storage: Storage, folder: Path, ref: Ref) -> None:
        path = file_of(folder, ref)
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))

    def room_taken(self, folder: Path) -> int:
        return sum(path.stat().st_blocks * 512 for path in folder.rglob("*.dat*"))


class LocalDiskMachine(StorageMachine):
    def open(self, folder: Path) -> Storage:
        return LocalDiskStorage(folder)


TestLocalDiskMachine = LocalDiskMachine.TestCase
TestLocalDiskMachine.settings = SETTINGS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_files_lie_where_perkeep_looks_for_them(folder: Path) -> None:
    one = blob("foo")
    storage = LocalDiskStorage(folder)
    storage.receive([one])
    storage.close()
    digits = "0808f64e60d58979fcb676c96ec938270dea42445aeefcd3a4e6f8db"
    path = folder / "sha224" / "08" / "08" / f"sha224-{digits}.dat"
    assert path.read_bytes() == b"foo"
    assert path.stat().st_mode & 0o777 == 0o600
    for parent in (path.parent, path.parent.parent, folder / "sha224", folder):
        assert parent.stat().st_mode & 0o777 == 0o700
    assert (folder / "GENERATION.dat").stat().st_mode & 0o777 == 0o644


def test_nothing_but_blobs_is_left_behind(folder: Path) -> None:
    storage = LocalDiskStorage(folder)
    storage.receive(texts())
    storage.close()
    files = {path for path in folder.rglob("*") if path.is_file()}
    blobs = {file_of(folder, ref) for ref in refs(texts())}
    assert files - blobs == {folder / "GENERATION.dat", folder / "holdfast.lock"}


@pytest.mark.parametrize("content", [b"", b"other content, longer", b"0123456788"])
def test_receiving_writes_a_damaged_file_again(folder: Path, content: bytes) -> None:
    one = blob("0123456789")
    storage = LocalDiskStorage(folder)
    storage.receive([one])
    file_of(folder, one.ref).write_bytes(content)
    with pytest.raises(CorruptBlob, match="put the same content again"):
        fetch_one(storage, one.ref)
    storage.receive([one])
    assert fetch_one(storage, one.ref) == one.data
    storage.close()


def test_receiving_again_leaves_a_good_file_alone(folder: Path) -> None:
    one = blob("0123456789")
    storage = LocalDiskStorage(folder)
    storage.receive([one])
    before = file_of(folder, one.ref).stat()
    storage.receive([one])
    storage.close()
    after = file_of(folder, one.ref).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_what_a_dead_process_was_writing_is_swept_away(folder: Path) -> None:
    storage = LocalDiskStorage(folder)
    storage.receive(texts())
    storage.close()
    leftovers = []
    for ref in refs(texts(20)):
        path = file_of(folder, ref)
        leftovers.append(path.with_name(f"{path.name}.tmp8765432"))
    own = file_of(folder, texts()[0].ref).with_name("notes.dat.tmp1")
    for path in [*leftovers, own]:
        path.write_bytes(b"half a bl")
    storage = LocalDiskStorage(folder)
    deadline = time.monotonic() + 10
    while any(path.exists() for path in leftovers) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(path.exists() for path in leftovers)
    assert own.exists()
    assert listed(storage) == sized(texts())
    storage.close()


def test_reading_only_sweeps_nothing_and_needs_no_lock(folder: Path) -> None:
    storage = LocalDiskStorage(folder)
    storage.receive(texts())
    path = file_of(folder, texts()[0].ref)
    path.with_name(f"{path.name}.tmp1").write_bytes(b"half a bl")
    before = contents(folder)
    reading = LocalDiskStorage(folder, read_only=True)
    assert listed(reading) == sized(texts())
    assert reading.generation() == storage.generation()
    reading.close()
    assert contents(folder) == before
    storage.close()


def test_reading_a_folder_that_is_missing_says_so(folder: Path) -> None:
    with pytest.raises(StoreDamaged, match="no such folder"):
        LocalDiskStorage(folder, read_only=True)
    assert not folder.exists()


def test_what_is_no_blob_is_passed_over(folder: Path) -> None:
    storage = LocalDiskStorage(folder)
    storage.receive(texts())
    home = file_of(folder, texts()[0].ref)
    stray = texts()[1].ref
    for path in (
        folder / "partition" / "queue-x" / "sha224" / "aa" / "bb" / f"{stray}.dat",
        folder / "cache" / "sha224" / stray.hex[:2] / stray.hex[2:4] / f"{stray}.dat",
        folder / "packed" / "pack-00000.blobs",
        folder / "index.leveldb" / "CURRENT",
        folder / "perma" / "01" / "23" / f"{FOREIGN}.dat",
        folder / "sha224" / "README",
        folder / "sha224" / "zz" / "aa" / f"{stray}.dat",
        folder / "sha224" / "AB" / "CD" / f"{stray}.dat",
        folder / "sha224" / "aaa" / "bb" / f"{stray}.dat",
        home.with_name(f"{stray}.dat"),
        home.with_name("sha224-0808.dat"),
        home.with_name(f"{home.name}.tmp99"),
        home.with_name(f"{home.name}.orig"),
        home.with_name(home.name.upper()),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"?")
    home.with_name(home.name.replace(home.name[-8:-4], "ffff")).mkdir()
    home.with_name(home.name.replace(home.name[-8:-4], "eeee")).symlink_to("nowhere")
    (folder / "sha1").write_bytes(b"no folder")
    (folder / os.fsdecode(b"\xff\xfe")).mkdir()
    assert listed(storage) == sized(texts())
    storage.close()


def test_a_listing_reads_only_folders_behind_its_cursor(folder: Path) -> None:
    storage = LocalDiskStorage(folder)
    storage.receive(texts())
    everything = sized(texts())
    middle = everything[50].ref
    for one in everything[:40]:  # unreadable, should anybody look
        parent = file_of(folder, one.ref).parent
        if parent.parent.name < middle.hex[:2]:
            parent.rename(parent.with_name(f"{parent.name}-moved"))
            parent.symlink_to(parent.name)
    assert list(storage.enumerate(middle)) == everything[51:]
    with pytest.raises(StoreFailed):
        listed(storage)
    storage.close()


def test_a_failing_write_leaves_nothing_half_done(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = LocalDiskStorage(folder)
    storage.receive(texts(5))
    calls = []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 7:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StoreFailed, match="No space left on device"):
            storage.receive(texts(30))
    assert listed(storage) == sized(texts(5))
    assert not list(folder.rglob("*.tmp*"))
    assert storage.receive(texts(30)) == [False] * 5 + [True] * 25
    storage.close()


def test_every_new_entry_is_synced_before_a_blob_counts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = LocalDiskStorage(folder)
    synced: list[str] = []
    real = os.fsync

    def watch(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    one = blob("foo")
    path = file_of(folder, one.ref)
    storage.receive([one])
    assert synced[0].startswith(f"{path}.tmp")
    parents = [folder, folder / "sha224", path.parent.parent, path.parent]
    assert sorted(synced[1:]) == sorted(map(str, parents))
    synced.clear()
    storage.remove([one.ref])
    assert synced == [str(path.parent)]
    storage.close()


def test_a_blob_that_just_appeared_is_synced_before_it_counts_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may have crashed between its rename and its sync."""
    one = blob("foo")
    path = file_of(folder, one.ref)
    path.parent.mkdir(parents=True)
    path.write_bytes(one.data)
    storage = LocalDiskStorage(folder)
    synced: list[str] = []
    monkeypatch.setattr(
        os, "fsync", lambda fd: synced.append(str(Path(f"/proc/self/fd/{fd}").readlink()))
    )
    assert storage.receive([one]) == [False]
    assert {str(path.parent), str(folder / "sha224")} <= set(synced)
    storage.close()


def test_nobody_is_told_of_a_blob_before_it_is_durable(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = LocalDiskStorage(folder)
    ref = Ref.of(b"relied on")
    told: list[object] = []
    fsync = os.fsync

    def asked_meanwhile(descriptor: int) -> None:
        told.extend([*storage.stat([ref]), *storage.enumerate()])
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", asked_meanwhile)
        storage.receive([Blob(ref, b"relied on")])
    assert not told
    assert [one.ref for one in storage.stat([ref])] == [ref]
    storage.close()


def test_a_generation_from_elsewhere_is_kept(folder: Path) -> None:
    folder.mkdir()
    (folder / "GENERATION.dat").write_bytes(b"abcdef0123\n\nsome text\n")
    storage = LocalDiskStorage(folder)
    assert storage.generation().token == "abcdef0123"
    storage.close()
