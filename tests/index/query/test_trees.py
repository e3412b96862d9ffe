"""Constraints as values: matched, walked through and rewritten."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from holdfast.index.query.constraints import (
    Constraint,
    LogicalConstraint,
    Op,
    PermanodeConstraint,
    both,
    either,
    finds_only_permanodes,
)
from holdfast.index.query.expression import parse_expression
from holdfast.index.query.scalars import LocationConstraint
from holdfast.index.query.trees import nodes, rewritten

from .strategies import constraints

BOX = LocationConstraint(north=49.0, west=2.2, south=48.8, east=2.4)


def looked_up(constraint: Constraint) -> Constraint:
    """What a geocoder and a saved search would make of it."""
    match constraint:
        case Constraint(named="mine"):
            return Constraint(anything=True)
        case Constraint(permanode=PermanodeConstraint(location=LocationConstraint(place="Paris"))):
            assert constraint.permanode is not None
            return Constraint(permanode=replace(constraint.permanode, location=BOX))
    return constraint


def test_names_deep_in_a_constraint_can_be_looked_up():
    constraint = parse_expression("-(tag:a or loc:Paris) named:mine title:x")
    found = rewritten(constraint, looked_up)
    held = [node for node, _ in nodes(found)]
    assert BOX in held
    assert Constraint(anything=True) in held
    assert LocationConstraint(place="Paris") not in held
    assert [node for node, _ in nodes(constraint)].count(LocationConstraint(place="Paris")) == 1


@given(constraints)
def test_what_is_not_changed_stays_the_same_object(constraint):
    assert rewritten(constraint, lambda inner: inner) is constraint


@given(constraints)
def test_walking_finds_every_constraint_that_rewriting_is_asked_about(constraint):
    asked = []

    def seen(inner):
        asked.append(inner)
        return inner

    rewritten(constraint, seen)
    walked = [node for node, _ in nodes(constraint) if isinstance(node, Constraint)]
    assert sorted(map(repr, asked)) == sorted(map(repr, walked))


def test_permanodes_are_recognised_through_logic():
    permanodes = Constraint(permanode=PermanodeConstraint())
    anything = Constraint(anything=True)
    assert finds_only_permanodes(both(anything, permanodes))
    assert finds_only_permanodes(either(permanodes, permanodes))
    assert not finds_only_permanodes(either(anything, permanodes))
    assert not finds_only_permanodes(Constraint(logical=LogicalConstraint(op=Op.NOT, a=permanodes)))
