"""File names in schema blobs: any bytes, written as text where they are text."""

from __future__ import annotations

import re
from collections.abc import Sequence

_BAD = re.compile("[\udc80-\udcff]")
_LONE = re.compile("[\ud800-\udfff]")


def text_of(data: bytes) -> str:
    """Bytes as text; each byte that is no UTF-8 becomes the lone surrogate U+DC00 + byte."""
    # Python's decoder is strict and goes on behind the first bad byte, as the format wants:
    # overlong forms, surrogates and numbers beyond U+10FFFF are bad, byte by byte.
    return data.decode("utf-8", "surrogateescape")


def pieces_of(data: bytes) -> list[str | int]:
    """Bytes that are not all UTF-8, as the longest valid strings and, between them, bad bytes."""
    text = text_of(data)
    pieces: list[str | int] = []
    position = 0
    for bad in _BAD.finditer(text):
        if bad.start() > position:
            pieces.append(text[position : bad.start()])
        pieces.append(ord(bad[0]) - 0xDC00)
        position = bad.end()
    if position < len(text):
        pieces.append(text[position:])
    return pieces


def joined_pieces(pieces: Sequence[object]) -> bytes:
    """The bytes that `pieces_of` took apart.

    Numbers beyond a byte lose their higher bits; what is neither text nor number is left out.
    """
    return b"".join(
        without_surrogates(piece).encode()
        if isinstance(piece, str)
        else bytes((int(piece) & 0xFF,))
        if isinstance(piece, int | float) and not isinstance(piece, bool)
        else b""
        for piece in pieces
    )


def without_surrogates(text: str) -> str:
    """Text with U+FFFD for every half of a character, as in JSON's `"\\ud800"`."""
    return text if text.isascii() else _LONE.sub("\ufffd", text)


def as_perkeep_reads(name: bytes) -> bytes:
    """A file name as Perkeep's reader gives it: none at all if a slash of either kind is in it."""
    return b"" if b"/" in name or b"\\" in name else name


def as_restorable(name: bytes) -> bytes:
    """A file name if a file of that name may be made in a folder here; else empty.

    A backslash is an ordinary byte; `/` and NUL, and the names `.` and `..`, would lead elsewhere.
    """
    return b"" if b"/" in name or b"\0" in name or name in (b".", b"..") else name
