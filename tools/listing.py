"""What a stored folder holds, read many members at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..blobstore.errors import HoldfastError
from ..blobstore.ref import Ref
from ..schema.blob import SchemaBlob, parse_schema
from ..schema.directories import read_members
from ..schema.errors import NotSchema
from .client.store import Fetching, Store

_AT_ONCE = 1000


class Member(NamedTuple):
    """One member of a folder: its schema, or why that cannot be read."""

    ref: Ref
    schema: SchemaBlob | None
    error: HoldfastError | None = None


def members(store: Store, folder: Ref) -> Iterator[Member]:
    """The members of a folder in its order. Raises as `read_members`."""
    refs: list[Ref] = []
    for ref in read_members(Fetching(store), folder):
        refs.append(ref)
        if len(refs) >= _AT_ONCE:
            yield from _opened(store, refs)
            refs = []
    yield from _opened(store, refs)


def walk(store: Store, folder: Ref) -> Iterator[tuple[tuple[bytes, ...], Member]]:
    """All below a folder, each with the names that lead to it; folders before what is in them.

    Not recursive, so a tree may be as deep as it likes.
    """
    pending: list[Iterator[Member]] = [members(store, folder)]
    path: list[bytes] = []
    while pending:
        member = next(pending[-1], None)
        if member is None:
            pending.pop()
            if path:
                path.pop()
            continue
        name = b"" if member.schema is None else member.schema.raw_name
        yield (*path, name), member
        if member.schema is not None and member.schema.kind == "directory":
            path.append(name)
            pending.append(members(store, member.ref))


def _opened(store: Store, refs: list[Ref]) -> Iterator[Member]:
    if not refs:
        return
    for ref, found in zip(refs, store.fetch(refs), strict=True):
        if isinstance(found, HoldfastError):
            yield Member(ref, None, found)
            continue
        try:
            yield Member(ref, parse_schema(ref, found.data))
        except NotSchema as error:
            yield Member(ref, None, error)
