"""Verifying: which key signed exactly these bytes, or why no answer is to be believed."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ..blobstore.errors import BlobNotFound
from ..blobstore.ref import Ref
from ..blobstore.storage import CanFetch
from .blob import MAX_SCHEMA_SIZE
from .errors import Refusal, SignatureRefused, UnknownSigner
from .jsontext import BadJson, Pairs
from .openpgp.armor import decoded
from .openpgp.errors import BadOpenPgp
from .openpgp.publickey import PublicKey, parse_key_blob
from .openpgp.signature import BINARY, HASHES, SHA1, SHA256, Signature, parse_signature
from .signing import SignedText, has_version, signer_in, split_signed

MAX_KEY_SIZE = 256 * 1024
"""The largest public key blob that is read, in bytes."""

MAX_SIGNATURE_SIZE = 256 * 1024
"""The longest text of a signature that is read, in characters; they have some hundred."""

FindKey: TypeAlias = Callable[[Ref], PublicKey]
"""The key in a public key blob. Raises `UnknownSigner`, and `BadOpenPgp` if it is none."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Who signed a blob: `key` did, over exactly `payload`.

    `signer` is the ref the blob names its key by; one key may have several. `time` is what the
    signature says of when it was made, in seconds since 1970; claims go by their own dates.
    """

    signer: Ref
    key: PublicKey
    time: int
    hash_name: str
    payload: bytes


def verify(blob: bytes, find_key: FindKey) -> Verified:
    """Who signed this blob. Raises `SignatureRefused` with the reason, or `UnknownSigner`.

    The rules are Perkeep's and in README.md. Whether the key has expired, was revoked, or is
    anybody's is not asked.
    """
    if len(blob) > MAX_SCHEMA_SIZE:
        raise SignatureRefused(Refusal.TOO_LARGE, f"{len(blob)} bytes")
    halves = split_signed(blob)
    # What no key can mend comes first, so that nobody waits for a key in vain.
    signature = _read_signature(_signature_text(halves))
    signer = _signer_of(halves)
    try:
        key = find_key(signer)
        _check(signature, key, halves.payload)
    except BadOpenPgp as error:
        raise SignatureRefused(Refusal.BAD_KEY, error.why) from None
    hash_name = HASHES[signature.hash_id]
    return Verified(signer, key, signature.created, hash_name, halves.payload)


class SignerKeys:
    """Keys found by the refs of their blobs, the latest `most` kept at hand: a `FindKey`.

    What is not there is asked for again each time: it may have come meanwhile.
    """

    def __init__(self, blobs: CanFetch, *, most: int = 1000) -> None:
        self._blobs = blobs
        self._most = most
        self._kept: OrderedDict[Ref, PublicKey | BadOpenPgp] = OrderedDict()

    def __call__(self, ref: Ref) -> PublicKey:
        kept = self._kept.get(ref)
        if kept is None:
            kept = self._kept[ref] = self._read(ref)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        if isinstance(kept, BadOpenPgp):
            raise BadOpenPgp(kept.why)
        return kept

    def _read(self, ref: Ref) -> PublicKey | BadOpenPgp:
        try:
            blob = next(iter(self._blobs.fetch((ref,))))
        except BlobNotFound:
            raise UnknownSigner(ref) from None
        try:
            if len(blob.data) > MAX_KEY_SIZE:
                raise BadOpenPgp("a public key blob of more than 256 KiB")
            return parse_key_blob(blob.data)
        except BadOpenPgp as error:
            return error


_DECODER = json.JSONDecoder(object_pairs_hook=Pairs)


def _signature_text(halves: SignedText) -> str:
    # The comma before the key becomes the brace of an object that holds it alone.
    try:
        fields = _DECODER.decode("{" + halves.rest[1:].decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        raise SignatureRefused(Refusal.NOT_ALONE) from None
    if len(fields) != 1 or not isinstance(fields[0][1], str):
        raise SignatureRefused(Refusal.NOT_ALONE)
    return fields[0][1]


def _signer_of(halves: SignedText) -> Ref:
    try:
        fields = halves.fields
    except BadJson as error:
        raise SignatureRefused(Refusal.NOT_JSON, str(error)) from None
    if not has_version(fields):
        raise SignatureRefused(Refusal.NO_VERSION)
    try:
        return signer_in(fields)
    except BadJson as error:
        raise SignatureRefused(Refusal.NO_SIGNER, str(error)) from None


def _read_signature(text: str) -> Signature:
    if len(text) > MAX_SIGNATURE_SIZE:
        raise SignatureRefused(Refusal.BAD_ARMOR, f"{len(text)} characters")
    data, separator, check = text.rpartition("=")
    if not separator or not text.isascii():
        raise SignatureRefused(Refusal.BAD_ARMOR, "no checksum")
    try:
        packet = decoded(data.encode(), check.encode())
    except BadOpenPgp as error:
        raise SignatureRefused(Refusal.BAD_ARMOR, error.why) from None
    try:
        signature = parse_signature(packet)
    except BadOpenPgp as error:
        raise SignatureRefused(Refusal.BAD_PACKET, error.why) from None
    if signature.kind != BINARY:
        raise SignatureRefused(Refusal.WRONG_KIND, f"kind 0x{signature.kind:02x}")
    if signature.hash_id not in (SHA1, SHA256):
        name = HASHES.get(signature.hash_id, str(signature.hash_id))
        raise SignatureRefused(Refusal.WRONG_HASH, name)
    return signature


def _check(signature: Signature, key: PublicKey, payload: bytes) -> None:
    if signature.algorithm != key.algorithm:
        raise SignatureRefused(Refusal.WRONG_KEY, "by another algorithm")
    digest = signature.digest_of(payload)
    if digest[:2] == signature.digest_start and key.has_signed(
        digest, HASHES[signature.hash_id], signature.values
    ):
        return
    # Perkeep ignores the issuer, which need not be signed; it only helps to say what is wrong.
    if signature.issuer not in (None, key.key_id):
        raise SignatureRefused(
            Refusal.WRONG_KEY, f"it names {signature.issuer}, the blob {key.key_id}"
        )
    raise SignatureRefused(Refusal.TAMPERED)
