"""The gate: what is let in, who is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.errors import (
    BlobTooLarge,
    DigestMismatch,
    HoldfastError,
    StoreFailed,
    UnknownHash,
)
from holdfast.blobstore.hub import Hub, Receipt
from holdfast.blobstore.ref import MAX_BLOB_SIZE, Blob, Ref, SizedRef
from holdfast.blobstore.storage import DefersSync
from holdfast.blobstore.testkit.samples import blob, listed, sized, texts


class Deferring(MemoryStorage, DefersSync):
    """Counts what is not durable yet."""

    def __init__(self) -> None:
        super().__init__()
        self.unsynced = 0

    def receive_deferred(self, blobs: Sequence[Blob]) -> list[bool]:
        self.unsynced += len(blobs)
        return self.receive(blobs)

    def sync(self) -> None:
        self.unsynced = 0


class Full(MemoryStorage):
    """Refuses whatever comes."""

    def receive(self, blobs: Sequence[Blob]) -> list[bool]:  # noqa: ARG002
        raise StoreFailed("here", "no space")


def kinds(receipts: Sequence[Receipt]) -> list[type[HoldfastError] | None]:
    return [type(receipt.error) if receipt.error else None for receipt in receipts]


def test_good_blobs_are_stored_and_receipted_in_order() -> None:
    hub = Hub(MemoryStorage())
    one, other = texts(2)
    assert hub.receive([one, other]) == [
        Receipt(one.ref, 3, is_new=True),
        Receipt(other.ref, 4, is_new=True),
    ]
    assert [receipt.is_new for receipt in hub.receive([other, blob("x"), other])] == [
        False,
        True,
        False,
    ]
    assert listed(hub.storage) == sized([one, other, blob("x")])


def test_bad_blobs_are_refused_and_do_not_stop_the_others() -> None:
    hub = Hub(MemoryStorage())
    one, other = texts(2)
    forged = Blob(one.ref, b"not foo")
    unknown = Blob(Ref.parse("perma-0123"), b"")
    large = Blob(Ref.of(b""), bytes(MAX_BLOB_SIZE + 1))
    receipts = hub.receive([forged, one, unknown, large, other])
    assert kinds(receipts) == [DigestMismatch, None, UnknownHash, BlobTooLarge, None]
    assert [receipt.is_new for receipt in receipts] == [False, True, False, False, True]
    assert [receipt.ref for receipt in receipts] == [
        *(one.ref, one.ref, unknown.ref, large.ref, other.ref)
    ]
    assert listed(hub.storage) == sized([one, other])


def test_the_largest_blob_is_let_in() -> None:
    hub = Hub(MemoryStorage())
    large = blob(bytes(MAX_BLOB_SIZE))
    assert hub.receive_one(*large).is_new
    with pytest.raises(BlobTooLarge):
        hub.receive_one(*blob(bytes(MAX_BLOB_SIZE + 1)))


def test_one_blob_alone_is_refused_loudly() -> None:
    hub = Hub(MemoryStorage())
    with pytest.raises(DigestMismatch):
        hub.receive_one(texts(1)[0].ref, b"not foo")
    assert listed(hub.storage) == []


def test_hooks_are_told_in_order_of_what_was_stored_only() -> None:
    told: list[tuple[str, list[Blob]]] = []
    storage = MemoryStorage()

    def first(blobs: Sequence[Blob]) -> None:
        assert set(sized(blobs)) <= set(listed(storage))
        told.append(("first", list(blobs)))

    hub = Hub(storage, hooks=[first])
    hub.add_hook(lambda blobs: told.append(("second", list(blobs))))
    one, other = texts(2)
    hub.receive([one, Blob(other.ref, b"forged"), other])
    assert told == [("first", [one, other]), ("second", [one, other])]


def test_hooks_are_told_again_of_what_comes_again() -> None:
    told: list[Blob] = []
    hub = Hub(MemoryStorage(), hooks=[told.extend])
    one = blob("foo")
    hub.receive([one])
    hub.receive([one])
    assert told == [one, one]


def test_nobody_is_told_of_nothing() -> None:
    told: list[Sequence[Blob]] = []
    hub = Hub(MemoryStorage(), hooks=[told.append])
    assert hub.receive([]) == []
    hub.receive([Blob(blob("foo").ref, b"forged")])
    assert told == []


def test_a_failing_hook_reaches_the_sender_and_the_blob_stays() -> None:
    def fail(_: Sequence[Blob]) -> None:
        raise StoreFailed("the index", "no space")

    later: list[Sequence[Blob]] = []
    hub = Hub(MemoryStorage(), hooks=[fail, later.append])
    with pytest.raises(StoreFailed):
        hub.receive(texts(1))
    assert listed(hub.storage) == sized(texts(1))
    assert later == []


def test_a_failing_storage_tells_no_hook() -> None:
    told: list[Sequence[Blob]] = []
    hub = Hub(Full(), hooks=[told.append])
    with pytest.raises(StoreFailed):
        hub.receive(texts(3))
    assert told == []


def test_watchers_are_told_while_they_watch() -> None:
    hub = Hub(MemoryStorage())
    one: list[SizedRef] = []
    other: list[SizedRef] = []
    blobs = texts(3)
    with hub.watching(one.extend):
        hub.receive(blobs[:1])
        with hub.watching(other.extend):
            hub.receive(blobs[1:2])
    hub.receive(blobs[2:])
    assert one == [SizedRef(ref, len(data)) for ref, data in blobs[:2]]
    assert other == [SizedRef(ref, len(data)) for ref, data in blobs[1:2]]


def test_deferred_blobs_wait_for_a_sync() -> None:
    storage = Deferring()
    hub = Hub(storage)
    assert [receipt.is_new for receipt in hub.receive(texts(3), durable=False)] == [True] * 3
    assert storage.unsynced == 3
    hub.sync()
    assert storage.unsynced == 0
    hub.receive(texts(5))
    assert storage.unsynced == 0


def test_a_storage_that_cannot_defer_is_durable_at_once() -> None:
    hub = Hub(MemoryStorage())
    hub.receive(texts(3), durable=False)
    hub.sync()
    assert listed(hub.storage) == sized(texts(3))


def test_remove_hooks_are_entered_before_and_left_after() -> None:
    storage = MemoryStorage()
    hub = Hub(storage)
    hub.receive(texts(3))
    seen: list[int] = []

    @contextmanager
    def hook(gone: Sequence[Ref]) -> Iterator[None]:
        seen.append(sum(1 for _ in storage.stat(gone)))
        yield
        seen.append(sum(1 for _ in storage.stat(gone)))

    hub.add_remove_hook(hook)
    hub.remove([one.ref for one in texts(2)])
    assert seen == [2, 0]
    assert listed(storage) == sized(texts(3)[2:])


def test_draining_waits_for_the_hooks_of_calls_under_way_and_no_others() -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(blobs: Sequence[Blob]) -> None:
        if blobs == texts(1):
            begun.set()
            assert may_end.wait(10)

    hub = Hub(MemoryStorage(), hooks=[slow])
    hub.drain()
    sender = threading.Thread(target=hub.receive, args=(texts(1),))
    sender.start()
    assert begun.wait(10)
    drainer = threading.Thread(target=hub.drain)
    drainer.start()
    hub.receive(texts(2)[1:])
    drainer.join(0.1)
    assert drainer.is_alive()
    may_end.set()
    drainer.join(10)
    sender.join(10)
    assert not drainer.is_alive()


def test_calls_that_fail_are_counted_and_refusals_are_none() -> None:
    hub = Hub(MemoryStorage())
    hub.receive([Blob(blob("foo").ref, b"forged")])
    assert hub.failures == 0
    full = Hub(Full())
    with pytest.raises(StoreFailed):
        full.receive(texts(1))
    full.drain()
    assert full.failures == 1


def test_a_removal_waits_for_calls_under_way_and_calls_wait_for_it() -> None:
    order: list[str] = []
    begun, may_end, removing, may_remove = (threading.Event() for _ in range(4))

    def slow(blobs: Sequence[Blob]) -> None:
        if blobs == texts(1):
            begun.set()
            assert may_end.wait(10)
        order.append(f"{len(blobs)} told")

    @contextmanager
    def hook(gone: Sequence[Ref]) -> Iterator[None]:
        order.append(f"{len(gone)} going")
        removing.set()
        assert may_remove.wait(10)
        yield
        order.append(f"{len(gone)} gone")

    hub = Hub(MemoryStorage(), hooks=[slow])
    hub.add_remove_hook(hook)
    first = threading.Thread(target=hub.receive, args=(texts(1),))
    remover = threading.Thread(target=hub.remove, args=([one.ref for one in texts(3)],))
    later = threading.Thread(target=hub.receive, args=(texts(2),))
    first.start()
    assert begun.wait(10)
    remover.start()
    assert not removing.wait(0.05)
    may_end.set()
    assert removing.wait(10)
    later.start()
    later.join(0.05)
    may_remove.set()
    for thread in (first, remover, later):
        thread.join(10)
    assert order == ["1 told", "3 going", "3 gone", "2 told"]
    assert listed(hub.storage) == sized(texts(2))


def test_nothing_is_removed_while_blobs_are_kept() -> None:
    hub = Hub(MemoryStorage())
    hub.receive(texts(1))
    remover = threading.Thread(target=hub.remove, args=([texts(1)[0].ref],))
    with hub.keeping():
        remover.start()
        remover.join(0.05)
        assert listed(hub.storage) == sized(texts(1))
    remover.join(10)
    assert listed(hub.storage) == []
