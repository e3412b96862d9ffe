"""Storages that are wrong in one way each, under the suite that must notice. Run by `test_kit`."""

# ruff: noqa: ARG002 (they are wrong, and there is no folder)

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.errors import BlobNotFound
from holdfast.blobstore.ref import Blob, Ref, SizedRef
from holdfast.blobstore.storage import (
    Generation,
    HasGeneration,
    ReadsNow,
    ReadsRanges,
    Storage,
    Streams,
)
from holdfast.blobstore.testkit.storagesuite import StorageSuite


class Suite(StorageSuite):
    abilities = frozenset({ReadsRanges, ReadsNow, Streams, HasGeneration})
    is_persistent = False
    is_exclusive = False
    storage_class: ClassVar[type[Storage]]

    def open(self, folder: Path) -> Storage:
        return self.storage_class()


def caught_by(test: str) -> Callable[[type[Storage]], type[Storage]]:
    """The storage below must fail that test of the suite."""

    def put_on_trial(storage_class: type[Storage]) -> type[Storage]:
        name = f"Test{storage_class.__name__}"
        members = {"storage_class": storage_class, "open": Suite.open, "caught_by": test}
        globals()[name] = type(name, (Suite,), members)
        return storage_class

    return put_on_trial


@caught_by("test_receiving_again_changes_nothing")
class SaysAllIsNew(MemoryStorage):
    def receive(self, blobs: Sequence[Blob]) -> list[bool]:
        super().receive(blobs)
        return [True] * len(blobs)


@caught_by("test_the_empty_blob_is_a_blob")
class ForgetsTheEmptyBlob(MemoryStorage):
    def receive(self, blobs: Sequence[Blob]) -> list[bool]:
        return super().receive([blob for blob in blobs if blob.data])


@caught_by("test_the_largest_blob_comes_back_whole")
class CutsLargeBlobs(MemoryStorage):
    def receive(self, blobs: Sequence[Blob]) -> list[bool]:
        return super().receive([Blob(ref, data[: (16 << 20) - 1]) for ref, data in blobs])


@caught_by("test_blobs_come_in_the_order_asked")
class FetchesInItsOwnOrder(MemoryStorage):
    def fetch(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        return super().fetch(sorted(refs))


@caught_by("test_a_missing_blob_stops_a_fetch_where_it_stands")
class SkipsWhatIsMissing(MemoryStorage):
    def fetch(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        for ref in refs:
            try:
                yield from super().fetch([ref])
            except BlobNotFound:
                continue


@caught_by("test_a_missing_blob_stops_a_fetch_where_it_stands")
class LooksForAllBeforeItGivesAny(MemoryStorage):
    def fetch(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        return iter(list(super().fetch(refs)))


@caught_by("test_each_is_told_once")
class TellsTwice(MemoryStorage):
    def stat(self, refs: Iterable[Ref]) -> Iterator[SizedRef]:
        for ref in refs:
            yield from super().stat([ref])


@caught_by("test_going_on_behind_any_ref_gives_the_rest")
class ListsTheCursorToo(MemoryStorage):
    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        own = [SizedRef(Ref(after), len(self._blobs[after]))] if after in self._blobs else []
        return itertools.islice(itertools.chain(own, super().enumerate(after)), limit)


@caught_by("test_a_limit_cuts")
class TakesNoLimitForNone(MemoryStorage):
    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        return super().enumerate(after, limit or None)


@caught_by("test_the_cursor_need_not_be_a_ref")
class WantsAsciiCursors(MemoryStorage):
    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        after.encode("ascii")
        return super().enumerate(after, limit)


@caught_by("test_all_come_once_and_ascending")
class ListsInOrderOfArrival(MemoryStorage):
    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        found = sorted(super().enumerate(after), key=lambda one: one.size)
        return itertools.islice(found, limit)


@caught_by("test_what_stays_is_listed_once_while_others_come_and_go")
class ListsWhatThereWasAtThePage(MemoryStorage):
    """Counts instead of comparing, so that removals shift what comes next."""

    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        def pages() -> Iterator[SizedRef]:
            seen = 0
            while page := list(
                itertools.islice(MemoryStorage.enumerate(self, after), seen, seen + 50)
            ):
                seen += len(page)
                yield from page

        return itertools.islice(pages(), limit)


@caught_by("test_removing_what_is_not_there_is_fine")
class RefusesToRemoveWhatIsMissing(MemoryStorage):
    def remove(self, refs: Iterable[Ref]) -> None:
        for ref in refs:
            self.fetch_now(ref)
            super().remove([ref])


@caught_by("test_removed_blobs_are_gone_and_others_stay")
class RemovesNothing(MemoryStorage):
    def remove(self, refs: Iterable[Ref]) -> None:
        return


@caught_by("test_threads_that_receive_lose_nothing")
class LosesWhatComesTogether(MemoryStorage):
    """Changes what it has without a lock."""

    def receive(self, blobs: Sequence[Blob]) -> list[bool]:
        was = list(self._blobs.items())
        time.sleep(0.001)
        fresh = super().receive(blobs)
        mine = [(ref, self._blobs[ref]) for ref, _ in blobs]
        self._blobs.clear()
        self._blobs.update(was + mine)
        return fresh


@caught_by("test_a_range_is_part_of_a_blob")
class PadsRanges(MemoryStorage):
    def fetch_range(self, ref: Ref, offset: int, length: int) -> bytes:
        return super().fetch_range(ref, offset, length).ljust(min(length, 1 << 24), b"\0")


@caught_by("test_a_range_no_blob_has_is_refused")
class AllowsNegativeOffsets(MemoryStorage):
    def fetch_range(self, ref: Ref, offset: int, length: int) -> bytes:
        return super().fetch_range(ref, max(offset, 0), length)


@caught_by("test_the_empty_blob_has_one_empty_range")
class RefusesTheEnd(MemoryStorage):
    def fetch_range(self, ref: Ref, offset: int, length: int) -> bytes:
        return super().fetch_range(ref, offset + 1, length)


@caught_by("test_any_token_resumes_right_behind_it")
class ResumesAtTheToken(MemoryStorage):
    def stream(self, after: str = "") -> Iterator[tuple[str, Blob]]:
        if after in self._blobs:
            yield after, Blob(Ref(after), self._blobs[after])
        yield from super().stream(after)


@caught_by("test_a_token_nobody_gave_out_is_refused")
class BeginsAnewAtUnknownTokens(MemoryStorage):
    def stream(self, after: str = "") -> Iterator[tuple[str, Blob]]:
        return super().stream(after if after in self._blobs else "")


@caught_by("test_now_gives_the_same_or_nothing")
class HasNothingNow(MemoryStorage):
    def fetch_now(self, ref: Ref) -> bytes:
        super().fetch_now(ref)
        return b""


@caught_by("test_the_generation_stays_while_the_store_changes")
class ChangesItsGeneration(MemoryStorage):
    def generation(self) -> Generation:
        token = str(len(self._blobs)) * 40
        return super().generation()._replace(token=token)


@caught_by("test_abilities_are_as_declared")
class HidesAnAbility(Storage):
    """Has none of the abilities the suite was told of."""

    def __init__(self) -> None:
        self._inner = MemoryStorage()

    def receive(self, blobs: Sequence[Blob]) -> list[bool]:
        return self._inner.receive(blobs)

    def fetch(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        return self._inner.fetch(refs)

    def stat(self, refs: Iterable[Ref]) -> Iterator[SizedRef]:
        return self._inner.stat(refs)

    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        return self._inner.enumerate(after, limit)

    def remove(self, refs: Iterable[Ref]) -> None:
        self._inner.remove(refs)
