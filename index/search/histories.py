"""Histories: what was said of a permanode, the latest first, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import NamedTuple

from ...blobstore.errors import BadRef
from ...blobstore.ref import Ref
from ...schema.claims import (
    AddAttribute,
    DelAttribute,
    Delete,
    Other,
    SetAttribute,
    SignedClaim,
)
from ...schema.folding import ClaimSet
from ..claims import deletes_of, read_delete, read_row
from ..keys import CLAIM, DELETE, date_text
from ..query.errors import BadQuery
from .moments import utc_text
from .reader import IndexReader

MOST_TEXT = 2000
"""Characters of a value that are told; more are cut off."""

MOST_DELETES = 1000
"""Deletes of one permanode that are told of."""

_ACTS = {SetAttribute: "set", AddAttribute: "add", DelAttribute: "del"}


class Entry(NamedTuple):
    """Something that was said."""

    claim: Ref
    date: str
    """In UTC, to the last digit: as of then it counts."""
    act: str
    """`set`, `add`, `del`, `delete`, or the type of a claim that is none of these."""
    attribute: str
    value: str
    signer: Ref
    undone: bool
    """Whether it counts no longer, because it was deleted itself."""
    stranger: bool
    """Whether it never counted, because of who said it."""
    cut: bool
    """Whether its attribute or value is longer than what is told of it."""


def history_of(
    reader: IndexReader, permanode: Ref, *, after: str = "", limit: int
) -> tuple[list[Entry], str | None]:
    """What was said of a permanode, the latest first, from behind a token on; and the next token.

    Raises `BadQuery` for what is no token.
    """
    claims = list(islice(_claims(reader, permanode, _key_behind(after)), limit + 1))
    page = claims[:limit]
    deletes = tuple(deletes_of(reader, [claim.ref for claim in page]))
    deleted = ClaimSet((*page, *deletes), reader.trusted).deleted
    entries = [
        _entry(claim, undone=claim.ref in deleted, stranger=claim.signer not in reader.trusted)
        for claim in page
    ]
    return entries, "|".join(_place(page[-1])) if len(claims) > limit else None


def _claims(
    reader: IndexReader, permanode: Ref, before: tuple[str, str] | None
) -> Iterator[SignedClaim]:
    """The claims that name a permanode and the deletes of it, the latest first."""
    start, end = CLAIM.below(permanode)
    if before is not None:
        end = CLAIM.key_of(permanode, *before)
    said = (read_row(*row) for row in reader.scan(start, end, backwards=True))
    rows = islice(reader.scan(*DELETE.below(permanode)), MOST_DELETES)
    deletes = (read_delete(*row) for row in rows)
    earlier = [claim for claim in deletes if before is None or _place(claim) < before]
    yield from merge(said, sorted(earlier, key=_place, reverse=True), key=_place, reverse=True)


def _place(claim: SignedClaim) -> tuple[str, str]:
    return date_text(claim.date), claim.ref


def _key_behind(token: str) -> tuple[str, str] | None:
    if not token:
        return None
    date, _, text = token.partition("|")
    try:
        if len(date) == 18 and int(date, 16) >= 0:
            return date, Ref.parse(text)
    except (ValueError, BadRef):
        pass
    raise BadQuery("no token of a page before; start again without one", path="from")


def _entry(claim: SignedClaim, *, undone: bool, stranger: bool) -> Entry:
    says = claim.says
    attribute = value = ""
    match says:
        case SetAttribute() | AddAttribute() | DelAttribute():
            act, attribute, value = _ACTS[type(says)], says.attribute, says.value
        case Delete():
            act = "delete"
        case Other(claim_type):
            act = claim_type
        case _:
            act = "share"
    return Entry(
        claim.ref,
        utc_text(claim.date),
        act[:MOST_TEXT],
        attribute[:MOST_TEXT],
        value[:MOST_TEXT],
        claim.signer,
        undone,
        stranger,
        max(map(len, (act, attribute, value))) > MOST_TEXT,
    )
