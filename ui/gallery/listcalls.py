"""The calls that list what there is: suggestions, sets, tags, and what stands out."""

from __future__ import annotations

from typing import Final

from ...index.search.desk import Desk
from ...index.search.lists import (
    MOST_LISTED,
    Row,
    alike,
    by_size,
    recent,
    saved_searches,
    sets,
    tags,
)
from ...index.search.service import SETTLE_SECONDS, SearchService
from ...index.search.shelves import Page
from ...index.search.suggesting import suggestions
from ...index.search.tallies import Tally
from ...index.search.twins import Group
from ..searchcalls import Parameters
from .api import Document, utf16_length
from .reading import Call, Shared

DEFAULT_LIMIT = 50


def _limit(asked: Parameters) -> int:
    found = asked.number_if_any("limit")
    return min(found, MOST_LISTED) if found > 0 else DEFAULT_LIMIT


def suggest(search: SearchService, asked: Parameters, _shared: Shared) -> Document:
    """How an expression may go on at a cursor, which scripts count in UTF-16 units."""
    text = asked.text("text")
    units = asked.number("cursor", utf16_length(text))
    before = text.encode("utf-16-le", "surrogatepass")[: 2 * max(units, 0)]
    cursor = len(before.decode("utf-16-le", "ignore"))
    # Nobody who types waits for files to be read.
    found = search.answer(lambda desk: suggestions(desk.reader, text, cursor), seconds=0)
    return {
        "suggestions": [
            {
                "text": one.text,
                "cursor": utf16_length(one.text[: one.cursor]),
                "label": one.label,
                "kind": one.kind,
                "count": one.things,
                "more": one.is_least,
            }
            for one in found
        ]
    }


def saved(search: SearchService, _asked: Parameters, _shared: Shared) -> Document:
    """The saved searches."""
    return {"searches": [one._asdict() for one in search.answer(saved_searches)]}


def list_sets(search: SearchService, asked: Parameters, shared: Shared) -> Document:
    """A page of sets, by words of their titles."""
    match, after = asked.text("match"), asked.text("from")

    def question(desk: Desk) -> Page:
        return sets(desk, shared.lists, shared.stamp(), match, after, _limit(asked))

    return _page_document(search.answer(question))


def list_tags(search: SearchService, asked: Parameters, shared: Shared) -> Document:
    """Tags, and how many things have each."""

    def question(desk: Desk) -> list[Tally]:
        return tags(desk, shared.lists, shared.stamp(), asked.text("match"), _limit(asked))

    return {"tags": [{"tag": one.value, "count": one.things} for one in search.answer(question)]}


def list_recent(search: SearchService, asked: Parameters, _shared: Shared) -> Document:
    """A page of what was changed last."""
    return _page_document(
        search.answer(lambda desk: recent(desk, asked.text("from"), _limit(asked)))
    )


def list_duplicates(search: SearchService, asked: Parameters, shared: Shared) -> Document:
    """A page of groups of things with the same contents."""

    def question(desk: Desk) -> tuple[list[Group], str | None]:
        return alike(desk, shared.lists, shared.stamp(), asked.text("after"), _limit(asked))

    groups, token = search.answer(question, seconds=SETTLE_SECONDS)
    return {
        "groups": [
            {**one._asdict(), "items": [item.document() for item in one.items]} for one in groups
        ],
        "next": token,
    }


def list_largest(search: SearchService, asked: Parameters, shared: Shared) -> Document:
    """A page of the largest files or folders."""
    kind, after = asked.text("kind") or "file", asked.text("after")

    def question(desk: Desk) -> tuple[list[Row], str | None]:
        return by_size(desk, shared.lists, shared.stamp(), kind, after, _limit(asked))

    rows, token = search.answer(question, seconds=SETTLE_SECONDS)
    return {"items": [_largest_document(row) for row in rows], "next": token}


def _page_document(page: Page) -> Document:
    return {"items": [item.document() for item in page.items], "next": page.next}


def _largest_document(row: Row) -> Document:
    files = {} if row.files is None else {"files": row.files}
    return {**row.item.document(), "size": row.size, **files}


CALLS: Final[dict[str, Call]] = {
    "suggest": suggest,
    "saved": saved,
    "sets": list_sets,
    "tags": list_tags,
    "recent": list_recent,
    "duplicates": list_duplicates,
    "largest": list_largest,
}
