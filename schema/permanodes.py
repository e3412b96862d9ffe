"""Permanodes: blobs that say nothing, so that claims can say things about them, and change them.

These are the texts to be signed; a permanode, like a claim, is signed at its own date.
"""

from __future__ import annotations

import base64

from ..blobstore.ref import Ref
from .blob import MAX_SCHEMA_SIZE
from .canonical import Fields, canonical
from .errors import BadClaim, SchemaTooLarge
from .timestamps import Timestamp, format_time

RANDOM_SIZE = 20
"""The random bytes that tell one permanode from all others."""

FILE_DATE = Timestamp(0)
"""The date of the permanode of a file's contents: the same whoever makes it, and whenever."""


def random_permanode_text(signer: Ref, date: Timestamp, *, random: bytes) -> bytes:
    """The unsigned text of a new permanode, unlike any other.

    `random` are `RANDOM_SIZE` bytes from a source nobody can predict. Raises `BadClaim`.
    """
    if len(random) != RANDOM_SIZE:
        raise BadClaim(
            f"{len(random)} random bytes for a permanode", remedy=f"give {RANDOM_SIZE} of them"
        )
    return _text(signer, date, {"random": base64.b64encode(random).decode()})


def planned_permanode_text(signer: Ref, date: Timestamp, *, key: str) -> bytes:
    """The unsigned text of the permanode that this signer, date and key always give.

    Signatures of RSA keys are repeatable, and so is the permanode's ref; those of other kinds may
    not be. Raises `SchemaTooLarge`.
    """
    return _text(signer, date, {"key": key})


def file_permanode_text(signer: Ref, whole: Ref, *, date: Timestamp = FILE_DATE) -> bytes:
    """The unsigned text of the permanode of all files with these contents.

    `whole` is the ref of the contents, as if they were one blob. Perkeep's client dates it
    `FILE_DATE`; its server, asked to make one for an upload, takes the file's `unixMtime`.
    """
    return planned_permanode_text(signer, date, key=whole)


def keep_text(signer: Ref | None, target: Ref) -> bytes:
    """The text of a `keep` blob: `target`, and all it needs, is not to be collected as garbage.

    No claim but a kind of its own. With a signer it is to be signed; without, it is whole, but
    nobody knows whose wish it is.
    """
    fields: Fields = {"camliType": "keep", "target": target}
    return canonical(fields if signer is None else {**fields, "camliSigner": signer})


def _text(signer: Ref, date: Timestamp, own: Fields) -> bytes:
    text = canonical(
        {
            "camliType": "permanode",
            "camliSigner": signer,
            "claimDate": format_time(date),
            **own,
        }
    )
    if len(text) > MAX_SCHEMA_SIZE:
        raise SchemaTooLarge("permanode", len(text), MAX_SCHEMA_SIZE)
    return text
