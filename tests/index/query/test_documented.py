"""What can be asked is described where people read of it."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path

import pytest

import holdfast.index.query as package
from holdfast.index.query import constraints, request, scalars
from holdfast.index.query.predicates import FIXED, PREDICATES
from holdfast.index.query.shape import shape_of

README = (Path(package.__file__).parent.parent / "README.md").read_text()

CLASSES = [
    kind
    for module in (constraints, scalars, request)
    for _, kind in inspect.getmembers(module, inspect.isclass)
    if dataclasses.is_dataclass(kind) and kind.__module__ == module.__name__
]


@pytest.mark.parametrize("usage", [each[0] for each in (*PREDICATES, *FIXED)])
def test_every_predicate_is_described(usage):
    assert f"| `{usage}`" in README


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_key_is_described(kind):
    for field in shape_of(kind).values():
        assert f"`{field.key}`" in README, field.key
