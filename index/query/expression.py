"""The search language: from what a person types to the constraint it stands for."""

from __future__ import annotations

from .constraints import Constraint, PermanodeConstraint, both
from .errors import BadExpression, BadQuery
from .parser import parse
from .reading import parse_constraint
from .request import SearchQuery
from .trees import is_too_large

BASE = Constraint(permanode=PermanodeConstraint(skip_hidden=True))
"""What every expression asks for beside what it says: permanodes that are not hidden."""


def parse_expression(expression: str) -> Constraint:
    """The constraint an expression stands for. Raises `BadExpression`.

    Names of places and of saved searches stay in it (`LocationConstraint.place`,
    `Constraint.named`), to be looked up with `rewritten` of `trees.py`.
    """
    said = parse(expression)
    if said is None:
        return BASE
    constraint = both(BASE, said)
    # As JSON it is to be read again, as part of a query.
    if is_too_large(SearchQuery(constraint=constraint)):
        raise BadExpression(
            expression, "Too long, or nested too deep", token="", start=0, position=0
        )
    return constraint


def constraint_of(query: SearchQuery) -> Constraint:
    """What a search asks for, whichever way it is said. Raises `BadExpression`."""
    if query.constraint is not None:
        return query.constraint
    return parse_expression(query.expression)


def parse_saved(text: str) -> Constraint:
    """The constraint of a saved search: an expression without its base, or JSON in braces.

    Raises `BadQuery`.
    """
    if text.startswith("{") and text.endswith("}"):
        return parse_constraint(text.encode("utf-8", "surrogatepass"))
    said = parse(text)
    if said is None:
        raise BadQuery("the saved search is empty; save it again with an expression")
    return said
