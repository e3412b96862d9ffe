"""The identity of whoever works here: their public key, a signer for it, and who is trusted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..blobstore.errors import Blame, HoldfastError
from .config import Config, IdentityConfig

if TYPE_CHECKING:
    from ..blobstore.ref import Ref
    from ..schema.openpgp.publickey import PublicKey
    from ..schema.openpgp.secretkey import SecretKey
    from ..schema.signing import Signer

_LARGEST_RING = 16 << 20


class NoIdentity(HoldfastError):
    """There is no key to sign with."""

    blame = Blame.CALLER

    def __init__(self, ring: str) -> None:
        self.ring = ring
        super().__init__(
            f"there is no key to sign with in {ring}; make or import one with `holdfast init`"
        )


class BadRing(HoldfastError):
    """A secret ring that gives no key."""

    blame = Blame.CALLER

    def __init__(self, path: str, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"the secret ring {path} cannot be used: {why}")


class LockedRing(HoldfastError):
    """A secret ring whose key is under a passphrase, so that only GnuPG can use it."""

    blame = Blame.CALLER

    def __init__(self, path: str, key_id: str) -> None:
        self.path, self.key_id = path, key_id
        super().__init__(
            f"key {key_id} in {path} is locked with a passphrase; let GnuPG keep it:"
            f" `gpg --import {path}`, then `holdfast init --gpg-key {key_id}`"
        )


class OpenRing(HoldfastError):
    """A secret ring that others of this machine may read, or change."""

    blame = Blame.CALLER

    def __init__(self, path: str, mode: int) -> None:
        self.path, self.mode = path, mode
        super().__init__(
            f"others may read the secret ring {path} (mode {mode:04o}), so nothing is signed"
            f" with it; if nobody did, `chmod 600 {path}`"
        )


def open_signer(config: IdentityConfig) -> Signer:
    """Whoever signs here: the key in the secret ring, or one that GnuPG keeps.

    Raises `NoIdentity`, `BadRing`, `LockedRing`, `OpenRing`, and what asking GnuPG raises.
    """
    if config.gnupg:
        return _open_gnupg(config)
    try:
        key = read_ring(config.ring, name=config.key)
    except FileNotFoundError:
        raise NoIdentity(str(config.ring)) from None
    demand_private(config.ring)
    return key


def owner(config: IdentityConfig) -> PublicKey | None:
    """The owner's public key; None where there is no identity. Nothing needs to be unlocked.

    Raises `BadRing`, and what asking GnuPG raises.
    """
    from ..schema.identity import read_public_half

    try:
        if config.gnupg:
            return _open_gnupg(config).public
        with _blaming(config.ring):
            return read_public_half(_content(config.ring), name=config.key)
    except (NoIdentity, FileNotFoundError):
        return None


def trusted_fingerprints(config: IdentityConfig) -> frozenset[str]:
    """The fingerprints of the owner's key and of all keys the owner trusts.

    Raises as `owner` does. GnuPG is asked only if `identity.key` is no whole fingerprint.
    """
    return frozenset(config.trusted) | _own_fingerprint(config)


def read_ring(path: Path, *, name: str | None) -> SecretKey:
    """The one key in the secret ring `path`, or the one of that name.

    Raises `BadRing`, `LockedRing`, and `FileNotFoundError`.
    """
    from ..schema.identity import read_identity

    with _blaming(path):
        return read_identity(_content(path), name=name)


def demand_private(ring: Path) -> None:
    """Raises `OpenRing` if the file is our user's own, and not for that user alone.

    Files of other users, as a system may provide secrets, are that user's affair.
    """
    status = ring.stat()
    if status.st_uid == os.getuid() and status.st_mode & 0o077:
        raise OpenRing(str(ring), status.st_mode & 0o7777)


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyFacts:
    """What there is to know about the owner's key."""

    fingerprint: str
    key_id: str
    algorithm: str
    signer: Ref
    kept_in: str

    def fields(self) -> dict[str, str]:
        """The same by its names in JSON."""
        return {
            "fingerprint": self.fingerprint,
            "keyId": self.key_id,
            "algorithm": self.algorithm,
            "signer": self.signer,
            "keptIn": self.kept_in,
        }


def key_facts(key: PublicKey, config: Config) -> KeyFacts:
    """What there is to know about a key that the settings name."""
    from ..blobstore.ref import Ref

    return KeyFacts(
        fingerprint=key.fingerprint,
        key_id=key.key_id,
        algorithm=algorithm_name(key),
        signer=Ref.of(key.blob, hash_name=config.storage.hash_name),
        kept_in=whereabouts(config.identity),
    )


def algorithm_name(key: PublicKey) -> str:
    """What a key reckons with, for a person."""
    from ..schema.openpgp.publickey import CurvePoint, DsaNumbers, RsaNumbers

    match key.material:
        case RsaNumbers(n, _):
            return f"RSA {n.bit_length()}"
        case DsaNumbers(p, _, _, _):
            return f"DSA {p.bit_length()}"
        case CurvePoint(curve, _):
            return f"ECDSA {curve}"
        case _:
            return "Ed25519"


def whereabouts(config: IdentityConfig) -> str:
    """Where the secret key is kept, for a person."""
    if not config.gnupg:
        return str(config.ring)
    return "GnuPG" if config.gnupg_home is None else f"GnuPG in {config.gnupg_home}"


def _own_fingerprint(config: IdentityConfig) -> frozenset[str]:
    from ..schema.identity import whole_fingerprint

    if config.gnupg and config.key and (fingerprint := whole_fingerprint(config.key)):
        return frozenset({fingerprint})
    key = owner(config)
    return frozenset() if key is None else frozenset({key.fingerprint})


def _open_gnupg(config: IdentityConfig) -> Signer:
    from ..schema.gpgsigner import GpgSigner

    if config.key is None:
        raise NoIdentity("GnuPG: identity.key does not say which")
    return GpgSigner(config.key, home=config.gnupg_home)


@contextmanager
def _blaming(ring: Path) -> Iterator[None]:
    """Say which file it is that gives no key."""
    from ..schema.errors import NoSuchKey
    from ..schema.openpgp.errors import BadOpenPgp, LockedKey

    try:
        yield
    except LockedKey as error:
        raise LockedRing(str(ring), error.key_id) from None
    except BadOpenPgp as error:
        why = f"{error.why}; it is not what Perkeep, GnuPG or Holdfast write"
        raise BadRing(str(ring), why) from None
    except NoSuchKey as error:
        raise BadRing(str(ring), str(error)) from None


def _content(ring: Path) -> bytes:
    """Raises `BadRing`, and `FileNotFoundError`."""
    try:
        with ring.open("rb") as file:
            content = file.read(_LARGEST_RING + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BadRing(str(ring), error.strerror or str(error)) from None
    if len(content) > _LARGEST_RING:
        raise BadRing(str(ring), "it is too large for one")
    return content
