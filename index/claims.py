"""What is claimed in a store: the claims about a thing, and all shares, answered from rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..blobstore.errors import BlobNotFound, CorruptBlob
from ..blobstore.ref import Ref
from ..blobstore.storage import CanFetch, fetch_one
from ..blobstore.table import Table
from ..schema.blob import parse_schema
from ..schema.claims import (
    AddAttribute,
    AttributeChange,
    DelAttribute,
    Delete,
    Other,
    SetAttribute,
    SignedClaim,
    read_claim,
)
from ..schema.folding import ClaimSet
from .keys import BLOB, CLAIM, DELETE, SHARE, SIGNER, date_of

_CHANGES: dict[str, type[AttributeChange]] = {
    "set-attribute": SetAttribute,
    "add-attribute": AddAttribute,
    "del-attribute": DelAttribute,
}


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
        named = list(self._naming(ref))
        deletes = self._deletes((ref, *(claim.ref for claim in named)))
        return ClaimSet((*named, *deletes), self.trusted_signers())

    def shares(self) -> ClaimSet:
        """All share claims, by date, and all deletes that bear on them."""
        shares = list(self._shares())
        deletes = self._deletes(share.ref for share in shares)
        return ClaimSet((*shares, *deletes), self.trusted_signers())

    def is_deleted(self, ref: Ref) -> bool:
        """Whether a permanode or claim is deleted."""
        deletes = ClaimSet(tuple(self._deletes((ref,))), self.trusted_signers())
        return ref in deletes.deleted

    def trusts(self, claim: SignedClaim) -> bool:
        """Whether a claim is one whose signature was found good, by a signer whose claims count."""
        found = self._table.get(BLOB.key_of(claim.ref))
        if found is None:
            return False
        _, signer = BLOB.value_of(found)
        return signer == claim.signer and claim.signer in self.trusted_signers()

    def trusted_signers(self) -> frozenset[Ref]:
        """The refs of the public key blobs, seen so far, whose claims count."""
        return frozenset(
            Ref(SIGNER.parts_of(key)[1])
            for fingerprint in self._trusted
            for key, _ in self._table.scan(*SIGNER.below(fingerprint))
        )

    def _naming(self, permanode: Ref) -> Iterator[SignedClaim]:
        for key, value in self._table.scan(*CLAIM.below(permanode)):
            _, date, ref = CLAIM.parts_of(key)
            signer, unknown, claim_type, attribute, text = CLAIM.value_of(value)
            kind = _CHANGES.get(str(claim_type)) if attribute else None
            yield SignedClaim(
                Ref(ref),
                Ref(str(signer)),
                date_of(date, is_zone_unknown=bool(unknown)),
                Other(str(claim_type), permanode)
                if kind is None
                else kind(permanode, str(attribute), str(text)),
            )

    def _deletes(self, targets: Iterable[Ref]) -> Iterator[SignedClaim]:
        """The deletes of these, the deletes of those, and so on, each once."""
        open_targets = list(targets)
        seen = set(open_targets)
        while open_targets:
            target = open_targets.pop()
            for key, value in self._table.scan(*DELETE.below(target)):
                ref = Ref(DELETE.parts_of(key)[1])
                if ref in seen:
                    continue
                seen.add(ref)
                open_targets.append(ref)
                signer, date, unknown = DELETE.value_of(value)
                moment = date_of(str(date), is_zone_unknown=bool(unknown))
                yield SignedClaim(ref, Ref(str(signer)), moment, Delete(target))

    def _shares(self) -> Iterator[SignedClaim]:
        for key, _ in self._table.scan(*SHARE.below()):
            ref = Ref(SHARE.parts_of(key)[1])
            try:
                data = fetch_one(self._blobs, ref)
            except (BlobNotFound, CorruptBlob):  # it shares nothing any longer
                continue
            yield read_claim(parse_schema(ref, data))
