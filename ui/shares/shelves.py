"""What stands in a row where a share is looked at: by pages, or as a timeline.

As on the owner's pages, but for what only the owner may see: whatever is said of a file elsewhere
is no part of a folder that it is in, and tags are nobody else's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...blobstore.ref import Ref
from ...index.query.errors import BadQuery
from ...index.query.pages import read_token
from ...index.search.desk import Desk
from ...index.search.items import Item, Items, shown_moment
from ...index.search.shelves import Page, Shelf, shelf_of
from ...index.search.timeline import CHUNK, MOST_ITEMS, Timeline, shapes_of, timeline_by_time
from ...schema.timestamps import Timestamp
from .lists import LARGE, Memory
from .reach import Reach

_PLACE = "at:"
"""What a token of a list begins with; a number follows."""


def shared_shelf(desk: Desk, reach: Reach, within: Ref | None, memory: Memory) -> Shelf:
    """What is shared, or what is in something `within` that, which the share must open."""
    if within is None:
        if reach.is_search:
            return _Found(desk, reach)
        if reach.listed:
            return _listed(desk, reach.listed)
        within = reach.target
    if within is None:
        return _Listed(desk, ())
    folder = folder_of(desk, within)
    if folder is None:
        return _Bare(shelf_of(desk, "", within, memory.orders))
    refs = memory.lists.in_large(desk, folder)
    if refs is None:
        entries = memory.orders.of(desk.reader, desk.storage, folder)
        refs = tuple(ref for ref, _ in entries)
    return _Listed(desk, refs)


def _listed(desk: Desk, refs: Sequence[Ref]) -> Shelf:
    """The members of a list, newest first; as they are listed, if they are very many."""
    if len(refs) > LARGE:
        return _Listed(desk, refs)
    dated = [(_time_of(desk, ref), ref) for ref in refs]
    dated.sort(key=_newest_first)
    months: list[tuple[str, int]] = []
    for number, (moment, _) in enumerate(dated):
        month = "" if moment is None else shown_moment(moment)[:7]
        if not months or months[-1][0] != month:
            months.append((month, number))
    return _Listed(desk, [ref for _, ref in dated], months)


def _time_of(desk: Desk, ref: Ref) -> Timestamp | None:
    node = desk.reader.node(ref)
    if node is not None:
        return node.time
    facts = desk.reader.file(ref)
    return facts.times[0] if facts is not None and facts.times else None


def _newest_first(dated: tuple[Timestamp | None, Ref]) -> tuple[bool, int]:
    moment, _ = dated
    return moment is None, 0 if moment is None else -moment.ns


def folder_of(desk: Desk, ref: Ref) -> Ref | None:
    """The folder that something is, or has as its content without being a set; or None."""
    reader = desk.reader
    if reader.directory(ref) is not None:
        return ref
    node = reader.node(ref)
    if node is None or node.content is None or any(True for _ in reader.links(ref)):
        return None
    return node.content if reader.directory(node.content) is not None else None


def shown_item(desk: Desk, ref: Ref) -> Item | None:
    """The item of a thing as visitors may see it; None if it is not here, or deleted."""
    node = desk.reader.node(ref)
    if node is not None and node.is_deleted:
        return None
    item = Items(desk.reader, desk.storage).of(ref)
    return None if item is None else without_tags(item)


def without_tags(item: Item) -> Item:
    return replace(item, tags=())


class _Bare(Shelf):
    """Another shelf, without what only the owner may see."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def page(self, after: str, limit: int) -> Page:
        found = self._shelf.page(after, limit)
        return found._replace(items=[without_tags(item) for item in found.items])

    def timeline(self) -> Timeline:
        return self._shelf.timeline()


class _Found(Shelf):
    """What a search finds, newest first."""

    def __init__(self, desk: Desk, reach: Reach) -> None:
        self._desk = desk
        self._reach = reach

    def page(self, after: str, limit: int) -> Page:
        place = read_token(after) if after else None
        found = self._reach.search(after=place, limit=limit).page()
        items = [item for ref in found.refs if (item := shown_item(self._desk, ref)) is not None]
        return Page(items, None if found.next is None else found.next.token)

    def timeline(self) -> Timeline:
        places = self._reach.search(limit=-1).all_by_time()
        return timeline_by_time(self._desk.reader, places)


class _Listed(Shelf):
    """Things in an order that is known."""

    def __init__(
        self, desk: Desk, refs: Sequence[Ref], months: Sequence[tuple[str, int]] = ()
    ) -> None:
        """`months` are as in `Timeline`, for what goes by time."""
        self._desk = desk
        self._refs = refs
        self._months = months

    def page(self, after: str, limit: int) -> Page:
        start = _number_in(after) if after else 0
        end = start + limit
        # What is missing keeps its place, or all behind it would be elsewhere in the timeline.
        found = [shown_item(self._desk, ref) or Item(ref, "other") for ref in self._refs[start:end]]
        return Page(found, f"{_PLACE}{end}" if end < len(self._refs) else None)

    def timeline(self) -> Timeline:
        shown = self._refs[:MOST_ITEMS]
        return Timeline(
            shapes=bytes(shapes_of(self._desk.reader, shown)),
            months=[month for month in self._months if month[1] < len(shown)],
            tokens=[f"{_PLACE}{start}" for start in range(CHUNK, len(shown), CHUNK)],
            is_whole=len(shown) == len(self._refs),
        )


def _number_in(token: str) -> int:
    digits = token.removeprefix(_PLACE)
    if token.startswith(_PLACE) and len(digits) < 10 and digits.isascii() and digits.isdigit():
        return int(digits)
    raise BadQuery("no token of a page before; start again without one", path="from")
