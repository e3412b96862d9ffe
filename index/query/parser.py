"""The grammar: operands joined by `or`, `and` or nothing (which is `and`), `-` and parentheses."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from .constraints import BASE, Constraint, both, either, negated
from .errors import BadExpression
from .lexer import Kind, Token, tokens, trimmed
from .predicates import meaning_of
from .request import SearchQuery
from .rewriting import Unfit
from .trees import is_too_large

MAX_EXPRESSION = 1 << 16
"""How many characters an expression may have."""

MAX_GROUPS = 50
"""How many parentheses may be open at once."""

_LONGEST_LEANING = 8
"""Longer chains become balanced trees, which mean the same and are not deep."""


def parse(expression: str) -> Constraint | None:
    """What an expression says; None if it is empty. Raises `BadExpression`."""
    return _Parser(expression).parsed()


class _Parser:
    """Reads one expression, one token ahead."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._skipped, self._text = trimmed(expression)
        self._tokens = tokens(self._text)
        self._groups = 0
        self._next = Token(Kind.END, "", 0)

    def parsed(self) -> Constraint | None:
        if len(self._text) > MAX_EXPRESSION:
            raise self._error(
                f"Expressions have at most {MAX_EXPRESSION} characters", Token(Kind.FAULT, "", 0)
            )
        self._advance()
        if self._is_at(Kind.END):
            return None
        first = self._next
        constraint = self._alternatives()
        if self._is_at(Kind.CLOSE):
            raise self._error("No matching opening parenthesis", self._next)
        # What is read here can be written as JSON, and read again.
        if is_too_large(SearchQuery(constraint=both(BASE, constraint))):
            raise self._error("Too long, or nested too deep", first)
        return constraint

    def _alternatives(self) -> Constraint:
        sides = [self._conjunction()]
        while self._is_at(Kind.OR):
            self._advance()
            sides.append(self._conjunction())
        return _chain(either, sides)

    def _conjunction(self) -> Constraint:
        operands = [self._operand()]
        while not self._is_at(Kind.OR, Kind.CLOSE, Kind.END):
            if self._is_at(Kind.AND):
                self._advance()
            operands.append(self._operand())
        return _chain(both, operands)

    def _operand(self) -> Constraint:
        is_negated = False
        while self._is_at(Kind.NOT):
            is_negated = not is_negated
            self._advance()
        token = self._next
        if token.kind is Kind.FAULT:
            raise self._error(token.problem, token)
        if token.kind is Kind.END:
            raise self._error("Expected an atom", token)
        if token.kind is Kind.CLOSE:
            raise self._error("No matching opening parenthesis", token)
        self._advance()
        constraint = self._group(token) if token.kind is Kind.OPEN else self._meaning(token)
        return negated(constraint) if is_negated else constraint

    def _group(self, opening: Token) -> Constraint:
        self._groups += 1
        if self._groups > MAX_GROUPS:
            raise self._error("Nested too deep", opening)
        if self._is_at(Kind.END):
            raise self._error("No matching closing parenthesis", opening)
        constraint = self._alternatives()
        if not self._is_at(Kind.CLOSE):
            raise self._error("No matching closing parenthesis", opening)
        self._advance()
        self._groups -= 1
        return constraint

    def _meaning(self, atom: Token) -> Constraint:
        try:
            return meaning_of(atom.name, atom.arguments)
        except Unfit as error:
            raise self._error(str(error), atom) from None

    def _is_at(self, *kinds: Kind) -> bool:
        return self._next.kind in kinds

    def _advance(self) -> None:
        self._next = next(self._tokens)

    def _error(self, problem: str, token: Token) -> BadExpression:
        before = self._text[: token.start].encode("utf-8", "surrogatepass")
        return BadExpression(
            self._expression,
            problem,
            token=token.text,
            start=self._skipped + token.start,
            position=-1 if token.kind is Kind.END else len(before),
        )


def _chain(
    join: Callable[[Constraint, Constraint], Constraint], sides: list[Constraint]
) -> Constraint:
    if len(sides) <= _LONGEST_LEANING:
        return reduce(join, sides)
    middle = len(sides) // 2
    return join(_chain(join, sides[:middle]), _chain(join, sides[middle:]))
