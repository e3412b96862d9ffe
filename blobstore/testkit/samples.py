"""Blobs to test with."""

from __future__ import annotations

import random
from collections.abc import Iterable

from ..ref import Blob, Ref, SizedRef
from ..storage import Storage

TEXTS = ["foo", "quux", "asdf", "qwerty", "0123456789", *(f"foo-{i}" for i in range(95))]
"""A hundred short contents."""

MISSING = Ref.of(b"nobody has this")
"""The ref of a blob no test stores."""

FOREIGN = Ref.parse("perma-0123")
"""A ref whose hash nobody can compute."""


def blob(content: bytes | str, *, hash_name: str = "sha224") -> Blob:
    """A blob of some content."""
    data = content.encode() if isinstance(content, str) else content
    return Blob(Ref.of(data, hash_name=hash_name), data)


def texts(count: int = len(TEXTS)) -> list[Blob]:
    """The first of `TEXTS` as blobs."""
    return [blob(text) for text in TEXTS[:count]]


def noise(size: int, *, seed: int = 1) -> bytes:
    """Bytes nothing can compress, the same each time."""
    return random.Random(seed).randbytes(size)  # noqa: S311 (nothing secret about it)


def sized(blobs: Iterable[Blob]) -> list[SizedRef]:
    """What a storage with these blobs enumerates."""
    return sorted({SizedRef(ref, len(data)) for ref, data in blobs})


def listed(storage: Storage) -> list[SizedRef]:
    """All a storage enumerates."""
    return list(storage.enumerate())


def refs(blobs: Iterable[Blob]) -> list[Ref]:
    """The refs of blobs, in order."""
    return [ref for ref, _ in blobs]
