"""Rewriting: from the arguments of each predicate to the constraint they stand for."""

from __future__ import annotations

import re

from ...schema.timestamps import Timestamp
from .constraints import (
    Constraint,
    FileConstraint,
    PermanodeConstraint,
    Relation,
    RelationConstraint,
    both,
    either,
    negated,
)
from .dates import BadDate, moment_of, range_of
from .quoting import quoted
from .scalars import (
    FloatConstraint,
    IntConstraint,
    LocationConstraint,
    StringConstraint,
    TimeConstraint,
)

_FORMATS = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "png": "image/png",
    "pdf": "application/pdf",
}
_RANGE = re.compile(r"([0-9]{0,10})(-)([0-9]{0,10})|([0-9]{1,10})")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")


class Unfit(ValueError):
    """An atom that says nothing: an unknown predicate, or arguments it cannot have."""


def since(text: str) -> Constraint:
    return _of_time(TimeConstraint(after=_moment(text)))


def before(text: str) -> Constraint:
    return _of_time(TimeConstraint(before=_moment(text)))


def within(text: str) -> Constraint:
    try:
        after, before = range_of(text)
    except BadDate as error:
        raise Unfit(str(error)) from None
    return _of_time(TimeConstraint(after=after, before=before))


def _moment(text: str) -> Timestamp:
    try:
        return moment_of(text)
    except BadDate as error:
        raise Unfit(str(error)) from None


def _of_time(time: TimeConstraint) -> Constraint:
    return Constraint(permanode=PermanodeConstraint(time=time))


def with_attribute(name: str, value: str) -> Constraint:
    if value.startswith("~"):
        return _attribute(name, matches=_containing(value[1:]))
    return _attribute(name, value=value)


def with_tag(value: str) -> Constraint:
    return _attribute("tag", value=value)


def with_title(text: str) -> Constraint:
    return _attribute("title", matches=_containing(text))


def _attribute(
    name: str, *, value: str = "", matches: StringConstraint | None = None
) -> Constraint:
    """Permanodes whose attribute has the value; an empty one must be there, and be empty."""
    if not value and matches is None:
        matches = StringConstraint(empty=True)
    return Constraint(
        permanode=PermanodeConstraint(
            attr=name, skip_hidden=True, value=value, value_matches=matches
        )
    )


def _containing(text: str) -> StringConstraint:
    return StringConstraint(contains=text, case_insensitive=True)


def children_of(prefix: str) -> Constraint:
    return _related(Relation.PARENT, prefix)


def parents_of(prefix: str) -> Constraint:
    return _related(Relation.CHILD, prefix)


def _related(relation: Relation, prefix: str) -> Constraint:
    return Constraint(
        permanode=PermanodeConstraint(
            relation=RelationConstraint(relation=relation, any=Constraint(blob_ref_prefix=prefix))
        )
    )


def with_ref(prefix: str) -> Constraint:
    return Constraint(blob_ref_prefix=prefix)


def in_format(text: str) -> Constraint:
    mime_type = text if "/" in text else _FORMATS.get(text)
    if mime_type is None:
        raise Unfit(f"Unknown format: {quoted(text)[1:-1]}")
    return of_file(FileConstraint(mime_type=StringConstraint(equals=mime_type)))


def in_file_named(glob: str) -> Constraint:
    inner = glob.removeprefix("*")
    is_open_before = inner != glob
    # In a lone `*` there is no second one to be at the end.
    name = inner.removesuffix("*")
    is_open_after = inner != name
    if "*" in name:
        raise Unfit("unsupported glob wildcard in filename search predicate")
    if is_open_before and is_open_after:
        matches = StringConstraint(contains=name)
    elif is_open_before:
        matches = StringConstraint(has_suffix=name)
    elif is_open_after:
        matches = StringConstraint(has_prefix=name)
    else:
        matches = StringConstraint(equals=name)
    return of_file(FileConstraint(file_name=matches))


def of_width(text: str) -> Constraint:
    return of_file(FileConstraint(is_image=True, width=_range(text)))


def of_height(text: str) -> Constraint:
    return of_file(FileConstraint(is_image=True, height=_range(text)))


def _range(text: str) -> IntConstraint:
    match = _RANGE.fullmatch(text)
    if match is None:
        raise Unfit(
            f"Unable to parse {quoted(text)} as range, wanted something like 480-1024, 480-,"
            " -1024 or 1024"
        )
    low, high = (match[1], match[3]) if match[2] else (match[4], match[4])
    return IntConstraint(
        min=int(low or 0),
        max=int(high or 0),
        zero_min=bool(low) and int(low) == 0,
        zero_max=bool(high) and int(high) == 0,
    )


def of_file(file: FileConstraint) -> Constraint:
    """Permanodes whose content is such a file."""
    return Constraint(
        permanode=PermanodeConstraint(attr="camliContent", value_in_set=Constraint(file=file))
    )


def of_ratio(ratio: FloatConstraint) -> Constraint:
    return of_file(FileConstraint(is_image=True, width_height_ratio=ratio))


def of_type(name: str) -> Constraint:
    return Constraint(permanode=PermanodeConstraint(attr="camliNodeType", value=name))


def untagged() -> Constraint:
    return negated(_attribute("tag", matches=StringConstraint(byte_length=IntConstraint(min=1))))


def of_location(location: LocationConstraint) -> Constraint:
    return Constraint(permanode=PermanodeConstraint(location=location))


def at_place(name: str) -> Constraint:
    if not name.strip():
        raise Unfit(f"No location found for {quoted(name)}")
    return of_location(LocationConstraint(place=name))


def in_box(text: str) -> Constraint:
    corners = text.split(",")
    if len(corners) != 4:
        raise Unfit(f"got {len(corners)} coordinates for location area, expected 4")
    for corner in corners:
        if _NUMBER.fullmatch(corner) is None or len(corner) > 100:
            raise Unfit(
                f"could not convert location area coordinate as a float: {quoted(corner[:100])}"
            )
    north, west, south, east = map(float, corners)
    return of_location(LocationConstraint(north=north, west=west, south=south, east=east))


def with_person(text: str) -> Constraint:
    names = [
        Constraint(permanode=PermanodeConstraint(attr=name, value_matches=_containing(text)))
        for name in ("givenName", "familyName")
    ]
    person = both(of_type("foursquare.com:person"), either(*names))
    return Constraint(permanode=PermanodeConstraint(attr="with", value_in_set=person))


def saved_as(name: str) -> Constraint:
    if not name:
        raise Unfit("No named search found for: ")
    return Constraint(named=name)


def with_words(words: str) -> Constraint:
    if not any(letter.isalnum() for letter in words):
        raise Unfit("text wants words to look for")
    return Constraint(permanode=PermanodeConstraint(text=words))
