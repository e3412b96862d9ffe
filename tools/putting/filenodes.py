"""Filenodes: the planned permanode of each file's contents, and the claims that say which file."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

from ...blobstore.ref import Blob, Ref
from ...schema.claims import claim_text
from ...schema.permanodes import FILE_DATE, file_permanode_text
from ...schema.timestamps import END_NS, FIRST_NS, NANOSECONDS, Timestamp
from ..claiming.attributes import first_claims
from ..claiming.signed import BlobSigner
from ..statcache import Folder, Part
from .outbox import Outbox

SIGNERS = 4
"""Threads that sign: keys in memory sign beside Python's lock, and gpg is a process of its own."""

WAITING = 64
"""Files, and rows of the stat cache, that may wait for signatures."""

UNDATED = Timestamp(NANOSECONDS)
"""The date of claims about files that changed when no claim can be dated: 1970-01-01T00:00:01Z.

Perkeep's client dates them in the second before, and then nobody heeds them. This is the earliest
date behind it; any claim of a later day wins over such a one.
"""


def claim_date(mtime_ns: int) -> Timestamp:
    """The date of the claims about a file that changed at `mtime_ns`: that moment, if it can be."""
    date = Timestamp(mtime_ns)
    return UNDATED if date.is_any_zero or not FIRST_NS < mtime_ns < END_NS else date


class Filenodes:
    """Makes filenodes, signed in threads while the next files are read. For one thread.

    The signer's key must have arrived in the store. All goes to the outbox in the order of the
    calls, and what signing raised, a later call raises. Without a `signer` blobs are counted only.
    """

    def __init__(
        self, outbox: Outbox, signer: BlobSigner | None, *, tags: tuple[str, ...] = ()
    ) -> None:
        self._outbox = outbox
        self._signer = signer
        self._tags = tags
        self._pool = ThreadPoolExecutor(SIGNERS, thread_name_prefix="sign")
        self._waiting: deque[Future[list[Blob]] | Part | Folder] = deque()
        self.signed = 0
        """Blobs that are signed for the files so far; without a signer, that would be."""

    def add(self, whole: Ref, file: Ref, mtime_ns: int) -> None:
        """Say that the contents that are `whole`, as one blob, are in the file `file`."""
        self.signed += 2 + len(self._tags)
        if self._signer is not None:
            date = claim_date(mtime_ns)
            self._waiting.append(self._pool.submit(self._blobs, self._signer, whole, file, date))
            self._pass_on(WAITING)

    def when_durable(self, row: Part | Folder) -> None:
        """As that of the outbox, for a row that tells also of the files added so far."""
        self._waiting.append(row)
        self._pass_on(WAITING)

    def finish(self) -> None:
        """Return when everything is signed and in the outbox."""
        self._pass_on(0)

    def close(self) -> None:
        """End the threads; what was not finished may not have been signed."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _pass_on(self, most: int) -> None:
        """Give the outbox what is signed; wait for signatures until `most` are left to wait."""
        waiting = self._waiting
        while waiting:
            first = waiting[0]
            if not isinstance(first, Future):
                self._outbox.when_durable(first)
            elif first.done() or len(waiting) > most:
                for blob in first.result():
                    self._outbox.put(blob)
            else:
                return
            waiting.popleft()

    def _blobs(self, signer: BlobSigner, whole: Ref, file: Ref, date: Timestamp) -> list[Blob]:
        by = signer.key.ref
        node = signer.sign(file_permanode_text(by, whole), FILE_DATE)
        says = first_claims(node.ref, content=file, title=None, tags=self._tags)
        return [node, *(signer.sign(claim_text(by, date, claim), date) for claim in says)]
