"""Abilities, and the conveniences beside the interface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.errors import BlobNotFound
from holdfast.blobstore.ref import Blob, Ref, SizedRef
from holdfast.blobstore.storage import (
    DefersSync,
    ReadsRanges,
    Storage,
    Streams,
    Wraps,
    capability,
    fetch_one,
    has,
)
from holdfast.blobstore.testkit.samples import MISSING, texts


class Wrapper(Storage, Wraps):
    """Lets every ability through but streaming."""

    def __init__(self, inner: Storage) -> None:
        self.inner = inner

    def wrapped_for(self, ability: type[object]) -> Storage | None:
        return None if ability is Streams else self.inner

    def receive(self, blobs: Sequence[Blob]) -> list[bool]:
        return self.inner.receive(blobs)

    def fetch(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        return self.inner.fetch(refs)

    def stat(self, refs: Iterable[Ref]) -> Iterator[SizedRef]:
        return self.inner.stat(refs)

    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        return self.inner.enumerate(after, limit)

    def remove(self, refs: Iterable[Ref]) -> None:
        self.inner.remove(refs)


def test_abilities_are_found_through_wrappers_that_let_them() -> None:
    memory = MemoryStorage()
    wrapped = Wrapper(Wrapper(memory))
    assert capability(memory, ReadsRanges) is memory
    assert capability(wrapped, ReadsRanges) is memory
    assert capability(wrapped, Streams) is None
    assert capability(wrapped, DefersSync) is None


def test_one_blob_is_fetched_or_not_found() -> None:
    memory = MemoryStorage()
    (one,) = texts(1)
    memory.receive([one])
    assert fetch_one(memory, one.ref) == one.data
    assert has(memory, one.ref)
    assert not has(memory, MISSING)
    with pytest.raises(BlobNotFound):
        fetch_one(memory, MISSING)
