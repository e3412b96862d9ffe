"""How many blobs a store has, nearly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.ref import Blob, Ref, SizedRef
from holdfast.index.counting import COUNTED, about_how_many


def fill(storage: MemoryStorage, count: int, *, hash_name: str = "sha224") -> None:
    texts = (f"{number}".encode() for number in range(count))
    list(storage.receive(Blob(Ref.of(text, hash_name=hash_name), text) for text in texts))


def test_few_are_counted_exactly_whatever_names_them() -> None:
    storage = MemoryStorage()
    for number, name in enumerate(("sha1", "sha224", "sha256")):
        fill(storage, 100 + number, hash_name=name)
    assert about_how_many(storage) == 303


def test_an_empty_store_has_none() -> None:
    assert about_how_many(MemoryStorage()) == 0


def test_many_are_told_to_a_few_in_a_hundred_without_looking_at_all() -> None:
    storage = Watched()
    fill(storage, 3 * COUNTED)
    fill(storage, 7, hash_name="sha256")
    assert about_how_many(storage) == pytest.approx(3 * COUNTED, rel=0.05)
    assert storage.seen <= COUNTED + 10


def test_it_can_be_ended() -> None:
    storage = MemoryStorage()
    fill(storage, 1)

    def check() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        about_how_many(storage, check=check)


class Watched(MemoryStorage):
    """Counts what is asked of it."""

    seen = 0

    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        for found in super().enumerate(after, limit):
            self.seen += 1
            yield found
