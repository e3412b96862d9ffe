"""Descriptions: all that an answer says of a blob, line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from ..output import Output
from .documents import object_in, text_in, texts_in
from .tables import cut, harmless, terminal_width

_INDENT = "  "


def write_description(ref: str, entry: Mapping[str, object], out: Output) -> None:
    """Write what is said of a blob: its ref and kind, and below that a line for each fact.

    On a terminal lines are cut to fit; refs are not.
    """
    width = terminal_width(out)
    kind = text_in(entry, "camliType") or "blob"
    deleted = " (deleted)" if object_in(entry, "permanode").get("deleted") is True else ""
    out.line(f"{harmless(ref)} {harmless(kind)}{deleted}")
    for name, value in _facts(entry):
        line = f"{_INDENT}{harmless(name)}={harmless(value)}"
        is_ref = value.partition("-")[0] in ("sha1", "sha224", "sha256")
        out.line(line if width is None or is_ref else cut(line, width))


def _facts(entry: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """What there is to say, as names and values; of several values one after the other."""
    permanode = object_in(entry, "permanode")
    attributes = object_in(permanode, "attr")
    for name in attributes:
        for value in texts_in(attributes, name):
            yield name, value
    yield from _plain(object_in(permanode, "derived"))
    yield from _plain({"modtime": permanode.get("modtime")})
    folder = object_in(entry, "dir")
    yield from _plain({"fileName": folder.get("fileName"), "members": folder.get("size")})
    for part in ("file", "image", "mediaTags", "location"):
        yield from _plain(object_in(entry, part))
    for child in texts_in(entry, "dirChildren"):
        yield "child", child
    yield from _plain({"blobSize": entry.get("size"), "error": entry.get("error")})


def _plain(facts: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in facts.items():
        if value is not None:
            yield name, value if isinstance(value, str) else json.dumps(value)
