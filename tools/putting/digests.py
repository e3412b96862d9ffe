"""Many refs of one hash function as one piece of memory: 28 bytes each in place of 150."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from ...blobstore.ref import DIGEST_SIZES, Ref


class Digests(Sequence[Ref]):
    """A growing list of refs."""

    def __init__(self, hash_name: str) -> None:
        self.size = DIGEST_SIZES[hash_name]
        self._prefix = hash_name + "-"
        self.raw = bytearray()

    def append(self, ref: Ref) -> None:
        self.raw += bytes.fromhex(ref[len(self._prefix) :])

    def __len__(self) -> int:
        return len(self.raw) // self.size

    def __iter__(self) -> Iterator[Ref]:
        for start in range(0, len(self.raw), self.size):
            yield Ref(self._prefix + self.raw[start : start + self.size].hex())

    @overload
    def __getitem__(self, index: int) -> Ref: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Ref]: ...

    def __getitem__(self, index: int | slice) -> Ref | Sequence[Ref]:
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        start = index * self.size
        return Ref(self._prefix + self.raw[start : start + self.size].hex())
