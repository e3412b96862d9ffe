"""Schema blobs: blobs that are JSON and mean something, parsed once into frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..blobstore.ref import Ref

MAX_SCHEMA_SIZE = 1 << 20
"""The largest schema blob there is, in bytes, inclusive."""


class Part(NamedTuple):
    """`size` bytes of a file, from `offset` on of a blob, or of the contents of another file.

    Exactly one of the refs is set, or neither: then the bytes are zeros.
    """

    size: int
    blob_ref: Ref | None = None
    bytes_ref: Ref | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class SchemaBlob:
    """What a schema blob says."""

    ref: Ref
    kind: str
    raw_name: bytes = b""
    permission: int | None = None
    uid: int | None = None
    gid: int | None = None
    owner: str | None = None
    group: str | None = None
    mtime_ns: int | None = None
    ctime_ns: int | None = None
    parts: tuple[Part, ...] = ()
    entries: Ref | None = None
    members: tuple[Ref, ...] = ()
    merge_sets: tuple[Ref, ...] = ()
    symlink_target: bytes = b""

    @property
    def name(self) -> bytes:
        """The file name as Perkeep reads it: empty if it holds a `/` or a backslash."""
        raise NotImplementedError

    @property
    def safe_name(self) -> bytes:
        """The file name if a file may be made under it here; else empty.

        A backslash is harmless; empty are names with `/` or NUL, `.` and `..`.
        """
        raise NotImplementedError

    @property
    def restore_permission(self) -> int:
        """The permission bits to restore: 0755 for directories and 0644 else if not known."""
        raise NotImplementedError

    @property
    def size(self) -> int:
        """Bytes of a `file` or `bytes` blob's contents."""
        raise NotImplementedError


def parse_schema(ref: Ref, data: bytes) -> SchemaBlob:
    """What the bytes of a blob say. Raises `NotSchema`."""
    raise NotImplementedError
