"""Documents read with care: what a server says may be of any shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...schema.errors import BadTimestamp
from ...schema.timestamps import Timestamp, parse_time


def object_in(document: Mapping[str, object], key: str) -> Mapping[str, object]:
    """The object under a key; an empty one if there is none."""
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def objects_in(document: Mapping[str, object], key: str) -> Iterator[Mapping[str, object]]:
    """The objects in the list under a key."""
    found = document.get(key)
    for item in found if isinstance(found, list) else ():
        if isinstance(item, dict):
            yield item


def text_in(document: Mapping[str, object], key: str) -> str:
    """The text under a key; empty if there is none."""
    found = document.get(key)
    return found if isinstance(found, str) else ""


def texts_in(document: Mapping[str, object], key: str) -> tuple[str, ...]:
    """The texts in the list under a key."""
    found = document.get(key)
    return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else ()


def number_in(document: Mapping[str, object], key: str) -> int | None:
    """The integer under a key, or None."""
    found = document.get(key)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def moment_in(document: Mapping[str, object], key: str) -> Timestamp | None:
    """The moment under a key, or None."""
    return moment_of(text_in(document, key))


def moment_of(text: str) -> Timestamp | None:
    """The moment that a text spells, or None."""
    try:
        return parse_time(text)
    except BadTimestamp:
        return None
