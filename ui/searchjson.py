"""JSON as Perkeep's search writes it, byte for byte, to whatever takes pieces of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from json.encoder import encode_basestring

from ..schema.names import without_surrogates

_FLUSH_PARTS = 4096
"""Parts of text that are held before they are handed on; most are a few dozen bytes."""

_MAPS = frozenset({"attr", "files", "mediaTags", "meta"})
"""The objects whose keys are data, not names of fields. Go writes them in the order of keys."""

_ESCAPED = {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def write_json(
    value: object, write: Callable[[bytes], object], *, is_compact: bool = False
) -> None:
    """Hand the JSON text of `value` to `write`, piece by piece.

    It is indented by two and ends with a newline, or is on one line and ends with nothing. Values
    are what the standard library takes, with str for keys; lists may be any iterables.
    """
    writer = _Writer(write, is_compact)
    writer.value(value, "\n", is_map=False)
    if not is_compact:
        writer.parts.append("\n")
    writer.flush()


def json_bytes(value: object, *, is_compact: bool = False) -> bytes:
    """The same at once."""
    pieces: list[bytes] = []
    write_json(value, pieces.append, is_compact=is_compact)
    return b"".join(pieces)


class _Writer:
    """One text being written. The standard library's indenting is slower, and keeps all of it."""

    def __init__(self, write: Callable[[bytes], object], is_compact: bool) -> None:
        self.parts: list[str] = []
        self._write = write
        self._is_compact = is_compact
        self._colon = ":" if is_compact else ": "

    def flush(self) -> None:
        text = "".join(self.parts)
        self.parts.clear()
        # None of these occurs in JSON but in strings.
        for character, escaped in _ESCAPED.items():
            text = text.replace(character, escaped)
        self._write(without_surrogates(text).encode())

    def value(self, value: object, newline: str, *, is_map: bool) -> None:
        """`newline` is a line's end and the indent of the line on which the value begins."""
        parts = self.parts
        if isinstance(value, str):
            parts.append(encode_basestring(value))
        elif value is None:
            parts.append("null")
        elif isinstance(value, bool):
            parts.append("true" if value else "false")
        elif isinstance(value, int):
            parts.append(str(int(value)))
        elif isinstance(value, float):
            parts.append(float_text(value))
        elif isinstance(value, dict):
            self._object(value, newline, is_map=is_map)
        else:
            assert isinstance(value, Iterable)
            self._array(value, newline)
        if len(parts) >= _FLUSH_PARTS:
            self.flush()

    def _object(self, value: dict[str, object], newline: str, *, is_map: bool) -> None:
        inner = "" if self._is_compact else newline + "  "
        between = "{" + inner
        for key in sorted(value) if is_map else value:
            self.parts += (between, encode_basestring(key), self._colon)
            self.value(value[key], inner, is_map=key in _MAPS and not is_map)
            between = "," + inner
        self._end("{}", newline, is_empty=not value)

    def _array(self, value: Iterable[object], newline: str) -> None:
        inner = "" if self._is_compact else newline + "  "
        between = "[" + inner
        is_empty = True
        for item in value:
            self.parts.append(between)
            self.value(item, inner, is_map=False)
            between = "," + inner
            is_empty = False
        self._end("[]", newline, is_empty=is_empty)

    def _end(self, brackets: str, newline: str, *, is_empty: bool) -> None:
        if is_empty:
            self.parts.append(brackets)
        else:
            self.parts.append(brackets[1] if self._is_compact else newline + brackets[1])


def float_text(value: float) -> str:
    """A finite number as Go's encoding/json writes it: `2`, `48.8584`, `1e+21`, `1e-7`.

    Like ECMAScript, it uses an exponent below 1e-6 and from 1e21 on.
    """
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        # The shortest digits that make the same number, whatever form Python gives them.
        text = format(Decimal(repr(value)), "f")
        return text.removesuffix(".0")
    return repr(value).replace(".0e", "e").replace("e-0", "e-")
