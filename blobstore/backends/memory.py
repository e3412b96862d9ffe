"""Blobs in memory: for tests, and for what need not outlive the process."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

from sortedcontainers import SortedDict

from ..errors import BadRange, BadRef, BadToken, BlobNotFound
from ..ref import Blob, Ref, SizedRef
from ..storage import Generation, HasGeneration, ReadsNow, ReadsRanges, Storage, Streams

_BLOBS_AT_ONCE = 256


class MemoryStorage(Storage, ReadsRanges, ReadsNow, Streams, HasGeneration):
    """A `Storage` that is empty at first and gone when the process ends.

    Bytes in memory do not change, so what was verified on its way in is not verified again.
    Stream tokens are refs.
    """

    def __init__(self) -> None:
        self._blobs = SortedDict()
        self._lock = threading.Lock()
        self._generation = Generation(secrets.token_hex(20), datetime.now(UTC))

    def receive(self, blobs: Sequence[Blob]) -> list[bool]:
        fresh = []
        with self._lock:
            for ref, data in blobs:
                fresh.append(ref not in self._blobs)
                self._blobs[ref] = bytes(data)
        return fresh

    def fetch(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        for ref in refs:
            yield Blob(ref, self.fetch_now(ref))

    def fetch_now(self, ref: Ref) -> bytes:
        data: bytes | None = self._blobs.get(ref)
        if data is None:
            raise BlobNotFound(ref)
        return data

    def fetch_range(self, ref: Ref, offset: int, length: int) -> bytes:
        data = self.fetch_now(ref)
        if offset < 0 or length < 0 or offset > len(data):
            raise BadRange(ref, offset, length)
        return data[offset : offset + length]

    def stat(self, refs: Iterable[Ref]) -> Iterator[SizedRef]:
        for ref in dict.fromkeys(refs):
            data: bytes | None = self._blobs.get(ref)
            if data is not None:
                yield SizedRef(ref, len(data))

    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        return (SizedRef(ref, len(data)) for ref, data in islice(self._walk(after), limit))

    def stream(self, after: str = "") -> Iterator[tuple[str, Blob]]:
        try:
            start = Ref.parse(after) if after else ""
        except BadRef:
            raise BadToken(after) from None
        for ref, data in self._walk(start):
            yield ref, Blob(ref, data)

    def remove(self, refs: Iterable[Ref]) -> None:
        with self._lock:
            for ref in refs:
                self._blobs.pop(ref, None)

    def generation(self) -> Generation:
        return self._generation

    def _walk(self, after: str) -> Iterator[tuple[Ref, bytes]]:
        # The sorted keys may only be walked while nobody changes them, so a few at a time.
        while True:
            with self._lock:
                refs = self._blobs.irange(after, inclusive=(False, True))
                found = [(ref, self._blobs[ref]) for ref in islice(refs, _BLOBS_AT_ONCE)]
            yield from found
            if len(found) < _BLOBS_AT_ONCE:
                return
            after = found[-1][0]
