"""The calls of pages that only read: their names, their parameters, and what each asks of whom."""

from __future__ import annotations

from base64 import b64encode
from functools import partial
from typing import Final

from ...index.query.errors import BadQuery
from ...index.query.reach import passes_with_time
from ...index.search.desk import Desk
from ...index.search.service import SearchService
from ...index.search.shelves import Page, asked_for, shelf_of
from ...index.search.timeline import CHUNK, Timeline
from ..searchcalls import Parameters
from . import listcalls, mapcalls, thingcalls
from .api import Api, Document
from .asked import limit, ref_of, within
from .reading import Call, Reading, Shared


def items(search: SearchService, asked: Parameters, shared: Shared) -> Document:
    """A page of what is searched for, or is in something."""
    return _page(search.answer(partial(_items, asked, shared)))


def timeline(search: SearchService, asked: Parameters, shared: Shared) -> Document:
    """All of that at once, without the items."""
    stamp = shared.stamp()  # before anything is read
    found = search.answer(partial(_timeline, asked, shared))
    return {
        "total": len(found.shapes),
        "whole": found.is_whole,
        "ratios": b64encode(found.shapes).decode(),
        "months": found.months,
        "chunk": CHUNK,
        "tokens": found.tokens,
        "stamp": stamp,
    }


def members(search: SearchService, asked: Parameters, shared: Shared) -> Document:
    """A page of what is in a set or folder."""
    return _page(search.answer(partial(_members, asked, shared)))


def _items(asked: Parameters, shared: Shared, desk: Desk) -> Page:
    shelf = shelf_of(desk, asked.text("q"), within(asked), shared.orders)
    return shelf.page(asked.text("from"), limit(asked))


def _timeline(asked: Parameters, shared: Shared, desk: Desk) -> Timeline:
    return shelf_of(desk, asked.text("q"), within(asked), shared.orders).timeline()


def _members(asked: Parameters, shared: Shared, desk: Desk) -> Page:
    shelf = shelf_of(desk, "", ref_of(asked, "ref"), shared.orders)
    return shelf.page(asked.text("from"), limit(asked))


def _page(page: Page) -> Document:
    return {"items": [item.document() for item in page.items], "next": page.next}


CALLS: Final[dict[str, Call]] = {
    "items": items,
    "members": members,
    **thingcalls.CALLS,
    **listcalls.CALLS,
    **mapcalls.CALLS,
}


def _stays(asked: Parameters) -> bool:
    """Whether an answer is the same until something is changed."""
    try:
        return not passes_with_time(asked_for(asked.text("q")))
    except BadQuery:
        return False


def add_reading(api: Api, reading: Reading) -> None:
    """Add all of them."""
    for name, call in CALLS.items():
        api.add("GET", name, reading.handler(call))
    api.add("GET", "timeline", reading.handler(timeline, stays=_stays))
