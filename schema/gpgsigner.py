"""Signing by the gpg program: keys under a passphrase, of an agent, on a card."""

from __future__ import annotations

from pathlib import Path

import gnupg

from .errors import NoSuchKey, SigningFailed
from .openpgp.errors import BadOpenPgp
from .openpgp.packets import PUBLIC_KEY, first_packet
from .openpgp.publickey import PublicKey, parse_public_key
from .openpgp.signature import BINARY, SHA256, parse_signature

# Against what people have in their gpg.conf.
_PLAIN = ["--no-armor", "--no-textmode"]

# With an RSA key whose larger prime comes first, as in many of Perkeep's rings, GnuPG 2.2 makes
# a bad signature one time in twenty, each time by a new chance.
_TRIES = 6

_CANNOT_ASK = ("Inappropriate ioctl for device", "No pinentry")
"""How gpg says that there is nobody it could ask for a passphrase."""


class GpgSigner:
    """A secret key that GnuPG has, as a `Signer`; who is asked for a passphrase is its affair.

    `key_name` is anything gpg takes for a key: fingerprint, key id, mail address. `home` is
    GnuPG's folder, unless the usual one. Raises `NoSuchKey`, `BadOpenPgp` for a key nobody here
    understands, and `SigningFailed` when gpg cannot be run.
    """

    def __init__(self, key_name: str, *, home: Path | None = None, program: str = "gpg") -> None:
        try:
            self._gpg = gnupg.GPG(
                gpgbinary=program, gnupghome=str(home) if home else None, options=_PLAIN
            )
        except (OSError, ValueError) as error:
            raise SigningFailed(key_name, str(error)) from error
        # What begins like an option would be one, and no name at all any key.
        name = key_name.lstrip("-")
        found = self._gpg.list_keys(secret=True, keys=[name]) if name else []
        if len(found) != 1:
            raise NoSuchKey(key_name, tuple(key["fingerprint"] for key in found))
        self._name = str(found[0]["fingerprint"])
        if found[0].get("token") == "#":
            raise SigningFailed(self._name, "GnuPG has its subkeys alone, which Perkeep ignores")
        exported: bytes = self._gpg.export_keys(self._name, armor=False, minimal=True)
        self._public = parse_public_key(first_packet(exported, PUBLIC_KEY, "public key"))

    @property
    def public(self) -> PublicKey:
        return self._public

    def detached(self, data: bytes, *, time: int) -> bytes:
        """A signature by the primary key, which is the only one that Perkeep looks at.

        Raises `SigningFailed` also if gpg signed something else, or at another time.
        """
        # "!" keeps gpg from signing with a subkey. Keys younger than the time they sign at are
        # a conflict to gpg, and usual for planned permanodes.
        options = ["--local-user", f"{self._name}!", "--digest-algo", "SHA256"]
        options += ["--faked-system-time", f"{time}!", "--ignore-time-conflict"]
        for _ in range(_TRIES):
            made = self._gpg.sign(
                data, detach=True, binary=True, clearsign=False, extra_args=options
            )
            if not made.data:
                raise SigningFailed(self._public.key_id, _last_words(made.stderr))
            if self._is_good(made.data, data, time):
                return bytes(made.data)
        raise SigningFailed(self._public.key_id, "gpg signed with another key, or wrongly")

    def _is_good(self, packet: bytes, data: bytes, time: int) -> bool:
        try:
            made = parse_signature(packet)
        except BadOpenPgp as error:
            raise SigningFailed(self._public.key_id, error.why) from error
        if (made.kind, made.hash_id, made.created) != (BINARY, SHA256, time):
            raise SigningFailed(self._public.key_id, "gpg made a signature of another kind or time")
        return self._public.has_signed(made.digest_of(data), "sha256", made.values)


def _last_words(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.startswith("gpg: ")]
    if not lines:
        return "gpg said nothing"
    words = lines[-1].removeprefix("gpg: ")
    if any(cause in words for cause in _CANNOT_ASK):
        words += "; for gpg to ask for the passphrase here, `export GPG_TTY=$(tty)` first"
    return words
