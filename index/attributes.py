"""Attributes of a permanode: values by names, and what a value can stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from ..blobstore.errors import BadRef
from ..blobstore.ref import Ref

Attributes: TypeAlias = Mapping[str, tuple[str, ...]]
"""Values by the names of attributes, none of them without any."""


def first(attributes: Attributes, name: str) -> str:
    """The first value of an attribute; empty if there is none."""
    return attributes[name][0] if name in attributes else ""


def ref_in(value: str) -> Ref | None:
    """The ref that a value is, or None."""
    if "-" not in value:
        return None
    try:
        return Ref.parse(value)
    except BadRef:
        return None
