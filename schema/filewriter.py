"""Files into blobs: chunks, the tree of `bytes` blobs over them, and last the `file` blob."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..blobstore.ref import DEFAULT_HASH, Blob, Ref
from .blob import MAX_SCHEMA_SIZE, Part
from .build import bytes_text, file_text
from .chunking import FIRST, Chunk, Cutter, pieces
from .errors import SchemaTooLarge
from .facts import FileFacts

Put = Callable[[Blob], None]
"""Takes a finished blob. May be given the same blob again."""

SMALL_FILE = FIRST
"""The most bytes `write_small_file` takes."""

_GROUP = 4096
"""Parts in each `bytes` blob when a list of parts outgrows a schema blob."""


def write_file(
    facts: FileFacts,
    source: bytes | Callable[[int], bytes],
    put: Put,
    *,
    hash_name: str = DEFAULT_HASH,
) -> Ref:
    """Hand a file's blobs to `put`, the `file` blob last, and return its ref.

    `source` is the whole contents, or a function that reads up to so many bytes and gives none
    at the end. Reads are of 1 MiB; about 4 MiB are held at most, and a few hundred bytes
    for each part of the outermost list. What `put` or the reading function raises ends the
    writing. Raises `SchemaTooLarge` for absurd facts.
    """
    parts = write_parts(source, put, hash_name=hash_name)
    return write_file_blob(facts, parts, put, hash_name=hash_name)


def write_parts(
    source: bytes | Callable[[int], bytes], put: Put, *, hash_name: str = DEFAULT_HASH
) -> list[Part]:
    """As `write_file`, but without the `file` blob: the parts it would have are returned."""
    writer = PartsWriter(put, hash_name=hash_name)
    for piece in pieces(source):
        writer.feed(piece)
    return writer.finish()


class PartsWriter:
    """Hands the blobs to `put` of a file's contents that come piece by piece.

    About 2 MiB are held between pieces, and a few hundred bytes for each part of the outermost
    list. Pieces of 1 MiB are the quickest. What `put` raises ends the writing.
    """

    def __init__(self, put: Put, *, hash_name: str = DEFAULT_HASH) -> None:
        self._put = put
        self._hash_name = hash_name
        self._cutter = Cutter()
        self._tree = _Tree(put, hash_name)
        self._last_data = b""
        self._last_ref: Ref | None = None

    def feed(self, piece: bytes) -> None:
        """Take the next bytes of the file."""
        self._add(self._cutter.feed(piece))

    def finish(self) -> list[Part]:
        """The parts of the file that ends here. Once."""
        self._add(self._cutter.finish())
        return self._tree.parts()

    def _add(self, chunks: Iterator[Chunk]) -> None:
        for data, weight in chunks:
            # Equal neighbours are what long runs of zeros give: comparing is far cheaper than
            # hashing.
            ref = self._last_ref
            if ref is None or data != self._last_data:
                ref = Ref.of(data, hash_name=self._hash_name)
                self._last_ref, self._last_data = ref, data
                self._put(Blob(ref, data))
            self._tree.add(ref, len(data), weight)


def write_file_blob(
    facts: FileFacts, parts: list[Part], put: Put, *, hash_name: str = DEFAULT_HASH
) -> Ref:
    """Hand the `file` blob over these parts to `put`, and return its ref.

    Lists of parts that are too long are divided, which makes more blobs. Raises `SchemaTooLarge`
    for absurd facts.
    """
    text = file_text(facts, parts)
    while len(text) > MAX_SCHEMA_SIZE and len(parts) > 1:
        parts = _grouped(parts, put, hash_name)
        text = file_text(facts, parts)
    if len(text) > MAX_SCHEMA_SIZE:
        raise SchemaTooLarge("file", len(text), MAX_SCHEMA_SIZE)
    ref = Ref.of(text, hash_name=hash_name)
    put(Blob(ref, text))
    return ref


def write_small_file(
    facts: FileFacts, data: bytes, put: Put, *, hash_name: str = DEFAULT_HASH
) -> Ref:
    """As `write_file`, for at most `SMALL_FILE` bytes, which are one chunk: fast."""
    if len(data) > SMALL_FILE:
        return write_file(facts, data, put, hash_name=hash_name)
    if not data:
        return write_file_blob(facts, [], put, hash_name=hash_name)
    chunk = Ref.of(data, hash_name=hash_name)
    put(Blob(chunk, data))
    return write_file_blob(facts, [Part(len(data), chunk)], put, hash_name=hash_name)


class _Span(NamedTuple):
    """A chunk with all the lighter ones before it, which it took under itself."""

    weight: int
    below: Part | None
    own: Part


class _Tree:
    """Collects chunks into the tree that Perkeep makes of their cuts' weights.

    A span's children are final when it is made, so their `bytes` blob goes out at once and only
    the outermost spans are held.
    """

    def __init__(self, put: Put, hash_name: str) -> None:
        self._put = put
        self._hash_name = hash_name
        self._spans: list[_Span] = []

    def add(self, ref: Ref, size: int, weight: int) -> None:
        """The next chunk and the weight of the cut behind it, 0 for the tail."""
        spans = self._spans
        first = len(spans)
        while first and spans[first - 1].weight < weight:
            first -= 1
        children = spans[first:]
        del spans[first:]
        if not children:
            below = None
        elif len(children) == 1 and children[0].below is None:
            # A lone chunk needs no list.
            below = children[0].own
        else:
            below = _as_one(_flat(children), self._put, self._hash_name)
        spans.append(_Span(weight, below, Part(size, ref)))

    def parts(self) -> list[Part]:
        return _flat(self._spans)


def _flat(spans: list[_Span]) -> list[Part]:
    parts = []
    for _, below, own in spans:
        if below is not None:
            parts.append(below)
        parts.append(own)
    return parts


def _as_one(parts: list[Part], put: Put, hash_name: str) -> Part:
    """A part that stands for all of `parts`, by way of a `bytes` blob."""
    text = bytes_text(parts)
    if len(text) > MAX_SCHEMA_SIZE:
        return _as_one(_grouped(parts, put, hash_name), put, hash_name)
    ref = Ref.of(text, hash_name=hash_name)
    put(Blob(ref, text))
    return Part(sum(part.size for part in parts), bytes_ref=ref)


def _grouped(parts: list[Part], put: Put, hash_name: str) -> list[Part]:
    # The reference writes a list of any length, and its own readers refuse what it wrote. Any
    # reader of the format understands one level more.
    return [
        _as_one(parts[start : start + _GROUP], put, hash_name)
        for start in range(0, len(parts), _GROUP)
    ]
