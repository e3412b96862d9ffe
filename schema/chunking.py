"""Where files are cut: Perkeep's content-defined chunk boundaries.

A cut falls where a weighted sum of the last 64 bytes ends in thirteen one bits; see README.md.
The sum depends on those 64 bytes alone and no cut can come within 65 536 bytes of the one before,
so only the bytes in which a cut is possible are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import mul
from typing import NamedTuple

FIRST = 262144
"""Bytes of a file's first chunk, unless the file is shorter."""

MINIMUM = 65536
"""Content cuts leave chunks larger than this."""

MAXIMUM = 1048576
"""Bytes of the largest chunk: there a cut is forced."""

READ_SIZE = MAXIMUM
"""Bytes asked of a reading function at once: more does not stay in a processor's cache."""

FIRST_WEIGHT = 18
FORCED_WEIGHT = 20
CONTENT_WEIGHT = 13
"""The least weight of a content cut; each further one bit of the sums adds one."""

_WINDOW = 64
_MASK = (1 << 13) - 1
# The sums of the empty window: the reference adds 31 to every byte, but starts from
# 64 * 63 * 31 where 64 * 65 / 2 * 31 would be consistent. It is part of the format.
_SUM = 64 * 31
_WEIGHTED_SUM = 64 * 63 * 31
_WEIGHTS = tuple(range(_WINDOW, 0, -1))

# The low 13 bits of the weighted sum decide; shifted up by three they are all a uint16 holds, so
# that the test is one comparison and overflow does the masking.
_SHIFT = 3
_WANTED = ((_MASK - _WEIGHTED_SUM) << _SHIFT) & 0xFFFF
# Most searches end within the first block: cuts are 8 192 bytes apart in random data.
_FIRST_BLOCK = 16384
_NEXT_BLOCK = 65536
# Nearly all chunks of random data are shorter, so that much is joined first.
_MOSTLY_ENOUGH = 131072
# Below this many positions plain Python is faster than importing numpy.
_FEW = 128


class Chunk(NamedTuple):
    """One chunk and the weight of the cut behind it; 0 is the tail, which has no cut."""

    data: bytes
    weight: int


def chunks(source: bytes | Callable[[int], bytes]) -> Iterator[Chunk]:
    """The chunks of a file, in order. An empty file has none.

    `source` is all of it, or a function that reads up to so many bytes and gives none at the end.
    Such reads are of `READ_SIZE`; twice that and twice `MAXIMUM` are held at most.
    """
    cutter = Cutter()
    for piece in pieces(source):
        yield from cutter.feed(piece)
    yield from cutter.finish()


class Cutter:
    """Cuts a file that comes piece by piece. At most `MAXIMUM` bytes are kept between pieces.

    Where it cuts does not depend on the pieces; ones of `READ_SIZE` are the quickest.
    """

    def __init__(self) -> None:
        self._rest = b""  # since the last cut; it is known to have no cut inside
        self._is_first = True

    def feed(self, piece: bytes) -> Iterator[Chunk]:
        """The chunks that end in the next piece of the file; all of them are to be taken."""
        position = 0
        rest = self._rest
        if rest:
            # Only the chunk that straddles two pieces is joined: joining all would copy all.
            joined, searched = rest + piece[:_MOSTLY_ENOUGH], len(rest)
            size, weight = _find_cut(joined, 0, searched, is_first=self._is_first)
            if not size and len(piece) > _MOSTLY_ENOUGH:
                joined, searched = rest + piece[: MAXIMUM - len(rest)], len(joined)
                size, weight = _find_cut(joined, 0, searched, is_first=self._is_first)
            if not size:
                self._rest = joined
                return
            yield Chunk(joined[:size], weight)
            self._is_first = False
            position = size - len(rest)
        while True:
            size, weight = _find_cut(piece, position, 0, is_first=self._is_first)
            if not size:
                break
            yield Chunk(piece[position : position + size], weight)
            self._is_first = False
            position += size
        self._rest = piece[position:]

    def finish(self) -> Iterator[Chunk]:
        """The chunk that the end of the file makes, if there is one."""
        if self._rest:
            yield Chunk(self._rest, 0)


def pieces(source: bytes | Callable[[int], bytes]) -> Iterable[bytes]:
    """What a `Cutter` is fed of a source as `chunks` takes it."""
    return (source,) if isinstance(source, bytes) else _pieces(source)


def _pieces(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """What `read` gives, in pieces of at least `MAXIMUM` bytes, except the last."""
    have: list[bytes] = []
    size = 0
    while data := read(READ_SIZE):
        have.append(data)
        size += len(data)
        if size >= MAXIMUM:
            yield data if len(have) == 1 else b"".join(have)
            have, size = [], 0
    if have:
        yield b"".join(have)


def _find_cut(data: bytes, start: int, searched: int, *, is_first: bool) -> tuple[int, int]:
    """Size and weight of the chunk that begins at `start`, or (0, 0) if no cut is in `data`.

    No cut makes a chunk of `searched` bytes or fewer.
    """
    available = len(data) - start
    if is_first:
        return (FIRST, FIRST_WEIGHT) if available >= FIRST else (0, 0)
    smallest = max(MINIMUM, searched) + 1
    largest = min(MAXIMUM - 1, available)
    if smallest <= largest:
        end = _find_content_cut(data, start + smallest, start + largest)
        if end:
            return end - start, _weight(data[end - _WINDOW : end])
    if available >= MAXIMUM:
        return MAXIMUM, FORCED_WEIGHT
    return 0, 0


def _find_content_cut(data: bytes, low: int, high: int) -> int:
    """The first of the positions `low` to `high`, inclusive, where the content asks for a cut.

    0 if there is none. The 64 bytes before `low` are there.
    """
    if high - low < _FEW:
        for end in range(low, high + 1):
            if _weighted_sum(data[end - _WINDOW : end]) & _MASK == _MASK:
                return end
        return 0

    import numpy as np  # here, for its import takes longer than most files

    everything = np.frombuffer(data, np.uint8)
    block = _FIRST_BLOCK
    while low <= high:
        count = min(block, high - low + 1)
        window = everything[low - _WINDOW : low + count - 1]
        # Equal bytes, as in the holes of sparse files, never ask for a cut: their weighted sum is
        # 124 992 and 2 080 times the byte, which is even.
        is_constant = data[low - _WINDOW] == data[low] == data[low + count - 2] and bool(
            (window == window[0]).all()
        )
        if not is_constant:
            # For windows of 1, 2, 4, ... 64 bytes: `weighted` is the sum with weight 1 for the
            # newest byte up to the window's length for the oldest; `scaled` is the plain sum
            # times that length, just what the older half lacks when two windows become one.
            weighted = scaled = window.astype(np.uint16) << _SHIFT
            length = 1
            while True:
                joined = weighted[length:] + weighted[:-length]
                joined += scaled[:-length]
                weighted = joined
                if length * 2 == _WINDOW:
                    break
                scaled = scaled[length:] + scaled[:-length]
                scaled += scaled
                length *= 2
            found = weighted == _WANTED
            index = int(found.argmax())
            if found[index]:
                return low + index
        low += count
        block = _NEXT_BLOCK
    return 0


def _weighted_sum(window: bytes) -> int:
    total: int = sum(map(mul, window, _WEIGHTS))
    return _WEIGHTED_SUM + total


def _weight(window: bytes) -> int:
    """The weight of a content cut behind these 64 bytes."""
    # Bit 13 of the weighted sum is skipped, as in the reference.
    bits = ((_SUM + sum(window)) << 16 | _weighted_sum(window) & 0xFFFF) >> 14
    return CONTENT_WEIGHT + (~bits & (bits + 1)).bit_length() - 1
