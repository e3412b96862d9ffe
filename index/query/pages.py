"""Sorts, places in a sorted list, and the tokens that lead from one page to the next."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from ...blobstore.errors import BadRef
from ...blobstore.ref import Ref
from ...schema.timestamps import END_NS, FIRST_NS, NANOSECONDS
from .errors import BadQuery

_TOKEN = re.compile(r"pn:(0|-?[1-9][0-9]{0,20}):(.*)")


_DAY = 86_400 * NANOSECONDS
_FIRST, _END = FIRST_NS - 367 * _DAY, END_NS + _DAY
"""Moments that claims can have: also of year 0, and what zones make of the first and last day."""


class Sort(StrEnum):
    """The order of what is found. Ties go by ref, in the same direction, so order is total."""

    UNSORTED = "unsorted"
    MODIFIED_DESC = "-mod"
    MODIFIED = "mod"
    CREATED_DESC = "-created"
    CREATED = "created"
    BLOBREF = "blobref"
    MAP = "map"

    @property
    def is_descending(self) -> bool:
        """Whether the greatest place comes first."""
        return self.value.startswith("-")

    @property
    def has_places(self) -> bool:
        """Whether there is an order to go on in."""
        return self not in (Sort.UNSORTED, Sort.MAP)


class Place(NamedTuple):
    """Where something stands in a sorted list: its time in nanoseconds since 1970, and its ref.

    Places compare as their sort orders them, descending sorts the other way round. Where times
    do not count, as with `Sort.BLOBREF`, `ns` is 0 everywhere.
    """

    ns: int
    ref: Ref

    @property
    def token(self) -> str:
        """What leads to the next page if this is the last of one."""
        return f"pn:{self.ns}:{self.ref}"


def read_token(token: str) -> Place:
    """The place a token was made of. Raises `BadQuery` for what is no token.

    The reference takes such text for the first page, and so its own tokens for times before 1970.
    """
    match = _TOKEN.fullmatch(token)
    if match is not None:
        ns = int(match[1])
        if _FIRST <= ns < _END:
            try:
                return Place(ns, Ref.parse(match[2]))
            except BadRef:
                pass
    raise BadQuery("Unexpected continue token; start again without one", path="continue")
