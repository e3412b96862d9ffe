"""Signature packets, version 4: read, hashed over what they sign, and written."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from .errors import BadOpenPgp
from .packets import SIGNATURE, Fields, first_packet, new_length, write_packet
from .publickey import DSA, ECDSA, ED25519, EDDSA_LEGACY, RSA, RSA_SIGN_ONLY

BINARY = 0x00
"""The kind of a signature of some bytes as they are."""

CERTIFICATION = 0x13
"""The kind of a signature by which a key says whose it is."""

SHA1, SHA256 = 2, 8
HASHES = {1: "md5", 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224"}
"""Names of hash functions by their numbers."""

CREATED, ISSUER, PRIMARY_USER_ID, KEY_FLAGS = 2, 16, 25, 27

# What golang.org/x/crypto/openpgp, which Perkeep verifies with, knows. Anything else that is
# marked critical makes a signature one that cannot be judged.
_UNDERSTOOD = frozenset({2, 3, 9, 11, 16, 21, 22, 25, 27, 29, 30, 32})


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature packet; not yet a verdict about anything.

    `created` is in seconds since 1970 and is signed; `issuer`, the key id it names, need not be.
    `values` are the numbers the algorithm signed with.
    """

    kind: int
    algorithm: int
    hash_id: int
    created: int
    issuer: str | None
    hashed: bytes
    digest_start: bytes
    values: tuple[bytes, ...]

    def digest_of(self, data: bytes) -> bytes:
        """What this signature signs if it signs `data`. Raises `BadOpenPgp` for unknown hashes."""
        return signed_digest(data, self.hashed, self.hash_id)


def signed_digest(data: bytes, hashed: bytes, hash_id: int) -> bytes:
    """The digest over `data`, the packet up to its hashed subpackets, and how long that is."""
    if (name := HASHES.get(hash_id)) is None:
        raise BadOpenPgp(f"unknown hash number {hash_id}")
    state = hashlib.new(name, data, usedforsecurity=False)
    state.update(hashed)
    state.update(b"\x04\xff" + len(hashed).to_bytes(4, "big"))
    return state.digest()


def parse_signature(data: bytes) -> Signature:
    """The signature that `data` begins with. Raises `BadOpenPgp`."""
    body = first_packet(data, SIGNATURE, "signature")
    fields = Fields(body)
    version = fields.number(1)
    if version != 4:
        raise BadOpenPgp(f"a signature of version {version}, not 4")
    kind, algorithm, hash_id = fields.take(3)
    signed = _subpackets(fields.take(fields.number(2)))
    hashed = body[: fields.offset]
    unsigned = _subpackets(fields.take(fields.number(2)))
    created = signed.get(CREATED)
    if created is None or len(created) != 4 or CREATED in unsigned:
        raise BadOpenPgp("a signature without a date, or with one that is not signed")
    issuer = signed.get(ISSUER) or unsigned.get(ISSUER)
    signature = Signature(
        kind,
        algorithm,
        hash_id,
        int.from_bytes(created, "big"),
        issuer.hex().upper() if issuer else None,
        hashed,
        fields.take(2),
        _values(algorithm, fields),
    )
    if not fields.is_at_end:
        raise BadOpenPgp("a signature packet holds more than a signature")
    return signature


def write_signature(hashed: bytes, digest: bytes, values: bytes) -> bytes:
    """The packet of a signature with no unhashed subpackets."""
    return write_packet(SIGNATURE, hashed + b"\0\0" + digest[:2] + values)


def hashed_part(kind: int, algorithm: int, subpackets: list[tuple[int, bytes]]) -> bytes:
    """The beginning of a SHA-256 signature packet, which is signed along."""
    area = b"".join(
        new_length(1 + len(value)) + bytes((number,)) + value for number, value in subpackets
    )
    return bytes((4, kind, algorithm, SHA256)) + len(area).to_bytes(2, "big") + area


def _subpackets(area: bytes) -> dict[int, bytes]:
    fields = Fields(area)
    found: dict[int, bytes] = {}
    while not fields.is_at_end:
        content = fields.take(fields.new_length())
        if not content:
            raise BadOpenPgp("an empty subpacket")
        number = content[0] & 0x7F
        if content[0] & 0x80 and number not in _UNDERSTOOD:
            raise BadOpenPgp(f"a critical subpacket of unknown kind {number}")
        found[number] = content[1:]
    return found


def _values(algorithm: int, fields: Fields) -> tuple[bytes, ...]:
    if algorithm in (RSA, RSA_SIGN_ONLY):
        return (fields.mpi(),)
    if algorithm in (DSA, ECDSA, EDDSA_LEGACY):
        return fields.mpi(), fields.mpi()
    if algorithm == ED25519:
        return (fields.take(64),)
    raise BadOpenPgp(f"a signature by unknown algorithm {algorithm}")
