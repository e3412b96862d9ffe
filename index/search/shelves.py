"""Shelves: what stands in a row and can be gone along, by pages or as a timeline.

There are three: what a search finds, what is in a set, and what is in a folder.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from ...blobstore.ref import Ref
from ..keys import LINK, MEMBER
from ..query.constraints import (
    BASE,
    Constraint,
    PermanodeConstraint,
    Relation,
    RelationConstraint,
    both,
    either,
    negated,
)
from ..query.errors import BadQuery
from ..query.expression import parse_expression
from ..query.pages import Sort, read_token
from ..query.reading import parse_constraint
from ..query.request import SearchQuery
from ..query.scalars import IntConstraint
from .desk import Desk
from .folderorder import FolderEntry, FolderOrders
from .items import Item, Items
from .saved import ATTRIBUTE
from .schemas import size_of
from .timeline import CHUNK, MOST_ITEMS, Timeline, shapes_of, timeline_by_time

RAW = "raw:"
"""What a constraint in JSON begins with, where an expression is expected."""

_LOOSE = "loose:"
_ENTRY = "entry:"

_SOME = IntConstraint(min=1)


def _has(attribute: str) -> Constraint:
    return Constraint(permanode=PermanodeConstraint(attr=attribute, num_value=_SOME))


_HAS_MEMBERS = Constraint(
    permanode=PermanodeConstraint(
        relation=RelationConstraint(relation=Relation.CHILD, any=Constraint(anything=True))
    )
)

# That all of its members are in the trash is no reason for a set to come forth.
_IS_SET = both(negated(_has("camliContent")), either(_HAS_MEMBERS, _has("camliMember")))

EVERYTHING = both(BASE, negated(either(_has(ATTRIBUTE), _IS_SET)))
"""What nothing in particular is asked of: all that a person has put in. Sets are in it by what is
in them, in the trash or not, and saved searches are not. What has a title and no members is in it:
it may be a note as well as a set that nothing is in yet."""


def asked_for(text: str) -> Constraint:
    """What stands in a search box, as a constraint: an expression, JSON behind `raw:`, or nothing.

    Raises `BadQuery`, and `BadExpression` which tells where.
    """
    if text.startswith(RAW):
        return parse_constraint(text.removeprefix(RAW).encode("utf-8", "surrogatepass"))
    return parse_expression(text) if text.strip() else EVERYTHING


class Page(NamedTuple):
    """Some items, and what leads to the next page; None if there is none."""

    items: list[Item]
    next: str | None


class Shelf(ABC):
    """Items in an order that stays. For one question, in one thread."""

    @abstractmethod
    def page(self, after: str, limit: int) -> Page:
        """At most so many items, from a token on; `""` is the beginning. Raises `BadQuery`."""

    @abstractmethod
    def timeline(self) -> Timeline:
        """All of them in the same order."""


def shelf_of(desk: Desk, text: str, within: Ref | None, orders: FolderOrders) -> Shelf:
    """What a search box asks for, of everything or `within` a set or folder.

    In folders names are looked for instead, which have to have all words of the text in them.
    """
    if within is None:
        return _Found(desk, asked_for(text))
    folder = _folder_in(desk, within)
    if folder is not None:
        return _InFolder(desk, orders.of(desk.reader, desk.storage, folder), text)
    inside = Constraint(
        permanode=PermanodeConstraint(
            skip_hidden=True,
            relation=RelationConstraint(
                relation=Relation.PARENT, any=Constraint(blob_ref_prefix=within)
            ),
        )
    )
    if text.strip():
        return _Found(desk, both(asked_for(text), inside))
    return _InSet(desk, inside, within)


def _folder_in(desk: Desk, ref: Ref) -> Ref | None:
    """The folder that something is or has as its content, unless it is a set."""
    reader = desk.reader
    if reader.directory(ref) is not None:
        return ref
    node = reader.node(ref)
    if node is None or node.content is None or any(True for _ in reader.links(ref)):
        return None
    return node.content if reader.directory(node.content) is not None else None


class _Found(Shelf):
    """What a search finds, newest first."""

    def __init__(self, desk: Desk, constraint: Constraint) -> None:
        self._desk = desk
        self._query = SearchQuery(constraint=constraint, sort=Sort.CREATED_DESC)

    def page(self, after: str, limit: int) -> Page:
        place = read_token(after) if after else None
        found = self._desk.search(replace(self._query, after=place, limit=limit)).page()
        items = Items(self._desk.reader, self._desk.storage).all(found.refs)
        return Page(items, None if found.next is None else found.next.token)

    def timeline(self) -> Timeline:
        search = self._desk.search(replace(self._query, limit=-1))
        return timeline_by_time(self._desk.reader, search.all_by_time())


class _InSet(Shelf):
    """The members of a set: permanodes newest first, and then what else is in it, by ref."""

    def __init__(self, desk: Desk, constraint: Constraint, parent: Ref) -> None:
        self._desk = desk
        self._members = _Found(desk, constraint)
        self._parent = parent

    def page(self, after: str, limit: int) -> Page:
        if after.startswith(_LOOSE):
            return self._loose_page(after.removeprefix(_LOOSE), limit)
        page = self._members.page(after, limit)
        if page.next is not None:
            return page
        room = limit - len(page.items)
        rest = self._loose_page("", room)
        return Page(page.items + rest.items, rest.next)

    def timeline(self) -> Timeline:
        timeline = self._members.timeline()
        count, last = len(timeline.shapes), timeline.end
        room = MOST_ITEMS - count if timeline.is_whole else 0
        loose = self._loose[:room]
        if loose:
            timeline.months.append(("", count))
        for number, ref in enumerate(loose, count):
            if number and not number % CHUNK:
                timeline.tokens.append(last)
            last = f"{_LOOSE}{ref}"
        timeline.shapes += bytes(shapes_of(self._desk.reader, loose))
        timeline.end = last
        timeline.is_whole = timeline.is_whole and len(loose) == len(self._loose)
        return timeline

    def _loose_page(self, after: str, limit: int) -> Page:
        start = bisect_right(self._loose, after)
        refs = self._loose[start : start + limit]
        items = Items(self._desk.reader, self._desk.storage).all(refs)
        goes_on = bool(refs) and start + limit < len(self._loose)
        return Page(items, f"{_LOOSE}{refs[-1]}" if goes_on else None)

    @cached_property
    def _loose(self) -> list[Ref]:
        """What is in the set and is no permanode, so it is not in lists that go by time."""
        reader = self._desk.reader
        listed = {key.rpartition(b"|")[2] for key, _ in reader.scan(*MEMBER.below(self._parent))}
        children = (key.rpartition(b"|")[2] for key, _ in reader.scan(*LINK.below(self._parent)))
        others = sorted({Ref(child.decode()) for child in children if child not in listed})
        return [
            ref
            for ref in others
            if reader.node(ref) is None and size_of(self._desk.storage, ref) is not None
        ]


class _InFolder(Shelf):
    """The members of a folder, by name."""

    def __init__(self, desk: Desk, entries: Sequence[FolderEntry], text: str) -> None:
        words = text.casefold().split()
        self._desk = desk
        self._entries = [
            ref for ref, name in entries if all(word in name.casefold() for word in words)
        ]

    def page(self, after: str, limit: int) -> Page:
        start = _number_behind(_ENTRY, after) if after else 0
        end = start + limit
        items = Items(self._desk.reader, self._desk.storage)
        # What is missing keeps its place, or all behind it would be elsewhere in the timeline.
        found = [items.holder(ref) or Item(ref, "other") for ref in self._entries[start:end]]
        return Page(found, f"{_ENTRY}{end}" if end < len(self._entries) else None)

    def timeline(self) -> Timeline:
        shown = self._entries[:MOST_ITEMS]
        return Timeline(
            shapes=bytes(shapes_of(self._desk.reader, shown)),
            tokens=[f"{_ENTRY}{start}" for start in range(CHUNK, len(shown), CHUNK)],
            is_whole=len(shown) == len(self._entries),
        )


def _number_behind(kind: str, token: str) -> int:
    digits = token.removeprefix(kind)
    if token.startswith(kind) and len(digits) < 10 and digits.isascii() and digits.isdigit():
        return int(digits)
    raise _bad_token()


def _bad_token() -> BadQuery:
    return BadQuery("no token of a page before; start again without one", path="from")
