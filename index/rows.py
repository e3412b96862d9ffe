"""The rows of one blob: a pure function of its bytes and its signer's key."""

from __future__ import annotations

from contextlib import suppress

from ..blobstore.ref import Blob
from ..schema.blob import SchemaBlob, parse_schema
from ..schema.claims import (
    AddAttribute,
    DelAttribute,
    Delete,
    Other,
    SetAttribute,
    Share,
    SignedClaim,
    read_claim,
)
from ..schema.errors import NotClaim, NotSchema
from ..schema.signing import SEPARATOR
from ..schema.verifying import FindKey, Verified, verify
from .keys import BLOB, CLAIM, DELETE, SHARE, SIGNER, Row, date_text

_TYPES = {
    SetAttribute: "set-attribute",
    AddAttribute: "add-attribute",
    DelAttribute: "del-attribute",
}


def is_candidate(data: bytes) -> bool:
    """Whether a blob may have rows at all. Quick: it is asked of every blob."""
    return data[:1] == b"{" and SEPARATOR in data


def rows_of(blob: Blob, find_key: FindKey) -> list[Row]:
    """What a blob comes to in the index: nothing, unless it is a signed permanode or claim.

    The same blob and key always give the same rows. Raises `UnknownSigner` as long as the
    signer's key is not to be had, and `SignatureRefused`.
    """
    try:
        schema = parse_schema(blob.ref, blob.data)
    except NotSchema:
        return []
    if schema.kind == "permanode":
        return _signed(schema, verify(blob.data, find_key))
    if schema.kind != "claim":
        return []
    try:
        claim = read_claim(schema)
    except NotClaim:
        return []
    return [*_signed(schema, verify(blob.data, find_key)), *_said(claim)]


def own_keys(blob: Blob) -> list[bytes]:
    """The keys of the rows that an indexed blob has to itself; no signer's key is needed."""
    keys = [BLOB.key_of(blob.ref)]
    with suppress(NotClaim):  # a permanode
        keys += (key for key, _ in _said(read_claim(parse_schema(*blob))))
    return keys


def _signed(schema: SchemaBlob, verified: Verified) -> list[Row]:
    return [
        BLOB.row(schema.ref, value=(schema.kind, verified.signer)),
        SIGNER.row(verified.key.fingerprint, verified.signer),
    ]


def _said(claim: SignedClaim) -> list[Row]:
    date, unknown = date_text(claim.date), claim.date.is_zone_unknown
    match claim.says:
        case (SetAttribute() | AddAttribute() | DelAttribute()) as change:
            said = (_TYPES[type(change)], change.attribute, change.value)
            key = (change.permanode, date, claim.ref)
            return [CLAIM.row(*key, value=(claim.signer, unknown, *said))]
        case Other(claim_type, permanode) if permanode is not None:
            key = (permanode, date, claim.ref)
            return [CLAIM.row(*key, value=(claim.signer, unknown, claim_type, "", ""))]
        case Delete(target):
            return [DELETE.row(target, claim.ref, value=(claim.signer, date, unknown))]
        case Share():
            return [SHARE.row(date, claim.ref, value=(claim.signer,))]
    return []
