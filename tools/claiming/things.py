"""Things: what stands behind a ref, as far as claims can speak of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...blobstore.errors import BlobNotFound, HoldfastError
from ...blobstore.ref import Blob, Ref
from ...schema.blob import SchemaBlob, parse_schema
from ...schema.claims import Share, SignedClaim, read_claim
from ...schema.errors import NotClaim, NotSchema
from ..client.store import Store
from .errors import NotDeletable, NotPermanode, NotShare, NotStored


@dataclass(frozen=True, slots=True)
class Thing:
    """A ref, and what its blob is; whether signatures hold is not looked at."""

    ref: Ref
    is_stored: bool = False
    schema: SchemaBlob | None = None
    claim: SignedClaim | None = None

    @property
    def kind(self) -> str:
        """Its `camliType`; empty for other blobs, and for what is not stored."""
        return "" if self.schema is None else self.schema.kind

    @property
    def is_claim(self) -> bool:
        return self.claim is not None

    @property
    def noun(self) -> str:
        """What it is, in a word for a person who expected something else."""
        if self.kind == "claim" and not self.is_claim:
            return "claim without effect"
        return self.kind[:40] if self.kind.isprintable() and self.kind else "blob"


def look_up(store: Store, refs: Sequence[Ref]) -> Iterator[Thing | HoldfastError]:
    """For each of the refs, in order, what it is; or why its blob cannot be read."""
    for ref, found in zip(refs, store.fetch(refs), strict=True):
        if isinstance(found, Blob):
            yield _thing(found)
        elif isinstance(found, BlobNotFound):
            yield Thing(ref)
        else:
            yield found


def demand_stored(thing: Thing, store: Store, *, force: bool | None) -> None:
    """Raise `NotStored` for what is not there, unless by `force`; None is where that is no way."""
    if not (thing.is_stored or force):
        raise NotStored(thing.ref, store.name, may_insist=force is not None)


def demand_permanode(thing: Thing) -> None:
    """Raise `NotPermanode` for something else. What is not stored may be one."""
    if thing.is_stored and thing.kind != "permanode":
        raise NotPermanode(thing.ref, thing.noun)


def demand_deletable(thing: Thing) -> None:
    """Raise `NotDeletable` for what is neither permanode nor claim."""
    if thing.is_stored and thing.kind != "permanode" and not thing.is_claim:
        raise NotDeletable(thing.ref, thing.noun)


def demand_share(thing: Thing) -> None:
    """Raise `NotShare` for what is no share claim."""
    if thing.is_stored and (thing.claim is None or not isinstance(thing.claim.says, Share)):
        raise NotShare(thing.ref, thing.noun)


def _thing(blob: Blob) -> Thing:
    try:
        schema = parse_schema(blob.ref, blob.data)
    except NotSchema:
        return Thing(blob.ref, is_stored=True)
    try:
        claim = read_claim(schema)
    except NotClaim:
        claim = None
    return Thing(blob.ref, is_stored=True, schema=schema, claim=claim)
