"""What the tests of schema blobs share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.errors import CorruptBlob
from holdfast.blobstore.ref import Blob, Ref


class Shelf(MemoryStorage):
    """A storage that can be put to and that remembers what was asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.put_order: list[Ref] = []
        self.fetches: list[tuple[Ref, ...]] = []
        self.damaged: set[Ref] = set()

    def put(self, blob: Blob) -> None:
        self.put_order.append(blob.ref)
        self.receive((blob,))

    def put_text(self, text: str | bytes) -> Ref:
        data = text.encode() if isinstance(text, str) else text
        self.put(Blob(Ref.of(data), data))
        return Ref.of(data)

    def fetch(self, refs):
        refs = tuple(refs)
        self.fetches.append(refs)
        for ref in refs:
            if ref in self.damaged:
                raise CorruptBlob(ref, "the shelf")
            yield from super().fetch((ref,))

    @property
    def fetched(self) -> list[Ref]:
        return [ref for refs in self.fetches for ref in refs]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture(scope="session")
def new_shelf() -> Callable[[], Shelf]:
    """For properties, which need a fresh one for each example."""
    return Shelf


def digest_stream(size: int, *, prefix: str = "") -> bytes:
    """SHA-256 of prefix 0, prefix 1, prefix 2, ... one behind the other, cut off."""
    blocks = (hashlib.sha256(f"{prefix}{i}".encode()).digest() for i in range(size // 32 + 1))
    return b"".join(blocks)[:size]


@pytest.fixture(scope="session")
def stream() -> bytes:
    """Ten MiB that look random and are the same everywhere."""
    return digest_stream(10485760)


@pytest.fixture(scope="session")
def stream_of() -> Callable[..., bytes]:
    return digest_stream
