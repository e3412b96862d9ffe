"""Spelling: atoms written so that they are read back, and found again in what is being typed."""

from __future__ import annotations

import re
from typing import NamedTuple

from .lexer import ANY_SPACE
from .quoting import quoted

_PLAIN = re.compile(f'[^":(){ANY_SPACE}][^:(){ANY_SPACE}]*')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_BETWEEN = frozenset(f"(){ANY_SPACE}")


def atom(name: str, *arguments: str) -> str:
    """A predicate with its arguments, in quotes where they need them."""
    return ":".join((name, *map(_argument, arguments)))


def can_be_said(value: str) -> bool:
    """Whether there is a way to write a value: not of halves of characters."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


class Typed(NamedTuple):
    """The atom around a cursor, as far as it is typed."""

    start: int
    """Where it begins in the expression, behind any `-`."""
    end: int
    """Where it ends, behind the cursor."""
    parts: tuple[str, ...]
    """The name, and the arguments up to the cursor, without quotes. One part is no predicate yet;
    none at all is no atom."""


def typed_at(expression: str, cursor: int) -> Typed:
    """What is being typed at a cursor, a number of characters."""
    at = 0
    while True:
        while at < cursor and (expression[at] in _BETWEEN or expression[at] == "-"):
            at += 1
        start = at
        at = _end_of(expression, start)
        if at >= cursor or at == start:
            break
    return Typed(start, max(at, cursor), _parts(expression[start:cursor]))


def _argument(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else quoted(value)


def _end_of(expression: str, start: int) -> int:
    """Where an atom ends, quoted arguments in one piece."""
    at = start
    while at < len(expression) and expression[at] not in _BETWEEN:
        if expression[at] == '"' and expression[at - 1 : at] == ":":
            at = _closing(expression, at)
        else:
            at += 1
    return at


def _closing(expression: str, at: int) -> int:
    """Where the quotes end that begin there."""
    at += 1
    while at < len(expression) and expression[at] != '"':
        at += 2 if expression[at] == "\\" else 1
    return min(at + 1, len(expression))


def _parts(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    parts: list[str] = []
    at = 0
    while True:
        if text[at : at + 1] == '"' and parts:
            end = _closing(text, at)
            inner = text[at + 1 : end]
            if inner.endswith('"') and not inner.endswith('\\"'):
                inner = inner[:-1]
            parts.append(_ESCAPED.sub(r"\1", inner))
        else:
            colon = text.find(":", at)
            end = len(text) if colon < 0 else colon
            parts.append(text[at:end])
        if text[end : end + 1] != ":":
            return tuple(parts)
        at = end + 1
