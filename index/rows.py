"""The rows of one blob: a function of its bytes, its signer's key, and what it consists of."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from ..blobstore.errors import BlobNotFound, CorruptBlob
from ..blobstore.ref import Blob, Ref
from ..blobstore.storage import CanFetch
from ..schema.blob import SchemaBlob, may_be_schema, parse_schema
from ..schema.claims import (
    TYPES,
    AddAttribute,
    DelAttribute,
    Delete,
    Other,
    SetAttribute,
    Share,
    SignedClaim,
    read_claim,
)
from ..schema.errors import (
    BadTree,
    ChunkUnreadable,
    NotClaim,
    NotSchema,
    UnknownSigner,
    WrongKind,
)
from ..schema.signing import SEPARATOR
from ..schema.verifying import FindKey, verify
from .claims import ReadsRows
from .files import ReadFile, directory_rows, facts_in, file_rows, read_file, words_in
from .keys import (
    BLOB,
    CHILD,
    CLAIM,
    DELETE,
    DIRECTORY,
    FILE,
    PARENT,
    REFERS,
    REFUSED,
    SAID,
    SHARE,
    SIGNER,
    TYPE,
    UNREAD,
    Row,
    date_text,
)
from .nodes import VALUE_LENGTH, ref_in

BY_VALUE = frozenset({"camliRoot", "camliImportRoot", "tag", "title"})
"""Attributes by whose values claims are found."""


class Needs(Exception):
    """A blob cannot be read before another is here, whole."""

    def __init__(self, ref: str) -> None:
        self.ref = Ref(ref)
        super().__init__(ref)


def is_candidate(data: bytes) -> bool:
    """Whether a blob may have rows at all. Quick: it is asked of every blob."""
    return data[:1] == b"{" and may_be_schema(data)


def rows_of(blob: Blob, find_key: FindKey) -> list[Row]:
    """What a blob comes to in the index before it is acknowledged.

    All of it for permanodes and claims; for others, that they are still to be read. Raises `Needs`
    as long as the signer's key is not to be had, and `SignatureRefused`.
    """
    if SEPARATOR not in blob.data:
        return [UNREAD.row(blob.ref)]
    try:
        schema = parse_schema(blob.ref, blob.data)
        claim = read_claim(schema) if schema.kind == "claim" else None
    except (NotSchema, NotClaim):
        return [UNREAD.row(blob.ref)]
    if claim is None and schema.kind != "permanode":
        return [UNREAD.row(blob.ref)]
    try:
        verified = verify(blob.data, find_key)
    except UnknownSigner as error:
        raise Needs(error.signer) from None
    signer = SIGNER.row(verified.key.fingerprint, verified.signer)
    if claim is None:
        return [signer, *_known(schema, verified.signer, None)]
    about = claim.says.target if isinstance(claim.says, Delete) else claim.permanode
    known = _known(schema, verified.signer, about)
    return [signer, *known, *_claimed(claim), *_referring(schema)]


def own_keys(table: ReadsRows, blob: Blob) -> list[bytes]:
    """The keys of the rows that an indexed blob has to itself.

    No signer's key is needed, nor what a file or folder consists of, which may be gone already.
    """
    keys = [UNREAD.key_of(blob.ref), REFUSED.key_of(blob.ref)]
    value = table.get(BLOB.key_of(blob.ref))
    if value is None:
        return keys
    kind = BLOB.value_of(value)[0]
    keys += (BLOB.key_of(blob.ref), TYPE.key_of(kind, blob.ref))
    schema = parse_schema(*blob)
    keys += (key for key, _ in _referring(schema))
    if kind == "claim":
        with suppress(NotClaim):
            keys += (key for key, _ in _claimed(read_claim(schema)))
    if kind == "file" and (value := table.get(FILE.key_of(blob.ref))) is not None:
        read = ReadFile(facts_in(value), words_in(table, blob.ref))
        keys += (key for key, _ in file_rows(blob.ref, read))
    if kind == "directory":
        keys.append(DIRECTORY.key_of(blob.ref))
        for key, _ in table.scan(*CHILD.below(blob.ref)):
            keys += (key, PARENT.key_of(*reversed(CHILD.parts_of(key))))
    return keys


def later_rows(
    blob: Blob, fetch: CanFetch, *, check: Callable[[], None] = lambda: None
) -> list[Row]:
    """What a blob comes to that `rows_of` left to be read, with all it consists of.

    Nothing, unless it is a schema blob. `check` is called now and then, and ends the reading by
    what it raises. Raises `Needs` as long as a part is not to be had, and `BadTree` for what makes
    no sense.
    """
    try:
        schema = parse_schema(blob.ref, blob.data)
    except NotSchema:
        return []
    known = _known(schema, None, None)
    if schema.kind != "claim":  # it is none that counts, or it would not be here
        known += _referring(schema)
    try:
        if schema.kind == "file":
            return [*known, *file_rows(schema.ref, read_file(schema, fetch, check=check))]
        if schema.kind == "directory":
            return [*known, *directory_rows(schema, fetch)]
        return known
    except ChunkUnreadable as error:
        raise Needs(error.chunk) from None
    except (BlobNotFound, CorruptBlob) as error:
        raise Needs(error.ref) from None
    except (NotSchema, WrongKind) as error:
        raise BadTree(blob.ref, str(error)) from None


def _known(schema: SchemaBlob, signer: Ref | None, about: Ref | None) -> list[Row]:
    return [
        BLOB.row(schema.ref, value=(schema.kind, signer, about)),
        TYPE.row(schema.kind, schema.ref),
    ]


def _claimed(claim: SignedClaim) -> list[Row]:
    """What is claimed, by whom, and when."""
    date, unknown = date_text(claim.date), claim.date.is_zone_unknown
    match claim.says:
        case (SetAttribute() | AddAttribute() | DelAttribute()) as change:
            said = (TYPES[type(change)], change.attribute, change.value)
            key = (change.permanode, date, claim.ref)
            rows = [CLAIM.row(*key, value=(claim.signer, unknown, *said))]
            is_given = change.value and not isinstance(change, DelAttribute)
            if is_given and change.attribute in BY_VALUE:
                of = (change.attribute, change.value[:VALUE_LENGTH], date, claim.ref)
                rows.append(SAID.row(*of, value=(change.permanode, claim.signer)))
            return rows
        case Other(claim_type, permanode) if permanode is not None:
            key = (permanode, date, claim.ref)
            return [CLAIM.row(*key, value=(claim.signer, unknown, claim_type, "", ""))]
        case Delete(target):
            return [DELETE.row(target, claim.ref, value=(claim.signer, date, unknown))]
        case Share():
            return [SHARE.row(date, claim.ref, value=(claim.signer,))]
    return []


def _referring(schema: SchemaBlob) -> list[Row]:
    """Which other blobs a blob names, but for signers and the permanode that a claim is about."""
    refs: list[Ref | None] = []
    match schema.kind:
        case "file" | "bytes":
            for part in schema.parts:
                refs += (part.blob_ref, part.bytes_ref)
        case "directory":
            refs = [schema.entries]
        case "static-set":
            refs = [*schema.members, *schema.merge_sets]
        case "claim":
            value = ref_in(schema.claim.value)
            # Others stand for nothing that is or ever will be here; many a title looks like one.
            refs = [schema.claim.target, value if value and value.is_known else None]
    return [REFERS.row(ref, schema.ref) for ref in dict.fromkeys(refs) if ref is not None]
