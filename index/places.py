"""Where permanodes are: by what they say, by the venue of a check-in, or by their content."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from ..blobstore.ref import Ref
from .attributes import Attributes, first, ref_in
from .files import FileFacts
from .media.moments import Place, place

VENUE = "foursquareVenuePermanode"
"""The attribute that names a check-in's venue."""

_CHECKIN = "foursquare.com:checkin"

FactsOf: TypeAlias = Callable[[Ref], FileFacts | None]
"""Tells what is known of a file; None for what is no file, or is not read yet."""

# As programs write numbers. Python itself would take spaces, underscores and "infinity" too.
_DEGREES = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def place_of(
    attributes: Attributes, *, facts_of: FactsOf, attributes_of: Callable[[Ref], Attributes]
) -> Place | None:
    """Where a permanode with these attributes is; None if nothing tells.

    What its own `latitude` and `longitude` say counts before all else, even if it is nonsense and
    so the permanode is nowhere; then what those of a check-in's venue say; then where its content
    was made. `attributes_of` are those of another permanode.
    """
    if first(attributes, "latitude") and first(attributes, "longitude"):
        return said_place(attributes)
    venue = venue_of(attributes)
    if venue is not None and (found := said_place(attributes_of(venue))) is not None:
        return found
    content = ref_in(first(attributes, "camliContent"))
    facts = None if content is None else facts_of(content)
    return None if facts is None else facts.place


def said_place(attributes: Attributes) -> Place | None:
    """Where `latitude` and `longitude` say; None if one of them says nothing, or nonsense."""
    if "latitude" not in attributes or "longitude" not in attributes:
        return None
    degrees = first(attributes, "latitude"), first(attributes, "longitude")
    if not all(map(_DEGREES.fullmatch, degrees)):
        return None
    return place(*map(float, degrees))


def venue_of(attributes: Attributes) -> Ref | None:
    """The permanode that a check-in says it was at; None for whatever is no check-in."""
    if first(attributes, "camliNodeType") != _CHECKIN:
        return None
    return ref_in(first(attributes, VENUE))
