"""Queries read from JSON: strictly, and saying where in it an error is.

Keys match in any case, null and zero values are as good as absent, unknown keys are errors (a
constraint left out because of a typo would find more, not less), and a key comes once.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable
from enum import Enum
from typing import Final, TypeVar

from ...blobstore.errors import BadRef
from ...blobstore.ref import Ref
from ...schema.errors import BadTimestamp
from ...schema.jsontext import Pairs, folded
from ...schema.names import without_surrogates
from ...schema.timestamps import Timestamp, parse_time
from .constraints import Constraint, LogicalConstraint, Op, Relation, RelationConstraint
from .errors import BadQuery
from .pages import Place, Sort, read_token
from .quoting import quoted
from .request import DescribeRequest, SearchQuery
from .scalars import bound
from .shape import Field, shape_of
from .trees import MAX_DEPTH, MAX_OBJECTS
from .validity import fault_of

MAX_QUERY_SIZE: Final = 1 << 20
"""How many bytes of JSON a query may have."""

Node = TypeVar("Node")

_INT_MAX = (1 << 63) - 1

_NEEDED: dict[type, dict[str, str]] = {
    LogicalConstraint: {
        "a": "In LogicalConstraint, need to set A",
        "op": 'In LogicalConstraint, unknown operation ""',
    },
    RelationConstraint: {
        "relation": 'only RelationConstraint.Relation of "parent" or "child" is currently supported'
    },
}
"""What is said where a field without default is absent."""

_IGNORED: dict[type, frozenset[str]] = {DescribeRequest: frozenset({"thumbnailsize"})}
"""Keys that clients of long ago send, folded; they have no effect."""


def parse_query(data: bytes) -> SearchQuery:
    """The search that a request's body asks for. Raises `BadQuery`.

    What follows the first JSON value is ignored. The expression is not looked at: that does
    `constraint_of` in `expression.py`.
    """
    return read_query(_decoded(data))


def parse_describe(data: bytes) -> DescribeRequest:
    """The describe request that a body holds; unknown keys are ignored. Raises `BadQuery`."""
    return _read(DescribeRequest, _decoded(data), is_strict=False)


def parse_constraint(data: bytes) -> Constraint:
    """The constraint that some JSON is, for instance a saved search. Raises `BadQuery`."""
    return _read(Constraint, _decoded(data))


def read_query(value: object) -> SearchQuery:
    """The search in a JSON value that has been decoded already. Raises `BadQuery`."""
    return _read(SearchQuery, value)


def _read(kind: type[Node], value: object, *, is_strict: bool = True) -> Node:
    node = _Reader(is_strict=is_strict).node(kind, {} if value is None else value, "", 1)
    assert isinstance(node, kind)
    return node


class _Reader:
    """Reads one query, counting its objects."""

    def __init__(self, *, is_strict: bool) -> None:
        self._is_strict = is_strict
        self._objects = 0

    def node(self, kind: type, value: object, path: str, level: int) -> object:
        pairs = _pairs(value, path)
        self._objects += 1
        if level > MAX_DEPTH:
            raise BadQuery(f"objects nested deeper than {MAX_DEPTH}", path=path)
        if self._objects > MAX_OBJECTS:
            raise BadQuery(f"more than {MAX_OBJECTS} objects", path=path)
        shape = shape_of(kind)
        found: dict[str, object] = {}
        for key, inner in pairs:
            item = shape.get(folded(key))
            if item is None:
                if self._is_strict and folded(key) not in _IGNORED.get(kind, ()):
                    raise BadQuery(f"unknown field {quoted(key[:100])}", path=path)
                continue
            if item.name in found:
                raise BadQuery("given twice", path=_below(path, item.key))
            found[item.name] = self._value(item, inner, _below(path, item.key), level)
        for name, why in _NEEDED.get(kind, {}).items():
            if found.get(name) is None:
                raise BadQuery(why, path=path)
        made: object = kind(**found)
        fault = fault_of(made)
        if fault is not None:
            raise BadQuery(fault, path=path)
        return made

    def _value(self, item: Field, value: object, path: str, level: int) -> object:
        if value is None:
            return None if item.default is dataclasses.MISSING else item.default
        if item.is_many:
            if isinstance(value, Pairs) or not isinstance(value, list):
                raise BadQuery("not an array", path=path)
            return tuple(
                self._one(item, each, f"{path}[{number}]", level)
                for number, each in enumerate(value)
            )
        return self._one(item, value, path, level)

    def _one(self, item: Field, value: object, path: str, level: int) -> object:
        if dataclasses.is_dataclass(item.kind):
            return self.node(item.kind, value, path, level + 1)
        return _scalar(item, value, path)


def _scalar(item: Field, value: object, path: str) -> object:
    kind = item.kind
    if kind is bool:
        if isinstance(value, bool):
            return value
        raise BadQuery("not true or false", path=path)
    if kind is int:
        if (
            isinstance(value, int)
            and not isinstance(value, bool)
            and -_INT_MAX <= value <= _INT_MAX
        ):
            return value
        raise BadQuery("not an integer of 64 bits", path=path)
    if kind is float:
        return _float(value, path)
    if not isinstance(value, str):
        raise BadQuery("not a string", path=path)
    text = without_surrogates(value)
    if kind is str:
        return text
    if kind is Ref:
        try:
            return Ref.parse(text)
        except BadRef as error:
            raise BadQuery(str(error), path=path) from None
    if kind is Timestamp:
        return _time(text, path, may_be_empty=item.may_be_empty)
    if kind is Place:
        return read_token(text) if text else None
    assert issubclass(kind, Enum)
    try:
        return kind(text)
    except ValueError:
        raise BadQuery(_unknown(kind, text), path=path) from None


def _float(value: object, path: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise BadQuery("not a number of 64 bits", path=path)


def _time(text: str, path: str, *, may_be_empty: bool) -> Timestamp | None:
    if not text and not may_be_empty:
        raise BadQuery("not an RFC 3339 time: ''", path=path)
    try:
        time = parse_time(text)
    except BadTimestamp as error:
        raise BadQuery(str(error), path=path) from None
    return None if time is None else bound(time.ns)


def _unknown(kind: type[Enum], text: str) -> str:
    shown = quoted(text[:100])
    if kind is Op:
        return f"In LogicalConstraint, unknown operation {shown}"
    if kind is Relation:
        return _NEEDED[RelationConstraint]["relation"]
    assert kind is Sort
    return f"Bogus search sort type {quoted(shown)}"


def _pairs(value: object, path: str) -> Iterable[tuple[str, object]]:
    if isinstance(value, Pairs):
        return value
    if isinstance(value, dict):
        return value.items()
    raise BadQuery("not an object", path=path)


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _decoded(data: bytes) -> object:
    if len(data) > MAX_QUERY_SIZE:
        raise BadQuery(f"more than {MAX_QUERY_SIZE} bytes")
    text = data.decode("utf-8", "replace")
    start = len(text) - len(text.lstrip(" \t\r\n"))
    if start == len(text):
        raise BadQuery("no JSON; send at least {}")
    try:
        value: object = _DECODER.raw_decode(text, start)[0]
    except RecursionError:
        raise BadQuery(f"objects nested deeper than {MAX_DEPTH}") from None
    except ValueError as error:
        raise BadQuery(f"bad JSON: {error}") from None
    return value


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is no JSON")


def _integer(text: str) -> int:
    if len(text) > 20:  # what 64 bits can take
        raise ValueError("a number out of range")
    return int(text)


_DECODER = json.JSONDecoder(
    object_pairs_hook=Pairs, parse_constant=_no_constant, parse_int=_integer
)
