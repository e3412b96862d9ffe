"""Constraints as trees: how large they may be, what is in them, and how to change parts of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

from .constraints import Constraint

MAX_DEPTH = 150
"""How deep the objects of a query may be nested; each logical constraint takes two levels.

Far from Python's own limit, which depends on who calls; nothing is known that needs more.
"""

MAX_OBJECTS = 10_000
"""How many objects a query may hold."""


def nodes(root: object) -> Iterator[tuple[object, int]]:
    """Every object in a tree, whatever its kind, after the one that holds it; and its level."""
    waiting = [(root, 1)]
    while waiting:
        node, level = waiting.pop()
        yield node, level
        waiting += [(inner, level + 1) for inner in _held_by(node)]


def is_too_large(root: object) -> bool:
    """Whether a tree has more objects, or more levels, than a query may have."""
    return any(
        count > MAX_OBJECTS or level > MAX_DEPTH
        for count, (_, level) in enumerate(nodes(root), start=1)
    )


def rewritten(constraint: Constraint, change: Callable[[Constraint], Constraint]) -> Constraint:
    """The constraint with each one in it replaced by what `change` makes of it, inner ones first.

    For what has to be looked up before planning: the places of `loc:`, and saved searches.
    """
    result = _rewritten(constraint, change)
    assert isinstance(result, Constraint)
    return result


def _rewritten(node: object, change: Callable[[Constraint], Constraint]) -> object:
    changed: dict[str, object] = {}
    for item in dataclasses.fields(node):  # type: ignore[arg-type]  # one of our values
        inner = getattr(node, item.name)
        if dataclasses.is_dataclass(inner):
            new = _rewritten(inner, change)
            if new is not inner:
                changed[item.name] = new
    if changed:
        node = dataclasses.replace(node, **changed)  # type: ignore[type-var]  # the same
    return change(node) if isinstance(node, Constraint) else node


def _held_by(node: object) -> Iterator[object]:
    for item in dataclasses.fields(node):  # type: ignore[arg-type]  # one of our values
        inner = getattr(node, item.name)
        for each in inner if isinstance(inner, tuple) else (inner,):
            if dataclasses.is_dataclass(each):
                yield each
