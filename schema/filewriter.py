"""Files into blobs: chunks, the tree of `bytes` blobs over them, and last the `file` blob."""

from __future__ import annotations

from collections.abc import Callable

from ..blobstore.ref import DEFAULT_HASH, Blob, Ref
from .facts import FileFacts

Put = Callable[[Blob], None]
"""Takes a finished blob. May be given the same blob again."""

SMALL_FILE = 262144
"""The most bytes `write_small_file` takes."""


def write_file(
    facts: FileFacts,
    source: bytes | Callable[[int], bytes],
    put: Put,
    *,
    hash_name: str = DEFAULT_HASH,
) -> Ref:
    """Hand a file's blobs to `put`, the `file` blob last, and return its ref.

    `source` is the whole contents, or a function that reads up to so many bytes and gives none
    at the end. Reads are of 8 MiB; at most about 10 MiB are held at once. What `put` or the
    reading function raises ends the writing.
    """
    raise NotImplementedError


def write_small_file(
    facts: FileFacts, data: bytes, put: Put, *, hash_name: str = DEFAULT_HASH
) -> Ref:
    """As `write_file`, for at most `SMALL_FILE` bytes, which are one chunk: fast."""
    raise NotImplementedError
