"""Tests of what must outlast a storage object: reopening, damage, space, reading only."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from ..errors import BlobNotFound, CorruptBlob, HoldfastError, ReadOnly, StoreBusy
from ..ref import Blob
from ..storage import HasGeneration, ReadsNow, Storage, Streams, fetch_one, has
from .samples import MISSING, blob, listed, noise, refs, sized, texts
from .subject import Subject, able, needs


class Reopening(Subject):
    @needs("is_persistent")
    def test_everything_is_there_again(self, reopen: Callable[[], Storage]) -> None:
        blobs = [*texts(), blob(b""), blob(noise(3_000_000)), blob("x", hash_name="sha256")]
        reopen().receive(blobs)
        storage = reopen()
        assert listed(storage) == sized(blobs)
        assert list(storage.fetch(refs(blobs))) == blobs
        assert storage.receive(blobs) == [False] * len(blobs)

    @needs("is_persistent")
    def test_removed_blobs_stay_away(self, reopen: Callable[[], Storage]) -> None:
        blobs = texts()
        storage = reopen()
        storage.receive(blobs)
        storage.remove(refs(blobs[:60]))
        storage.receive(blobs[:5])
        storage = reopen()
        assert listed(storage) == sized([*blobs[:5], *blobs[60:]])
        assert list(storage.fetch(refs(blobs[:5]))) == blobs[:5]

    @needs("is_persistent")
    def test_a_store_grows_over_many_openings(self, reopen: Callable[[], Storage]) -> None:
        blobs = texts(12)
        for count, one in enumerate(blobs):
            storage = reopen()
            assert listed(storage) == sized(blobs[:count])
            assert storage.receive([one]) == [True]
        assert list(reopen().fetch(refs(blobs))) == blobs

    def test_closing_twice_is_fine(self, storage: Storage) -> None:
        storage.receive(texts(2))
        storage.close()
        storage.close()

    @needs("is_exclusive")
    def test_a_closed_storage_takes_and_removes_nothing(
        self, storage: Storage, folder: Path
    ) -> None:
        storage.receive(texts(2))
        storage.close()
        again = self.open(folder)
        with pytest.raises(HoldfastError):
            storage.receive([blob("too late")])
        with pytest.raises(HoldfastError):
            storage.remove(refs(texts(2)))
        assert listed(again) == sized(texts(2))
        again.close()

    @needs("is_exclusive")
    def test_a_store_that_is_open_cannot_be_opened(self, storage: Storage, folder: Path) -> None:
        storage.receive(texts(2))
        with pytest.raises(StoreBusy):
            self.open(folder)
        assert listed(storage) == sized(texts(2))
        storage.close()
        again = self.open(folder)
        assert listed(again) == sized(texts(2))
        again.close()


class Damage(Subject):
    @needs("damage")
    def test_a_damaged_blob_is_never_given_out(self, storage: Storage, folder: Path) -> None:
        blobs = [blob(f"content of blob {number}") for number in range(9)]
        storage.receive(blobs)
        bad = blobs[4].ref
        self.damage(storage, folder, bad)
        came: list[Blob] = []
        with pytest.raises(CorruptBlob) as caught:
            came.extend(storage.fetch(refs(blobs)))
        assert caught.value.ref == bad
        assert came == blobs[:4]
        assert list(storage.fetch(refs(blobs[5:]))) == blobs[5:]

    @needs("damage")
    def test_large_blobs_are_verified_too(self, storage: Storage, folder: Path) -> None:
        large = blob(noise(5_000_000))
        storage.receive([large])
        self.damage(storage, folder, large.ref)
        with pytest.raises(CorruptBlob):
            fetch_one(storage, large.ref)

    @needs("damage", ReadsNow)
    def test_a_damaged_blob_is_not_given_out_now(self, storage: Storage, folder: Path) -> None:
        one = blob("content of a blob")
        storage.receive([one])
        self.damage(storage, folder, one.ref)
        given = None
        with suppress(CorruptBlob):
            given = able(storage, ReadsNow).fetch_now(one.ref)
        assert given is None

    @needs("damage", Streams)
    def test_a_stream_names_a_damaged_blob_and_goes_on(
        self, storage: Storage, folder: Path
    ) -> None:
        blobs = [blob(f"content of blob {number}") for number in range(9)]
        storage.receive(blobs)
        order = list(able(storage, Streams).stream())
        bad = order[4][1]
        assert isinstance(bad, Blob)
        self.damage(storage, folder, bad.ref)
        came = list(able(storage, Streams).stream())
        assert [token for token, _ in came] == [token for token, _ in order]
        assert came[:4] + came[5:] == order[:4] + order[5:]
        found = came[4][1]
        assert isinstance(found, CorruptBlob)
        assert found.ref == bad.ref

    @needs("damage", HasGeneration)
    def test_finding_damage_begins_a_new_generation(self, storage: Storage, folder: Path) -> None:
        blobs = [blob("one"), blob("two")]
        storage.receive(blobs)
        before = able(storage, HasGeneration).generation()
        self.damage(storage, folder, blobs[0].ref)
        with pytest.raises(CorruptBlob):
            fetch_one(storage, blobs[0].ref)
        after = able(storage, HasGeneration).generation()
        assert after.token != before.token
        assert fetch_one(storage, blobs[1].ref) == blobs[1].data
        assert able(storage, HasGeneration).generation() == after

    @needs("damage")
    def test_what_was_found_damaged_counts_as_missing(self, storage: Storage, folder: Path) -> None:
        blobs = [blob(f"content of blob {number}") for number in range(5)]
        storage.receive(blobs)
        bad = blobs.pop(2)
        self.damage(storage, folder, bad.ref)
        with pytest.raises(CorruptBlob):
            fetch_one(storage, bad.ref)
        assert not has(storage, bad.ref)
        assert listed(storage) == sized(blobs)
        with pytest.raises(BlobNotFound):
            fetch_one(storage, bad.ref)
        assert storage.receive([bad]) == [True]
        assert listed(storage) == sized([*blobs, bad])

    @needs("damage")
    def test_receiving_heals_what_was_found_damaged(self, storage: Storage, folder: Path) -> None:
        blobs = [blob(f"content of blob {number}") for number in range(3)]
        storage.receive(blobs)
        self.damage(storage, folder, blobs[1].ref)
        with pytest.raises(CorruptBlob):
            fetch_one(storage, blobs[1].ref)
        storage.receive(blobs)
        assert list(storage.fetch(refs(blobs))) == blobs
        assert listed(storage) == sized(blobs)

    @needs("damage", "is_persistent")
    def test_what_was_healed_stays_healed(
        self, reopen: Callable[[], Storage], folder: Path
    ) -> None:
        blobs = [blob(f"content of blob {number}") for number in range(3)]
        storage = reopen()
        storage.receive(blobs)
        self.damage(storage, folder, blobs[1].ref)
        with pytest.raises(CorruptBlob):
            fetch_one(storage, blobs[1].ref)
        storage.receive(blobs)
        again = reopen()
        assert list(again.fetch(refs(blobs))) == blobs
        assert listed(again) == sized(blobs)

    @needs("damage")
    def test_a_damaged_blob_can_be_removed(self, storage: Storage, folder: Path) -> None:
        blobs = [blob(f"content of blob {number}") for number in range(3)]
        storage.receive(blobs)
        self.damage(storage, folder, blobs[1].ref)
        storage.remove([blobs[1].ref])
        assert listed(storage) == sized([blobs[0], blobs[2]])
        with pytest.raises(BlobNotFound):
            fetch_one(storage, blobs[1].ref)


class Space(Subject):
    @needs("room_taken")
    def test_removing_gives_the_space_back(self, storage: Storage, folder: Path) -> None:
        storage.receive(texts())
        before = self.room_taken(folder)
        large = [blob(noise(1 << 20, seed=number)) for number in range(8)]
        storage.receive(large)
        assert self.room_taken(folder) >= before + (8 << 20)
        storage.remove(refs(large))
        assert self.room_taken(folder) <= before + (1 << 20)
        assert list(storage.fetch(refs(texts()))) == texts()

    @needs("room_taken")
    def test_receiving_again_takes_no_more(self, storage: Storage, folder: Path) -> None:
        large = [blob(noise(1 << 20, seed=number)) for number in range(4)]
        storage.receive(large)
        before = self.room_taken(folder)
        storage.receive(large)
        storage.receive([*large, *large])
        assert self.room_taken(folder) <= before + (1 << 18)


class ReadingOnly(Subject):
    @needs("open_read_only")
    def test_all_can_be_read_and_nothing_changes(
        self, reopen: Callable[[], Storage], folder: Path
    ) -> None:
        storage = reopen()
        storage.receive(texts())
        storage.close()
        before = contents(folder)
        reading = self.open_read_only(folder)
        assert listed(reading) == sized(texts())
        assert list(reading.fetch(refs(texts()))) == texts()
        assert sorted(reading.stat([*refs(texts()), MISSING])) == sized(texts())
        reading.close()
        assert contents(folder) == before

    @needs("open_read_only")
    def test_writes_are_refused(self, reopen: Callable[[], Storage], folder: Path) -> None:
        storage = reopen()
        storage.receive(texts())
        storage.close()
        reading = self.open_read_only(folder)
        with pytest.raises(ReadOnly):
            reading.receive([blob("new")])
        with pytest.raises(ReadOnly):
            reading.remove(refs(texts(1)))
        assert listed(reading) == sized(texts())
        reading.close()


def contents(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every path below a folder with its mode, time of change and bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        info = path.stat()
        data = path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(folder))] = (info.st_mode, info.st_mtime_ns, data)
    return found
