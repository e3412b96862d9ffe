"""What is claimed in a store: the claims about a thing, and all shares, answered from rows."""

from __future__ import annotations

from typing import Protocol

from ..blobstore.ref import Ref
from ..schema.claims import SignedClaim
from ..schema.folding import ClaimSet


class ClaimIndex(Protocol):
    """Reads what the index knows of claims. Safe for many threads; every call may wait for a disk.

    All claims it gives are verified. It answers for what the store had when its latest write was
    acknowledged; while it is still catching up with a store, `is_complete` is false.
    """

    @property
    def is_complete(self) -> bool: ...

    def about(self, ref: Ref) -> ClaimSet:
        """The claims that name the permanode `ref`; the deletes of it, or of the claim `ref`;
        the deletes of all these, and so on."""

    def shares(self) -> ClaimSet:
        """All share claims, by date, and all deletes that bear on them."""

    def is_deleted(self, ref: Ref) -> bool:
        """Whether a permanode or claim is deleted."""

    def trusts(self, claim: SignedClaim) -> bool:
        """Whether a claim is one this index has verified, by a signer whose claims count."""
