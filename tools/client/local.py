"""The store of this machine, used directly when no server runs on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ...blobstore.errors import BlobNotFound, CorruptBlob, HoldfastError, StoreFailed
from ...blobstore.hub import Hub
from ...blobstore.ref import DEFAULT_HASH, Blob, Ref, SizedRef
from ...blobstore.storage import HasGeneration, capability
from ...schema.folding import ClaimSet
from .errors import Refused
from .store import CanBeAsked, KnowsClaims, Store, TendsIndex

if TYPE_CHECKING:
    # Much of a start is to load the index, which few commands need.
    from ...index.checking import Findings
    from ...index.claims import ClaimIndex
    from ...index.opening import Index
    from ...index.rebuilding import Rebuilding
    from ...index.work import Progress
    from .search import AnswersQuestions

_POLL_SECONDS = 0.2


class BeginRebuild(Protocol):
    """Begins to make an index again that is not open."""

    def __call__(self, *, anew: bool) -> Rebuilding: ...


class LocalStore(Store, KnowsClaims, CanBeAsked, TendsIndex):
    """A hub and its index as a store.

    The index is opened when it is first needed, which reading blobs does not. Close the store
    before the hub's storage: that must not happen under a writer.
    """

    sends_only_missing = True

    def __init__(
        self,
        hub: Hub,
        open_index: Callable[[], AbstractContextManager[Index]],
        path: Path,
        *,
        begin_rebuild: BeginRebuild | None = None,
        count_downloads: Callable[[Sequence[Ref]], Mapping[Ref, int]] = lambda _: {},
        hash_name: str = DEFAULT_HASH,
    ) -> None:
        """`begin_rebuild` makes the index again while it is not open; `count_downloads` tells how
        often shares were downloaded from a server that had this store."""
        self._hub = hub
        self._count_downloads = count_downloads
        self._open_index = open_index
        self._begin_rebuild = begin_rebuild
        self._opened: Index | None = None
        self._opening = threading.Lock()
        self._held = ExitStack()
        self.hash_name = hash_name
        self.name = str(path)
        named = capability(hub.storage, HasGeneration)
        self.generation = None if named is None else named.generation().token
        self.identity = f"{path.absolute()} {self.generation}"
        self._writers = 0
        self._is_closed = False
        self._changed = threading.Condition()

    def close(self) -> None:
        """Refuse further writes, and return when none is under way."""
        with self._changed:
            self._is_closed = True
            self._changed.wait_for(lambda: self._writers == 0)
        self._held.close()

    def send(self, blobs: Sequence[Blob], *, durable: bool = False) -> None:
        with self._writing():
            self._index()
            receipts = self._hub.receive(blobs, durable=durable)
        for receipt in receipts:
            if receipt.error is not None:
                raise Refused(self.name, receipt.ref, str(receipt.error))

    def sync(self) -> None:
        with self._writing():
            self._hub.sync()

    def missing(self, refs: Sequence[Ref]) -> list[Ref]:
        here = {sized.ref for sized in self._hub.storage.stat(refs)}
        return [ref for ref in refs if ref not in here]

    def stat(self, refs: Sequence[Ref]) -> list[SizedRef]:
        sizes = dict(self._hub.storage.stat(refs))
        return [SizedRef(ref, sizes[ref]) for ref in refs if ref in sizes]

    def fetch(self, refs: Sequence[Ref]) -> Iterator[Blob | HoldfastError]:
        start = 0
        while start < len(refs):
            # `fetch` ends at the first ref it cannot serve; go on behind it.
            try:
                for blob in self._hub.storage.fetch(refs[start:]):
                    start += 1
                    yield blob
                assert start == len(refs)
            except (BlobNotFound, CorruptBlob) as error:
                start += 1
                yield error

    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        return self._hub.storage.enumerate(after, limit)

    def claims_about(self, ref: Ref) -> ClaimSet:
        return self._claims().about(ref)

    def shares(self) -> ClaimSet:
        return self._claims().shares()

    def downloads(self, shares: Sequence[Ref]) -> Mapping[Ref, int]:
        return self._count_downloads(shares)

    def settle(self, seconds: float) -> bool:
        with self._writing():
            return self._index().settle(seconds)

    def questions(self) -> AnswersQuestions:
        """Who answers; `settle` first, or the last files that came are not found."""
        with self._writing():
            index = self._index()
            index.wait()
            return index.search

    def reindex(self, *, anew: bool = False) -> Iterator[Progress]:
        with self._writing(), self._opening:
            if self._opened is not None or self._begin_rebuild is None:
                work = self._index_opened().rebuild(anew=anew)
            else:
                work = self._begin_rebuild(anew=anew)
            try:
                while not work.wait(_POLL_SECONDS):
                    yield work.progress()
            finally:
                work.stop()
        yield work.progress()

    def check_index(self, *, limit: int) -> Iterator[Findings]:
        with self._writing():
            index = self._index()
            index.wait()
            work = index.check(limit=limit)
            try:
                while not work.wait(_POLL_SECONDS):
                    yield work.findings()
            finally:
                work.stop()
        yield work.findings()

    def _claims(self) -> ClaimIndex:
        """What is claimed, once all of it is known."""
        with self._writing():
            index = self._index()
            index.wait()
            return index.claims

    def _index(self) -> Index:
        """The index, which from now on is told of every blob."""
        with self._opening:
            return self._index_opened()

    def _index_opened(self) -> Index:
        if self._opened is None:
            self._opened = self._held.enter_context(self._open_index())
        return self._opened

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._changed:
            if self._is_closed:
                raise StoreFailed(self.name, "it is closed")
            self._writers += 1
        try:
            yield
        finally:
            with self._changed:
                self._writers -= 1
                self._changed.notify_all()
