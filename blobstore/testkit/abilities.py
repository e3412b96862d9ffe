"""Tests of what only some storages can do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ..errors import BadRange, BadToken, BlobNotFound
from ..ref import MAX_BLOB_SIZE, Blob
from ..storage import (
    DefersSync,
    HasGeneration,
    Journals,
    ReadsNow,
    ReadsRanges,
    Storage,
    Streams,
    fetch_one,
)
from .samples import FOREIGN, MISSING, blob, listed, noise, refs, sized, texts
from .subject import Subject, able, needs


class Ranges(Subject):
    @needs(ReadsRanges)
    def test_a_range_is_part_of_a_blob(self, storage: Storage) -> None:
        big = blob("Some big blob")
        storage.receive([blob("before"), big, blob("after")])
        read = able(storage, ReadsRanges).fetch_range
        assert read(big.ref, 5, 3) == b"big"
        assert read(big.ref, 5, 8) == b"big blob"
        assert read(big.ref, 5, 100) == b"big blob"
        assert read(big.ref, 0, 1 << 62) == big.data
        assert read(big.ref, 5, 0) == b""
        assert read(big.ref, 13, 0) == read(big.ref, 13, 10) == b""

    @needs(ReadsRanges)
    @pytest.mark.parametrize(
        ("offset", "length"), [(14, 1), (14, 0), (1 << 62, 1), (-1, 1), (1, -1), (-5, 20)]
    )
    def test_a_range_no_blob_has_is_refused(
        self, storage: Storage, offset: int, length: int
    ) -> None:
        big = blob("Some big blob")
        storage.receive([big, blob("after")])
        with pytest.raises(BadRange):
            able(storage, ReadsRanges).fetch_range(big.ref, offset, length)

    @needs(ReadsRanges)
    def test_the_empty_blob_has_one_empty_range(self, storage: Storage) -> None:
        empty = blob(b"")
        storage.receive([empty])
        read = able(storage, ReadsRanges).fetch_range
        assert read(empty.ref, 0, 0) == read(empty.ref, 0, 10) == b""
        with pytest.raises(BadRange):
            read(empty.ref, 1, 1)

    @needs(ReadsRanges)
    def test_a_missing_blob_has_no_ranges(self, storage: Storage) -> None:
        for ref in (MISSING, FOREIGN):
            with pytest.raises(BlobNotFound):
                able(storage, ReadsRanges).fetch_range(ref, 0, 1)

    @needs(ReadsRanges)
    def test_pieces_of_the_largest_blob_add_up(self, storage: Storage) -> None:
        large = blob(noise(MAX_BLOB_SIZE))
        storage.receive([large])
        step = 1_000_003
        read = able(storage, ReadsRanges).fetch_range
        pieces = [read(large.ref, at, step) for at in range(0, MAX_BLOB_SIZE, step)]
        assert b"".join(pieces) == large.data


class ReadingNow(Subject):
    @needs(ReadsNow)
    def test_now_gives_the_same_or_nothing(self, storage: Storage) -> None:
        blobs = [*texts(20), blob(b""), blob(noise(300_000)), blob(noise(MAX_BLOB_SIZE))]
        storage.receive(blobs)
        for ref, data in blobs:
            assert able(storage, ReadsNow).fetch_now(ref) in {data, None}

    @needs(ReadsNow)
    def test_a_small_blob_just_written_is_to_be_had_now(self, storage: Storage) -> None:
        one = blob("just written")
        storage.receive([one])
        fetch_one(storage, one.ref)
        assert able(storage, ReadsNow).fetch_now(one.ref) == one.data

    @needs(ReadsNow)
    def test_a_missing_blob_is_not_found_now_either(self, storage: Storage) -> None:
        for ref in (MISSING, FOREIGN):
            with pytest.raises(BlobNotFound):
                able(storage, ReadsNow).fetch_now(ref)


class Deferring(Subject):
    @needs(DefersSync)
    def test_deferred_blobs_are_visible_at_once(self, storage: Storage) -> None:
        blobs = texts()
        deferring = able(storage, DefersSync)
        for one in blobs:
            assert deferring.receive_deferred([one]) == [True]
            assert fetch_one(storage, one.ref) == one.data
        assert listed(storage) == sized(blobs)
        assert sorted(storage.stat(refs(blobs))) == sized(blobs)

    @needs(DefersSync)
    def test_deferred_and_not_deferred_know_of_each_other(self, storage: Storage) -> None:
        one, other = texts(2)
        deferring = able(storage, DefersSync)
        assert deferring.receive_deferred([one, one]) == [True, False]
        assert storage.receive([one, other]) == [False, True]
        assert deferring.receive_deferred([other, one]) == [False, False]
        assert listed(storage) == sized([one, other])

    @needs(DefersSync)
    def test_sync_can_be_called_at_any_time(self, storage: Storage) -> None:
        deferring = able(storage, DefersSync)
        deferring.sync()
        assert deferring.receive_deferred([]) == []
        deferring.receive_deferred(texts(3))
        deferring.sync()
        deferring.sync()
        assert listed(storage) == sized(texts(3))

    @needs(DefersSync)
    def test_a_deferred_blob_can_be_removed_before_the_sync(self, storage: Storage) -> None:
        one, other = texts(2)
        deferring = able(storage, DefersSync)
        deferring.receive_deferred([one, other])
        storage.remove([one.ref])
        deferring.sync()
        assert listed(storage) == sized([other])

    @needs(DefersSync, "is_persistent")
    def test_synced_blobs_outlast_the_storage(self, reopen: Callable[[], Storage]) -> None:
        deferring = able(reopen(), DefersSync)
        deferring.receive_deferred(texts())
        deferring.sync()
        assert listed(reopen()) == sized(texts())

    @needs(DefersSync, "is_persistent")
    def test_closing_keeps_deferred_blobs(self, reopen: Callable[[], Storage]) -> None:
        able(reopen(), DefersSync).receive_deferred(texts())
        again = reopen()
        assert listed(again) == sized(texts())
        assert list(again.fetch(refs(texts()))) == texts()


class Streaming(Subject):
    @needs(Streams)
    def test_a_stream_has_every_blob_once(self, storage: Storage) -> None:
        assert list(able(storage, Streams).stream()) == []
        blobs = [*texts(), blob(b""), blob(noise(1_000_000)), blob("x", hash_name="sha1")]
        storage.receive(blobs)
        assert sorted(_streamed(storage)) == sorted(blobs)

    @needs(Streams)
    def test_any_token_resumes_right_behind_it(self, storage: Storage) -> None:
        storage.receive(texts())
        streams = able(storage, Streams)
        whole = list(streams.stream())
        for index, (token, _) in enumerate(whole):
            assert list(streams.stream(token)) == whole[index + 1 :]

    @needs(Streams)
    def test_stopping_at_every_blob_gives_the_whole_stream(self, storage: Storage) -> None:
        storage.receive(texts())
        streams = able(storage, Streams)
        token, found = "", []
        while step := next(streams.stream(token), None):
            token = step[0]
            found.append(step)
        assert found == list(streams.stream())

    @needs(Streams)
    @pytest.mark.parametrize("token", ["nonsense", "-1 0", "0", "0 0 0", "\0", "é", "[", "9 9 9"])
    def test_a_token_nobody_gave_out_is_refused(self, storage: Storage, token: str) -> None:
        storage.receive(texts(3))
        with pytest.raises(BadToken):
            list(able(storage, Streams).stream(token))

    @needs(Journals)
    def test_a_journal_is_in_the_order_of_arrival(self, storage: Storage) -> None:
        blobs = texts()
        for one in reversed(blobs):
            storage.receive([one])
        assert _streamed(storage) == blobs[::-1]

    @needs(Journals)
    def test_the_end_of_a_journal_is_before_what_comes_later(self, storage: Storage) -> None:
        journal = able(storage, Journals)
        storage.receive(texts(3))
        end = journal.journal_end()
        assert list(journal.stream(end)) == []
        storage.receive(texts(9))
        assert [found for _, found in journal.stream(end)] == texts(9)[3:]

    @needs(Journals, "is_persistent")
    def test_the_end_of_a_journal_is_good_in_the_next_life(
        self, reopen: Callable[[], Storage]
    ) -> None:
        first = able(reopen(), Journals)
        assert list(first.stream(first.journal_end())) == []
        storage = reopen()
        storage.receive(texts(3))
        end = able(storage, Journals).journal_end()
        again = reopen()
        again.receive(texts(4))
        assert [found for _, found in able(again, Journals).stream(end)] == texts(4)[3:]

    @needs(Journals, DefersSync, "is_persistent")
    def test_what_is_before_the_end_of_a_journal_is_durable(
        self, reopen: Callable[[], Storage]
    ) -> None:
        storage = reopen()
        able(storage, DefersSync).receive_deferred(texts())
        end = able(storage, Journals).journal_end()
        again = reopen()
        assert listed(again) == sized(texts())
        assert list(able(again, Journals).stream(end)) == []

    @needs(Streams)
    def test_removed_blobs_are_not_streamed(self, storage: Storage) -> None:
        blobs = texts()
        storage.receive(blobs)
        storage.remove(refs(blobs[::3]))
        left = [one for index, one in enumerate(blobs) if index % 3]
        assert sorted(_streamed(storage)) == sorted(left)

    @needs(Streams)
    def test_the_token_of_a_removed_blob_still_resumes(self, storage: Storage) -> None:
        storage.receive(texts())
        streams = able(storage, Streams)
        whole = list(streams.stream())
        token, gone = whole[40]
        assert isinstance(gone, Blob)
        storage.remove([gone.ref])
        assert list(streams.stream(token)) == whole[41:]

    @needs(Streams)
    def test_a_stream_may_be_left_unfinished(self, storage: Storage) -> None:
        storage.receive(texts())
        coming = able(storage, Streams).stream()
        token, first = next(coming)
        storage.receive([blob("in between")])
        del coming
        rest = [one for _, one in able(storage, Streams).stream(token)]
        assert set(texts()) <= {first, *rest}

    @needs(Streams, "is_persistent")
    def test_tokens_are_good_after_reopening(self, reopen: Callable[[], Storage]) -> None:
        storage = reopen()
        storage.receive(texts())
        whole = list(able(storage, Streams).stream())
        assert list(able(reopen(), Streams).stream(whole[30][0])) == whole[31:]


class Generations(Subject):
    @needs(HasGeneration)
    def test_the_generation_stays_while_the_store_changes(self, storage: Storage) -> None:
        before = able(storage, HasGeneration).generation()
        storage.receive(texts(5))
        storage.remove(refs(texts(2)))
        assert able(storage, HasGeneration).generation() == before
        assert len(before.token) >= 16
        age = datetime.now(UTC) - before.created
        assert timedelta(seconds=-5) < age < timedelta(hours=1)

    @needs(HasGeneration)
    def test_every_store_has_its_own(self, storage: Storage, tmp_path: Path) -> None:
        other = self.open(tmp_path / "other")
        tokens = {able(s, HasGeneration).generation().token for s in (storage, other)}
        other.close()
        assert len(tokens) == 2

    @needs(HasGeneration, "is_persistent")
    def test_the_generation_outlasts_the_storage(self, reopen: Callable[[], Storage]) -> None:
        before = able(reopen(), HasGeneration).generation()
        assert able(reopen(), HasGeneration).generation() == before


def _streamed(storage: Storage) -> list[Blob]:
    return [one for _, one in able(storage, Streams).stream() if isinstance(one, Blob)]
