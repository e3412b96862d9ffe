"""The shape of a query's JSON, taken from the classes it is read into."""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from functools import cache
from typing import NamedTuple

from ...schema.jsontext import folded


class Field(NamedTuple):
    """A field of one of our classes: its name and key, and what a value of it must be."""

    name: str
    key: str
    kind: type
    is_many: bool
    default: object
    may_be_empty: bool


@cache
def shape_of(kind: type) -> dict[str, Field]:
    """The fields of a class, by their folded keys."""
    hints = typing.get_type_hints(kind)
    fields = {}
    for item in dataclasses.fields(kind):
        key = item.metadata.get("key") or _key_of(item.name)
        hint = hints[item.name]
        is_many = typing.get_origin(hint) is tuple
        if is_many or isinstance(hint, types.UnionType):
            hint = typing.get_args(hint)[0]  # of `X | None` and of `tuple[X, ...]`
        fields[folded(key)] = Field(
            item.name, key, hint, is_many, item.default, item.metadata.get("empty", True)
        )
    return fields


def _key_of(name: str) -> str:
    return re.sub(r"_(.)", lambda match: match[1].upper(), name)
