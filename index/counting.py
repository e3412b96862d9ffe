"""How many blobs a store has, nearly: refs are spread evenly, so some of them tell of all."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from ..blobstore.storage import Storage

COUNTED = 20_000
"""How many refs of one hash function are counted; of more the number is 1 % off, mostly."""

_DIGITS = 8


def about_how_many(storage: Storage, *, check: Callable[[], None] = lambda: None) -> int:
    """The number of blobs in a storage; exact if they are few.

    `check` is called now and then, and ends the counting by what it raises. Raises as the
    storage does.
    """
    total, after = 0, ""
    while True:
        name, last, count = "", "", 0
        for ref, _ in islice(storage.enumerate(after), COUNTED):
            if not count % 1000:
                check()
            if name and not ref.startswith(name):
                break
            name, last = ref[: ref.index("-") + 1], ref
            count += 1
        if not count:
            return total
        digits = last[len(name) :][:_DIGITS]
        passed = (int(digits, 16) + 1) / 16 ** len(digits)
        total += count if count < COUNTED else max(count, round(count / passed))
        after = f"{name}g"  # what sorts behind all digits
