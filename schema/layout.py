"""Which bytes of a file are in which chunk, found without reading a chunk."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from ..blobstore.errors import BadRange, BlobNotFound, CorruptBlob, DigestMismatch
from ..blobstore.ref import Blob, Ref
from ..blobstore.storage import CanFetch
from .blob import Part, SchemaBlob, parse_schema
from .errors import BadTree, ChunkUnreadable, NotSchema, WrongKind

MAX_DEPTH = 64
"""How deep `bytes` blobs may be nested. Writers need about twenty levels."""

MAX_FILE_SIZE = (1 << 63) - 1
"""The most bytes a file may claim to have."""

UNSERVED = (BlobNotFound, CorruptBlob, DigestMismatch, BadRange)
"""What a store raises when it cannot give one blob, while it may well give others."""

# How far ahead `bytes` blobs are looked for, so that one fetch gets many of them; and how many
# pieces looking ahead may pile up, whatever the blobs say.
_AHEAD = 1024
_PILE = 32768
# Parts that the opened `bytes` blobs kept for the next read have in sum, at most.
_KEPT_PARTS = 65536


class Piece(NamedTuple):
    """Bytes `[offset, offset + size)` of a file: those of a blob from `chunk_offset` on.

    Without a `chunk` they are zeros.
    """

    offset: int
    size: int
    chunk: Ref | None
    chunk_offset: int


class _Branch(NamedTuple):
    """As a piece, but the bytes are those of the contents of a `bytes` blob."""

    offset: int
    size: int
    tree: Ref
    tree_offset: int
    depth: int


class _Node(NamedTuple):
    """An opened `file` or `bytes` blob: its parts, and where each begins, with the end."""

    parts: tuple[Part, ...]
    starts: Sequence[int]

    @property
    def size(self) -> int:
        return self.starts[-1]


class FileLayout:
    """Where the bytes of a `file` or `bytes` blob are. Not for two threads at once.

    Sizes come from the blobs and are promises only; nothing is allocated for them.
    """

    def __init__(self, fetch: CanFetch, file: Ref | SchemaBlob) -> None:
        """`file` is a ref, or the blob itself if the caller has it already.

        Raises `NotSchema`, `WrongKind`, `BadTree`, and what `fetch` raises.
        """
        self._fetch = fetch
        self._kept: OrderedDict[Ref, _Node] = OrderedDict()
        self._kept_parts = 0
        if not isinstance(file, SchemaBlob):
            (blob,) = fetch_in_order(fetch, (file,))
            file = parse_schema(*blob)
        self.ref = file.ref
        self._root = _open(file)
        if self._root.size > MAX_FILE_SIZE:
            raise BadTree(self.ref, f"it claims to have {self._root.size} bytes")

    @property
    def size(self) -> int:
        """Bytes of the contents."""
        return self._root.size

    def pieces(self, start: int = 0, end: int | None = None) -> Iterator[Piece]:
        """The pieces that make up bytes `[start, end)`, in order and without gaps, lazily.

        What is beyond the end of the file is left out. Raises `BadTree` and `ChunkUnreadable`
        when it comes to what cannot be opened, after all pieces before it.
        """
        end = self.size if end is None else min(end, self.size)
        if start >= end:
            return
        pending = deque(_between(self._root, start, end, at=start, depth=0))
        while pending:
            first = pending.popleft()
            if isinstance(first, Piece):
                yield first
            else:
                pending.appendleft(first)
                self._open_ahead(pending)

    def _open_ahead(self, pending: deque[Piece | _Branch]) -> None:
        """Put what is in the first branch, and many behind it, in the branches' places."""
        ahead = 1 if len(pending) > _PILE else _AHEAD
        window = [pending.popleft() for _ in range(min(ahead, len(pending)))]
        branches = [item for item in window if isinstance(item, _Branch)]
        opened = self._opened(branches)
        result: list[Piece | _Branch] = []
        for item in window:
            node = opened.get(item.tree) if isinstance(item, _Branch) else None
            if isinstance(item, Piece) or node is None or len(result) > _PILE:
                result.append(item)
            elif (why := _contradiction(item, node)) is None:
                low = item.tree_offset
                result.extend(
                    _between(node, low, low + item.size, at=item.offset, depth=item.depth + 1)
                )
            elif item is window[0]:
                raise BadTree(self.ref, f"at byte {item.offset}: {why}")
            else:
                result.append(item)  # it is told when its turn has come
        pending.extendleft(reversed(result))

    def _opened(self, branches: list[_Branch]) -> dict[Ref, _Node]:
        """The first branch's node and as many more as come without trouble."""
        opened: dict[Ref, _Node] = {}
        wanted: dict[Ref, _Branch] = {}
        for branch in branches:
            kept = self._kept.get(branch.tree)
            if kept is not None:
                self._kept.move_to_end(branch.tree)
                opened[branch.tree] = kept
            else:
                wanted.setdefault(branch.tree, branch)
        if branches[0].tree in wanted:
            parts = 0
            blobs = fetch_in_order(self._fetch, tuple(wanted))
            for branch in wanted.values():
                try:
                    node = _open(parse_schema(*next(blobs)))
                except (*UNSERVED, NotSchema, WrongKind, BadTree) as error:
                    if branch is branches[0]:
                        raise self._failure(branch, error) from error
                    break  # it is told when its turn has come
                opened[branch.tree] = node
                self._keep(branch.tree, node)
                parts += len(node.parts)
                if parts > _PILE:
                    break
        return opened

    def _failure(self, branch: _Branch, error: Exception) -> BadTree | ChunkUnreadable:
        if isinstance(error, UNSERVED):
            return ChunkUnreadable(branch.tree, file=self.ref, offset=branch.offset, why=str(error))
        return BadTree(self.ref, f"at byte {branch.offset}: {error}")

    def _keep(self, ref: Ref, node: _Node) -> None:
        self._kept[ref] = node
        self._kept_parts += len(node.parts)
        while self._kept_parts > _KEPT_PARTS:
            _, dropped = self._kept.popitem(last=False)
            self._kept_parts -= len(dropped.parts)


def fetch_in_order(fetch: CanFetch, refs: Sequence[Ref]) -> Iterator[Blob]:
    """The blobs of `refs`. Raises as `fetch`, and `BlobNotFound` where it gives another blob."""
    blobs = iter(fetch.fetch(refs))
    for ref in refs:
        blob = next(blobs, None)
        if blob is None or blob.ref != ref:
            raise BlobNotFound(ref)
        yield blob


def _open(schema: SchemaBlob) -> _Node:
    if schema.kind not in ("file", "bytes"):
        raise WrongKind(schema.ref, schema.kind, wanted="file")
    for part in schema.parts:
        if part.blob_ref is not None and part.bytes_ref is not None:
            raise BadTree(schema.ref, "a part is in two places at once")
    starts = tuple(accumulate((part.size for part in schema.parts), initial=0))
    return _Node(schema.parts, starts)


def _contradiction(branch: _Branch, node: _Node) -> str | None:
    """Why a branch cannot be what its node holds, or None."""
    end = branch.tree_offset + branch.size
    if end > node.size:
        return f"{branch.tree} has {node.size} bytes, not {end}"
    if branch.depth >= MAX_DEPTH:
        return f"more than {MAX_DEPTH} blobs within each other"
    return None


def _between(node: _Node, low: int, high: int, *, at: int, depth: int) -> Iterator[Piece | _Branch]:
    """Bytes `[low, high)` of a node, which are at `at` in the file."""
    for index in range(bisect_right(node.starts, low) - 1, len(node.parts)):
        start, end = node.starts[index], node.starts[index + 1]
        if start >= high:
            return
        size, blob_ref, bytes_ref, part_offset = node.parts[index]
        if not size:
            continue  # not worth looking into, and a way to hide endless work
        # A read that begins within a part must end with the part, whatever lies behind it in
        # the part's source: the reference went on there.
        first, last = max(low, start), min(high, end)
        offset, inner = at + first - low, part_offset + first - start
        if bytes_ref is not None:
            yield _Branch(offset, last - first, bytes_ref, inner, depth)
        else:
            yield Piece(offset, last - first, blob_ref, 0 if blob_ref is None else inner)
