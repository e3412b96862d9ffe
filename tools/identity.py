"""The identity of whoever works here: their public key, and a signer for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..blobstore.errors import Blame, HoldfastError
from .config import IdentityConfig

if TYPE_CHECKING:
    from ..schema.openpgp.publickey import PublicKey
    from ..schema.signing import Signer


class NoIdentity(HoldfastError):
    """There is no key to sign with."""

    blame = Blame.CALLER

    def __init__(self, ring: str) -> None:
        self.ring = ring
        super().__init__(
            f"there is no key to sign with in {ring}; make or import one with `holdfast init`"
        )


def open_signer(config: IdentityConfig) -> Signer:
    """Whoever signs here: the key in the secret ring, or one that GnuPG keeps.

    Raises `NoIdentity`, and what reading a ring or asking GnuPG raises.
    """
    from ..schema.identity import read_identity

    if config.gnupg:
        from ..schema.gpgsigner import GpgSigner

        if config.key is None:
            raise NoIdentity("GnuPG: identity.key does not say which")
        return GpgSigner(config.key, home=config.gnupg_home)
    try:
        ring = config.ring.read_bytes()
    except FileNotFoundError:
        raise NoIdentity(str(config.ring)) from None
    return read_identity(ring, name=config.key)


def owner(config: IdentityConfig) -> PublicKey | None:
    """The owner's public key; None where there is no identity."""
    try:
        return open_signer(config).public
    except NoIdentity:
        return None


def trusted_fingerprints(config: IdentityConfig) -> frozenset[str]:
    """The fingerprints of the owner's key and of all keys the owner trusts."""
    key = owner(config)
    return frozenset(config.trusted) | (frozenset() if key is None else {key.fingerprint})
