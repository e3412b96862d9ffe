"""The one error for OpenPGP data that cannot be used, whatever is wrong with it."""

from __future__ import annotations

from ...blobstore.errors import Blame, HoldfastError


class BadOpenPgp(HoldfastError):
    """Bytes that are not the OpenPGP data asked for; or are, in a way nobody here understands."""

    blame = Blame.CALLER

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"OpenPGP data: {why}")


class LockedKey(BadOpenPgp):
    """A secret key under a passphrase, or on a card: its numbers are not in the data."""

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        super().__init__(
            f"secret key {key_id} is locked with a passphrase, or not in the ring;"
            " import it into GnuPG and sign with it there"
        )
