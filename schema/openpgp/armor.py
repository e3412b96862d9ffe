"""Armor: OpenPGP data as text between two lines of dashes, with a checksum (RFC 9580, 6)."""

from __future__ import annotations

import base64
import binascii
import re

import anycrc

from .errors import BadOpenPgp

PUBLIC_KEY = "PGP PUBLIC KEY BLOCK"
PRIVATE_KEY = "PGP PRIVATE KEY BLOCK"
SIGNATURE = "PGP SIGNATURE"

_COLUMNS = 64


def armored(kind: str, data: bytes) -> bytes:
    """`data` in armor without headers: lines of 64 columns, a checksum, a final line end."""
    text = base64.b64encode(data).decode("ascii")
    lines = [text[at : at + _COLUMNS] for at in range(0, len(text), _COLUMNS)]
    parts = (f"-----BEGIN {kind}-----", "", *lines, f"={checksum(data)}", f"-----END {kind}-----")
    return ("\n".join(parts) + "\n").encode()


def dearmored(kind: str, text: bytes) -> bytes:
    """The data in the first armor of `text`, which must be of this kind.

    Text before it, headers and any line ends are allowed; a checksum may be missing, not wrong.
    Raises `BadOpenPgp`.
    """
    lines = [line.strip() for line in text.splitlines()]
    begins = (at for at, line in enumerate(lines) if _BEGIN.fullmatch(line))
    if (start := next(begins, None)) is None:
        raise BadOpenPgp("no armor")
    if lines[start] != f"-----BEGIN {kind}-----".encode():
        raise BadOpenPgp(f"armor of another kind than {kind}")
    try:
        lines = lines[start + 1 : lines.index(f"-----END {kind}-----".encode(), start)]
    except ValueError:
        raise BadOpenPgp("armor without an end") from None
    try:
        # Headers end with an empty line.
        lines = lines[lines.index(b"") + 1 :]
    except ValueError:
        raise BadOpenPgp("no empty line behind the headers of the armor") from None
    lines = [line for line in lines if line]
    check = lines.pop()[1:] if lines and lines[-1].startswith(b"=") else None
    return decoded(b"".join(lines), check)


def decoded(text: bytes, check: bytes | None) -> bytes:
    """The data that base64 text says; `check` is what stands behind the `=` of its checksum.

    Only the one text that encodes some data is taken for it: no spaces, no stray bits at the end.
    Raises `BadOpenPgp`.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise BadOpenPgp(f"bad base64: {error}") from None
    if base64.b64encode(data) != text:
        raise BadOpenPgp("bad base64: bits left over at the end")
    if check is not None and check != checksum(data).encode():
        raise BadOpenPgp("the checksum of the armor does not match")
    return data


def checksum(data: bytes) -> str:
    """The four characters of the CRC-24 of `data`: from 0xB704CE, by the polynomial 0x1864CFB."""
    crc: int = _CRC.calc(data)
    return base64.b64encode(crc.to_bytes(3, "big")).decode("ascii")


_CRC = anycrc.Model("CRC24-OPENPGP")

_BEGIN = re.compile(rb"-----BEGIN [A-Z0-9 /,]{1,60}-----")
