"""Directories, links and special files: into blobs, and their members back out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..blobstore.ref import DEFAULT_HASH, Ref
from ..blobstore.storage import CanFetch
from .facts import FileFacts
from .filewriter import Put


def member_order(name: bytes, *, is_directory: bool) -> tuple[bool, bytes]:
    """The sort key of a directory's members: directories last, then by the bytes of the name.

    A link to a directory is no directory.
    """
    return is_directory, name


def write_directory(
    facts: FileFacts, members: Sequence[Ref], put: Put, *, hash_name: str = DEFAULT_HASH
) -> Ref:
    """Hand a directory's blobs to `put`, the `directory` blob last, and return its ref.

    `members` are the refs of the members' schema blobs, sorted by `member_order`.
    """
    raise NotImplementedError


def write_symlink(
    facts: FileFacts, target: bytes, put: Put, *, hash_name: str = DEFAULT_HASH
) -> Ref:
    """Hand a `symlink` blob to `put` and return its ref."""
    raise NotImplementedError


def write_special(facts: FileFacts, kind: str, put: Put, *, hash_name: str = DEFAULT_HASH) -> Ref:
    """Hand a `fifo` or `socket` blob to `put` and return its ref."""
    raise NotImplementedError


def read_members(fetch: CanFetch, ref: Ref) -> Iterator[Ref]:
    """The refs of a directory's members, in their order.

    `ref` is a `directory` or a `static-set`. Raises `NotSchema`, `WrongKind`, `BadTree`, and
    what `fetch` raises.
    """
    raise NotImplementedError
