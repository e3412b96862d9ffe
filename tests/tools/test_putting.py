# Paths are bytes in many places here, which pathlib cannot hold.
# ruff: noqa: PTH118, PTH208
from __future__ import annotations

import os
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.errors import BlobTooLarge, HoldfastError, StoreFailed
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.opening import Index
from holdfast.tools.client.errors import DeferredLost, Unreachable
from holdfast.tools.client.local import LocalStore
from holdfast.tools.client.store import Fetching, Store
from holdfast.tools.listing import walk
from holdfast.tools.putting import outbox as outbox_module
from holdfast.tools.putting.dryrun import DryRun
from holdfast.tools.putting.options import PutOptions
from holdfast.tools.putting.outbox import Outbox
from holdfast.tools.putting.putting import CannotPut, Putter
from holdfast.tools.putting.report import Put, Reporting
from holdfast.tools.statcache import Folder, Part, StatCache

OLD = 1_500_000_000


def put(
    store: Store, path: Path, *, caches: Path | None = None, notes: list[str] | None = None, **kind
) -> Put:
    reporting = Reporting(note=(notes if notes is not None else []).append)
    putter = Putter(store, PutOptions(**kind), cache_folder=caches, reporting=reporting)
    try:
        return putter.put_path(os.fsencode(path))
    finally:
        putter.close()


def names(store: Store, ref: Ref) -> list[str]:
    return [b"/".join(path).decode() for path, _ in walk(store, ref)]


def tree(top: Path, *paths: str) -> Path:
    for path in paths:
        file = top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(path.encode())
    age(top)
    return top


def age(top: Path) -> None:
    """Make a tree look as if nothing had changed lately, and wait until it is true of ctimes."""
    for folder, _, files in os.walk(top):
        for name in files:
            os.utime(os.path.join(folder, name), (OLD, OLD), follow_symlinks=False)
        os.utime(folder, (OLD, OLD))


class Watched(Store):
    """Passes everything on, and remembers the order in which refs were sent."""

    sends_only_missing = False

    def __init__(self, store: Store) -> None:
        self._store = store
        self.name, self.identity, self.generation = store.name, store.identity, store.generation
        self.sent: list[Ref] = []
        self.synced = 0
        self.asked: list[Ref] = []
        self.lost = 0

    def send(self, blobs: Sequence[Blob], *, durable: bool = False) -> None:
        self._store.send(blobs, durable=durable)
        self.sent += [blob.ref for blob in blobs]

    def sync(self) -> None:
        if self.lost:
            self.lost -= 1
            raise DeferredLost("here")
        self._store.sync()
        self.synced = len(self.sent)

    def missing(self, refs: Sequence[Ref]) -> list[Ref]:
        self.asked += refs
        return self._store.missing(refs)

    def fetch(self, refs: Sequence[Ref]) -> Iterator[Blob | HoldfastError]:
        return self._store.fetch(refs)

    def enumerate(self, after: str = "", limit: int | None = None):
        return self._store.enumerate(after, limit)


def test_a_tree_is_walked_in_the_order_of_its_format(memory: Store, tmp_path: Path) -> None:
    top = tree(tmp_path / "t", "b", "a/x", "c/y/z", "a.txt", "B")
    done = put(memory, top)
    assert names(memory, done.ref) == ["B", "a.txt", "b", "a", "a/x", "c", "c/y", "c/y/z"]
    assert (done.tally.files, done.tally.folders, done.tally.skipped) == (5, 4, 0)


def test_the_root_is_sent_last_and_everything_is_synced(memory: Store, tmp_path: Path) -> None:
    watched = Watched(memory)
    done = put(watched, tree(tmp_path / "t", *(f"{n % 7}/{n}" for n in range(50))))
    assert watched.sent[-1] == done.ref
    assert watched.synced == len(watched.sent)
    assert len(watched.sent) == len(set(watched.sent))


def test_an_unchanged_tree_is_neither_read_nor_sent(
    kept: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tree(tmp_path / "t", "a", "b/c", "b/d/e")
    monkeypatch.setattr("holdfast.tools.putting.tree.RACY_NS", -(10**9))
    first = put(kept, top, caches=tmp_path / "c")
    watched = Watched(kept)
    again = put(watched, top, caches=tmp_path / "c")
    assert again.ref == first.ref
    assert again.tally.unchanged == 3
    assert watched.sent == []
    assert watched.asked == []


def test_a_changed_file_alone_is_read_again(
    kept: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tree(tmp_path / "t", "a", "b/c", "b/d", "b/e/f")
    monkeypatch.setattr("holdfast.tools.putting.tree.RACY_NS", -(10**9))
    first = put(kept, top, caches=tmp_path / "c")
    (top / "b" / "d").write_bytes(b"other")
    again = put(kept, top, caches=tmp_path / "c")
    assert again.ref != first.ref
    assert again.tally.unchanged == 3
    assert again.ref == put(kept, top).ref


@pytest.mark.parametrize("change", ["add", "remove", "rename", "chmod", "touch folder", "deep"])
def test_what_the_cache_says_is_what_reading_everything_says(
    kept: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    top = tree(tmp_path / "t", "a", "b/c", "b/d", "b/e/f", "b/e/g")
    monkeypatch.setattr("holdfast.tools.putting.tree.RACY_NS", -(10**9))
    put(kept, top, caches=tmp_path / "c")
    if change == "add":
        (top / "b" / "aa").write_bytes(b"new")
    elif change == "remove":
        (top / "b" / "c").unlink()
    elif change == "rename":
        (top / "b" / "e").rename(top / "b" / "h")
    elif change == "chmod":
        (top / "b" / "e").chmod(0o700)
    elif change == "touch folder":
        os.utime(top / "b" / "e", (1, 1))
    else:
        (top / "b" / "e" / "f").write_bytes(b"longer than before")
    cached = put(kept, top, caches=tmp_path / "c")
    assert cached.ref == put(kept, top).ref
    assert put(kept, top, caches=tmp_path / "c").ref == cached.ref


def test_a_file_changed_within_one_tick_of_the_clock_is_noticed(
    kept: Store, tmp_path: Path
) -> None:
    top = tree(tmp_path / "t", "a")
    first = put(kept, top, caches=tmp_path / "c")
    before = (top / "a").stat()
    (top / "a").write_bytes(b"A")
    os.utime(top / "a", ns=(before.st_atime_ns, before.st_mtime_ns))
    # A clock that ticked less often would give the same ctime too; only distrust helps then.
    again = put(kept, top, caches=tmp_path / "c")
    assert again.tally.unchanged == 0
    assert again.ref != first.ref


@pytest.mark.parametrize("seconds", [-(2**31), -1, 0, 2**33, 15_032_385_535])
def test_a_file_of_any_century_is_put_and_remembered(
    kept: Store, tmp_path: Path, seconds: int
) -> None:
    top = tree(tmp_path / "t", "a", "b/c")
    os.utime(top / "a", (seconds, seconds))
    first = put(kept, top, caches=tmp_path / "c")
    again = put(kept, top, caches=tmp_path / "c")
    assert (again.ref, again.tally.skipped) == (first.ref, 0)
    assert put(kept, top / "a").tally.files == 1


def test_another_hash_is_another_cache(kept: Store, tmp_path: Path) -> None:
    top = tree(tmp_path / "t", "a")
    old = put(kept, top, caches=tmp_path / "c")
    new = put(kept, top, caches=tmp_path / "c", hash_name="sha256")
    assert (old.ref.hash_name, new.ref.hash_name) == ("sha224", "sha256")


def test_a_store_that_lost_everything_gets_everything_again(
    kept: Store, memory: Store, tmp_path: Path
) -> None:
    top = tree(tmp_path / "t", "a", "b/c")
    put(kept, top, caches=tmp_path / "c")
    memory.generation, memory.identity = "another", "memory another"
    done = put(memory, top, caches=tmp_path / "c")
    assert names(memory, done.ref) == ["a", "b", "b/c"]


def test_a_server_that_restarts_is_sent_everything_again(kept: Store, tmp_path: Path) -> None:
    watched = Watched(kept)
    watched.lost = 1
    notes: list[str] = []
    done = put(watched, tree(tmp_path / "t", "a", "b"), notes=notes, caches=tmp_path / "c")
    assert watched.sent.count(done.ref) == 2
    assert "restarted" in notes[0]
    watched.lost = 4
    with pytest.raises(DeferredLost):
        put(watched, tree(tmp_path / "u", "c"), caches=tmp_path / "c")


def test_nothing_is_remembered_that_was_not_synced(kept: Store, tmp_path: Path) -> None:
    top = tree(tmp_path / "t", "a", "b/c")
    watched = Watched(kept)
    watched.lost = 4
    with pytest.raises(DeferredLost):
        put(watched, top, caches=tmp_path / "c")
    watched.sent = []
    done = put(watched, top, caches=tmp_path / "c")
    assert done.tally.unchanged == 0
    assert len(watched.sent) == 8


def test_what_cannot_be_read_is_told_of_and_left_out(
    memory: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tree(tmp_path / "t", "a", "b/gone", "c/d")
    listed = os.stat

    def stat(path, *, dir_fd=None, follow_symlinks=True):
        if path == b"gone":
            os.unlink(path, dir_fd=dir_fd)
        return listed(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(os, "stat", stat)
    notes: list[str] = []
    done = put(memory, top, notes=notes)
    assert done.tally.skipped == 1
    assert names(memory, done.ref) == ["a", "b", "c", "c/d"]
    assert "b/gone" in notes[0]
    assert "skipped" in notes[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_folders_and_files_without_permission_are_skipped(memory: Store, tmp_path: Path) -> None:
    top = tree(tmp_path / "t", "a", "b/c", "d")
    (top / "b").chmod(0)
    (top / "d").chmod(0)
    try:
        done = put(memory, top)
    finally:
        (top / "b").chmod(0o700)
    assert done.tally.skipped == 2
    assert names(memory, done.ref) == ["a"]


def test_a_partly_read_folder_is_not_remembered_as_whole(
    kept: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tree(tmp_path / "t", "a", "b")
    monkeypatch.setattr("holdfast.tools.putting.tree.RACY_NS", -(10**9))
    opened = os.open
    monkeypatch.setattr(
        os, "open", lambda path, *a, **k: _refuse() if path == b"b" else opened(path, *a, **k)
    )
    partly = put(kept, top, caches=tmp_path / "c")
    assert partly.tally.skipped == 1
    monkeypatch.setattr(os, "open", opened)
    whole = put(kept, top, caches=tmp_path / "c")
    assert (whole.tally.skipped, whole.tally.unchanged) == (0, 1)
    assert names(kept, whole.ref) == ["a", "b"]


def _refuse() -> int:
    raise PermissionError(13, "Permission denied")


def test_a_file_that_grows_while_it_is_read_is_told_of(memory: Store, tmp_path: Path) -> None:
    top = tree(tmp_path / "t", "log")
    reading = os.read
    notes: list[str] = []

    class Growing:
        def __call__(self, descriptor: int, size: int) -> bytes:
            data = reading(descriptor, size)
            with (top / "log").open("ab") as file:
                file.write(b"more")
            return data

    patched = pytest.MonkeyPatch()
    patched.setattr(os, "read", Growing())
    try:
        done = put(memory, top, notes=notes)
    finally:
        patched.undo()
    assert done.tally.skipped == 0
    assert "changed while it was read" in notes[0]
    ((_, member),) = walk(memory, done.ref)
    assert member.schema is not None
    assert member.schema.size == 3


def test_a_fifo_in_the_place_of_a_listed_file_is_not_waited_for(
    memory: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tree(tmp_path / "t", "a")
    listed = os.stat

    def stat(path, *, dir_fd=None, follow_symlinks=True):
        found = listed(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)
        if path == b"a":
            os.unlink(path, dir_fd=dir_fd)
            os.mkfifo(path, dir_fd=dir_fd)
        return found

    monkeypatch.setattr(os, "stat", stat)
    assert put(memory, top).tally.skipped == 1


def test_patterns_ignore_files_and_settings_leave_files_out(memory: Store, tmp_path: Path) -> None:
    top = tree(tmp_path / "t", "a.o", "a.c", ".DS_Store", "sub/b.o", "sub/keep.o", "tmp/x", "y.bak")
    (top / ".holdfastignore").write_text("*.o\n/tmp/\n")
    (top / "sub" / ".holdfastignore").write_text("!keep.o\n")
    done = put(memory, top, ignored=(".DS_Store",), exclude=("*.bak",))
    assert names(memory, done.ref) == [
        ".holdfastignore",
        "a.c",
        "sub",
        "sub/.holdfastignore",
        "sub/keep.o",
    ]
    heedless = put(memory, top, ignore_files=False)
    assert "a.o" in names(memory, heedless.ref)


def test_links_are_kept_or_followed(memory: Store, tmp_path: Path) -> None:
    top = tree(tmp_path / "t", "real/file")
    (top / "link").symlink_to("real")
    (top / "loop").symlink_to(".")
    as_links = put(memory, top)
    assert names(memory, as_links.ref) == ["link", "loop", "real", "real/file"]
    notes: list[str] = []
    followed = put(memory, top, follow=True, notes=notes)
    assert names(memory, followed.ref) == ["link", "link/file", "real", "real/file"]
    assert "leads back to itself" in notes[0]


def test_other_file_systems_are_left_out_if_asked_for(memory: Store, tmp_path: Path) -> None:
    """A followed link leads to another file system without a right to mount one."""
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system at hand")
    top = tree(tmp_path / "t", "a", "sub/b")
    with tempfile.TemporaryDirectory(dir=other) as there:
        (Path(there) / "far").write_bytes(b"x")
        (top / "link").symlink_to(there)
        everything = put(memory, top, follow=True)
        near = put(memory, top, follow=True, one_file_system=True)
    assert names(memory, everything.ref) == ["a", "link", "link/far", "sub", "sub/b"]
    assert names(memory, near.ref) == ["a", "link", "sub", "sub/b"]


def test_a_link_named_on_the_command_line_is_put_as_a_link(memory: Store, tmp_path: Path) -> None:
    tree(tmp_path / "t", "a")
    (tmp_path / "link").symlink_to("t")
    done = put(memory, tmp_path / "link")
    (found,) = memory.fetch([done.ref])
    assert isinstance(found, Blob)
    assert b'"camliType": "symlink"' in found.data


def test_a_name_with_a_trailing_slash_or_of_dots_is_that_of_the_folder(
    memory: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tree(tmp_path / "t", "a")
    expected = put(memory, top).ref
    putter = Putter(memory, PutOptions())
    monkeypatch.chdir(top)
    for path in (os.fsencode(top) + b"/", b".", b"../t", b"../t/.", b"./"):
        assert putter.put_path(path).ref == expected


def test_more_members_than_one_part_of_the_cache_holds(
    kept: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.tools.putting.tree.PART_ENTRIES", 10)
    monkeypatch.setattr("holdfast.tools.putting.tree.RACY_NS", -(10**9))
    top = tree(tmp_path / "t", *(f"{n:03}" for n in range(95)))
    put(kept, top, caches=tmp_path / "c")
    (top / "045").unlink()
    (top / "0005").write_bytes(b"in between")
    again = put(kept, top, caches=tmp_path / "c")
    assert again.tally.unchanged == 94
    assert again.ref == put(kept, top).ref
    assert put(kept, top, caches=tmp_path / "c").tally.unchanged == 95


def test_paths_longer_than_the_system_allows(memory: Store, tmp_path: Path) -> None:
    """6 000 bytes of path, made and put one step at a time."""
    top = tmp_path / "t"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(60):
        os.mkdir(b"d" * 100, dir_fd=here)
        deeper = os.open(b"d" * 100, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(os.open(b"leaf", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    before = len(os.listdir("/proc/self/fd"))
    done = put(memory, top)
    assert done.tally.skipped == 0
    assert len(os.listdir("/proc/self/fd")) == before
    assert len(names(memory, done.ref)) == 61


def test_a_stream_is_put_as_a_file_durably_part_by_part(memory: Store) -> None:
    watched = Watched(memory)
    data = os.urandom(9 << 20)
    parts = iter([data[: 5 << 20], data[5 << 20 :], b""])
    done = Putter(watched, PutOptions()).put_stream(lambda _: next(parts), name=b"dump.sql")
    from holdfast.schema.filereader import FileReader

    assert FileReader(Fetching(memory), done.ref).read() == data
    assert watched.sent[-1] == done.ref
    assert watched.synced == 0


def test_a_blob_is_put_as_it_is(memory: Store) -> None:
    putter = Putter(memory, PutOptions())
    assert putter.put_blob(b"hello").ref == Ref.of(b"hello")
    with pytest.raises(BlobTooLarge):
        putter.put_blob(bytes((16 << 20) + 1))


def test_what_is_not_there_cannot_be_put(memory: Store, tmp_path: Path) -> None:
    with pytest.raises(CannotPut, match="No such file"):
        put(memory, tmp_path / "none")


def test_a_dry_run_sends_nothing_and_tells_how_much_it_would(memory: Store, tmp_path: Path) -> None:
    top = tree(tmp_path / "t", "a", "b")
    dry = DryRun(memory)
    done = put(dry, top)
    assert list(memory.enumerate()) == []
    assert dry.would_send.blobs == 6
    assert put(memory, top).ref == done.ref
    dry = DryRun(memory)
    put(dry, top)
    assert dry.would_send.blobs == 0


def test_large_blobs_are_asked_about_and_those_there_are_not_sent(memory: Store) -> None:
    blobs = [Blob(Ref.of(data), data) for data in (os.urandom(1 << 20) for _ in range(8))]
    memory.send(blobs[:5])
    watched = Watched(memory)
    outbox = Outbox(watched)
    for blob in blobs:
        outbox.put(blob)
    outbox.sync()
    outbox.close()
    assert sorted(watched.sent) == sorted(blob.ref for blob in blobs[5:])
    assert (outbox.sent.blobs, outbox.sent.spared_blobs) == (3, 5)
    assert watched.synced == 3


def test_asking_in_vain_becomes_rare(memory: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "SENDERS", 1)
    watched = Watched(memory)
    outbox = Outbox(watched)
    for _ in range(40):
        for _ in range(4):
            data = os.urandom(1 << 20)
            outbox.put(Blob(Ref.of(data), data))
    outbox.sync()
    outbox.close()
    assert 4 <= len(watched.asked) <= 40
    assert len(watched.sent) == 160


class Failing(Watched):
    def send(self, blobs: Sequence[Blob], *, durable: bool = False) -> None:  # noqa: ARG002
        raise OSError(28, "No space left on device")


def test_what_a_sender_met_reaches_the_one_who_puts(memory: Store) -> None:
    outbox = Outbox(Failing(memory))
    blobs = [Blob(Ref.of(data), data) for data in (b"%d" % n * 5000 for n in range(10_000))]
    with pytest.raises(StoreFailed, match="No space"):
        deque(map(outbox.put, blobs))
    started = time.monotonic()
    outbox.close()
    assert time.monotonic() - started < 3
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("send-")]


def test_rows_of_a_tree_of_which_nothing_is_sent_do_not_pile_up(
    kept: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tree that was moved: each file is read, but all blobs and most of its folders are there."""
    monkeypatch.setattr("holdfast.tools.putting.tree.RACY_NS", -(10**9))
    monkeypatch.setattr(outbox_module, "WAITING_BYTES", 2000)
    top = tree(tmp_path / "t", *(f"{n}/{n}" for n in range(200)))
    put(kept, top)
    top.rename(tmp_path / "u")
    most = 0

    class Counting(Outbox):
        def when_durable(self, row: Part | Folder) -> None:
            nonlocal most
            super().when_durable(row)
            most = max(most, len(self._waiting))

    monkeypatch.setattr("holdfast.tools.putting.putting.Outbox", Counting)
    put(kept, tmp_path / "u", caches=tmp_path / "c")
    assert 1 < most < 40
    cache = StatCache(tmp_path / "c", store=f"{kept.identity} {PutOptions().key}")
    for n in range(200):
        assert cache.folder(os.fsencode(tmp_path / "u" / str(n))) is not None
    cache.close()


def test_a_failing_store_is_not_taken_for_a_failing_file(memory: Store, tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    for n in range(8):
        (tmp_path / "t" / f"{n}").write_bytes(os.urandom(5 << 20))
    notes: list[str] = []
    with pytest.raises(StoreFailed, match="No space"):
        put(Failing(memory), tmp_path / "t", notes=notes)
    assert notes == []


def test_an_outbox_that_is_interrupted_at_its_first_thread_can_be_closed(
    memory: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = Outbox(memory)
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    outbox.put(Blob(Ref.of(b"x"), b"x"))
    with pytest.raises(KeyboardInterrupt):
        outbox.drain()
    outbox.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("send-")]


def test_closing_a_local_store_waits_for_whoever_writes_to_it() -> None:
    """A sender outlives its outbox when the disk is slow; the packs must not close under it."""
    storage = Slow()
    hub = Hub(storage)
    index = Index(MemoryTable(), hub, trusted=frozenset())
    store = LocalStore(hub, partial(nullcontext, index), Path("slow"))
    blob = Blob(Ref.of(b"x"), b"x")
    sender = threading.Thread(target=store.send, args=([blob],))
    sender.start()
    assert storage.began.wait(10)
    closer = threading.Thread(target=store.close)
    closer.start()
    closer.join(0.1)
    assert closer.is_alive()
    storage.may_end.set()
    closer.join(10)
    sender.join(10)
    assert not closer.is_alive()
    assert [found.ref for found in storage.stat([blob.ref])] == [blob.ref]
    with pytest.raises(StoreFailed, match="closed"):
        store.send([blob])


class Slow(MemoryStorage):
    """Stores when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.began, self.may_end = threading.Event(), threading.Event()

    def receive(self, blobs: Sequence[Blob]) -> list[bool]:
        self.began.set()
        assert self.may_end.wait(10)
        return super().receive(blobs)


def test_a_tree_counts_the_same_when_nothing_of_it_is_read(
    kept: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.tools.putting.tree.RACY_NS", -(10**9))
    top = tree(tmp_path / "t", "a", "b/c")
    (top / "link").symlink_to("somewhere/far/away")
    first = put(kept, top, caches=tmp_path / "c").tally
    again = put(kept, top, caches=tmp_path / "c").tally
    assert (again.files, again.unchanged) == (first.files, 3)
    assert again.size == first.size == len("a") + len("b/c")


class Away(Watched):
    """Cannot be reached for a while."""

    def send(self, blobs: Sequence[Blob], *, durable: bool = False) -> None:
        if self.lost:
            self.lost -= 1
            raise Unreachable("there", "connection refused", refused=True)
        super().send(blobs, durable=durable)


def test_a_server_that_is_gone_for_a_moment_is_waited_for(memory: Store, tmp_path: Path) -> None:
    away = Away(memory)
    away.lost = 2
    waited: list[float] = []
    notes: list[str] = []
    reporting = Reporting(note=notes.append)
    putter = Putter(away, PutOptions(), reporting=reporting, wait=waited.append)
    done = putter.put_path(os.fsencode(tree(tmp_path / "t", "a")))
    assert memory.missing([done.ref]) == []
    assert waited == [2, 4]
    assert all("trying again" in note for note in notes)
    away.lost = 9
    with pytest.raises(Unreachable):
        putter.put_path(os.fsencode(tree(tmp_path / "u", "b")))
