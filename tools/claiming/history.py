"""The history of a thing: every claim about it, by whom, and whether it counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...blobstore.errors import BlobNotFound, CorruptBlob, HoldfastError
from ...blobstore.ref import Blob, Ref
from ...schema.claims import SignedClaim
from ...schema.errors import UnknownSigner
from ...schema.folding import ClaimSet, Event, Standing
from ...schema.openpgp.errors import BadOpenPgp
from ...schema.openpgp.publickey import PublicKey
from ...schema.timestamps import Timestamp
from ...schema.verifying import SignerKeys, verify
from ..client.store import Fetching
from .desk import Desk
from .things import demand_deletable, demand_stored, look_up


@dataclass(frozen=True, slots=True)
class Entry:
    """One claim of a history; `key` is its signer's, None if that is not to be had."""

    event: Event
    key: PublicKey | None


def history(desk: Desk, ref: Ref, *, at: Timestamp | None = None) -> Iterator[Entry]:
    """What was claimed about a permanode or claim, in order; a claim's history begins with it.

    Raises `NotStored`, `NotDeletable` for what nothing can be claimed about, `CannotTellClaims`,
    and `SignatureRefused` for a claim that nobody signed as it stands.
    """
    (thing,) = look_up(desk.store, (ref,))
    if isinstance(thing, HoldfastError):
        raise thing
    demand_stored(thing, desk.store, force=None)
    demand_deletable(thing)
    keys = SignerKeys(Fetching(desk.store))
    claims = desk.about(ref)
    events = claims.fold(ref, at=at).history
    if thing.claim is not None:
        (found,) = desk.store.fetch((ref,))
        if not isinstance(found, Blob):
            raise found
        verify(found.data, keys)
        events = (Event(thing.claim, _standing(thing.claim, claims, at)), *events)
    for event in events:
        yield Entry(event, _key(event.claim.signer, keys))


def _standing(claim: SignedClaim, claims: ClaimSet, at: Timestamp | None) -> Standing:
    if claim.signer not in claims.trusted:
        return Standing.UNTRUSTED
    if claim.ref in claims.deleted:
        return Standing.DELETED
    return Standing.LATER if at is not None and claim.date.ns > at.ns else Standing.COUNTS


def _key(signer: Ref, keys: SignerKeys) -> PublicKey | None:
    try:
        return keys(signer)
    except (UnknownSigner, BadOpenPgp, BlobNotFound, CorruptBlob):
        return None
