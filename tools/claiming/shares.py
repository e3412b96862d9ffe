"""Shares: making them, and the links that open them."""

from __future__ import annotations

from ...blobstore.ref import Ref
from ...schema.canonical import Fields
from ...schema.claims import Share, search_fields
from ...schema.sharing import is_transitive
from ...schema.timestamps import Timestamp
from .things import Thing


def share_of(thing: Thing, *, transitive: bool | None, expires: Timestamp | None) -> Share:
    """A share of a thing; whether transitive goes by its kind if nobody says."""
    return Share(
        target=thing.ref, is_transitive=is_transitive(transitive, thing.kind), expires=expires
    )


def parse_search(text: str) -> Fields:
    """A search as people write it: an expression, or the JSON object of a query.

    Raises `BadClaim`.
    """
    if text.lstrip().startswith("{"):
        return search_fields(text)
    return {"expression": text}


def share_url(root: str, share: Ref) -> str:
    """The address of the share claim itself: what `pk-get -shared` wants to know."""
    return f"{root.rstrip('/')}/{share}"


def file_url(root: str, share: Ref, target: Ref) -> str:
    """The address of a shared file's contents, for a browser."""
    return f"{root.rstrip('/')}/{target}?via={share}&assemble=1"
