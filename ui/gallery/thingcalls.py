"""The calls about one thing: all that its page shows, and one way down to it."""

from __future__ import annotations

from functools import partial
from typing import Final

from ...blobstore.ref import Ref
from ...index.search.desk import Desk
from ...index.search.items import Item, Items
from ...index.search.service import SearchService
from ...index.search.things import Thing, thing_of
from ...schema.errors import BadTimestamp
from ...schema.timestamps import Timestamp, parse_time
from ..searchcalls import Parameters
from .api import Document, Refused
from .asked import ref_of
from .reading import Call, Shared

MOST_CRUMBS = 50


def thing(search: SearchService, asked: Parameters, _shared: Shared) -> Document:
    """All about one thing."""
    return search.answer(partial(_thing, ref_of(asked, "ref"), _moment(asked)))


def crumbs(search: SearchService, asked: Parameters, _shared: Shared) -> Document:
    """The sets and folders through which one comes to a thing, one way of all."""
    return search.answer(partial(_crumbs, ref_of(asked, "ref")))


def _thing(ref: Ref, at: Timestamp | None, desk: Desk) -> Document:
    found = thing_of(desk, ref, at=at)
    if found is None:
        raise Refused("there is no such thing here", status=404)
    return _document(found)


def _document(found: Thing) -> Document:
    return {
        "item": found.item.document(),
        "type": found.kind,
        "deleted": found.is_deleted,
        "attributes": [one._asdict() for one in found.attributes],
        "history": [one._asdict() for one in found.history],
        "earlier": found.earlier,
        "facts": [one._asdict() for one in found.facts],
        "place": None if found.place is None else found.place._asdict(),
        "parents": _documents(found.parents),
        "folders": _documents(found.folders),
        "references": [
            one.item.document() | {"by": one.by, "outgoing": one.outgoing}
            for one in found.references
        ],
        "shares": [],
        "cut": found.cut,
    }


def _documents(items: list[Item]) -> list[Document]:
    return [item.document() for item in items]


def _crumbs(ref: Ref, desk: Desk) -> Document:
    items = Items(desk.reader, desk.storage)
    found: list[Item] = []
    seen = set[Ref]()
    at: Ref | None = ref
    while at is not None and at not in seen and len(found) < MOST_CRUMBS:
        seen.add(at)
        if (item := items.of(at)) is None:
            break
        found.append(item)
        at = _above(desk, at)
    return {"crumbs": _documents(found[::-1])}


def _above(desk: Desk, ref: Ref) -> Ref | None:
    """A folder or a set that something is in."""
    folder = next(desk.reader.folders(ref), None)
    if folder is not None:
        return folder
    parents = (parent for parent, _ in desk.reader.parents(ref))
    return next((one for one in parents if desk.reader.is_deleted(one) is False), None)


def _moment(asked: Parameters) -> Timestamp | None:
    text = asked.text("at")
    if not text:
        return None
    try:
        return parse_time(text)
    except BadTimestamp as error:
        raise Refused(f"at: {error}") from None


CALLS: Final[dict[str, Call]] = {"thing": thing, "crumbs": crumbs}
