"""Undoing: which deletes hold a thing down."""

from __future__ import annotations

from ...blobstore.ref import Ref
from ...schema.claims import Delete
from ...schema.folding import ClaimSet


def standing_deletes(claims: ClaimSet, ref: Ref) -> list[Ref]:
    """The deletes of `ref` that count and are not deleted themselves.

    When all of these are deleted, `ref` is not; see rule 3 of folding.
    """
    deleted = claims.deleted
    return [
        claim.ref
        for claim in claims.claims
        if isinstance(claim.says, Delete)
        and claim.says.target == ref
        and claim.signer in claims.trusted
        and claim.ref not in deleted
    ]
