"""Postings: the rows that find a node, in lists that all go by its time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..blobstore.ref import Ref
from .cells import cells_of
from .files import FileFacts
from .keys import CELL, CONTENT, HAS, LACKS, MODIFIED, TIME, WORD, date_text
from .nodes import VALUE_LENGTH, Node
from .words import MOST_LETTERS, MOST_WORDS, words_of

MORE_WORDS = ""
"""What stands in the place of a word for all words that are not posted."""

LOOKED_FOR_ABSENT = ("tag",)
"""Attributes whose absence has a posting too, since people look for what is still to be tagged."""

MOST_PIXELS = 10**10 - 1
"""The width and height of whatever has more."""


def posting_keys(node: Node, facts: FileFacts | None) -> Iterator[bytes]:
    """The keys of all postings of a listed node but for its words; `facts` are of its content."""
    assert node.time is not None
    assert node.modified is not None
    end = _end(date_text(node.time), node.permanode)
    yield TIME.key_of() + end
    yield MODIFIED.key_of() + _end(date_text(node.modified), node.permanode)
    for attribute, values in node.attributes.items():
        for value in values:
            yield HAS.key_of(attribute, value[:VALUE_LENGTH]) + end
    for attribute, value in node.derived.items():
        yield HAS.key_of(attribute, value[:VALUE_LENGTH]) + end
    for attribute in LOOKED_FOR_ABSENT:
        if not node.values(attribute):
            yield LACKS.key_of(attribute) + end
    if len(node.attributes.get("camliContent", ())) > 1:
        yield CONTENT.key_of("several", "") + end
    if facts is not None:
        for field, value in _fields(facts):
            yield CONTENT.key_of(field, value) + end
    if node.place is not None:
        for cell in cells_of(node.place):
            yield CELL.key_of(cell) + end


def word_keys(words: Iterable[str], time: str, permanode: Ref) -> list[bytes]:
    """The keys of a node's postings of words; `time` is as in keys."""
    end = _end(time, permanode)
    return [WORD.key_of(word) + end for word in words]


def words_to_post(texts: Iterable[str]) -> set[str]:
    """The words of some texts, with `MORE_WORDS` for those that are too long or too many."""
    found: set[str] = set()
    for text in texts:
        for word in words_of(text):
            if len(word) > MOST_LETTERS:
                found.add(MORE_WORDS)
            elif len(found) >= MOST_WORDS:
                found.add(MORE_WORDS)
                return found
            else:
                found.add(word)
    return found


def _fields(facts: FileFacts) -> Iterator[tuple[str, str]]:
    yield "mime", facts.mime
    yield "type", facts.mime.partition("/")[0]
    yield "name", facts.name[:VALUE_LENGTH]
    if facts.picture is not None:
        for field, pixels in zip(("width", "height"), facts.picture, strict=True):
            yield field, f"{min(pixels, MOST_PIXELS):010d}"


def _end(time: str, permanode: Ref) -> bytes:
    """How the keys of all postings of a node end."""
    return f"|{time}|{permanode}".encode()
