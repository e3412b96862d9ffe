"""Locks of shares: passwords, and counts of downloads, as claims carry them.

A password stands in the claim as what `password_hash` makes of it, in the form that is known as
PHC string (`$scrypt$ln=15,r=8,p=1$SALT$HASH`); the function is scrypt (RFC 7914).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import unicodedata
from typing import NamedTuple

HAVE_REF = "haveref"
"""Who may use a share: whoever knows its ref. Perkeep knows no other way."""

SALT_SIZE = 16

MOST_PASSWORD = 1024
"""Characters of a password."""

MOST_COUNT = 1_000_000_000

_LOG_N, _R, _P = 15, 8, 1
"""What a new password costs to try: 32 MiB, and some 80 ms of a processor."""

_MOST_MEMORY = 128 * 1024 * 1024
_MOST_P = 4
_HASH_SIZES = range(16, 65)
_PHC = re.compile(
    r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{8,128})\$([A-Za-z0-9+/]{8,128})",
    re.ASCII,
)


class PasswordHash(NamedTuple):
    """What a claim says of a password: how it is hashed, and what that must give."""

    log_n: int
    r: int
    p: int
    salt: bytes
    digest: bytes

    def is_of(self, password: str) -> bool:
        """Whether it is that of a password. Takes the memory and time it says."""
        found = _scrypt(password, self.salt, self.log_n, self.r, self.p, len(self.digest))
        return hmac.compare_digest(found, self.digest)


def auth_type(*, has_password: bool, is_counted: bool) -> str:
    """The `authType` of a share with such locks.

    With any, it is one that Perkeep does not know: where nobody could check, nothing opens.
    """
    locks = ("password", has_password), ("count", is_counted)
    return "+".join((HAVE_REF, *(name for name, is_there in locks if is_there)))


def locks_in(auth_type: str) -> frozenset[str]:
    """The names of the locks that an `authType` asks for."""
    return frozenset(auth_type.split("+")[1:])


def password_hash(password: str, *, salt: bytes) -> str:
    """The text that a claim has for a password. `salt` are `SALT_SIZE` unpredictable bytes."""
    digest = _scrypt(password, salt, _LOG_N, _R, _P, 32)
    return f"$scrypt$ln={_LOG_N},r={_R},p={_P}${_text(salt)}${_text(digest)}"


def read_password_hash(text: str) -> PasswordHash | None:
    """What such a text says; None if nobody can use it, or it would cost too much to."""
    match = _PHC.fullmatch(text)
    if match is None:
        return None
    log_n, r, p = int(match[1]), int(match[2]), int(match[3])
    if not (log_n >= 1 and r >= 1 and 1 <= p <= _MOST_P) or (128 * r << log_n) > _MOST_MEMORY:
        return None
    try:
        salt, digest = (
            base64.b64decode(part + "=" * (-len(part) % 4)) for part in match.group(4, 5)
        )
    except binascii.Error:
        return None
    return PasswordHash(log_n, r, p, salt, digest) if len(digest) in _HASH_SIZES else None


NOBODYS = PasswordHash(_LOG_N, _R, _P, bytes(SALT_SIZE), bytes(32))
"""What is tried where there is nothing to try, so that time does not tell that."""


def _scrypt(password: str, salt: bytes, log_n: int, r: int, p: int, size: int) -> bytes:
    # Keyboards disagree on how to write one and the same letter.
    text = unicodedata.normalize("NFC", password[:MOST_PASSWORD]).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(
        text, salt=salt, n=1 << log_n, r=r, p=p, dklen=size, maxmem=2 * _MOST_MEMORY
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")
