"""The one who claims: builds permanodes and claims, signs them, and puts them in a store."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

from ...blobstore.ref import Blob, Ref
from ...schema.claimclock import ClaimClock
from ...schema.claims import Multi, Statement, claim_text
from ...schema.permanodes import (
    FILE_DATE,
    RANDOM_SIZE,
    file_permanode_text,
    keep_text,
    planned_permanode_text,
    random_permanode_text,
)
from ...schema.signing import Signer
from ...schema.timestamps import Timestamp
from ..client.store import Store
from .signed import BlobSigner

_AT_ONCE = 2 << 20
"""Bytes after which a batch is sent; a claim has some hundred, and at most 1 MiB."""


class Claimer:
    """Signs what a person says, and sends it to a store, the public key before all else.

    What is said is durable when a call returns. Each moment is later than the one before, also
    when the clock stands still, so that claims of one call apply in their order.
    """

    def __init__(
        self,
        store: Store,
        signer: Signer,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._store = store
        self._signer = BlobSigner(signer, hash_name=store.hash_name)
        self._clock = ClaimClock(clock_ns)
        self._random = random
        self._is_known = False
        self.signer_ref = self._signer.key.ref

    def now(self) -> Timestamp:
        """This moment, later than any other this gave."""
        return self._clock.now()

    def permanode(self) -> Ref:
        """A new permanode, unlike any other."""
        date = self.now()
        text = random_permanode_text(self.signer_ref, date, random=self._random(RANDOM_SIZE))
        return self._send([(text, date)])[0]

    def planned_permanode(self, key: str, date: Timestamp) -> Ref:
        """The permanode that this signer, key and date always give."""
        return self._send([(planned_permanode_text(self.signer_ref, date, key=key), date)])[0]

    def file_permanode(self, whole: Ref) -> Ref:
        """The permanode of all files with these contents; `whole` is their ref as one blob."""
        text = file_permanode_text(self.signer_ref, whole, date=FILE_DATE)
        return self._send([(text, FILE_DATE)])[0]

    def claim(self, *says: Statement | Multi, date: Timestamp | None = None) -> list[Ref]:
        """Claim all this, in this order, at `date` or now; the claims' refs.

        Raises `BadClaim`, `SchemaTooLarge`, and what the signer and the store raise; then none,
        some or all of it may have been said.
        """
        texts = []
        for statement in says:
            moment = date or self.now()
            texts.append((claim_text(self.signer_ref, moment, statement), moment))
        return self._send(texts)

    def keep(self, *targets: Ref) -> list[Ref]:
        """Ask for these, and all they need, to be spared when garbage is collected.

        Signed at a time of no meaning, since a `keep` says none: the same wish is the same blob.
        """
        return self._send([(keep_text(self.signer_ref, ref), FILE_DATE) for ref in targets])

    def _send(self, texts: Sequence[tuple[bytes, Timestamp]]) -> list[Ref]:
        # All is signed before any is sent: what cannot be said leaves nothing half said.
        blobs = [self._signer.sign(text, date) for text, date in texts]
        group: list[Blob] = []
        size = 0
        for blob in blobs:
            group.append(blob)
            size += len(blob.data)
            if size >= _AT_ONCE or blob is blobs[-1]:
                key = [] if self._is_known else [self._signer.key]
                self._store.send([*key, *group], durable=True)
                self._is_known = True
                group, size = [], 0
        return [blob.ref for blob in blobs]
