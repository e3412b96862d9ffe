"""How far a constraint looks: at what is tested alone, or at other blobs too."""

from __future__ import annotations

from .constraints import (
    Constraint,
    DirConstraint,
    FileConstraint,
    PermanodeConstraint,
    demands,
)
from .scalars import TimeConstraint
from .trees import nodes

CONTENT = "camliContent"


def looks_afar(constraint: Constraint) -> bool:
    """Whether a blob may come to fit, or cease to, though no row of its own changes.

    A permanode's own rows change also with the file that is its content, and with its place.
    """
    return any(_looks_afar(node) for node, _ in nodes(constraint))


def _looks_afar(node: object) -> bool:
    match node:
        case Constraint(named=name):
            return bool(name)
        case PermanodeConstraint(relation=relation, attr=attribute, value_in_set=inner):
            if relation is not None:
                return True
            return inner is not None and not (attribute == CONTENT and _is_of_files(inner))
        case FileConstraint(parent_dir=folder):
            return folder is not None
        case DirConstraint(parent_dir=folder, contains=a, recursive_contains=b):
            return not (folder is None and a is None and b is None)
    return False


def _is_of_files(constraint: Constraint) -> bool:
    """Whether only files fit, by what is in their own rows."""
    return demands(constraint, lambda one: one.file is not None)


def passes_with_time(constraint: Constraint) -> bool:
    """Whether the same may find something else a moment later although nothing has changed.

    Of a saved search that is not looked up yet it is assumed.
    """
    return any(
        (isinstance(node, TimeConstraint) and bool(node.in_last))
        or (isinstance(node, Constraint) and bool(node.named))
        for node, _ in nodes(constraint)
    )
