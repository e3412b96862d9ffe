"""Predicates: every atom of the expression language, as a table.

All are the reference's but two, which it has no names for: `date:` and `text:`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from .constraints import Constraint, FileConstraint
from .quoting import quoted
from .rewriting import (
    Unfit,
    at_place,
    before,
    children_of,
    in_box,
    in_file_named,
    in_format,
    of_file,
    of_height,
    of_location,
    of_ratio,
    of_type,
    of_width,
    parents_of,
    saved_as,
    since,
    untagged,
    with_attribute,
    with_person,
    with_ref,
    with_tag,
    with_title,
    with_words,
    within,
)
from .scalars import FloatConstraint, LocationConstraint


class Predicate(NamedTuple):
    """A predicate: how it is written, what it finds, and what becomes of its arguments."""

    usage: str
    finds: str
    rewrite: Callable[..., Constraint]

    @property
    def name(self) -> str:
        return self.usage.partition(":")[0]

    @property
    def arguments(self) -> int:
        return self.usage.count(":")


def meaning_of(name: str, arguments: tuple[str, ...]) -> Constraint:
    """The constraint an atom stands for. Raises `Unfit`."""
    atom = ":".join((name, *arguments))
    if atom in _FIXED_BY_ATOM:
        return _FIXED_BY_ATOM[atom]
    predicate = _BY_NAME.get(name)
    if predicate is None:
        raise Unfit(f"Unknown search predicate: {quoted(atom)}")
    if len(arguments) != predicate.arguments:
        raise Unfit(
            f"Wrong number of arguments for {quoted(name)}, given {len(arguments)},"
            f" expected {predicate.arguments}"
        )
    return predicate.rewrite(*arguments)


PREDICATES: Final = (
    Predicate("after:TIME", "things whose time is TIME or later", since),
    Predicate("before:TIME", "things whose time is before TIME", before),
    Predicate("date:DATE", "things whose time is in a year, month or day, or in A..B", within),
    Predicate("attr:NAME:VALUE", "things with that value, or with ~VALUE in one", with_attribute),
    Predicate("tag:TAG", "things with exactly that tag", with_tag),
    Predicate("title:TEXT", "things with that in their title, in any case", with_title),
    Predicate("text:WORDS", "things with all these words in title, file name or text", with_words),
    Predicate("childrenof:REF", "members of what has that ref, or one that begins so", children_of),
    Predicate("parentof:REF", "what has it as a member", parents_of),
    Predicate("ref:REF", "things whose ref begins so", with_ref),
    Predicate("format:FORMAT", "files of that format, or MIME type", in_format),
    Predicate("filename:GLOB", "files of that name; * may be first, last or both", in_file_named),
    Predicate("width:RANGE", "images of that width: 640, 480-1024, 480- or -1024", of_width),
    Predicate("height:RANGE", "images of that height", of_height),
    Predicate("loc:PLACE", "things that are in that place", at_place),
    Predicate("locrect:N,W,S,E", "things that are in that box", in_box),
    Predicate("with:NAME", "check-ins with a person of that name", with_person),
    Predicate("named:NAME", "what a saved search finds", saved_as),
)
"""The predicates that have arguments."""

FIXED: Final = (
    ("is:image", "images", of_file(FileConstraint(is_image=True))),
    ("is:landscape", "images not higher than wide", of_ratio(FloatConstraint(min=1.0))),
    ("is:portrait", "images not wider than high", of_ratio(FloatConstraint(max=1.0))),
    ("is:pano", "images at least twice as wide as high", of_ratio(FloatConstraint(min=2.0))),
    ("is:post", "tweets", of_type("twitter.com:tweet")),
    ("is:like", "liked tweets", of_type("twitter.com:like")),
    ("is:checkin", "check-ins", of_type("foursquare.com:checkin")),
    ("is:untagged", "things without a tag", untagged()),
    ("has:location", "things with a location", of_location(LocationConstraint(any=True))),
)
"""The atoms that are whole: how they are written, what they find, what they stand for."""

_BY_NAME = {predicate.name: predicate for predicate in PREDICATES}
_FIXED_BY_ATOM = {atom: constraint for atom, _, constraint in FIXED}
