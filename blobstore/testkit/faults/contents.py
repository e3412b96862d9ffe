"""The blobs the fault tests store: made anew, any time, from a seed and an index."""
# ruff: noqa: S311 (randomness is to be repeatable here)

from __future__ import annotations

import random
from functools import lru_cache

from ...records import encode
from ...ref import Blob, Ref

EMPTY = 0
"""The index of the blob without bytes; all others differ from each other."""

_SIZES = ((0.62, 600), (0.92, 8 << 10), (0.99, 64 << 10), (1.0, 256 << 10))
"""Cumulated shares of blobs and the sizes, in bytes, they stay below: most blobs are small."""


@lru_cache(maxsize=4096)
def blob_at(seed: int, index: int) -> Blob:
    """Blob number `index` of a seed, 0 to 256 KiB and a bit; a pure function.

    One in twenty carries a whole pack record in its middle, as a copy of a pack file would: a
    storage that searches damaged packs for records meets it.
    """
    if index == EMPTY:
        return Blob(Ref.of(b""), b"")
    chance = random.Random(f"{seed}/{index}")
    share = chance.random()
    limit = next(size for upto, size in _SIZES if share <= upto)
    data = b"%d/%d " % (seed, index) + chance.randbytes(chance.randrange(limit))
    if chance.random() < 0.05:
        inner = b"inside of %d/%d" % (seed, index)
        data += encode([Blob(Ref.of(inner), inner)]) + chance.randbytes(chance.randrange(100))
    return Blob(Ref.of(data), data)
