"""Signing: the exact bytes of a signed schema blob, and what a signer is."""

from __future__ import annotations

import base64
from typing import NamedTuple, Protocol

from ..blobstore.ref import Ref
from .blob import MAX_SCHEMA_SIZE
from .errors import BadTimestamp, NotSignable, Refusal, SchemaTooLarge, SignatureRefused
from .jsontext import BadJson, Pairs, as_ref, folded, read_object
from .openpgp.armor import checksum
from .openpgp.publickey import PublicKey
from .timestamps import NANOSECONDS

SEPARATOR = b',"camliSig":"'
"""What stands between the bytes that are signed and the signature."""

_LAST_SECOND = (1 << 32) - 1


class Signer(Protocol):
    """Whoever has a secret key: a key in memory, GnuPG, a card."""

    @property
    def public(self) -> PublicKey:
        """The key that verifies what this signs."""

    def detached(self, data: bytes, *, time: int) -> bytes:
        """An OpenPGP packet: a version 4 binary signature of `data` by SHA-256.

        It says it was made at `time`, in seconds since 1970, from 0 to 2^32-1.
        """


class SignedText(NamedTuple):
    """A signed blob in its two halves: the bytes that are signed, and from the separator on."""

    payload: bytes
    rest: bytes

    @property
    def fields(self) -> Pairs:
        """What the payload says as JSON, for which its last brace is put back.

        Raises `BadJson`.
        """
        return read_object(self.payload + b"}")


def sign(text: bytes, signer: Signer, *, time: int, needs_version: bool = True) -> bytes:
    """The signed blob of an unsigned one, whose `camliSigner` is the ref of the signer's key.

    `time` is in seconds since 1970 and goes into the signature; `signing_second` makes it of a
    claim's date. A text without `camliVersion`, which no reader takes for a blob, is signed only
    where `needs_version` is false. Raises `NotSignable` for text that is no such blob,
    `BadTimestamp` for times that signatures cannot say, `SchemaTooLarge`, and what the signer
    raises.
    """
    if not 0 <= time <= _LAST_SECOND:
        raise BadTimestamp(f"{time} seconds from 1970, in a signature")
    _demand_signer(text, signer.public, needs_version=needs_version)
    # JSON ends in a brace and perhaps space, nothing else.
    payload = text.rstrip(b" \t\r\n")[:-1]
    signature = signer.detached(payload, time=time)
    signed = payload + SEPARATOR + as_text(signature) + b'"}\n'
    if len(signed) > MAX_SCHEMA_SIZE:
        raise SchemaTooLarge("signed", len(signed), MAX_SCHEMA_SIZE)
    return signed


def signing_second(date_ns: int) -> int:
    """The time a signature says when its claim is dated `date_ns`: the whole second of it.

    Signatures know the years 1970 to 2106 only, so dates outside get the nearest second; nothing
    but the claim's own date counts.
    """
    return min(max(date_ns // NANOSECONDS, 0), _LAST_SECOND)


def split_signed(blob: bytes) -> SignedText:
    """Where the signature of a blob begins, at the last separator. Nothing is verified here.

    Raises `SignatureRefused`.
    """
    at = blob.rfind(SEPARATOR)
    if at < 0:
        raise SignatureRefused(Refusal.NO_SIGNATURE)
    return SignedText(blob[:at], blob[at:])


def as_text(signature: bytes) -> bytes:
    """A signature packet as the value of `camliSig`: armor without its frame and line ends."""
    return base64.b64encode(signature) + b"=" + checksum(signature).encode()


def signer_in(fields: Pairs) -> Ref:
    """The `camliSigner` that a blob's JSON names. Raises `BadJson` if there is not just one.

    Whoever reads the blob later goes by any spelling of the key, so others are not allowed.
    """
    signers = [(key, value) for key, value in fields if folded(key) == "camlisigner"]
    if len(signers) != 1 or signers[0][0] != "camliSigner":
        raise BadJson(f"camliSigner is given {len(signers)} times, or in another spelling")
    signer = as_ref(signers[0][1], "camliSigner")
    if not signer.is_known:
        raise BadJson(f"camliSigner is by an unknown hash, {signer.hash_name[:40]}")
    return signer


def has_version(fields: Pairs) -> bool:
    """Whether a blob's JSON has a `camliVersion`, whatever that is."""
    return any(key == "camliVersion" for key, _ in fields)


def _demand_signer(text: bytes, key: PublicKey, *, needs_version: bool) -> None:
    try:
        fields = read_object(text)
        signer = signer_in(fields)
    except BadJson as error:
        raise NotSignable(str(error)) from None
    if needs_version and not has_version(fields):
        raise NotSignable("it has no camliVersion")
    if not signer.matches(key.blob):
        raise NotSignable(
            f"its camliSigner is not {Ref.of(key.blob, hash_name=signer.hash_name)},"
            f" the ref of the public key {key.key_id}"
        )
