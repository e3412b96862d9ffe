"""Shares: making, listing, and the links that open them."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from ...blobstore.ref import Ref
from ...schema.canonical import Fields
from ...schema.claims import Share, SignedClaim, search_fields
from ...schema.folding import ClaimSet, claim_order
from ...schema.sharing import Denial, is_transitive, share_denial
from ...schema.timestamps import Timestamp
from .things import Thing


class State(enum.Enum):
    """Whether a share opens anything, and if not, why: the first of these that holds."""

    UNTRUSTED = "untrusted"
    REVOKED = "revoked"
    VOID = "void"
    """It shares nothing, or in a way that no server knows."""
    EXPIRED = "expired"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Shared:
    """A share as it stands."""

    claim: SignedClaim
    share: Share
    state: State


def share_of(thing: Thing, *, transitive: bool | None, expires: Timestamp | None) -> Share:
    """A share of a thing; whether transitive goes by its kind if nobody says."""
    return Share(
        target=thing.ref, is_transitive=is_transitive(transitive, thing.kind), expires=expires
    )


def parse_search(text: str) -> Fields:
    """A search as people write it: an expression, or the JSON object of a query.

    Raises `BadClaim`.
    """
    if text.lstrip().startswith("{"):
        return search_fields(text)
    return {"expression": text}


def all_shares(claims: ClaimSet, *, now: Timestamp) -> Iterator[Shared]:
    """Every share among the claims, by date."""
    deleted = claims.deleted
    for claim in sorted(claims.claims, key=claim_order):
        share = claim.says
        if not isinstance(share, Share):
            continue
        if claim.signer not in claims.trusted:
            state = State.UNTRUSTED
        elif claim.ref in deleted:
            state = State.REVOKED
        else:
            state = _STATES.get(share_denial(share, now=now), State.VOID)
        yield Shared(claim, share, state)


def share_url(root: str, share: Ref) -> str:
    """The address of the share claim itself: what `pk-get -shared` wants to know."""
    return f"{root.rstrip('/')}/{share}"


def file_url(root: str, share: Ref, target: Ref) -> str:
    """The address of a shared file's contents, for a browser."""
    return f"{root.rstrip('/')}/{target}?via={share}&assemble=1"


_STATES = {None: State.OPEN, Denial.SHARE_EXPIRED: State.EXPIRED}
