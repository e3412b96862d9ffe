# Names are bytes in many places here, which pathlib cannot hold.
# ruff: noqa: PTH208
from __future__ import annotations

import errno
import json
import os
import stat
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from holdfast.blobstore.errors import BlobNotFound, CorruptBlob, HoldfastError
from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.blob import SchemaBlob
from holdfast.schema.directories import write_directory, write_symlink
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_small_file
from holdfast.tools.client.store import Store
from holdfast.tools.getting import getting
from holdfast.tools.getting.files import Exists
from holdfast.tools.getting.getting import Failure, Getter, Restored, fetch_schema
from holdfast.tools.getting.writing import GetOptions
from holdfast.tools.putting.options import PutOptions
from holdfast.tools.putting.putting import Putter
from holdfast.tools.sametree import differences

PLAIN = GetOptions()


def put(store: Store, path: Path) -> Ref:
    return Putter(store, PutOptions()).put_path(os.fsencode(path)).ref


def get(
    store: Store,
    ref: Ref,
    target: Path,
    *,
    options: GetOptions = PLAIN,
    failures: list[Failure] | None = None,
) -> Restored:
    found: list[Failure] = []
    getter = Getter(store, options=options, on_failure=found.append)
    done = getter.get(
        fetch_schema(store, ref), os.fsencode(target.parent), os.fsencode(target.name)
    )
    if failures is None:
        assert found == []
    else:
        failures += found
    assert not [name for name in _all(target) if b".holdfast-" in name]
    return done


def _all(top: Path) -> Iterator[bytes]:
    for folder, folders, files in os.walk(os.fsencode(top)):
        yield folder
        yield from folders
        yield from files


class Sends:
    """Makes blobs nobody's `put` would make."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, blob: Blob) -> None:
        self._store.send([blob])

    def file(self, name: bytes, data: bytes = b"data") -> Ref:
        return write_small_file(FileFacts(name=name, mode=0o644), data, self.put)

    def link(self, name: bytes, target: bytes) -> Ref:
        return write_symlink(FileFacts(name=name), target, self.put)

    def folder(self, name: bytes, *members: Ref) -> Ref:
        return write_directory(FileFacts(name=name, mode=0o755), members, self.put)

    def blob(self, data: bytes) -> Ref:
        ref = Ref.of(data)
        self.put(Blob(ref, data))
        return ref

    def raw(self, text: str) -> Ref:
        return self.blob(text.encode())

    def parts(self, kind: str, *parts: dict[str, object]) -> Ref:
        """A `file` or `bytes` blob of just these parts."""
        name = ',\n  "fileName": "f"' if kind == "file" else ""
        return self.raw(
            f'{{"camliVersion": 1,\n  "camliType": "{kind}"{name},\n'
            f'  "parts": {json.dumps(parts)}\n}}'
        )


def test_a_nasty_tree_comes_back_as_it_was(memory: Store, nasty: Path, tmp_path: Path) -> None:
    ref = put(memory, nasty)
    done = get(memory, ref, tmp_path / "back")
    assert list(differences(nasty, tmp_path / "back")) == []
    assert done.failed == 0
    assert put(memory, nasty) == ref


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_restores_owners(memory: Store, tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "f").write_bytes(b"x")
    (tmp_path / "t" / "l").symlink_to("f")
    for name in ("t/f", "t/l", "t"):
        os.chown(tmp_path / name, 12345, 23456, follow_symlinks=False)
    get(memory, put(memory, tmp_path / "t"), tmp_path / "b", options=GetOptions(owners=True))
    for name in ("b/f", "b/l", "b"):
        found = (tmp_path / name).lstat()
        assert (found.st_uid, found.st_gid) == (12345, 23456)


def test_a_single_file_or_link_is_restored_as_well(memory: Store, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(os.urandom(3 << 20))
    (tmp_path / "l").symlink_to("f")
    for name in ("f", "l"):
        get(memory, put(memory, tmp_path / name), tmp_path / f"{name}-back")
        assert list(differences(tmp_path / name, tmp_path / f"{name}-back")) == []


def test_a_second_get_keeps_what_is_there(memory: Store, nasty: Path, tmp_path: Path) -> None:
    ref = put(memory, nasty)
    first = get(memory, ref, tmp_path / "back")
    inodes = {path: path.lstat().st_ino for path in (tmp_path / "back").rglob("*")}
    again = get(memory, ref, tmp_path / "back")
    assert (again.files, again.kept) == (0, first.files)
    assert {path: path.lstat().st_ino for path in (tmp_path / "back").rglob("*")} == inodes
    assert list(differences(nasty, tmp_path / "back")) == []


def test_a_get_that_was_cut_off_goes_on(memory: Store, nasty: Path, tmp_path: Path) -> None:
    ref = put(memory, nasty)
    cut = CutOff(memory, after=40)
    with pytest.raises(ConnectionError):
        Getter(cut, options=PLAIN).get(fetch_schema(memory, ref), os.fsencode(tmp_path), b"back")
    assert (tmp_path / "back").exists()
    get(memory, ref, tmp_path / "back")
    assert list(differences(nasty, tmp_path / "back")) == []


def test_files_that_differ_are_left_alone_unless_told_otherwise(
    memory: Store, tmp_path: Path
) -> None:
    top = tmp_path / "t"
    top.mkdir()
    for name in ("a", "b"):
        (top / name).write_bytes(b"as it was")
    ref = put(memory, top)
    (top / "a").write_bytes(b"work of a week")
    (top / "b").unlink()
    failures: list[Failure] = []
    get(memory, ref, top, failures=failures)
    assert [failure.path for failure in failures] == [b"t/a"]
    assert isinstance(failures[0].error, Exists)
    assert "--overwrite" in str(failures[0].error)
    assert (top / "a").read_bytes() == b"work of a week"
    assert (top / "b").read_bytes() == b"as it was"
    get(memory, ref, top, options=GetOptions(overwrite=True))
    assert (top / "a").read_bytes() == b"as it was"


def test_verify_finds_bytes_that_changed_behind_the_time(memory: Store, tmp_path: Path) -> None:
    for size in (100, 3 << 20):
        path = tmp_path / f"f{size}"
        path.write_bytes(data := os.urandom(size))
        ref = put(memory, path)
        when = path.stat().st_mtime_ns
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        os.utime(path, ns=(when, when))
        assert get(memory, ref, path).kept == 1
        assert path.read_bytes() != data
        assert get(memory, ref, path, options=GetOptions(verify=True)).files == 1
        assert path.read_bytes() == data
        assert get(memory, ref, path, options=GetOptions(verify=True)).kept == 1


@pytest.mark.parametrize(
    "name", [b"..", b".", b"a/b", b"/etc/evil", b"../evil", b"", b"nul\0", b"x" * 256]
)
def test_names_that_lead_elsewhere_are_refused(memory: Store, tmp_path: Path, name: bytes) -> None:
    make = Sends(memory)
    for bad in (make.file(name), make.folder(name, make.file(b"in")), make.link(name, b"t")):
        root = make.folder(b"root", bad, make.file(b"good"))
        failures: list[Failure] = []
        get(memory, root, tmp_path / "back", failures=failures, options=GetOptions(overwrite=True))
        assert len(failures) == 1
        assert os.listdir(tmp_path / "back") == ["good"]
        assert os.listdir(tmp_path) == ["back"]


def test_nothing_is_written_through_a_link_of_the_same_tree(memory: Store, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    make = Sends(memory)
    link = make.link(b"way", os.fsencode(outside))
    evil = make.folder(b"way", make.file(b"evil"))
    for members in ((link, evil), (evil, link)):
        failures: list[Failure] = []
        target = tmp_path / f"back{len(os.listdir(tmp_path))}"
        root = make.folder(b"root", *members)
        get(memory, root, target, failures=failures, options=GetOptions(overwrite=True))
        assert len(failures) == 1
        assert os.listdir(outside) == []


def test_two_members_of_one_name_are_damage_and_the_first_stays(
    memory: Store, tmp_path: Path
) -> None:
    make = Sends(memory)
    root = make.folder(b"root", make.file(b"a", b"first"), make.file(b"a", b"second"))
    failures: list[Failure] = []
    get(memory, root, tmp_path / "b", failures=failures, options=GetOptions(overwrite=True))
    assert len(failures) == 1
    assert (tmp_path / "b" / "a").read_bytes() == b"first"


@pytest.mark.parametrize("overwrite", [False, True])
def test_links_that_stand_in_the_target_are_not_followed(
    memory: Store, tmp_path: Path, overwrite: bool
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f").write_bytes(b"mine")
    make = Sends(memory)
    root = make.folder(b"r", make.file(b"f", b"new"), make.folder(b"d", make.file(b"f", b"new")))
    target = tmp_path / "t"
    target.mkdir()
    (target / "f").symlink_to(outside / "f")
    (target / "d").symlink_to(outside)
    failures: list[Failure] = []
    get(memory, root, target, failures=failures, options=GetOptions(overwrite=overwrite))
    assert (outside / "f").read_bytes() == b"mine"
    assert sorted(os.listdir(outside)) == ["f"]
    assert len(failures) == (1 if overwrite else 2)
    assert (target / "f").is_symlink() is not overwrite


def test_a_folder_swapped_for_a_link_meanwhile_is_noticed(
    memory: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one folder kept open at a time each has to be found again, after the swap."""
    outside = tmp_path / "outside"
    outside.mkdir()
    make = Sends(memory)
    root = make.folder(b"r", *(make.folder(b"d%d" % n, make.file(b"f")) for n in range(3)))
    target = tmp_path / "t"
    monkeypatch.setattr("holdfast.tools.getting.folders.OPEN_AT_ONCE", 0)
    swapped = Swapping(memory, target / "d1", outside)
    failures: list[Failure] = []
    get(swapped, root, target, failures=failures)
    assert os.listdir(outside) == []
    assert {failure.path for failure in failures} >= {b"t/d1/f"}
    assert (target / "d0" / "f").exists()
    assert (target / "d2" / "f").exists()


def test_a_tree_deeper_than_paths_are_long(
    memory: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Sends(memory)
    ref = make.file(b"leaf")
    for _ in range(60):
        ref = make.folder(b"d" * 100, ref)
    monkeypatch.setattr("holdfast.tools.getting.folders.OPEN_AT_ONCE", 10)
    before = len(os.listdir("/proc/self/fd"))
    done = get(memory, ref, tmp_path / "back")
    assert (done.files, done.folders) == (1, 60)
    assert len(os.listdir("/proc/self/fd")) == before


def test_damaged_and_missing_chunks_fail_their_files_alone(memory: Store, tmp_path: Path) -> None:
    top = tmp_path / "t"
    top.mkdir()
    for n in range(6):
        (top / f"{n}").write_bytes(b"%d" % n * 1000)
    (top / "large").write_bytes(os.urandom(5 << 20))
    ref = put(memory, top)
    bad = {Ref.of(b"1" * 1000): "missing", Ref.of(b"4" * 1000): "damaged"}
    large = next(r for r, size in memory.enumerate() if size > 200_000)
    bad[large] = "missing"
    failures: list[Failure] = []
    done = get(Damaged(memory, bad), ref, tmp_path / "back", failures=failures)
    assert sorted(failure.path for failure in failures) == [b"back/1", b"back/4", b"back/large"]
    assert sorted(os.listdir(tmp_path / "back")) == ["0", "2", "3", "5"]
    assert (done.files, done.failed) == (4, 3)
    for failure in failures:
        assert "chunk" in str(failure.error)


def test_a_member_that_is_missing_or_no_schema_fails_alone(memory: Store, tmp_path: Path) -> None:
    make = Sends(memory)
    gone = Ref.of(b"never put")
    claim = make.raw('{"camliVersion": 1,\n  "camliType": "permanode"\n}')
    loose = make.raw("no schema")
    root = make.folder(b"r", make.file(b"a"), gone, claim, loose, make.file(b"b"))
    failures: list[Failure] = []
    get(memory, root, tmp_path / "back", failures=failures)
    assert len(failures) == 3
    assert sorted(os.listdir(tmp_path / "back")) == ["a", "b"]


def test_a_file_that_claims_more_than_its_chunks_hold_is_not_written(
    memory: Store, tmp_path: Path
) -> None:
    make = Sends(memory)
    chunk = make.raw("0123456789")
    for size, offset in ((11, 0), (10, 1), (1 << 40, 0)):
        file = make.raw(
            '{"camliVersion": 1,\n  "camliType": "file",\n  "fileName": "f",\n'
            f'  "parts": [{{"blobRef": "{chunk}", "size": {size}, "offset": {offset}}}]\n}}'
        )
        failures: list[Failure] = []
        get(memory, file, tmp_path / "f", failures=failures)
        assert len(failures) == 1
        assert not (tmp_path / "f").exists()


def test_holes_stay_holes(memory: Store, tmp_path: Path) -> None:
    make = Sends(memory)
    chunk = make.raw("end")
    file = make.raw(
        '{"camliVersion": 1,\n  "camliType": "file",\n  "fileName": "f",\n  "parts": ['
        f'{{"size": 1000000000}}, {{"blobRef": "{chunk}", "size": 3}}, {{"size": 7}}]\n}}'
    )
    get(memory, file, tmp_path / "f")
    found = (tmp_path / "f").stat()
    assert found.st_size == 1_000_000_010
    assert found.st_blocks * 512 < 1 << 20
    with (tmp_path / "f").open("rb") as restored:
        restored.seek(1_000_000_000)
        assert restored.read() == b"end" + bytes(7)


@pytest.mark.parametrize("block", [3, 400_000])
def test_holes_and_nested_parts_come_back_in_their_places(
    memory: Store, tmp_path: Path, block: int
) -> None:
    """Small files are restored in groups, larger ones a part at a time: both must know these."""
    make = Sends(memory)
    first, second = os.urandom(block), os.urandom(block)
    one, two = make.blob(first), make.blob(second)
    inner = make.parts(
        "bytes",
        {"blobRef": one, "size": block - 1, "offset": 1},
        {"size": block},
        {"blobRef": two, "size": block},
    )
    outer = make.parts(
        "bytes",
        {"bytesRef": inner, "size": 3 * block - 1},
        {"bytesRef": inner, "size": block, "offset": 1},
    )
    file = make.parts(
        "file",
        {"size": 5},
        {"blobRef": one, "size": block},
        {"blobRef": two, "size": 0},
        {"bytesRef": outer, "size": 4 * block - 3, "offset": 2},
        {"blobRef": two, "size": 2, "offset": block - 2},
        {"size": 7},
    )
    once = first[1:] + bytes(block) + second
    twice = once + once[1 : block + 1]
    expected = bytes(5) + first + twice[2:] + second[-2:] + bytes(7)
    root = make.folder(b"r", file, make.file(b"beside"))
    for ref, path in ((file, tmp_path / "f"), (root, tmp_path / "r")):
        get(memory, ref, path)
    assert (tmp_path / "f").read_bytes() == expected
    assert (tmp_path / "r" / "f").read_bytes() == expected


def test_a_hole_larger_than_memory_is_verified(memory: Store, tmp_path: Path) -> None:
    make = Sends(memory)
    hole = 300 << 20
    file = make.parts("file", {"size": hole}, {"blobRef": make.raw("end"), "size": 3})
    get(memory, file, tmp_path / "f")
    tracemalloc.start()
    try:
        assert get(memory, file, tmp_path / "f", options=GetOptions(verify=True)).kept == 1
        assert tracemalloc.get_traced_memory()[1] < hole // 10
    finally:
        tracemalloc.stop()
    with (tmp_path / "f").open("r+b") as restored:
        restored.seek(hole - 1)
        restored.write(b"x")
    options = GetOptions(verify=True, overwrite=True)
    assert get(memory, file, tmp_path / "f", options=options).files == 1


def test_many_members_in_merged_sets(
    memory: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getting, "MEMBERS_AT_ONCE", 30)
    make = Sends(memory)
    members = [make.file(b"%05d" % n, b"%d" % n) for n in range(200)]
    sets = [
        make.raw(
            '{"camliVersion": 1,\n  "camliType": "static-set",\n  "members": '
            f"{json.dumps(members[start : start + 50])}\n}}"
        )
        for start in range(0, 200, 50)
    ]
    top = make.raw(
        f'{{"camliVersion": 1,\n  "camliType": "static-set",\n  "mergeSets": {json.dumps(sets)}\n}}'
    )
    folder = make.raw(
        '{"camliVersion": 1,\n  "camliType": "directory",\n  "entries": '
        f'"{top}",\n  "fileName": "r"\n}}'
    )
    done = get(memory, folder, tmp_path / "back")
    assert done.files == 200
    found = (tmp_path / "back").iterdir()
    assert sum(int(path.read_bytes()) for path in found) == sum(range(200))


def test_folders_without_write_permission_are_filled_and_then_closed(
    memory: Store, tmp_path: Path
) -> None:
    (tmp_path / "t" / "locked").mkdir(parents=True)
    (tmp_path / "t" / "locked" / "f").write_bytes(b"x")
    (tmp_path / "t" / "locked").chmod(0o500)
    ref = put(memory, tmp_path / "t")
    for _ in range(2):
        get(memory, ref, tmp_path / "back")
        assert stat.S_IMODE((tmp_path / "back" / "locked").stat().st_mode) == 0o500


class Passing(Store):
    """A store whose answers go through `pass_on`."""

    sends_only_missing = True

    def __init__(self, store: Store) -> None:
        self._store = store
        self.name, self.identity, self.generation = store.name, store.identity, store.generation

    def pass_on(self, found: Blob | HoldfastError) -> Blob | HoldfastError:
        return found

    def send(self, blobs: Sequence[Blob], *, durable: bool = False) -> None:
        self._store.send(blobs, durable=durable)

    def sync(self) -> None:
        self._store.sync()

    def missing(self, refs: Sequence[Ref]) -> list[Ref]:
        return self._store.missing(refs)

    def fetch(self, refs: Sequence[Ref]) -> Iterator[Blob | HoldfastError]:
        return map(self.pass_on, self._store.fetch(refs))

    def enumerate(self, after: str = "", limit: int | None = None):
        return self._store.enumerate(after, limit)


class CutOff(Passing):
    def __init__(self, store: Store, *, after: int) -> None:
        super().__init__(store)
        self._left = after

    def pass_on(self, found: Blob | HoldfastError) -> Blob | HoldfastError:
        self._left -= 1
        if self._left < 0:
            raise ConnectionError("cut off")
        return found


class Damaged(Passing):
    def __init__(self, store: Store, bad: dict[Ref, str]) -> None:
        super().__init__(store)
        self._bad = bad

    def pass_on(self, found: Blob | HoldfastError) -> Blob | HoldfastError:
        if not isinstance(found, Blob) or found.ref not in self._bad:
            return found
        if self._bad[found.ref] == "missing":
            return BlobNotFound(found.ref)
        return CorruptBlob(found.ref, "here")


class Swapping(Passing):
    """Puts a link in the place of a folder as soon as contents are asked for."""

    def __init__(self, store: Store, folder: Path, to: Path) -> None:
        super().__init__(store)
        self._folder, self._to = folder, to

    def pass_on(self, found: Blob | HoldfastError) -> Blob | HoldfastError:
        assert isinstance(found, Blob)
        if found.data == b"data" and not self._folder.is_symlink():
            self._folder.rmdir()
            self._folder.symlink_to(self._to)
        return found


def test_the_name_of_a_schema_is_what_it_says(memory: Store) -> None:
    schema = fetch_schema(memory, Sends(memory).file(b"n\xff"))
    assert isinstance(schema, SchemaBlob)
    assert schema.raw_name == b"n\xff"


@pytest.mark.parametrize("size", [10, 3_000_000])
def test_a_full_disk_ends_a_get_and_the_file_is_named(
    kept: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "held").write_bytes(os.urandom(size))
    ref = put(kept, tmp_path / "t")

    def is_full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("holdfast.tools.getting.writing.os.rename", is_full)
    with pytest.raises(OSError, match="No space left") as caught:
        get(kept, ref, tmp_path / "o")
    assert caught.value.filename == b"o/held"
