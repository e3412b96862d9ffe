"""What a visitor is shown of a share: how it is laid out, and the answers to what pages ask.

Each function answers one question, in a thread of searches.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from ...blobstore.ref import Ref
from ...index.nodes import ref_in
from ...index.search.desk import Desk
from ...index.search.items import Item
from ...index.search.shelves import Page
from ...index.search.timeline import CHUNK
from ...schema.claims import Share
from ..searchcalls import Parameters
from .lists import Memory
from .reach import NothingThere, Reach
from .shelves import folder_of, shared_shelf, shown_item

FIRST_ITEMS = 100
"""Items that a page comes with."""

DEFAULT_LIMIT = 200
MOST = 1000
"""Items of one answer."""


class Layout(Enum):
    """How something shared is laid out on a page."""

    FILE = "file"
    FOLDER = "folder"
    GALLERY = "gallery"
    OTHER = "other"
    """What is neither: it is said what it is."""
    ALONE = "alone"
    """The share opens one blob, and nothing that belongs to it."""
    GONE = "gone"
    """What was shared is not there, or is deleted."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One page of a share: all of it, or something within."""

    layout: Layout
    title: str
    item: Item | None = None
    crumbs: tuple[Item, ...] = ()
    first: Page | None = None
    kind: str = ""
    """The `camliType` of what there is no more to say of."""

    def refs(self) -> Iterable[Ref]:
        """All that the page asks for at once."""
        items = [] if self.first is None else self.first.items
        return refs_in((*items, *self.crumbs, *([] if self.item is None else [self.item])))


def look(within: Ref | None, share: Share, memory: Memory, desk: Desk) -> Shown:
    """What the page of a share shows, or that of something `within`. Raises `NothingThere`."""
    reach = Reach(desk, share, memory.lists)
    if not share.is_transitive:
        if within is not None:
            raise NothingThere
        kind = None if reach.target is None else desk.reader.kind(reach.target)
        return Shown(Layout.ALONE, "", kind=kind or "")
    if within is None and reach.is_search:
        try:
            first = shared_shelf(desk, reach, None, memory).page("", FIRST_ITEMS)
        except NothingThere:
            return Shown(Layout.GONE, "")
        return Shown(Layout.GALLERY, "", first=first)
    ref = reach.target if within is None else within
    if ref is None or not reach.opens(ref):
        if within is None:
            return Shown(Layout.GONE, "")
        raise NothingThere
    return _look_at(desk, reach, ref, within, memory)


def _look_at(desk: Desk, reach: Reach, ref: Ref, within: Ref | None, memory: Memory) -> Shown:
    item = shown_item(desk, ref)
    if item is None:
        if within is None:
            return Shown(Layout.GONE, "")
        raise NothingThere
    is_list = within is None and bool(reach.listed)
    layout = Layout.GALLERY if is_list else _layout_of(desk, item)
    first = None
    if layout in (Layout.FOLDER, Layout.GALLERY):
        first = shared_shelf(desk, reach, within, memory).page("", FIRST_ITEMS)
    way = _way_down(desk, reach, ref) if within is not None else ()
    return Shown(layout, item.title, item, way, first, desk.reader.kind(ref) or "")


def _layout_of(desk: Desk, item: Item) -> Layout:
    if folder_of(desk, item.ref) is not None:
        return Layout.FOLDER
    if item.kind == "set" or any(True for _ in desk.reader.links(item.ref)):
        return Layout.GALLERY
    if item.content is not None and item.kind != "folder":
        return Layout.FILE
    return Layout.OTHER


def page(asked: Parameters, share: Share, memory: Memory, desk: Desk) -> Page:
    """A page of items. Raises `NothingThere`, and `BadQuery` for a token that is none."""
    reach = _reach(share, memory, desk)
    within = _within(asked, reach)
    number = asked.number_if_any("limit")
    limit = min(number, MOST) if number > 0 else DEFAULT_LIMIT
    return shared_shelf(desk, reach, within, memory).page(asked.text("from"), limit)


def timeline(asked: Parameters, share: Share, memory: Memory, desk: Desk) -> dict[str, object]:
    """All items at once, as their shapes. Raises `NothingThere`."""
    reach = _reach(share, memory, desk)
    found = shared_shelf(desk, reach, _within(asked, reach), memory).timeline()
    return {
        "total": len(found.shapes),
        "whole": found.is_whole,
        "ratios": b64encode(found.shapes).decode(),
        "months": found.months,
        "chunk": CHUNK,
        "tokens": found.tokens,
    }


def crumbs(asked: Parameters, share: Share, memory: Memory, desk: Desk) -> tuple[Item, ...]:
    """One way down to a thing, from what is shared. Raises `NothingThere`."""
    reach = _reach(share, memory, desk)
    within = _within(asked, reach)
    return () if within is None else _way_down(desk, reach, within)


def _way_down(desk: Desk, reach: Reach, ref: Ref) -> tuple[Item, ...]:
    way = reach.way(ref)
    if way is None:
        raise NothingThere
    items = [item for one in way if (item := shown_item(desk, one)) is not None]
    # Of a permanode and the folder that it has as its content, one is enough.
    return tuple(
        item
        for number, item in enumerate(items)
        if not number or items[number - 1].content != item.ref
    )


def everything(most: int, share: Share, memory: Memory, desk: Desk) -> list[Ref]:
    """What a zip of all that is shared has in it, at most so many things; none if it is gone."""
    reach = Reach(desk, share, memory.lists)
    if not share.is_transitive:
        return []
    if reach.is_search:
        return list(reach.search(limit=most).page().refs)
    if reach.listed:
        return [ref for ref in reach.listed[:most] if reach.opens(ref)]
    assert reach.target is not None
    return [reach.target] if reach.opens(reach.target) else []


def all_open(share: Share, refs: Iterable[Ref], memory: Memory, desk: Desk) -> bool:
    """Whether a share opens all of these."""
    reach = Reach(desk, share, memory.lists)
    return all(reach.opens(ref) for ref in refs)


def refs_in(items: Iterable[Item]) -> Iterable[Ref]:
    """All that items name, and so whatever a page may ask for next."""
    for item in items:
        yield from (ref for ref in (item.ref, item.content, item.cover) if ref is not None)


def _reach(share: Share, memory: Memory, desk: Desk) -> Reach:
    """What a share opens, if that is more than one blob."""
    if not share.is_transitive:
        raise NothingThere
    return Reach(desk, share, memory.lists)


def _within(asked: Parameters, reach: Reach) -> Ref | None:
    text = asked.text("in") or asked.text("ref")
    if not text:
        return None
    ref = ref_in(text)
    if ref is None or not reach.opens(ref):
        raise NothingThere
    return ref
