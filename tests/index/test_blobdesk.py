"""Blobs asked for over a connection are those of the store, however they are asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from multiprocessing import Pipe
from pathlib import Path

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.errors import BlobNotFound, CorruptBlob, StoreFailed
from holdfast.blobstore.opening import open_storage
from holdfast.blobstore.ref import Blob, Ref
from holdfast.blobstore.storage import CanFetch, fetch_one
from holdfast.index.blobdesk import Prefetched, RemoteBlobs, serve_blobs
from holdfast.index.kv.leveldb import open_leveldb

from .conftest import blob

BLOBS = [blob(b"%d" % number * 1000) for number in range(50)]
REFS = [ref for ref, _ in BLOBS]
MISSING = Ref.of(b"nobody has this")


@pytest.fixture
def storage() -> MemoryStorage:
    storage = MemoryStorage()
    storage.receive(BLOBS)
    return storage


def served(blobs: CanFetch) -> Iterator[RemoteBlobs]:
    ours, theirs = Pipe()
    thread = threading.Thread(target=serve_blobs, args=(theirs, blobs))
    thread.start()
    yield RemoteBlobs(ours)
    ours.close()
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def remote(storage: MemoryStorage) -> Iterator[RemoteBlobs]:
    yield from served(storage)


def test_blobs_come_in_the_order_they_are_asked_for(remote: RemoteBlobs) -> None:
    asked = [*reversed(REFS), REFS[3]]
    assert [found.ref for found in remote.fetch(asked)] == asked
    assert list(remote.fetch(REFS)) == BLOBS


def test_one_that_is_missing_is_told_and_others_can_be_asked_for(remote: RemoteBlobs) -> None:
    found = remote.fetch([REFS[0], MISSING, REFS[1]])
    assert next(found) == BLOBS[0]
    with pytest.raises(BlobNotFound, match=MISSING):
        next(found)
    assert fetch_one(remote, REFS[1]) == BLOBS[1].data


def test_who_asks_in_between_gets_what_was_asked_for_and_so_do_those_before(
    remote: RemoteBlobs,
) -> None:
    first, second = remote.fetch(REFS), remote.fetch(REFS[10:])
    got_first, got_second = [next(first)], [next(second), next(second)]
    got_first += [next(first), next(first)]
    assert fetch_one(remote, REFS[7]) == BLOBS[7].data
    assert remote.fetch_together(REFS[20:22]) == dict(BLOBS[20:22])
    got_second += second
    got_first += first
    assert got_first == BLOBS
    assert got_second == BLOBS[10:]


def test_those_that_can_be_had_come_together(remote: RemoteBlobs) -> None:
    assert remote.fetch_together([REFS[0], MISSING, REFS[1]]) == dict(BLOBS[:2])
    assert remote.fetch_together([]) == {}


def test_no_more_comes_together_than_memory_should_hold() -> None:
    large = [blob(bytes([number]) * (3 << 20)) for number in range(5)]
    storage = MemoryStorage()
    storage.receive(large)
    for remote in served(storage):
        together = remote.fetch_together([ref for ref, _ in large])
        assert 1 <= len(together) < 5
        fetch = Prefetched(together, remote)
        assert list(fetch.fetch(ref for ref, _ in large)) == large
        with pytest.raises(BlobNotFound):
            fetch_one(fetch, MISSING)


def test_damage_is_told(tmp_path: Path) -> None:
    storage = open_storage("packed", tmp_path, open_table=open_leveldb)
    storage.receive(BLOBS[:2])
    (pack,) = tmp_path.glob("*.blobs")
    pack.write_bytes(pack.read_bytes().replace(BLOBS[1].data, b"x" * len(BLOBS[1].data)))
    for remote in served(storage):
        assert remote.fetch_together(REFS[:2]) == dict(BLOBS[:1])
        storage.receive(BLOBS[:2])
        assert list(remote.fetch(REFS[:2])) == BLOBS[:2]
        pack.write_bytes(pack.read_bytes().replace(BLOBS[1].data, b"x" * len(BLOBS[1].data)))
        with pytest.raises(CorruptBlob, match=str(tmp_path)):
            fetch_one(remote, REFS[1])
    storage.close()


class Failing:
    """A store on a disk that fails."""

    def fetch(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        raise StoreFailed("here", f"input/output error at {len(list(refs))}")


def test_a_store_that_fails_is_told() -> None:
    for remote in served(Failing()):
        with pytest.raises(StoreFailed, match="input/output error"):
            fetch_one(remote, REFS[0])
