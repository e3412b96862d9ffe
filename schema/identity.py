"""Identities: a secret key by its name, from a ring or new; what Perkeep's tools accept as one."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from .errors import NoSuchKey
from .openpgp import armor
from .openpgp.publickey import PublicKey
from .openpgp.secretkey import (
    SecretKey,
    new_ed25519_key,
    new_rsa_key,
    parse_secret_key,
    secret_key_packets,
)

PERKEEP_USER_ID = b"(camlistore)"
"""The name in the rings of Perkeep's tools: no name, no address, the comment `camlistore`."""

RSA_BITS = 2048

Algorithm: TypeAlias = Literal["rsa", "ed25519"]
"""What new keys reckon with."""


def new_identity(*, time: int, algorithm: Algorithm = "rsa") -> SecretKey:
    """A fresh key, made at `time`, in seconds since 1970.

    RSA of 2048 bits is what every release of Perkeep makes and verifies; Ed25519 is verified by
    Holdfast and GnuPG, and by no release of Perkeep known to us.
    """
    if algorithm == "rsa":
        return new_rsa_key(bits=RSA_BITS, time=time)
    return new_ed25519_key(time=time)


def secret_ring(key: SecretKey, *, user_id: bytes = PERKEEP_USER_ID, is_armored: bool) -> bytes:
    """The contents of an `identity-secring.gpg`; keep such a file to its owner (mode 0600).

    Every Perkeep reads it binary; armored is what newer ones write, and 2021's cannot read.
    """
    ring = key.ring(user_id, time=key.public.created)
    return armor.armored(armor.PRIVATE_KEY, ring) if is_armored else ring


def read_identity(ring: bytes, *, name: str | None = None) -> SecretKey:
    """The one key in a secret ring, binary or armored; or the one that `name` is a name of.

    Raises `BadOpenPgp` for data that is no ring, `LockedKey` for a key under a passphrase, and
    `NoSuchKey`.
    """
    keys = list(secret_key_packets(ring))
    return parse_secret_key(keys[_chosen([public for public, _ in keys], name)][1])


def read_public_half(ring: bytes, *, name: str | None = None) -> PublicKey:
    """The public half of the key that `read_identity` gives, or would give but for a passphrase.

    Raises `BadOpenPgp` and `NoSuchKey`.
    """
    keys = [public for public, _ in secret_key_packets(ring)]
    return keys[_chosen(keys, name)]


def _chosen(keys: list[PublicKey], name: str | None) -> int:
    fitting = [at for at, key in enumerate(keys) if name is None or is_named(key, name)]
    if len(fitting) != 1:
        raise NoSuchKey(name or "", tuple(key.fingerprint for key in keys))
    return fitting[0]


def is_named(key: PublicKey, name: str) -> bool:
    """Whether `name` is the key's fingerprint of 40 digits, or the last 16 or 8 of these.

    Upper or lower case, spaces, and `0x` in front make no difference.
    """
    digits = _digits(name)
    return _NAME.fullmatch(digits) is not None and key.fingerprint.endswith(digits)


def whole_fingerprint(name: str) -> str | None:
    """The fingerprint that `name` is, as `PublicKey` writes it; None for shorter names."""
    digits = _digits(name)
    return digits if _NAME.fullmatch(digits) and len(digits) == 40 else None


def _digits(name: str) -> str:
    return "".join(name.split()).upper().removeprefix("0X")


_NAME = re.compile("[0-9A-F]{40}|[0-9A-F]{16}|[0-9A-F]{8}")
