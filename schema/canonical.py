"""Canonical text: the one way a schema blob's JSON is written, to the byte.

Two blobs that say the same must have the same ref, so nothing is left to taste; see README.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Value: TypeAlias = "str | int | Sequence[Value] | Mapping[str, Value] | None"
"""What a field may hold (booleans are integers to the type checker, and written as booleans)."""

Fields: TypeAlias = Mapping[str, Value]
"""A schema blob before it is written. `camliVersion` need not be in it."""

START = '{"camliVersion": 1,\n'
"""How every schema blob begins."""


class Number(str):
    """A number kept as the text it was read with, and written so."""

    __slots__ = ()


def canonical(fields: Fields) -> bytes:
    """The bytes of the unsigned schema blob with these fields.

    Keys are sorted, `camliVersion` comes first. Text that came from bytes that are no UTF-8
    (lone surrogates) is written as U+FFFD, as Perkeep writes it. Raises `TypeError` for floats:
    their text is not one to rely on; give a `Number`.
    """
    rest = {key: value for key, value in fields.items() if key != "camliVersion"}
    lines: list[str] = []
    _write(rest, "\n", lines)
    text = "".join(lines)
    # The version takes the place of the brace and line end that begin an object.
    return (START + text[2:] if rest else '{"camliVersion": 1\n}').encode()


def quoted(text: str) -> str:
    """A string as JSON text, with quotes."""
    if _SPECIAL.search(text) is None:
        return f'"{text}"'
    return f'"{_SPECIAL.sub(_escape, text)}"'


def _write(value: Value, line_end: str, out: list[str]) -> None:
    match value:
        case Number():
            out.append(value)
        case str():
            out.append(quoted(value))
        case True:
            out.append("true")
        case False:
            out.append("false")
        case None:
            out.append("null")
        case int():
            out.append(str(int(value)))
        case Mapping():
            _write_object(value, line_end, out)
        case Sequence() if not isinstance(value, (bytes, bytearray, memoryview)):
            _write_array(value, line_end, out)
        case _:
            raise TypeError(f"schema blobs cannot hold a {type(value).__name__}")


def _write_object(value: Mapping[str, Value], line_end: str, out: list[str]) -> None:
    if not value:
        out.append("{}")
        return
    deeper = line_end + "  "
    before = "{" + deeper
    # Code point order is the byte order of UTF-8.
    for key in sorted(value):
        out.append(f"{before}{quoted(key)}: ")
        _write(value[key], deeper, out)
        before = "," + deeper
    out.append(line_end + "}")


def _write_array(value: Sequence[Value], line_end: str, out: list[str]) -> None:
    if not value:
        out.append("[]")
        return
    deeper = line_end + "  "
    before = "[" + deeper
    for item in value:
        out.append(before)
        _write(item, deeper, out)
        before = "," + deeper
    out.append(line_end + "]")


_SPECIAL = re.compile('["\\\\<>&\x00-\x1f\u2028\u2029\ud800-\udfff]')

# Backspace and form feed are \b and \f since Perkeep is built with Go 1.22; older releases wrote
# \u0008 and \u000c. Readers take either.
_SHORT = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if "\ud800" <= char <= "\udfff":
        return "\\ufffd"
    return _SHORT.get(char) or f"\\u{ord(char):04x}"
