"""Claims asked of a server: which there are, from it; what they say, from their blobs."""

from __future__ import annotations

from collections.abc import Sequence

from ...blobstore.errors import BadRef, HoldfastError
from ...blobstore.ref import Ref
from ...schema.blob import parse_schema
from ...schema.claims import SignedClaim, read_claim
from ...schema.errors import NotClaim, NotSchema
from ...schema.folding import ClaimSet
from .answers import read_answer
from .errors import BadAnswer
from .store import Store


def own_answer(store: Store, said: bytes) -> ClaimSet:
    """What a Holdfast server's answer comes to: `{"claims": [REF], "trusted": [REF]}`.

    Raises `BadAnswer`.
    """
    document = read_answer(said, server=store.name)
    refs, trusted = _refs(store, document, "claims"), _refs(store, document, "trusted")
    return ClaimSet(_read(store, refs), frozenset(trusted))


def used_shares(store: Store, said: bytes) -> dict[Ref, int]:
    """How often counted shares were downloaded, as a Holdfast server says: `{"used": {REF: n}}`.

    Raises `BadAnswer`.
    """
    used = read_answer(said, server=store.name).get("used") or {}
    if not isinstance(used, dict) or not all(isinstance(count, int) for count in used.values()):
        raise BadAnswer(store.name, "no counts of downloads in the answer")
    return {Ref(ref): count for ref, count in used.items()}


def perkeep_answer(store: Store, said: bytes, *, owner: frozenset[Ref]) -> ClaimSet:
    """What a Perkeep server's list of claims comes to: those of its owner that are not deleted.

    `owner` has the ref of the owner's key, if the server tells it. Raises `BadAnswer`.
    """
    listed = read_answer(said, server=store.name).get("claims") or []
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise BadAnswer(store.name, "no list of claims in the answer")
    refs = _refs(store, {"blobref": [item.get("blobref") for item in listed]}, "blobref")
    claims = _read(store, refs)
    return ClaimSet(claims, owner.union(claim.signer for claim in claims))


def _read(store: Store, refs: Sequence[Ref]) -> tuple[SignedClaim, ...]:
    claims = []
    for found in store.fetch(refs):
        if isinstance(found, HoldfastError):
            raise found
        try:
            claims.append(read_claim(parse_schema(found.ref, found.data)))
        except (NotSchema, NotClaim) as error:
            raise BadAnswer(store.name, str(error)) from None
    return tuple(claims)


def _refs(store: Store, document: dict[str, object], key: str) -> list[Ref]:
    listed = document.get(key)
    try:
        if isinstance(listed, list):
            return [Ref.parse(str(item)) for item in listed]
    except BadRef:
        pass
    raise BadAnswer(store.name, f"no list of refs under {key!r} in the answer")
