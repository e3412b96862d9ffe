"""Queries written as JSON."""

from __future__ import annotations

import dataclasses
from enum import Enum

from ...schema.timestamps import Timestamp, format_ns
from .pages import Place
from .shape import shape_of


def to_json(node: object) -> dict[str, object]:
    """A query, or a part of one, as JSON that reads back as an equal value."""
    written: dict[str, object] = {}
    kind: type = type(node)
    for item in shape_of(kind).values():
        value = getattr(node, item.name)
        if value != item.default:
            written[item.key] = _written(value)
    return written


def _written(value: object) -> object:
    if isinstance(value, Place):
        return value.token
    if isinstance(value, Timestamp):
        return format_ns(value.ns)
    if isinstance(value, tuple):
        return [_written(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    return to_json(value) if dataclasses.is_dataclass(value) else value
