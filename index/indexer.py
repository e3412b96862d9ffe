"""The receive hook that turns blobs into rows, in any order, any number of times."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

from ..blobstore.errors import BlobNotFound, CorruptBlob
from ..blobstore.ref import Blob, Ref
from ..blobstore.storage import Storage, fetch_one, has
from ..blobstore.table import Table
from ..schema.errors import SignatureRefused, UnknownSigner
from ..schema.openpgp import armor
from ..schema.verifying import MAX_KEY_SIZE, SignerKeys
from .keys import BLOB, REFUSED, REMOVING, WAITING, Row
from .rows import is_candidate, own_keys, rows_of

_AT_ONCE = 4
"""Waiting blobs whose rows, of up to some mebibytes each, are written together."""

_KEY_BEGINS = b"-----BEGIN " + armor.PUBLIC_KEY.encode()

_log = logging.getLogger(__name__)


class Indexer:
    """Keeps a table's rows up with a storage. Safe for many threads.

    All rows of a blob are written at once. What a blob waits for is written down, so a restart
    forgets nothing, and it is read again when that arrives, not before. A blob that is refused
    is noted with the reason.
    """

    def __init__(self, table: Table, storage: Storage) -> None:
        self._table = table
        self._storage = storage
        self._find_key = SignerKeys(storage)
        self._waking = threading.Lock()

    def receive(self, blobs: Sequence[Blob]) -> None:
        """Index what the storage has just got: a hook of the hub. Raises as the table does."""
        self._index(blob for blob in blobs if is_candidate(blob.data))
        for ref, data in blobs:
            # Other text may stand before a key.
            if len(data) <= MAX_KEY_SIZE and _KEY_BEGINS in data:
                self._wake(ref)

    @contextmanager
    def removing(self, refs: Sequence[Ref]) -> Iterator[None]:
        """Forget blobs that are about to be removed: a remove hook of the hub.

        That they are going is written down with it, durably, so that `settle_removals` can tell
        after a crash what became of them.
        """
        known = [ref for ref in refs if self._table.get(BLOB.key_of(ref)) is not None]
        if known:
            gone = [key for blob in self._blobs(known) for key in own_keys(blob)]
            self._table.write([REMOVING.row(ref) for ref in known], gone)
            self._table.sync()
        try:
            yield
        finally:
            self.settle_removals(known)

    def settle_removals(self, refs: Iterable[Ref] | None = None) -> None:
        """Index again what was to be removed and is still there; None is for all such blobs.

        Nothing may be removed meanwhile.
        """
        if refs is None:
            refs = [
                Ref(REMOVING.parts_of(key)[0]) for key, _ in self._table.scan(*REMOVING.below())
            ]
        for ref in refs:
            for blob in self._blobs((ref,)):
                self._index((blob,))
                # Its rows must not be lost once nothing tells any more that they may be.
                self._table.sync()
            self._table.write((), [REMOVING.key_of(ref)])

    def _index(self, blobs: Iterable[Blob]) -> None:
        puts: list[Row] = []
        waiting: list[tuple[Ref, Ref]] = []
        for blob in blobs:
            if self._table.get(BLOB.key_of(blob.ref)) is None:
                try:
                    puts += self._rows(blob)
                except UnknownSigner as error:
                    waiting.append((Ref(error.signer), blob.ref))
        if puts:
            self._table.write(puts)
        if waiting:
            self._wait(waiting)

    def _rows(self, blob: Blob) -> list[Row]:
        """A blob's rows, or a note of why it has none. Raises `UnknownSigner`."""
        try:
            return rows_of(blob, self._find_key)
        except SignatureRefused as error:
            _log.info("%s counts for nothing: %s", blob.ref, error)
            return [REFUSED.row(blob.ref, value=(str(error),))]

    def _wait(self, waiting: Sequence[tuple[Ref, Ref]]) -> None:
        """Note what is needed by what."""
        self._table.write([WAITING.row(*pair) for pair in waiting])
        # What came between looking for it and writing that down has woken nobody.
        for needed in {needed for needed, _ in waiting}:
            if has(self._storage, needed):
                self._wake(needed)

    def _wake(self, came: Ref) -> None:
        """Index what waited for `came`."""
        with self._waking:
            rows = (key for key, _ in self._table.scan(*WAITING.below(came)))
            while keys := list(islice(rows, _AT_ONCE)):
                refs = [Ref(WAITING.parts_of(key)[1]) for key in keys]
                try:
                    puts = [row for blob in self._blobs(refs) for row in self._rows(blob)]
                except UnknownSigner:  # what came is gone again
                    return
                self._table.write(puts, keys)

    def _blobs(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        """Those of the blobs that can be had."""
        for ref in refs:
            try:
                yield Blob(ref, fetch_one(self._storage, ref))
            except (BlobNotFound, CorruptBlob) as error:
                _log.info("not indexed: %s", error)
