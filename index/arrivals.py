"""What a store has got: its blobs in an order that can be taken up again, some at a time."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence

from ..blobstore.errors import BlobNotFound, CorruptBlob
from ..blobstore.hub import Hook, Hub
from ..blobstore.ref import Blob
from ..blobstore.storage import HasGeneration, Journals, Storage, capability, fetch_one
from ..schema.blob import MAX_SCHEMA_SIZE

_BLOBS_AT_ONCE = 500
_BYTES_AT_ONCE = 4 << 20

_log = logging.getLogger(__name__)


def arrivals(storage: Storage, token: str = "") -> Iterator[tuple[str, Blob]]:
    """The blobs that may have rows and stand behind a token, each with the token behind itself.

    Where the storage is a journal, these are all that came since; elsewhere all that sort behind,
    as refs do, whenever they came. Damaged blobs are left out. Raises `BadToken`.
    """
    journal = capability(storage, Journals)
    if journal is None:
        yield from _small(storage, token)
        return
    for behind, blob in journal.stream(token):
        if isinstance(blob, CorruptBlob):
            _log.warning("not indexed: %s", blob)
        else:
            yield behind, blob


def batches(blobs: Iterable[tuple[str, Blob]]) -> Iterator[tuple[str, list[Blob]]]:
    """The same blobs, as many together as memory should hold, with the token behind the last."""
    batch: list[Blob] = []
    size = 0
    token = ""
    for token, blob in blobs:
        batch.append(blob)
        size += len(blob.data)
        if len(batch) >= _BLOBS_AT_ONCE or size >= _BYTES_AT_ONCE:
            yield token, batch
            batch, size = [], 0
    if batch:
        yield token, batch


def receive_kept(hub: Hub, receive: Hook, batch: Sequence[Blob]) -> None:
    """Let a hook of the gate take blobs that were read from the storage, and are still there."""
    with hub.keeping():
        # What was removed since it was read must not get rows again.
        here = {ref for ref, _ in hub.storage.stat(ref for ref, _ in batch)}
        receive([blob for blob in batch if blob.ref in here])


def generation_of(storage: Storage) -> str:
    """Names the unbroken life of a storage; empty if it knows of none."""
    able = capability(storage, HasGeneration)
    return "" if able is None else able.generation().token


def _small(storage: Storage, after: str) -> Iterator[tuple[str, Blob]]:
    for ref, size in storage.enumerate(after):
        if size <= MAX_SCHEMA_SIZE:
            try:
                yield ref, Blob(ref, fetch_one(storage, ref))
            except (BlobNotFound, CorruptBlob) as error:
                _log.warning("not indexed: %s", error)
