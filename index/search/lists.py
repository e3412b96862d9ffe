"""Lists of what there is: sets, tags, saved searches, what changed last, what is there twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple, TypeVar

from ...blobstore.errors import BadRef, BlobNotFound, CorruptBlob
from ...blobstore.ref import Ref
from ...blobstore.storage import fetch_one
from ..keys import HAS, MODIFIED, SIZE, number_text
from ..nodes import Node
from ..query.errors import BadQuery
from ..query.reading import MAX_QUERY_SIZE
from ..trees import MOST as MOST_BYTES
from ..trees import tree_of
from . import setlists, twins
from .desk import Desk
from .items import Item, Items
from .keeping import Latest
from .largest import KINDS
from .liveness import Liveness
from .reader import IndexReader
from .saved import ATTRIBUTE
from .setlists import SetList, is_hidden
from .shelves import Page
from .tallies import Tally, tallies
from .twins import Group, Twins

MOST_LISTED = 1000
"""Rows there are in one answer."""

_MOST_TAGS = 20_000

_DATE = re.compile("[0-9a-f]{18}")
_NUMBER = re.compile("[0-9]{1,30}")

T = TypeVar("T")


class Memory:
    """What lists are made of, kept while nothing changes. Safe for many threads."""

    def __init__(self) -> None:
        self._liveness = Latest[Liveness]()
        self._twins = Latest[Twins]()
        self._sets = Latest[SetList]()
        self._tags = Latest[list[Tally]]()

    # Each is of a state of the index, which was asked for before any of it was read.

    def liveness(self, reader: IndexReader, stamp: str) -> Liveness:
        return self._liveness.of(stamp, reader, Liveness)

    def twins(self, reader: IndexReader, stamp: str) -> Twins:
        return self._twins.of(stamp, reader, lambda: Twins(reader))

    def sets(self, reader: IndexReader, stamp: str) -> SetList:
        return self._sets.of(stamp, reader, lambda: SetList(reader))

    def tags(self, reader: IndexReader, stamp: str) -> list[Tally]:
        """The commonest first."""
        return self._tags.of(stamp, reader, lambda: _tags(reader))


class Saved(NamedTuple):
    """A saved search."""

    ref: Ref
    name: str
    expression: str


class Row(NamedTuple):
    """A file or folder by its size; of a folder also how many `files` are in it, if known."""

    item: Item
    size: int
    files: int | None


def sets(desk: Desk, memory: Memory, stamp: str, match: str, after: str, limit: int) -> Page:
    """Sets whose titles have all these words, or parts of words, in them; newest changed first."""
    behind = None
    if after:
        modified, _, ref = after.partition("|")
        behind = setlists.Place(_checked(_DATE, modified, "from"), _ref(ref, "from"))
    listed = memory.sets(desk.reader, stamp)
    items = Items(desk.reader, desk.storage)
    found = (
        ("|".join(place), items.of_node(node))
        for place in listed.places(match, behind)
        if (node := desk.reader.node(place.ref)) is not None
    )
    return Page(*_page(found, limit))


def tags(desk: Desk, memory: Memory, stamp: str, match: str, limit: int) -> list[Tally]:
    """Tags that have a text in them, whatever its capitals; those first that most things have."""
    text = match.casefold()
    found = memory.tags(desk.reader, stamp)
    return list(islice((one for one in found if text in one.value.casefold()), limit))


def _tags(reader: IndexReader) -> list[Tally]:
    found = (one for one in tallies(reader, HAS, ("tag",)) if one.value)
    return sorted(islice(found, _MOST_TAGS), key=lambda one: (-one.things, one.value))


def saved_searches(desk: Desk) -> list[Saved]:
    """Searches that are saved, by name; of those with the same name the newest."""
    found: dict[str, Saved] = {}
    for key, _ in islice(desk.reader.scan(*HAS.below(ATTRIBUTE)), MOST_LISTED):
        node = desk.reader.node(Ref(HAS.parts_of(key)[3]))
        if node is None or node.content is None:
            continue
        try:
            text = fetch_one(desk.storage, node.content)
        except (BlobNotFound, CorruptBlob):
            continue  # searching for it tells what is wrong
        if len(text) <= MAX_QUERY_SIZE:
            name = node.value(ATTRIBUTE)
            found[name] = Saved(node.permanode, name, text.decode("utf-8", "replace").strip())
    return sorted(found.values(), key=lambda one: one.name.casefold())


def recent(desk: Desk, after: str, limit: int) -> Page:
    """What was changed last, newest first, but for saved searches and what is hidden."""
    start, end = MODIFIED.below()
    if after:
        date, _, ref = after.partition("|")
        end = MODIFIED.key_of(_checked(_DATE, date, "from"), _ref(ref, "from"))
    items = Items(desk.reader, desk.storage)
    found = (
        ("|".join(MODIFIED.parts_of(key)), items.of_node(node))
        for key, _ in desk.reader.scan(start, end, backwards=True)
        if (node := desk.reader.node(Ref(MODIFIED.parts_of(key)[1]))) is not None
        if _is_for_people(node)
    )
    return Page(*_page(found, limit))


def _is_for_people(node: Node) -> bool:
    return node.is_listed and not is_hidden(node) and ATTRIBUTE not in node.attributes


def alike(
    desk: Desk, memory: Memory, stamp: str, after: str, limit: int
) -> tuple[list[Group], str | None]:
    """Things with the same contents, those first whose copies come to most bytes.

    They may be files with the same contents, or several permanodes of one file; what is nobody's
    any longer is not among them (`liveness.py`).
    """
    place = None
    if after:
        wasted, _, ref = after.partition(":")
        place = twins.Place(-int(_checked(_NUMBER, wasted, "after")), _ref(ref, "after"))
    liveness = memory.liveness(desk.reader, stamp)
    several = memory.twins(desk.reader, stamp)
    found = (
        (f"{-at.order}:{at.whole}", group) for at, group in several.groups(desk, liveness, place)
    )
    return _page(found, limit)


def by_size(
    desk: Desk, memory: Memory, stamp: str, kind: str, after: str, limit: int
) -> tuple[list[Row], str | None]:
    """The largest files or folders, but for what is nobody's any longer (`liveness.py`)."""
    if kind not in KINDS:
        raise BadQuery("neither file nor directory", path="kind")
    start, end = SIZE.below(kind)
    if after:
        size, _, ref = after.partition(":")
        number = int(_checked(_NUMBER, size, "after"))
        end = SIZE.key_of(kind, number_text(min(number, MOST_BYTES)), _ref(ref, "after"))
    liveness = memory.liveness(desk.reader, stamp)
    return _page(_by_size(desk, liveness, start, end), limit)


def _by_size(desk: Desk, liveness: Liveness, start: bytes, end: bytes) -> Iterator[tuple[str, Row]]:
    for key, _ in desk.reader.scan(start, end, backwards=True):
        kind, digits, text = SIZE.parts_of(key)
        size, ref = int(digits, 16), Ref(text)
        for item in islice(liveness.items(desk, ref), 1):
            tree = tree_of(desk.reader, ref) if kind == "directory" else None
            total = None if tree is None else tree.total
            yield f"{size}:{ref}", Row(item, size, None if total is None else total.files)


def _page(found: Iterable[tuple[str, T]], limit: int) -> tuple[list[T], str | None]:
    """The first of some rows, each with its token; and what leads on, if there are more."""
    rows = list(islice(found, limit + 1))
    return [row for _, row in rows[:limit]], rows[limit - 1][0] if len(rows) > limit else None


def _checked(pattern: re.Pattern[str], text: str, path: str) -> str:
    """A part of a token. Raises `BadQuery`."""
    if pattern.fullmatch(text) is None:
        raise _bad_token(path)
    return text


def _ref(text: str, path: str) -> Ref:
    try:
        return Ref.parse(text)
    except BadRef:
        raise _bad_token(path) from None


def _bad_token(path: str) -> BadQuery:
    return BadQuery("no token of a page before; start again without one", path=path)
