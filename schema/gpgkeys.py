"""New keys made by the gpg program, in a GnuPG home that is gone afterwards."""

from __future__ import annotations

import logging
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import gnupg

from .errors import KeyNotMade, NoSuchKey
from .identity import RSA_BITS, Algorithm, read_identity
from .openpgp.errors import BadOpenPgp
from .openpgp.secretkey import SecretKey

_KINDS: dict[Algorithm, str] = {
    "rsa": f"Key-Type: RSA\nKey-Length: {RSA_BITS}",
    "ed25519": "Key-Type: EDDSA\nKey-Curve: ed25519",
}
_SECONDS = 10


def new_gpg_identity(
    home: Path, *, time: int, algorithm: Algorithm = "rsa", program: str = "gpg"
) -> SecretKey:
    """As `new_identity`, with GnuPG's randomness and by its arithmetic.

    `home` is made for this, in a folder that exists, and removed; what a killed process left
    there goes too. Raises `KeyNotMade`, whatever the reason.
    """
    _remove(home)
    try:
        home.mkdir(0o700)
        return _made(home, time, algorithm, program)
    except (OSError, ValueError, BadOpenPgp, NoSuchKey) as error:
        raise KeyNotMade(str(error)) from error
    finally:
        _remove(home)


def _made(home: Path, time: int, algorithm: Algorithm, program: str) -> SecretKey:
    gpg = gnupg.GPG(gpgbinary=program, gnupghome=str(home))
    # This library tells its log what it exports, at level DEBUG.
    logging.getLogger(gnupg.__name__).setLevel(logging.INFO)
    made = gpg.gen_key(
        f"%no-protection\n{_KINDS[algorithm]}\nKey-Usage: sign\nName-Comment: camlistore\n"
        f"Creation-Date: seconds={time}\nExpire-Date: 0\n%commit\n"
    )
    if not made.fingerprint:
        lines = made.stderr.strip().splitlines() or ["gpg said nothing"]
        raise KeyNotMade(lines[-1])
    # No key is locked here, so there is no passphrase to be expected.
    ring: bytes = gpg.export_keys(
        made.fingerprint, secret=True, armor=False, expect_passphrase=False
    )
    return read_identity(ring, name=made.fingerprint)


def _remove(home: Path) -> None:
    if not home.exists():
        return
    # Else the agent that gpg started would wait for more work. It belongs to this home alone.
    for order in (["--kill", "all"], ["--remove-socketdir"]):
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(  # noqa: S603 - a fixed program, and a folder we named
                ["gpgconf", "--homedir", str(home), *order],  # noqa: S607 - found as gpg is
                capture_output=True,
                timeout=_SECONDS,
            )
    # The agent removes its sockets meanwhile: that is no error.
    shutil.rmtree(home, ignore_errors=True)
