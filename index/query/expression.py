"""The search language: from what a person types to the constraint it stands for."""

from __future__ import annotations

from .constraints import BASE, Constraint, both
from .errors import BadQuery
from .parser import parse
from .reading import parse_constraint
from .request import SearchQuery


def parse_expression(expression: str) -> Constraint:
    """The constraint an expression stands for. Raises `BadExpression`.

    Names of places and of saved searches stay in it (`LocationConstraint.place`,
    `Constraint.named`), to be looked up with `rewritten` of `trees.py`.
    """
    said = parse(expression)
    return BASE if said is None else both(BASE, said)


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
