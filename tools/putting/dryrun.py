"""A store that stores nothing: what a put would send is asked about, counted and dropped."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from ...blobstore.errors import HoldfastError
from ...blobstore.ref import Blob, Ref, SizedRef
from ..client.store import Store
from .outbox import Sent


class DryRun(Store):
    """Reads from another store, and sends nothing to it."""

    sends_only_missing = True

    def __init__(self, store: Store) -> None:
        self._store = store
        self.name = store.name
        self.identity = store.identity
        self.generation = store.generation
        self.hash_name = store.hash_name
        self._lock = threading.Lock()
        self.would_send = Sent()

    def send(self, blobs: Sequence[Blob], *, durable: bool = False) -> None:
        del durable
        absent = set(self.missing([blob.ref for blob in blobs]))
        sizes = [len(blob.data) for blob in blobs if blob.ref in absent]
        with self._lock:
            would = self.would_send
            self.would_send = Sent(would.blobs + len(sizes), would.size + sum(sizes))

    def sync(self) -> None:
        return

    def missing(self, refs: Sequence[Ref]) -> list[Ref]:
        return self._store.missing(refs)

    def fetch(self, refs: Sequence[Ref]) -> Iterator[Blob | HoldfastError]:
        return self._store.fetch(refs)

    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        return self._store.enumerate(after, limit)
