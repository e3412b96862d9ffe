"""Public keys, version 4: what they are made of, what they are called, what they have signed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from .armor import PUBLIC_KEY as ARMOR
from .armor import armored, dearmored
from .errors import BadOpenPgp
from .packets import PUBLIC_KEY, Fields, first_packet, write_packet

if TYPE_CHECKING:
    from .arithmetic import Verifier

RSA, RSA_SIGN_ONLY, DSA, ECDSA, EDDSA_LEGACY, ED25519 = 1, 3, 17, 19, 22, 27
"""Numbers of algorithms; the last two are both Ed25519, in the older and the newer writing."""


class RsaNumbers(NamedTuple):
    """A modulus and the public exponent."""

    n: int
    e: int


class DsaNumbers(NamedTuple):
    """A group (prime, order, generator) and the public number."""

    p: int
    q: int
    g: int
    y: int


class CurvePoint(NamedTuple):
    """A point of a NIST curve named like `secp256r1`, as X9.62 writes it."""

    curve: str
    point: bytes


class EdwardsPoint(NamedTuple):
    """The 32 bytes of an Ed25519 public key."""

    point: bytes


Material: TypeAlias = RsaNumbers | DsaNumbers | CurvePoint | EdwardsPoint


@dataclass(frozen=True)
class PublicKey:
    """A public key packet. Nothing about whose it is: names and dates of validity are elsewhere.

    `created` is in seconds since 1970; `body` is the packet without its header.
    """

    algorithm: int
    created: int
    material: Material
    body: bytes

    @cached_property
    def fingerprint(self) -> str:
        """40 upper-case hexadecimal digits."""
        framed = b"\x99" + len(self.body).to_bytes(2, "big") + self.body
        return hashlib.sha1(framed, usedforsecurity=False).hexdigest().upper()

    @property
    def key_id(self) -> str:
        """The last 16 digits of the fingerprint."""
        return self.fingerprint[-16:]

    @cached_property
    def blob(self) -> bytes:
        """The public key blob: the armor of this packet alone. Its ref is the `camliSigner`."""
        return armored(ARMOR, write_packet(PUBLIC_KEY, self.body))

    def has_signed(self, digest: bytes, hash_name: str, values: tuple[bytes, ...]) -> bool:
        """Whether `values`, the numbers of a signature by this algorithm, sign this digest."""
        return self._check(digest, hash_name, values)

    @cached_property
    def _check(self) -> Verifier:
        # Much of what runs verifies nothing, and should not wait for this library.
        from .arithmetic import verifier

        return verifier(self.material)


def parse_key_blob(text: bytes) -> PublicKey:
    """The key in a public key blob: the first packet of its armor, the rest is not looked at.

    Raises `BadOpenPgp`.
    """
    return parse_public_key(first_packet(dearmored(ARMOR, text), PUBLIC_KEY, "public key"))


def parse_public_key(body: bytes) -> PublicKey:
    """The key a public key packet says. Raises `BadOpenPgp`."""
    fields = Fields(body)
    key = read_public_key(fields, body)
    if not fields.is_at_end:
        raise BadOpenPgp("a public key packet holds more than a key")
    return key


def read_public_key(fields: Fields, body: bytes) -> PublicKey:
    """The public key that `body` begins with, as it is in secret key packets."""
    version = fields.number(1)
    if version != 4:
        raise BadOpenPgp(f"a key of version {version}, not 4")
    created = fields.number(4)
    algorithm = fields.number(1)
    material = _material(algorithm, fields)
    return PublicKey(algorithm, created, material, body[: fields.offset])


def _material(algorithm: int, fields: Fields) -> Material:
    if algorithm in (RSA, RSA_SIGN_ONLY):
        return RsaNumbers(*(_mpi(fields) for _ in range(2)))
    if algorithm == DSA:
        return DsaNumbers(*(_mpi(fields) for _ in range(4)))
    if algorithm == ECDSA:
        curve = CURVES.get(fields.take(fields.number(1)))
        if curve is None:
            raise BadOpenPgp("a key on an unknown curve")
        return CurvePoint(curve, fields.mpi())
    if algorithm == EDDSA_LEGACY:
        if fields.take(fields.number(1)) != ED25519_CURVE:
            raise BadOpenPgp("an EdDSA key on another curve than Ed25519")
        point = fields.mpi()
        if len(point) != 33 or point[0] != 0x40:
            raise BadOpenPgp("an Ed25519 key of the wrong size")
        return EdwardsPoint(point[1:])
    if algorithm == ED25519:
        return EdwardsPoint(fields.take(32))
    raise BadOpenPgp(f"keys of algorithm {algorithm} do not sign, or not that anyone here knew")


def _mpi(fields: Fields) -> int:
    return int.from_bytes(fields.mpi(), "big")


CURVES = {
    bytes.fromhex("2a8648ce3d030107"): "secp256r1",
    bytes.fromhex("2b81040022"): "secp384r1",
    bytes.fromhex("2b81040023"): "secp521r1",
}
ED25519_CURVE = bytes.fromhex("2b06010401da470f01")
