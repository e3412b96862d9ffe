"""What is claimed in a store: the claims about a thing, and all shares, answered from rows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from ..blobstore.errors import BlobNotFound, CorruptBlob
from ..blobstore.ref import Ref
from ..blobstore.storage import CanFetch, fetch_one
from ..blobstore.table import Table
from ..schema.blob import parse_schema
from ..schema.claims import CHANGES, Delete, Other, SignedClaim, read_claim
from ..schema.folding import ClaimSet
from .keys import BLOB, CLAIM, DELETE, SHARE, SIGNER, Row, date_of

_STEPS = 4
"""Rows that are stepped over before a scan is begun anew, which costs as much."""


class ReadsRows(Protocol):
    """A table, or what will be one."""

    def get(self, key: bytes) -> bytes | None: ...

    def scan(self, start: bytes, end: bytes, *, backwards: bool = False) -> Iterator[Row]: ...


def claims_about(table: ReadsRows, ref: Ref, trusted: frozenset[Ref]) -> ClaimSet:
    """The claims that name the permanode `ref`; the deletes of it, or of the claim `ref`;
    the deletes of all these, and so on."""
    named = [read_row(*row) for row in table.scan(*CLAIM.below(ref))]
    deletes = deletes_of(table, (ref, *(claim.ref for claim in named)))
    return ClaimSet((*named, *deletes), trusted)


def deletes_of(table: ReadsRows, targets: Iterable[Ref]) -> Iterator[SignedClaim]:
    """The deletes of these, the deletes of those, and so on, each once."""
    open_targets = set(targets)
    seen = set(open_targets)
    while open_targets:
        found = [read_delete(*row) for row in _delete_rows(table, open_targets)]
        open_targets = {delete.ref for delete in found} - seen
        seen |= open_targets
        yield from (delete for delete in found if delete.ref in open_targets)


def _delete_rows(table: ReadsRows, targets: Iterable[Ref]) -> Iterator[Row]:
    """The rows of the deletes of these targets.

    There may be many targets and few deletes, or the other way round: both are leaped over.
    """
    spans = sorted(DELETE.below(target) for target in targets)
    starts, end = [start for start, _ in spans], spans[-1][1]
    at = 0
    while at < len(starts):
        steps = 0
        for row in table.scan(starts[at], end):
            start = row[0][: row[0].rindex(b"|") + 1]
            last, at = at, bisect_left(starts, start, at)
            if starts[at] == start:
                yield row
            steps = 0 if at > last else steps + 1
            if steps > _STEPS and starts[at] != start:
                break
        else:
            return


def trusted_signers(table: ReadsRows, fingerprints: frozenset[str]) -> frozenset[Ref]:
    """The refs of the public key blobs, seen so far, that have these keys."""
    return frozenset(
        Ref(SIGNER.parts_of(key)[1])
        for fingerprint in fingerprints
        for key, _ in table.scan(*SIGNER.below(fingerprint))
    )


def read_delete(key: bytes, value: bytes) -> SignedClaim:
    """The claim in a `delete` row."""
    target, ref = map(Ref, DELETE.parts_of(key))
    signer, date, unknown = DELETE.value_of(value)
    return SignedClaim(ref, Ref(signer), date_of(date, is_zone_unknown=unknown), Delete(target))


def read_row(key: bytes, value: bytes) -> SignedClaim:
    """The claim in a `claim` row."""
    permanode, date, ref = CLAIM.parts_of(key)
    signer, unknown, claim_type, attribute, text = CLAIM.value_of(value)
    kind = CHANGES.get(claim_type) if attribute else None
    about = Ref(permanode)
    return SignedClaim(
        Ref(ref),
        Ref(signer),
        date_of(date, is_zone_unknown=unknown),
        Other(claim_type, about) if kind is None else kind(about, attribute, text),
    )


class ClaimIndex:
    """Reads what the index knows of claims. Safe for many threads; every call may wait for a disk.

    All claims it gives are verified. It answers for what the store had when its latest write was
    acknowledged, once the index `is_complete`; before, claims may be missing. Claims count that
    are signed with a key whose fingerprint is among `trusted`.
    """

    def __init__(
        self,
        table: Table,
        blobs: CanFetch,
        *,
        trusted: frozenset[str],
        is_complete: Callable[[], bool],
    ) -> None:
        self._table = table
        self._blobs = blobs
        self._trusted = trusted
        self._is_complete = is_complete

    @property
    def is_complete(self) -> bool:
        """Whether the index has caught up with the store."""
        return self._is_complete()

    def about(self, ref: Ref) -> ClaimSet:
        """The claims that name the permanode `ref`; the deletes of it, or of the claim `ref`;
        the deletes of all these, and so on."""
        return claims_about(self._table, ref, self.trusted_signers())

    def shares(self) -> ClaimSet:
        """All share claims, by date, and all deletes that bear on them."""
        shares = list(self._shares())
        deletes = deletes_of(self._table, (share.ref for share in shares))
        return ClaimSet((*shares, *deletes), self.trusted_signers())

    def is_deleted(self, ref: Ref) -> bool:
        """Whether a permanode or claim is deleted."""
        deletes = ClaimSet(tuple(deletes_of(self._table, (ref,))), self.trusted_signers())
        return ref in deletes.deleted

    def trusts(self, claim: SignedClaim) -> bool:
        """Whether a claim is one whose signature was found good, by a signer whose claims count."""
        found = self._table.get(BLOB.key_of(claim.ref))
        if found is None:
            return False
        _, signer, _ = BLOB.value_of(found)
        return signer == claim.signer and claim.signer in self.trusted_signers()

    def trusted_signers(self) -> frozenset[Ref]:
        """The refs of the public key blobs, seen so far, whose claims count."""
        return trusted_signers(self._table, self._trusted)

    def _shares(self) -> Iterator[SignedClaim]:
        for key, _ in self._table.scan(*SHARE.below()):
            ref = Ref(SHARE.parts_of(key)[1])
            try:
                data = fetch_one(self._blobs, ref)
            except (BlobNotFound, CorruptBlob):  # it shares nothing any longer
                continue
            yield read_claim(parse_schema(ref, data))
