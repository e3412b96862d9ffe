"""Tests of receiving, fetching, asking and removing."""

from __future__ import annotations

import pytest

from ..errors import BlobNotFound
from ..ref import MAX_BLOB_SIZE, Blob, SizedRef
from ..storage import Storage, fetch_one, has
from .samples import FOREIGN, MISSING, blob, listed, noise, refs, sized, texts
from .subject import Subject


class Receiving(Subject):
    def test_blobs_received_one_by_one_are_all_there(self, storage: Storage) -> None:
        blobs = texts()
        for count, one in enumerate(blobs, 1):
            assert storage.receive([one]) == [True]
            if count in {1, 5, 100}:
                assert listed(storage) == sized(blobs[:count])

    def test_blobs_received_at_once_are_all_there(self, storage: Storage) -> None:
        blobs = [blob(f"number {number}") for number in range(1500)]
        assert storage.receive(blobs) == [True] * 1500
        assert listed(storage) == sized(blobs)
        assert list(storage.fetch(refs(blobs))) == blobs

    def test_receiving_nothing_is_fine(self, storage: Storage) -> None:
        assert storage.receive([]) == []
        assert listed(storage) == []

    def test_receiving_again_changes_nothing(self, storage: Storage) -> None:
        blobs = texts(10)
        storage.receive(blobs)
        assert storage.receive(blobs[3:6]) == [False] * 3
        assert storage.receive([*blobs[:2], blob("more")]) == [False, False, True]
        assert listed(storage) == sized([*blobs, blob("more")])
        assert list(storage.fetch(refs(blobs))) == blobs

    def test_a_blob_twice_in_one_call_is_new_once(self, storage: Storage) -> None:
        one, other = texts(2)
        assert storage.receive([one, other, one]) == [True, True, False]
        assert listed(storage) == sized([one, other])

    def test_the_empty_blob_is_a_blob(self, storage: Storage) -> None:
        empty = blob(b"")
        assert storage.receive([empty]) == [True]
        assert storage.receive([empty]) == [False]
        assert fetch_one(storage, empty.ref) == b""
        assert listed(storage) == [SizedRef(empty.ref, 0)]

    def test_the_largest_blob_comes_back_whole(self, storage: Storage) -> None:
        large = blob(noise(MAX_BLOB_SIZE))
        small = blob("beside it")
        assert storage.receive([small, large]) == [True, True]
        assert fetch_one(storage, large.ref) == large.data
        assert list(storage.stat([large.ref])) == [SizedRef(large.ref, MAX_BLOB_SIZE)]

    @pytest.mark.parametrize("size", [1, 69, 4095, 4096, 4097, 65_535, 65_536, 1_000_003])
    def test_any_size_comes_back(self, storage: Storage, size: int) -> None:
        one = blob(noise(size))
        storage.receive([one])
        assert fetch_one(storage, one.ref) == one.data

    def test_content_that_looks_like_a_format_comes_back(self, storage: Storage) -> None:
        inner = blob("inner")
        blobs = [
            blob(b"[%b 5]inner" % inner.ref.encode()),
            blob(b"[!end]"),
            blob(b"["),
            blob(bytes(10_000)),
            blob(bytes(range(256)) * 3),
        ]
        storage.receive(blobs)
        assert list(storage.fetch(refs(blobs))) == blobs
        assert not has(storage, inner.ref)

    def test_every_known_hash_names_blobs(self, storage: Storage) -> None:
        blobs = [blob("same", hash_name=name) for name in ("sha256", "sha1", "sha224")]
        assert storage.receive(blobs) == [True] * 3
        assert list(storage.fetch(refs(blobs))) == blobs
        assert [ref.hash_name for ref, _ in listed(storage)] == ["sha1", "sha224", "sha256"]


class Fetching(Subject):
    def test_blobs_come_in_the_order_asked(self, storage: Storage) -> None:
        blobs = texts()
        storage.receive(blobs)
        asked = [*reversed(blobs), blobs[7], *blobs[::3], blobs[7]]
        assert list(storage.fetch(refs(asked))) == asked

    def test_refs_may_come_from_an_iterator(self, storage: Storage) -> None:
        blobs = texts(20)
        storage.receive(blobs)
        assert list(storage.fetch(iter(refs(blobs)))) == blobs
        assert list(storage.fetch(iter(()))) == []

    def test_what_is_fetched_is_plain_bytes_of_its_own(self, storage: Storage) -> None:
        one = blob("content")
        storage.receive([one])
        assert type(fetch_one(storage, one.ref)) is bytes

    def test_a_missing_blob_is_not_found(self, storage: Storage) -> None:
        storage.receive(texts(3))
        for ref in (MISSING, FOREIGN):
            with pytest.raises(BlobNotFound) as caught:
                fetch_one(storage, ref)
            assert caught.value.ref == ref

    def test_a_missing_blob_stops_a_fetch_where_it_stands(self, storage: Storage) -> None:
        blobs = texts(6)
        storage.receive(blobs)
        asked = [*refs(blobs[:3]), MISSING, *refs(blobs[3:])]
        came: list[Blob] = []
        with pytest.raises(BlobNotFound) as caught:
            came.extend(storage.fetch(asked))
        assert caught.value.ref == MISSING
        assert came == blobs[:3]
        assert list(storage.fetch(asked[4:])) == blobs[3:]

    def test_a_fetch_may_be_left_unfinished(self, storage: Storage) -> None:
        blobs = texts(50)
        storage.receive(blobs)
        coming = storage.fetch(refs(blobs))
        assert next(coming) == blobs[0]
        storage.receive([blob("in between")])
        assert next(coming) == blobs[1]
        del coming
        storage.remove(refs(blobs[:10]))
        assert list(storage.fetch(refs(blobs[10:]))) == blobs[10:]


class Asking(Subject):
    def test_only_what_is_there_is_told(self, storage: Storage) -> None:
        blobs = texts(30)
        storage.receive(blobs[::2])
        found = list(storage.stat([*refs(blobs), MISSING, FOREIGN]))
        assert sorted(found) == sized(blobs[::2])

    def test_each_is_told_once(self, storage: Storage) -> None:
        blobs = texts(5)
        storage.receive(blobs)
        asked = refs([*blobs, *blobs, *blobs[:1]])
        assert sorted(storage.stat(iter(asked))) == sized(blobs)

    def test_an_empty_store_has_nothing(self, storage: Storage) -> None:
        assert list(storage.stat([MISSING])) == []
        assert list(storage.stat([])) == []


class Removing(Subject):
    def test_removed_blobs_are_gone_and_others_stay(self, storage: Storage) -> None:
        blobs = texts(40)
        storage.receive(blobs)
        storage.remove(refs(blobs[:30]))
        assert listed(storage) == sized(blobs[30:])
        assert list(storage.stat(refs(blobs[:30]))) == []
        assert list(storage.fetch(refs(blobs[30:]))) == blobs[30:]
        for ref in refs(blobs[:30]):
            with pytest.raises(BlobNotFound):
                fetch_one(storage, ref)

    def test_removing_all_leaves_nothing(self, storage: Storage) -> None:
        blobs = texts()
        storage.receive(blobs)
        storage.remove(iter(refs(blobs)))
        assert listed(storage) == []

    def test_removing_what_is_not_there_is_fine(self, storage: Storage) -> None:
        one, other = texts(2)
        storage.receive([one, other])
        storage.remove([MISSING, one.ref, one.ref, FOREIGN])
        storage.remove([one.ref])
        storage.remove([])
        assert listed(storage) == sized([other])

    def test_a_removed_blob_can_come_back(self, storage: Storage) -> None:
        one, other = texts(2)
        for _ in range(3):
            assert storage.receive([one, other]) == [True, True]
            storage.remove([one.ref, other.ref])
        assert storage.receive([one]) == [True]
        assert list(storage.fetch([one.ref])) == [one]
        assert listed(storage) == sized([one])
