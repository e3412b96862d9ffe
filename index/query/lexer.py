"""Tokens: a search expression cut into its smallest parts.

White space between tokens is ASCII's alone, but any white space of Unicode ends an argument; so
the reference has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from .quoting import BadEscape, unquoted

_ASCII_SPACE = "\t\n\v\f\r "
ANY_SPACE = _ASCII_SPACE + (
    "\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_SPACE = re.compile(f"[{_ASCII_SPACE}]*")
_OPERATOR = re.compile(f"(and|or)(?=[{_ASCII_SPACE}(])")
_WORD = re.compile(f"[^:(){ANY_SPACE}]*")
_QUOTED = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


class Kind(Enum):
    """What a token is."""

    AND = auto()
    OR = auto()
    NOT = auto()
    OPEN = auto()
    CLOSE = auto()
    ATOM = auto()
    END = auto()
    FAULT = auto()


class Token(NamedTuple):
    """A part of an expression; `start` counts characters.

    An atom is a predicate's name and its arguments; its text is both without quotes. The text of
    a fault is what the reference shows for it, and `problem` what is wrong.
    """

    kind: Kind
    text: str
    start: int
    name: str = ""
    arguments: tuple[str, ...] = ()
    problem: str = ""


def trimmed(expression: str) -> tuple[int, str]:
    """An expression without the white space around it, and how much stood before it."""
    text = expression.lstrip(ANY_SPACE)
    return len(expression) - len(text), text.rstrip(ANY_SPACE)


_SIGNS = {"(": Kind.OPEN, ")": Kind.CLOSE, "-": Kind.NOT}


def tokens(text: str) -> Iterator[Token]:
    """The tokens of trimmed text, one `END` at last; nothing sensible comes after a `FAULT`."""
    at = 0
    may_be_operator = False
    while True:
        at = _end(_SPACE, text, at)
        if at == len(text):
            yield Token(Kind.END, "", at)
            return
        operator = _OPERATOR.match(text, at) if may_be_operator else None
        if operator is not None:
            token, at = Token(Kind[operator[1].upper()], operator[1], at), operator.end()
        elif text[at] in _SIGNS:
            token, at = Token(_SIGNS[text[at]], text[at], at), at + 1
        else:
            token, at = _atom(text, at)
        yield token
        if token.kind is Kind.FAULT:
            return
        # Only where an operand has ended; elsewhere `and` begins an operand.
        may_be_operator = token.kind in (Kind.ATOM, Kind.CLOSE)


def _atom(text: str, start: int) -> tuple[Token, int]:
    """The atom, or what is there instead of one, and where it ends."""
    if text[start] == '"':
        quoted = _QUOTED.match(text, start)
        if quoted is None:
            return _unclosed(start), len(text)
        return _fault("No support for quoted literals yet", quoted[0], start), quoted.end()
    if text[start] == ":":
        return _fault("Predicates do not start with a colon", ":", start), start + 1
    at = start
    while at < len(text) and text[at].isalpha():
        at += 1
    if text[at : at + 1] != ":":
        at = _end(_WORD, text, start)
        return _fault("No support for literals yet", text[start:at], start), at
    name = text[start:at]
    arguments = []
    while text[at : at + 1] == ":":
        argument_start = at + 1
        if text[argument_start : argument_start + 1] == '"':
            quoted = _QUOTED.match(text, argument_start)
            if quoted is None:
                return _unclosed(argument_start), len(text)
            try:
                arguments.append(unquoted(quoted[0]))
            except BadEscape as error:
                return _fault(str(error), quoted[0], argument_start), quoted.end()
            at = quoted.end()
        else:
            at = _end(_WORD, text, argument_start)
            arguments.append(text[argument_start:at])
    return Token(Kind.ATOM, ":".join((name, *arguments)), start, name, tuple(arguments)), at


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where what matches ends; these patterns match everywhere, if only nothing."""
    match = pattern.match(text, at)
    assert match is not None
    return match.end()


def _fault(problem: str, text: str, start: int) -> Token:
    return Token(Kind.FAULT, text, start, problem=problem)


def _unclosed(start: int) -> Token:
    return _fault("Unclosed quote", "Unclosed quote", start)
