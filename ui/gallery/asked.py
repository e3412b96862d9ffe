"""What most calls that read are asked: of what, where, and how much."""

from __future__ import annotations

from ...blobstore.errors import BadRef
from ...blobstore.ref import Ref
from ..searchcalls import Parameters
from .api import Refused

DEFAULT_LIMIT = 200
MOST = 1000
"""Items of one page."""


def within(asked: Parameters) -> Ref | None:
    """What the answer is to be in; None for everything. Raises `Refused`."""
    return ref_of(asked, "in") if asked.text("in") else None


def ref_of(asked: Parameters, name: str) -> Ref:
    """A ref that is asked about. Raises `Refused`."""
    try:
        return Ref.parse(asked.text(name))
    except BadRef as error:
        raise Refused(f"{name}: {error}") from None


def limit(asked: Parameters, default: int = DEFAULT_LIMIT) -> int:
    """How many items a page is to have at most."""
    found = asked.number_if_any("limit")
    return min(found, MOST) if found > 0 else default
