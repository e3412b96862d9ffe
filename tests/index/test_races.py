"""What happens at the same time, or is cut off in between, leaves the rows of what is stored."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.backends.packed import PackedStorage
from holdfast.blobstore.errors import StoreFailed
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob, Ref, SizedRef
from holdfast.index.keys import BLOB, CURSOR, STORE, WAITING, Row
from holdfast.index.kv.memory import MemoryTable, open_memory
from holdfast.index.opening import Index
from holdfast.schema.permanodes import random_permanode_text
from holdfast.schema.signing import SEPARATOR, as_text
from holdfast.schema.timestamps import Timestamp

from .conftest import CORPUS, NOW, OWNER, TRUSTED, blob, indexed, rows_in

ALL_ROWS = indexed([CORPUS.blobs])
LEFT = indexed([[found for found in CORPUS.blobs if found.ref != CORPUS.share]])


@pytest.fixture
def share() -> Blob:
    return next(found for found in CORPUS.blobs if found.ref == CORPUS.share)


def test_a_blob_removed_before_its_hook_is_told_has_no_rows(share: Blob) -> None:
    stored, may_go_on = threading.Event(), threading.Event()

    def slow(blobs: Sequence[Blob]) -> None:
        if share in blobs:
            stored.set()
            assert may_go_on.wait(10)

    hub, table = Hub(MemoryStorage(), hooks=[slow]), MemoryTable()
    index = Index(table, hub, trusted=TRUSTED)
    assert index.wait(10)
    hub.receive([found for found in CORPUS.blobs if found != share])
    sender = threading.Thread(target=hub.receive, args=([share],))
    sender.start()
    assert stored.wait(10)
    remover = threading.Thread(target=hub.remove, args=([share.ref],))
    remover.start()
    remover.join(0.05)
    may_go_on.set()
    sender.join(10)
    remover.join(10)
    assert rows_in(table) == LEFT
    index.close()


def test_a_blob_removed_while_it_is_caught_up_with_has_no_rows() -> None:
    storage = Interrupted()
    hub, table = Hub(storage), MemoryTable()
    hub.receive(CORPUS.blobs)
    # The thread that catches up has read all when this happens, and written nothing.
    storage.at_the_end = lambda: hub.remove([CORPUS.share])
    index = Index(table, hub, trusted=TRUSTED)
    assert index.wait(10)
    assert rows_in(table) == LEFT
    index.close()


class Interrupted(MemoryStorage):
    """Does something when it has enumerated all."""

    def at_the_end(self) -> None: ...

    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        yield from super().enumerate(after, limit)
        self.at_the_end()


def test_senders_and_removers_at_once_leave_the_rows_of_what_is_there() -> None:
    hub, table = Hub(MemoryStorage()), MemoryTable()
    index = Index(table, hub, trusted=TRUSTED)
    start = threading.Barrier(4)

    def send(seed: int) -> None:
        order = random.Random(seed).sample(CORPUS.blobs, len(CORPUS.blobs))
        start.wait()
        for each in order:
            hub.receive([each])

    def remove(seed: int) -> None:
        known = [found.ref for found in CORPUS.blobs if b'"camliType": "' in found.data]
        start.wait()
        for each in random.Random(seed).choices(known, k=60):
            hub.remove([each])

    threads = [
        threading.Thread(target=do, args=(seed,)) for do in (send, remove) for seed in (1, 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    hub.receive(CORPUS.blobs)
    assert index.settle(10)
    assert rows_in(table) == ALL_ROWS
    index.close()


def test_a_removal_under_way_is_not_settled_by_who_begins() -> None:
    storage = SlowToRemove()
    hub, table = Hub(storage), MemoryTable()
    first = Index(table, hub, trusted=TRUSTED)
    assert first.wait(10)
    hub.receive(CORPUS.blobs)
    remover = threading.Thread(target=hub.remove, args=([CORPUS.share],))
    remover.start()
    assert storage.is_removing.wait(10)
    second = Index(table, hub, trusted=TRUSTED)
    second.wait(0.05)
    storage.may_remove.set()
    remover.join(10)
    assert second.wait(10)
    assert rows_in(table) == LEFT
    for index in (first, second):
        index.close()


class SlowToRemove(MemoryStorage):
    """Removes when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.is_removing, self.may_remove = threading.Event(), threading.Event()

    def remove(self, refs: Iterable[Ref]) -> None:
        self.is_removing.set()
        assert self.may_remove.wait(10)
        super().remove(refs)


def test_what_comes_again_while_old_rows_are_wiped_has_all_its_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("holdfast.index.opening._ROWS_AT_ONCE", 5)
    hub, table = Hub(MemoryStorage()), SlowToWipe()
    old = Index(table, hub, trusted=TRUSTED)
    assert old.wait(10)
    hub.receive(CORPUS.blobs)
    old.close()
    table.write([STORE.row(value=("another", []))])
    table.is_slow = True
    later = Hub(hub.storage)
    index = Index(table, later, trusted=TRUSTED)
    assert table.is_wiping.wait(10)
    sender = threading.Thread(target=later.receive, args=(CORPUS.blobs,))
    sender.start()
    sender.join(0.05)
    table.may_wipe.set()
    sender.join(10)
    assert index.wait(10)
    assert rows_in(table) == ALL_ROWS
    index.close()


class SlowToWipe(MemoryTable):
    """Pauses when some of many rows have been deleted."""

    def __init__(self) -> None:
        super().__init__()
        self.is_slow = False
        self.is_wiping, self.may_wipe = threading.Event(), threading.Event()

    def write(self, puts: Iterable[Row], deletes: Iterable[bytes] = ()) -> None:
        deletes = list(deletes)
        super().write(puts, deletes)
        if self.is_slow and len(deletes) == 5:
            self.is_wiping.set()
            assert self.may_wipe.wait(10)


def test_rows_of_which_only_some_were_wiped_are_wiped_at_the_next_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.index.opening._ROWS_AT_ONCE", 5)
    storage = PackedStorage(tmp_path, open_table=open_memory)
    hub, table = Hub(storage), FailsToWipe()
    before = Index(table, hub, trusted=TRUSTED)
    assert before.wait(10)
    hub.receive(CORPUS.blobs)
    before.close()
    storage.remove([CORPUS.share])
    table.write([CURSOR.row(value=("9.9",))])  # as if the store were put back from a copy
    table.fails = True
    broken = Index(table, Hub(storage), trusted=TRUSTED)
    with pytest.raises(StoreFailed):
        broken.wait(10)
    broken.close()
    table.fails = False
    after = Index(table, Hub(storage), trusted=TRUSTED)
    assert after.wait(10)
    assert rows_in(table) == LEFT
    after.close()
    storage.close()


class FailsToWipe(MemoryTable):
    """Fails at the second time that many rows are to be deleted."""

    fails = False
    wiped = 0

    def write(self, puts: Iterable[Row], deletes: Iterable[bytes] = ()) -> None:
        deletes = list(deletes)
        self.wiped += self.fails and len(deletes) == 5
        if self.fails and self.wiped == 2:
            raise StoreFailed("here", "no space")
        super().write(puts, deletes)


@pytest.mark.parametrize("stays", [True, False])
def test_a_power_cut_at_a_removal_leaves_the_rows_of_what_is_there(*, stays: bool) -> None:
    table, left = Forgetful(), MemoryTable()
    storage = Watched(at_removal=lambda: left.write(table.synced), stays=stays)
    hub = Hub(storage)
    index = Index(table, hub, trusted=TRUSTED)
    assert index.wait(10)
    hub.receive(CORPUS.blobs)
    table.sync()
    hub.remove([CORPUS.share])
    after = Index(left, Hub(storage), trusted=TRUSTED)
    assert after.wait(10)
    assert rows_in(left) == (ALL_ROWS if stays else LEFT)
    for one in (index, after):
        one.close()


class Watched(MemoryStorage):
    """Tells when it has removed blobs, or has not."""

    def __init__(self, *, at_removal: Callable[[], None], stays: bool) -> None:
        super().__init__()
        self.at_removal, self.stays = at_removal, stays

    def remove(self, refs: Iterable[Ref]) -> None:
        if not self.stays:
            super().remove(refs)
        self.at_removal()


class Forgetful(MemoryTable):
    """Remembers which rows a power cut would leave."""

    def __init__(self) -> None:
        super().__init__()
        self.synced: list[tuple[bytes, bytes]] = []

    def sync(self) -> None:
        self.synced = list(self.scan())


def test_a_key_with_text_before_it_wakes_what_waited_for_it() -> None:
    hub, table = Hub(MemoryStorage()), MemoryTable()
    index = Index(table, hub, trusted=TRUSTED)
    assert index.wait(10)
    introduced = blob(b"My key:\n\n" + OWNER.public.blob)
    text = random_permanode_text(introduced.ref, Timestamp(NOW), random=bytes(20))
    payload = text.rstrip()[:-1]
    signature = as_text(OWNER.detached(payload, time=NOW // 10**9))
    made = blob(payload + SEPARATOR + signature + b'"}\n')
    hub.receive([made])
    assert len(list(table.scan(*WAITING.below()))) == 1
    hub.receive([introduced])
    assert list(table.scan(*WAITING.below())) == []
    assert table.get(BLOB.key_of(made.ref)) is not None
    index.close()


def test_an_index_is_not_whole_from_before_its_table_is_begun_again_until_it_is_read() -> None:
    hub, table = Hub(MemoryStorage()), MemoryTable()
    seen: list[bool] = []
    has_failed, is_mended = threading.Event(), threading.Event()

    def mend(before: Callable[[], None]) -> bool:
        if not has_failed.is_set():
            return False
        if seen:
            is_mended.set()
            return False
        seen.append(index.claims.is_complete)
        before()
        seen.append(index.claims.is_complete)
        table.write((), [key for key, _ in table.scan()])
        return True

    hub.receive(CORPUS.blobs)
    index = Index(table, hub, trusted=TRUSTED, mend=mend, seconds=0.01)
    assert index.wait(10)
    has_failed.set()
    assert is_mended.wait(10)
    assert seen == [True, False]
    assert index.claims.is_complete
    assert rows_in(table) == ALL_ROWS
    index.close()


def test_whatever_ends_the_catching_up_is_told_to_who_waits() -> None:
    index = Index(Broken(), Hub(MemoryStorage()), trusted=TRUSTED)
    with pytest.raises(ZeroDivisionError):
        index.wait(10)
    assert not index.claims.is_complete
    index.close()


class Broken(MemoryTable):
    """Has a mistake in it."""

    def scan(self, *_: object, **__: object) -> Iterator[Row]:
        raise ZeroDivisionError
