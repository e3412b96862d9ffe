"""Double-quoted strings: as expressions hold them, and as errors show them.

The escapes are those of Go's strings, which the reference reads arguments with.
"""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    rb"\\(?:([abfnrtv\\\"])|([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|)"
)
_LETTERS = {
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"v": b"\v",
    b"\\": b"\\",
    b'"': b'"',
}
_SHORT = {meant[0]: "\\" + letter.decode() for letter, meant in _LETTERS.items()}


class BadEscape(ValueError):
    """Something behind a backslash, or a line's end, that a quoted string cannot hold."""


def unquoted(text: str) -> str:
    """What a string in double quotes says. Raises `BadEscape`.

    Escapes can spell bytes that are no UTF-8; U+FFFD stands for those.
    """
    inner = text[1:-1]
    if "\n" in inner:
        raise BadEscape("invalid syntax")
    if "\\" not in inner:
        return inner
    return _ESCAPE.sub(_meant, inner.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")


def _meant(match: re.Match[bytes]) -> bytes:
    letter, octal, byte, short, long = match.groups()
    try:
        if letter:
            return _LETTERS[letter]
        if octal or byte:
            return bytes((int(octal, 8) if octal else int(byte, 16),))
        # The empty text is no number, half of a character cannot be encoded.
        return chr(int(short or long or b"", 16)).encode()
    except (ValueError, OverflowError):
        raise BadEscape("invalid syntax") from None


def quoted(text: str) -> str:
    """Text in double quotes, on one line, without characters that cannot be seen."""
    return '"' + "".join(map(_shown, text)) + '"'


def _shown(letter: str) -> str:
    code = ord(letter)
    if code in _SHORT:
        return _SHORT[code]
    if letter.isprintable():
        return letter
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
