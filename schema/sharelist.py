"""Shares as they stand: which there are, and whether each opens anything."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ..blobstore.ref import Ref
from .claims import Share, SignedClaim
from .folding import ClaimSet, claim_order
from .sharing import Denial, share_denial
from .timestamps import Timestamp


class State(enum.Enum):
    """Whether a share opens anything, and if not, why: the first of these that holds."""

    UNTRUSTED = "untrusted"
    REVOKED = "revoked"
    VOID = "void"
    """It shares nothing, or in a way that no server knows."""
    EXPIRED = "expired"
    USED_UP = "used up"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Shared:
    """A share as it stands."""

    claim: SignedClaim
    share: Share
    state: State
    used: int = 0
    """How many downloads there were, of a share that counts them."""


_NOTHING: Mapping[Ref, int] = MappingProxyType({})


def all_shares(
    claims: ClaimSet, *, now: Timestamp, used: Mapping[Ref, int] = _NOTHING
) -> Iterator[Shared]:
    """Every share among the claims, by date; `used` are the downloads that were counted."""
    deleted = claims.deleted
    for claim in sorted(claims.claims, key=claim_order):
        share = claim.says
        if isinstance(share, Share):
            count = used.get(claim.ref, 0)
            if claim.signer not in claims.trusted:
                state = State.UNTRUSTED
            elif claim.ref in deleted:
                state = State.REVOKED
            else:
                state = _state_of(share, now, count)
            yield Shared(claim, share, state, count)


def counted_shares(claims: ClaimSet) -> list[Ref]:
    """The shares that allow only so many downloads."""
    return [
        claim.ref
        for claim in claims.claims
        if isinstance(claim.says, Share) and claim.says.most_downloads is not None
    ]


def _state_of(share: Share, now: Timestamp, used: int) -> State:
    why = share_denial(share, now=now)
    if why is None:
        most = share.most_downloads
        return State.USED_UP if most is not None and used >= most else State.OPEN
    return State.EXPIRED if why is Denial.SHARE_EXPIRED else State.VOID
