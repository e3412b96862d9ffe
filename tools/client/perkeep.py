"""Any Perkeep server: stat, multipart upload, single GETs, enumerate, as its own clients do."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import quote

from ...blobstore.errors import BadRef, BlobNotFound, CorruptBlob, HoldfastError, UnknownHash
from ...blobstore.ref import MAX_BLOB_SIZE, Blob, Ref, SizedRef
from ...schema.folding import ClaimSet
from .address import Address
from .answers import read_answer
from .claims import perkeep_answer
from .discovery import Discovery
from .errors import BadAnswer, CannotSearch, CannotTellClaims, Refused, ServerFailed
from .store import CanBeAsked, KnowsClaims, Store
from .transport import Transport

if TYPE_CHECKING:
    from .search import AnswersQuestions

STAT_AT_ONCE = 1000
"""Refs one stat may ask for."""

UPLOAD_AT_ONCE = 32 << 20
"""Bytes one upload should have at most."""

GETS_AT_ONCE = 5
"""GETs in flight: what Perkeep's own clients allow themselves."""


class PerkeepStore(Store, KnowsClaims, CanBeAsked):
    """The store behind a server that speaks Perkeep's blob protocol. Uploads are durable."""

    sends_only_missing = True
    has_own_calls = False
    page = 1000
    """Blobs listed in one answer."""

    def __init__(self, transport: Transport, discovery: Discovery) -> None:
        self._transport = transport
        self._root = discovery.blob_root.path
        self._search_root = discovery.search_root
        self._owner = frozenset(() if discovery.owner is None else (Ref(discovery.owner),))
        self.name = str(transport.address)
        self.generation = discovery.generation
        # The address as well: a copy of a store has its generation, and soon other blobs.
        self.identity = f"{transport.address} {discovery.generation}"
        self.share_root = None if discovery.share_root is None else str(discovery.share_root)
        self._pool: ThreadPoolExecutor | None = None

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._transport.close()

    def send(self, blobs: Sequence[Blob], *, durable: bool = False) -> None:
        del durable  # every upload is
        absent = set(self.missing([blob.ref for blob in blobs]))
        group: list[Blob] = []
        size = 0
        for blob in blobs:
            if blob.ref not in absent:
                continue
            if group and size + len(blob.data) > UPLOAD_AT_ONCE:
                self._upload(group)
                group, size = [], 0
            group.append(blob)
            size += len(blob.data)
        if group:
            self._upload(group)

    def sync(self) -> None:
        return

    def missing(self, refs: Sequence[Ref]) -> list[Ref]:
        here = {sized.ref for sized in self.stat(refs)}
        return [ref for ref in refs if ref not in here]

    def stat(self, refs: Sequence[Ref]) -> list[SizedRef]:
        sizes: dict[str, int] = {}
        for start in range(0, len(refs), STAT_AT_ONCE):
            group = refs[start : start + STAT_AT_ONCE]
            form = ["camliversion=1", *(f"blob{n}={ref}" for n, ref in enumerate(group, 1))]
            said = self._transport.post(
                self._path("stat"), "&".join(form).encode(), "application/x-www-form-urlencoded"
            )
            sizes |= self._sized(read_answer(said, server=self.name), "stat")
        return [SizedRef(ref, sizes[ref]) for ref in refs if ref in sizes]

    def fetch(self, refs: Sequence[Ref]) -> Iterator[Blob | HoldfastError]:
        if len(refs) == 1:
            yield self._get(refs[0])
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(GETS_AT_ONCE, thread_name_prefix="get")
        ahead: deque[Future[Blob | HoldfastError]] = deque()
        try:
            for ref in refs:
                ahead.append(self._pool.submit(self._get, ref))
                if len(ahead) >= 2 * GETS_AT_ONCE:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()

    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        left = limit
        while left is None or left > 0:
            page = self.page if left is None else min(self.page, left)
            said = self._transport.get(
                self._path(f"enumerate-blobs?after={quote(after, safe='')}&limit={page}")
            )
            document = read_answer(said, server=self.name)
            sizes = self._sized(document, "blobs")
            for ref, size in sizes.items():
                if ref <= after:
                    raise BadAnswer(self.name, "blobs are enumerated out of order")
                after = ref
                yield SizedRef(Ref.parse(ref), size)
            if left is not None:
                left -= len(sizes)
            if not isinstance(document.get("continueAfter"), str) or not sizes:
                return

    def claims_about(self, ref: Ref) -> ClaimSet:
        root = self._elsewhere(self._search_root)
        path = f"{root}/camli/search/claims?permanode={ref}"
        return perkeep_answer(self, self._transport.get(path), owner=self._owner)

    def shares(self) -> ClaimSet:
        raise CannotTellClaims(self.name)

    def questions(self) -> AnswersQuestions:
        # Imported here: most commands ask nothing.
        from .search import HoldfastAnswers, PerkeepAnswers

        root = self._search_root
        if root is None or root.origin != self._transport.address.origin:
            raise CannotSearch(self.name)
        make = HoldfastAnswers if self.has_own_calls else PerkeepAnswers
        return make(self._transport, root.path, self.name)

    def _elsewhere(self, root: Address | None) -> str:
        """The path of another part of the same server. Raises `CannotTellClaims`."""
        if root is None or root.origin != self._transport.address.origin:
            raise CannotTellClaims(self.name)
        return root.path

    def _path(self, action: str) -> str:
        return f"{self._root}/camli/{action}"

    def _get(self, ref: Ref) -> Blob | HoldfastError:
        try:
            with self._transport.streaming("GET", self._path(ref)) as pieces:
                parts, size = [], 0
                for piece in pieces:
                    parts.append(piece)
                    size += len(piece)
                    if size > MAX_BLOB_SIZE:
                        return CorruptBlob(ref, self.name)
        except ServerFailed as error:
            if error.status == 404:
                return BlobNotFound(ref)
            raise
        blob = Blob(ref, b"".join(parts))
        return blob if is_intact(blob) else CorruptBlob(ref, self.name)

    def _upload(self, blobs: Sequence[Blob]) -> None:
        boundary = secrets.token_hex(24)
        parts: list[bytes] = []
        for ref, data in blobs:
            parts.append(
                f"--{boundary}\r\n"
                f'Content-Disposition: form-data; name="{ref}"; filename="{ref}"\r\n'
                "Content-Type: application/octet-stream\r\n\r\n".encode()
            )
            parts.append(data)
            parts.append(b"\r\n")
        parts.append(f"--{boundary}--\r\n".encode())
        media_type = f"multipart/form-data; boundary={boundary}"
        said = self._transport.post(self._path("upload"), b"".join(parts), media_type)
        document = read_answer(said, server=self.name)
        received = self._sized(document, "received")
        for ref, data in blobs:
            if received.get(ref) != len(data):
                why = str(document.get("errorText") or "it was not received whole")
                raise Refused(self.name, ref, why)

    def _sized(self, document: dict[str, object], key: str) -> dict[str, int]:
        """The `{blobRef, size}` objects listed under `key`, in their order."""
        items = document.get(key) or []
        if isinstance(items, list):
            try:
                return {item["blobRef"]: int(item["size"]) for item in items}
            except (ValueError, TypeError, KeyError):
                pass
        raise BadAnswer(self.name, f"no list of {key!r} in the answer")


def is_intact(blob: Blob) -> bool:
    """Whether a blob's bytes are those its ref names; not if nobody can tell."""
    try:
        return blob.ref.matches(blob.data)
    except (UnknownHash, BadRef):
        return False
