"""The trash: permanodes that are deleted, the latest first, and what would bring each back."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nlargest
from typing import NamedTuple

from ...blobstore.ref import Ref
from ...index.keys import DELETE, NODE, date_of
from ...index.nodes import Node
from ...index.search.desk import Desk
from ...index.search.items import Items, shown_moment
from ...index.search.reader import IndexReader
from ...index.search.service import SearchService
from ..searchcalls import Parameters
from .api import Document, Refused
from .asked import limit
from .reading import Shared
from .statements import standing_deletes

_AT_ONCE = 1000
"""Deletes that are looked at together. To find them all there are are walked: no row has them by
date."""


class _Deletion(NamedTuple):
    """A delete, as it is ordered in the trash."""

    date: str
    target: str
    claim: str


def trash(search: SearchService, asked: Parameters, _shared: Shared) -> Document:
    """Answer `GET trash`."""
    return search.answer(lambda desk: _page(desk, _place(asked.text("from")), limit(asked)))


def _page(desk: Desk, after: _Deletion | None, most: int) -> Document:
    items = Items(desk.reader, desk.storage)
    documents: list[Document] = []
    place = ""
    for deletion, node, claims in _deleted(desk.reader, after):
        if len(documents) == most:
            return {"items": documents, "next": place}
        place = "|".join(deletion)
        moment = date_of(deletion.date, is_zone_unknown=False)
        documents.append(
            {
                **items.of_node(node).document(),
                "deletedAt": shown_moment(moment),
                "deleteClaim": deletion.claim,
                "deleteClaims": claims,
            }
        )
    return {"items": documents, "next": None}


def _deleted(
    reader: IndexReader, after: _Deletion | None
) -> Iterator[tuple[_Deletion, Node, list[Ref]]]:
    """Deleted permanodes by their latest delete that stands, and all that do, from a place on."""
    while group := nlargest(_AT_ONCE, _deletions(reader, after)):
        standing = standing_deletes([Ref(deletion.target) for deletion in group], reader)
        for deletion in group:
            claims = standing.get(Ref(deletion.target), [])
            if deletion.claim not in claims:
                continue
            node = reader.node(Ref(deletion.target))
            if node is not None and node.is_deleted and _is_latest(deletion, claims, reader):
                yield deletion, node, claims
        after = group[-1]


def _deletions(reader: IndexReader, after: _Deletion | None) -> Iterator[_Deletion]:
    """All deletes of permanodes that come after one of them in the trash, in any order."""
    for key, value in reader.scan(*DELETE.below()):
        target, claim = DELETE.parts_of(key)
        signer, date, _ = DELETE.value_of(value)
        deletion = _Deletion(date, target, claim)
        is_later = after is None or deletion < after
        if is_later and signer in reader.trusted and reader.get(NODE.key_of(target)) is not None:
            yield deletion


def _is_latest(deletion: _Deletion, claims: list[Ref], reader: IndexReader) -> bool:
    """Whether no other of these deletes of a permanode comes before one in the trash."""
    return all(
        _Deletion(DELETE.value_of(value)[1], deletion.target, claim) <= deletion
        for claim in claims
        if (value := reader.get(DELETE.key_of(deletion.target, claim))) is not None
    )


def _place(token: str) -> _Deletion | None:
    """Where a page begins. Raises `Refused`."""
    if not token:
        return None
    parts = token.split("|")
    if len(parts) != len(_Deletion._fields):
        raise Refused("from is no token of this call")
    return _Deletion(*parts)
