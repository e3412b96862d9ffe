"""Attributes: what is said of a permanode, from what a person typed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ...blobstore.ref import Ref
from ...schema.blob import MAX_SCHEMA_SIZE
from ...schema.claims import AddAttribute, AttributeChange, DelAttribute, SetAttribute
from ...schema.folding import Folded
from .errors import BadUsage, NotText, ValueTooLong

CONTENT = "camliContent"
MEMBER = "camliMember"
TAG = "tag"
TITLE = "title"


def as_text(text: str, what: str) -> str:
    """An argument of the command line, if it came as UTF-8. Raises `NotText`."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotText(what) from None
    return text


def parse_tags(texts: Iterable[str]) -> tuple[str, ...]:
    """The tags in texts that separate them by commas, as `pk-put` takes them.

    Raises `NotText`.
    """
    tags = (as_text(tag.strip(), "a tag") for text in texts for tag in text.split(","))
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def as_tag(text: str) -> str:
    """A tag as it was typed. Raises `NotText`, `BadUsage`."""
    if not text:
        raise BadUsage("a tag is not empty")
    return as_text(text, "a tag")


def read_value(file: Path) -> str:
    """The whole of a file as a value; `-` is standard input.

    Raises `ValueTooLong`, `NotText`, `OSError`.
    """
    if str(file) == "-":
        data = sys.stdin.buffer.read(MAX_SCHEMA_SIZE + 1)
        what = "standard input"
    else:
        with file.open("rb") as opened:
            data = opened.read(MAX_SCHEMA_SIZE + 1)
        what = str(file)
    if len(data) > MAX_SCHEMA_SIZE:
        raise ValueTooLong(what, MAX_SCHEMA_SIZE)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise NotText(what) from None


def parse_pair(text: str) -> tuple[str, str]:
    """The name and value in `NAME=VALUE`. Raises `BadUsage`, `NotText`."""
    name, separator, value = as_text(text, "an attribute").partition("=")
    if not (name and separator):
        raise BadUsage(f"--attr is {text[:60]!r}; write it as NAME=VALUE")
    return name, value


def first_claims(
    permanode: Ref, *, content: Ref | None, title: str | None, tags: Iterable[str]
) -> Iterator[AttributeChange]:
    """Claims by which a new permanode has these; None is what it shall not have."""
    if content is not None:
        yield SetAttribute(permanode, CONTENT, content)
    if title is not None:
        yield SetAttribute(permanode, TITLE, title)
    for tag in tags:
        yield AddAttribute(permanode, TAG, tag)


def new_values(
    permanode: Ref, pairs: Iterable[tuple[str, str]]
) -> Iterator[SetAttribute | AddAttribute]:
    """Claims by which attributes have exactly these values: the first of a name is set."""
    seen: set[str] = set()
    for name, value in pairs:
        yield (AddAttribute if name in seen else SetAttribute)(permanode, name, value)
        seen.add(name)


def removed_values(permanode: Ref, name: str, values: Sequence[str]) -> list[DelAttribute]:
    """Claims by which an attribute has none of these values; without values, none at all.

    Raises `BadUsage`: the empty value cannot be removed alone.
    """
    if "" in values:
        raise BadUsage(
            "no claim removes the empty value alone; leave values out to remove all of them"
        )
    return [DelAttribute(permanode, name, value) for value in values or ("",)]


def tag_changes(
    permanode: Ref, *, add: Sequence[str], remove: Sequence[str], now: Folded | None
) -> list[AttributeChange]:
    """Claims by which a permanode has the tags `add` and not those of `remove`.

    What `now` shows to be so is not said again; None is when nobody knows.
    """
    has = set(() if now is None else now.attributes.get(TAG, ()))
    gone = [tag for tag in dict.fromkeys(remove) if now is None or tag in has]
    new = [tag for tag in dict.fromkeys(add) if tag not in has - set(gone)]
    return [
        *(DelAttribute(permanode, TAG, tag) for tag in gone),
        *(AddAttribute(permanode, TAG, tag) for tag in new),
    ]
