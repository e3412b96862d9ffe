"""The calls about one thing: all that its page shows, its history, and one way down to it."""

from __future__ import annotations

from functools import partial
from typing import Final

from ...blobstore.ref import Ref
from ...index.search.crumbs import crumbs_of
from ...index.search.desk import Desk
from ...index.search.histories import history_of
from ...index.search.items import Item
from ...index.search.service import SearchService
from ...index.search.things import Thing, thing_of
from ...schema.errors import BadTimestamp
from ...schema.timestamps import Timestamp, parse_time
from ..searchcalls import Parameters
from .api import Document, Refused
from .asked import limit, ref_of
from .reading import Call, Shared


def thing(search: SearchService, asked: Parameters, shared: Shared) -> Document:
    """All about one thing."""
    return search.answer(partial(_thing, ref_of(asked, "ref"), _moment(asked), shared))


def history(search: SearchService, asked: Parameters, _shared: Shared) -> Document:
    """A page of what was said of a permanode."""
    ref, after, most = ref_of(asked, "ref"), asked.text("from"), limit(asked)
    entries, token = search.answer(
        lambda desk: history_of(desk.reader, ref, after=after, limit=most)
    )
    return {"history": [one._asdict() for one in entries], "next": token}


def crumbs(search: SearchService, asked: Parameters, _shared: Shared) -> Document:
    """The sets and folders through which one comes to a thing, one way of all."""
    ref = ref_of(asked, "ref")
    return {"crumbs": _documents(search.answer(lambda desk: crumbs_of(desk, ref)))}


def _thing(ref: Ref, at: Timestamp | None, shared: Shared, desk: Desk) -> Document:
    found = thing_of(desk, ref, at=at)
    if found is None:
        raise Refused("there is no such thing here", status=404)
    return {**_document(found), "shares": shared.shares(found.shares, desk)}


def _document(found: Thing) -> Document:
    return {
        "item": found.item.document(),
        "type": found.kind,
        "deleted": found.is_deleted,
        "attributes": [one._asdict() for one in found.attributes],
        "members": None if found.members is None else _documents(found.members),
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
        "cut": found.cut,
    }


def _documents(items: list[Item]) -> list[Document]:
    return [item.document() for item in items]


def _moment(asked: Parameters) -> Timestamp | None:
    text = asked.text("at")
    if not text:
        return None
    try:
        return parse_time(text)
    except BadTimestamp as error:
        raise Refused(f"at: {error}") from None


CALLS: Final[dict[str, Call]] = {"thing": thing, "history": history, "crumbs": crumbs}
