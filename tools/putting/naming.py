"""Naming: the new permanode that what was put can be known by, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...blobstore.ref import Blob, Ref
from ...schema.claimclock import ClaimClock
from ...schema.claims import AttributeChange, claim_text
from ...schema.permanodes import RANDOM_SIZE, random_permanode_text
from ..claiming.attributes import first_claims
from ..claiming.signed import BlobSigner


@dataclass(frozen=True, kw_only=True, slots=True)
class Naming:
    """What a new permanode says besides what its content is."""

    title: str | None = None
    tags: tuple[str, ...] = ()

    def claims(self, permanode: Ref, content: Ref) -> list[AttributeChange]:
        """All that is said of it, in order."""
        return [*first_claims(permanode, content=content, title=self.title, tags=self.tags)]


class NewPermanode:
    """One permanode, unlike any other, for one thing that is put, however often that is tried.

    Without a `signer` there is none; what would be signed is counted.
    """

    def __init__(
        self,
        signer: BlobSigner | None,
        naming: Naming,
        *,
        clock_ns: Callable[[], int],
        random: Callable[[int], bytes],
    ) -> None:
        self._signer = signer
        self._naming = naming
        self._clock = ClaimClock(clock_ns)
        self._claimed: dict[Ref, list[Blob]] = {}
        self.signatures = 2 + (naming.title is not None) + len(naming.tags)
        """How many blobs are signed: itself, and a claim for each thing said."""
        self._node: Blob | None = None
        if signer is not None:
            date = self._clock.now()
            text = random_permanode_text(signer.key.ref, date, random=random(RANDOM_SIZE))
            self._node = signer.sign(text, date)

    @property
    def ref(self) -> Ref | None:
        return None if self._node is None else self._node.ref

    def blobs(self, content: Ref) -> list[Blob]:
        """The permanode, and the claims about it if it has this content; made once for each."""
        if self._signer is None or self._node is None:
            return []
        if content not in self._claimed:
            claims = self._naming.claims(self._node.ref, content)
            self._claimed[content] = [self._signed(self._signer, claim) for claim in claims]
        return [self._node, *self._claimed[content]]

    def _signed(self, signer: BlobSigner, claim: AttributeChange) -> Blob:
        date = self._clock.now()
        return signer.sign(claim_text(signer.key.ref, date, claim), date)
