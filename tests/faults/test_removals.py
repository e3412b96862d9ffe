"""What was removed stays away, whatever else happened at the time."""

from __future__ import annotations

import os
import random
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdfast.blobstore.backends.packed import PackedStorage
from holdfast.blobstore.errors import StoreFailed
from holdfast.blobstore.ref import Blob, Ref
from holdfast.blobstore.storage import fetch_one
from holdfast.index.kv.leveldb import open_leveldb
from holdfast.index.kv.memory import MemoryTable

BLOBS = [Blob(Ref.of(data), data) for data in (b"%d " % number * 30 for number in range(200))]


@pytest.fixture(autouse=True)
def restless() -> Iterator[None]:
    """Threads take turns much more often than usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


def opened(folder: Path) -> PackedStorage:
    return PackedStorage(folder, open_table=open_leveldb)


def at_once(work: Callable[[int], None]) -> None:
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def listed(storage: PackedStorage) -> set[Ref]:
    return {ref for ref, _ in storage.enumerate()}


def test_blobs_many_sent_at_once_are_gone_when_removed(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    storage = opened(folder)

    def send(number: int) -> None:
        del number
        for one in BLOBS:
            storage.receive([one])

    at_once(send)
    storage.remove([ref for ref, _ in BLOBS])
    storage.close()
    shutil.rmtree(folder / "index.leveldb")
    storage = opened(folder)
    assert listed(storage) == set()
    storage.close()


def test_sending_and_removing_at_once_leaves_what_a_rebuilt_table_says_too(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    storage = opened(folder)
    few = BLOBS[:4]

    def send_or_remove(number: int) -> None:
        chance = random.Random(number)
        for _ in range(150):
            one = chance.choice(few)
            if chance.random() < 0.5:
                storage.receive([one])
            else:
                storage.remove([one.ref])

    at_once(send_or_remove)
    before = listed(storage)
    for one in few:
        if one.ref in before:
            assert fetch_one(storage, one.ref) == one.data
    storage.close()
    shutil.rmtree(folder / "index.leveldb")
    storage = opened(folder)
    assert listed(storage) == before
    storage.close()


class InterruptedTable(MemoryTable):
    """Lets something else happen while a certain row is looked up."""

    def __init__(self) -> None:
        super().__init__()
        self.interruptions: dict[bytes, Callable[[], object]] = {}

    def get(self, key: bytes) -> bytes | None:
        self.interruptions.pop(key, bool)()
        return super().get(key)


def test_a_blob_that_comes_while_a_removal_is_under_way_is_not_half_removed(
    tmp_path: Path,
) -> None:
    table = InterruptedTable()
    storage = PackedStorage(tmp_path / "store", open_table=lambda _: table)
    first = BLOBS[0]
    data = b"of several pages, so that erasing it shows" * 1000
    second = Blob(Ref.of(data), data)
    table.interruptions[first.ref.encode()] = lambda: storage.receive_deferred([second])
    storage.remove([first.ref, second.ref])
    storage.sync()
    assert [ref for ref, _ in storage.stat([second.ref])] == [second.ref]
    assert fetch_one(storage, second.ref) == second.data
    storage.close()


def test_a_removal_that_failed_half_way_does_not_succeed_when_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = opened(tmp_path / "store")
    storage.receive(BLOBS)

    def failing(*_: object) -> int:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", failing)
        with pytest.raises(StoreFailed):
            storage.remove([BLOBS[0].ref])
    with pytest.raises(StoreFailed):
        storage.remove([BLOBS[0].ref])
    storage.close()
