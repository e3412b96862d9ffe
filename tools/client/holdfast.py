"""A Holdfast server: batches in pack-record framing, both ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from ...blobstore.errors import BadRecord, BlobNotFound, CorruptBlob, HoldfastError
from ...blobstore.records import MEDIA_TYPE, Control, Decoder, header
from ...blobstore.ref import Blob, Ref
from ...schema.folding import ClaimSet
from .answers import read_answer
from .claims import own_answer, used_shares
from .discovery import Discovery, discover
from .errors import BadAnswer, DeferredLost, Refused, ServerFailed, StoreReplaced
from .perkeep import PerkeepStore, is_intact
from .store import TendsIndex
from .transport import Transport

if TYPE_CHECKING:
    from ...index.checking import Findings
    from ...index.work import Progress

REFS_AT_ONCE = 10_000
"""Refs one request may ask for."""


class HoldfastStore(PerkeepStore, TendsIndex):
    """The store behind a Holdfast server. What is not faster in batches goes Perkeep's way."""

    sends_only_missing = False
    has_own_calls = True
    page = 10_000

    def __init__(self, transport: Transport, discovery: Discovery) -> None:
        super().__init__(transport, discovery)
        self._epoch = discovery.epoch
        self.hash_name = discovery.hash_name
        self._claims_root = discovery.claims_root
        self._index_root = discovery.index_root

    def send(self, blobs: Sequence[Blob], *, durable: bool = False) -> None:
        parts: list[bytes] = []
        for ref, data in blobs:
            parts.append(header(ref, len(data)))
            parts.append(data)
        path = self._path("batch-upload") + ("" if durable else "?deferred=1")
        said = self._transport.post(path, b"".join(parts), MEDIA_TYPE)
        answer = read_answer(said, server=self.name)
        results = answer.get("results")
        if not isinstance(results, str) or len(results) != len(blobs):
            raise BadAnswer(self.name, "an upload's answer has one letter for each blob")
        if "R" in results:
            raise Refused(self.name, blobs[results.index("R")].ref, _reason(answer))
        if not durable and answer.get("epoch") != self._epoch:
            raise self._restarted()

    def sync(self) -> None:
        path = self._path(f"sync?epoch={quote(self._epoch)}")
        try:
            self._transport.post(path, b"", MEDIA_TYPE)
        except ServerFailed as error:
            if error.status == 409:
                raise self._restarted() from None
            raise

    def _restarted(self) -> HoldfastError:
        """Take up with the server's new process; what to raise."""
        found = discover(self._transport)
        if found.generation != self.generation:
            return StoreReplaced(self.name)
        self._epoch = found.epoch
        return DeferredLost(self.name)

    def missing(self, refs: Sequence[Ref]) -> list[Ref]:
        said = self._transport.post(self._path("missing"), _lines(refs), "text/plain")
        asked = set(refs)
        answered = [Ref(line) for line in said.decode("ascii", "replace").split()]
        if not asked.issuperset(answered):
            raise BadAnswer(self.name, "it misses blobs nobody asked for")
        return answered

    def fetch(self, refs: Sequence[Ref]) -> Iterator[Blob | HoldfastError]:
        for start in range(0, len(refs), REFS_AT_ONCE):
            yield from self._fetch(refs[start : start + REFS_AT_ONCE])

    def claims_about(self, ref: Ref) -> ClaimSet:
        return self._claims(f"about?ref={ref}")

    def shares(self) -> ClaimSet:
        return self._claims("shares")

    def downloads(self, shares: Sequence[Ref]) -> Mapping[Ref, int]:
        path = self._elsewhere(self._claims_root)
        counts = used_shares(self, self._transport.get(f"{path}/shares"))
        return {share: counts[share] for share in shares if share in counts}

    def reindex(self, *, anew: bool = False) -> Iterator[Progress]:
        # Imported here: most commands let the index alone.
        from .indexing import reindex

        return reindex(self._transport, self._index_root, self.name, anew=anew)

    def check_index(self, *, limit: int) -> Iterator[Findings]:
        from .indexing import check_index

        return check_index(self._transport, self._index_root, self.name, limit=limit)

    def _claims(self, question: str) -> ClaimSet:
        path = self._elsewhere(self._claims_root)
        return own_answer(self, self._transport.get(f"{path}/{question}"))

    def _fetch(self, refs: Sequence[Ref]) -> Iterator[Blob | HoldfastError]:
        decoder = Decoder()
        wanted = iter(refs)
        ended = False
        with self._transport.streaming(
            "POST",
            self._path("batch-fetch"),
            body=_lines(refs),
            headers={"Content-Type": "text/plain"},
        ) as pieces:
            try:
                for piece in pieces:
                    for record in decoder.feed(piece):
                        if isinstance(record, Blob):
                            yield self._expected(next(wanted, None), record)
                        elif record.word == "end":
                            ended = True
                        else:
                            yield self._absent(next(wanted, None), record)
            except BadRecord as error:
                raise BadAnswer(self.name, str(error)) from None
        if not ended or next(wanted, None) is not None:
            raise BadAnswer(self.name, "an answer was cut short; try again")

    def _expected(self, ref: Ref | None, blob: Blob) -> Blob | HoldfastError:
        if blob.ref != ref:
            raise BadAnswer(self.name, f"{blob.ref} came in the place of {ref}")
        return blob if is_intact(blob) else CorruptBlob(ref, self.name)

    def _absent(self, ref: Ref | None, record: Control) -> HoldfastError:
        if ref is None or record.arguments[:1] != (ref,):
            raise BadAnswer(self.name, f"{record} came in the place of {ref}")
        if record.word == "missing":
            return BlobNotFound(ref)
        if record.word == "corrupt":
            return CorruptBlob(ref, self.name)
        raise BadAnswer(self.name, f"unknown word {record.word!r}")


def _lines(refs: Sequence[Ref]) -> bytes:
    return "\n".join(refs).encode()


def _reason(answer: dict[str, object]) -> str:
    refused = answer.get("refused")
    if isinstance(refused, list) and refused and isinstance(refused[0], dict):
        return str(refused[0].get("error"))
    return "no reason given"
