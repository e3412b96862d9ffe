"""What a store owes: which blobs must be there, which must not, and which may be either."""

from __future__ import annotations

from collections.abc import Iterable


class Ledger:
    """Blob numbers by what the writer reported of them, in the order it did.

    - `maybe`: a write or a removal began; from then on the blob may be there or not.
    - `have`: a write was acknowledged; the blob must be there.
    - `gone`: a removal was acknowledged; the blob must not be there.
    """

    def __init__(self) -> None:
        self.have: set[int] = set()
        self.gone: set[int] = set()
        self.maybe: set[int] = set()
        self.acknowledged = 0
        """Writes and removals acknowledged so far, one for each blob."""

    def note(self, word: str, indexes: Iterable[int]) -> None:
        """Enter one report."""
        told = set(indexes)
        for entries in (self.have, self.gone, self.maybe):
            entries -= told
        if word == "maybe":
            self.maybe |= told
            return
        self.acknowledged += len(told)
        if word == "have":
            self.have |= told
        elif word == "gone":
            self.gone |= told
        else:
            raise ValueError(f"no such report: {word!r}")
