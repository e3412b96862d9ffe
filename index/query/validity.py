"""What makes a query invalid although each of its parts is well formed."""

from __future__ import annotations

from .constraints import (
    ClaimConstraint,
    Constraint,
    DirConstraint,
    LogicalConstraint,
    Op,
    PermanodeConstraint,
    RelationConstraint,
)
from .pages import Sort
from .patterns import BadPattern, finder
from .request import SearchQuery
from .scalars import FloatConstraint, IntConstraint, StringConstraint


def fault_of(node: object) -> str | None:
    """Why an object, whose inner objects are valid, is not; None if it is.

    The reference's rules in its words. Unlike it, which leaves out half of the tree, everything
    is checked, so nothing fails while a search runs.
    """
    match node:
        case IntConstraint() | FloatConstraint():
            return _range_fault(node)
        case StringConstraint(regexp=pattern) if pattern:
            return _pattern_fault(pattern)
        case Constraint(claim=ClaimConstraint()):
            return "ClaimConstraint is not supported"
        case LogicalConstraint(op=op, b=None) if op is not Op.NOT:
            return "In LogicalConstraint, need both A and B set"
        case PermanodeConstraint(attr=attr) if attr:
            return _attribute_fault(node)
        case RelationConstraint(any=some, all=every) if (some is None) == (every is None):
            return "exactly one of RelationConstraint Any or All must be defined"
        case DirConstraint():
            return _directory_fault(node)
        case SearchQuery():
            return _query_fault(node)
    return None


def _range_fault(node: IntConstraint | FloatConstraint) -> str | None:
    kind = type(node).__name__
    if node.zero_min and node.min:
        return f"in {kind}, can't set both ZeroMin and Min"
    if node.zero_max and node.max:
        return f"in {kind}, can't set both ZeroMax and Max"
    lowest, highest = node.lowest, node.highest
    if lowest is not None and highest is not None and lowest > highest:
        return f"in {kind}, min is greater than max"
    return None


def _pattern_fault(pattern: str) -> str | None:
    # The reference logs a bad pattern, and finds nothing.
    try:
        finder(pattern)
    except BadPattern as error:
        return f"in StringConstraint, bad regexp: {error}"
    return None


def _attribute_fault(node: PermanodeConstraint) -> str | None:
    number = node.num_value
    if number is None:
        if node.tests_value:
            return None
        return (
            "PermanodeConstraint with Attr requires also setting NumValue or a value-matching"
            " constraint"
        )
    if number.zero_min:
        return "NumValue with ZeroMin makes no sense; matches everything"
    if number.zero_max and node.tests_value:
        return (
            "NumValue with ZeroMax makes no sense in conjunction with a value-matching constraint;"
            " matches nothing"
        )
    if number.min < 0 or number.max < 0 or number.equals < 0:
        return "NumValue with negative Min or Max makes no sense"
    return None


def _directory_fault(node: DirConstraint) -> str | None:
    if node.contains and node.recursive_contains:
        return "Contains and RecursiveContains in a DirConstraint are mutually exclusive"
    inner = node.contains or node.recursive_contains
    if inner is None or inner.blob_ref_prefix or _is_of_files(inner):
        return None
    return (
        "[Recursive]Contains constraint should have a *FileConstraint, or a *DirConstraint, or a"
        " *LogicalConstraint combination of the aforementioned."
    )


def _is_of_files(node: Constraint) -> bool:
    if node.logical is None:
        return node.file is not None or node.dir is not None
    sides = (node.logical.a, node.logical.b)
    return all(_is_of_files(side) for side in sides if side is not None)


def _query_fault(query: SearchQuery) -> str | None:
    goes_on = query.after is not None or query.around is not None
    if query.after is not None and query.around is not None:
        return "Continue and Around parameters are mutually exclusive"
    if query.sort is Sort.MAP and goes_on:
        return "Continue or Around parameters are not available with MapSort"
    # Without an order, the next page would be any page.
    if query.sort is Sort.UNSORTED and query.after is not None:
        return "Continue needs a sort with an order"
    if query.constraint is not None and query.expression:
        return "Constraint and Expression are mutually exclusive in a search query"
    return None
