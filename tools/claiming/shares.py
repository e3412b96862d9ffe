"""Shares: making them, and the links that open them."""

from __future__ import annotations

import os
from typing import NamedTuple

from ...blobstore.ref import Ref
from ...schema.canonical import Fields
from ...schema.claims import Share, locked, search_fields
from ...schema.sharelocks import SALT_SIZE, password_hash
from ...schema.sharing import SEARCH, is_transitive
from ...schema.timestamps import Timestamp
from .things import Thing


class Terms(NamedTuple):
    """What a new share is like, whatever it is of."""

    transitive: bool | None = None
    """None: as its kind is."""
    expires: Timestamp | None = None
    password: str = ""
    downloads: int | None = None


def share_of(thing: Thing, terms: Terms) -> Share:
    """A share of a thing."""
    reach = is_transitive(terms.transitive, thing.kind)
    return _locked(Share(target=thing.ref, is_transitive=reach, expires=terms.expires), terms)


def share_of_search(search: Fields, terms: Terms) -> Share:
    """A share of what a search finds."""
    reach = is_transitive(terms.transitive, SEARCH)
    return _locked(Share(search=search, is_transitive=reach, expires=terms.expires), terms)


def _locked(share: Share, terms: Terms) -> Share:
    # A salt of its own for each: nobody sees that two have the same password.
    hashed = password_hash(terms.password, salt=os.urandom(SALT_SIZE)) if terms.password else ""
    return locked(share, password_hash=hashed, most_downloads=terms.downloads)


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
