"""Where files are cut: Perkeep's content-defined chunk boundaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple


class Chunk(NamedTuple):
    """One chunk and the weight of the cut behind it; 0 is the tail, which has no cut."""

    data: bytes
    weight: int


def chunks(source: bytes | Callable[[int], bytes]) -> Iterator[Chunk]:
    """The chunks of a file, in order. An empty file has none.

    `source` is all of it, or a function that reads up to so many bytes and gives none at the end.
    """
    raise NotImplementedError
