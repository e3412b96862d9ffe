"""Constraints: which blobs a query asks for, as frozen values that hash and match.

One class for each object of the reference's JSON, one field for each key; `reading.py` reads them
and `writing.py` writes them. A blob fits a constraint if it passes everything that is set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ...blobstore.ref import Ref
from ...schema.timestamps import Timestamp
from .scalars import (
    FloatConstraint,
    IntConstraint,
    LocationConstraint,
    StringConstraint,
    TimeConstraint,
)


class Op(StrEnum):
    """How a logical constraint joins its sides."""

    AND = "and"
    OR = "or"
    XOR = "xor"
    NOT = "not"


class Relation(StrEnum):
    """Where related permanodes are looked for. The reference names two more and has neither."""

    PARENT = "parent"
    CHILD = "child"


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """Which blobs. Without any field set, none.

    `blob_ref_prefix` holds a hash's name, `-` and at least one hex digit, else nothing fits.
    `named` goes beyond the reference: it is what `named:` says, a search that the owner has saved
    under that name, and becomes that search's constraint when somebody looks it up.
    """

    logical: LogicalConstraint | None = None
    anything: bool = False
    camli_type: str = ""
    any_camli_type: bool = False
    blob_ref_prefix: str = ""
    file: FileConstraint | None = None
    dir: DirConstraint | None = None
    claim: ClaimConstraint | None = None
    blob_size: IntConstraint | None = None
    permanode: PermanodeConstraint | None = None
    named: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalConstraint:
    """Two constraints joined; `b` is absent if and only if nothing is joined (`Op.NOT`)."""

    op: Op
    a: Constraint
    b: Constraint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PermanodeConstraint:
    """Permanodes that have a claim.

    With `attr`, its values as of `at` (now, if that is None) are tested: how many there are, and
    that one value, or with `value_all_match` each of at least one, passes all the tests that are
    set. Without `attr` those tests mean nothing. `text` goes beyond the reference: all its words
    occur in the title, or in the name or text of the content.
    """

    at: Timestamp | None = field(default=None, metadata={"empty": False})
    mod_time: TimeConstraint | None = None
    time: TimeConstraint | None = None
    attr: str = ""
    skip_hidden: bool = False
    num_value: IntConstraint | None = None
    value_all_match: bool = False
    value: str = ""
    value_matches: StringConstraint | None = None
    value_matches_int: IntConstraint | None = None
    value_matches_float: FloatConstraint | None = None
    value_in_set: Constraint | None = None
    relation: RelationConstraint | None = None
    location: LocationConstraint | None = None
    text: str = ""

    @property
    def tests_value(self) -> bool:
        """Whether a value of `attr` is tested, not only their number."""
        return bool(
            self.value
            or self.value_matches
            or self.value_matches_int
            or self.value_matches_float
            or self.value_in_set
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationConstraint:
    """Permanodes that are related to one that fits `any`, or to some, all of which fit `all`.

    Exactly one of the two is set. `edge_type` is the attribute that relates them; by default
    `camliMember` and all that begin with `camliPath:`.
    """

    relation: Relation
    edge_type: str = ""
    any: Constraint | None = None
    all: Constraint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileConstraint:
    """`file` schema blobs. `text` goes beyond the reference: words in the file's name or text."""

    file_size: IntConstraint | None = None
    file_name: StringConstraint | None = None
    mime_type: StringConstraint | None = None
    time: TimeConstraint | None = None
    mod_time: TimeConstraint | None = None
    whole_ref: Ref | None = None
    parent_dir: DirConstraint | None = None
    is_image: bool = False
    exif: ExifConstraint | None = None
    width: IntConstraint | None = None
    height: IntConstraint | None = None
    # The reference misspells it on the wire.
    width_height_ratio: FloatConstraint | None = field(
        default=None, metadata={"key": "widthHeightRation"}
    )
    location: LocationConstraint | None = None
    media_tag: MediaTagConstraint | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExifConstraint:
    """Nothing: the reference reads it and tests nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaTagConstraint:
    """One tag of an audio file, as text and as a number; a tag that is missing is empty."""

    tag: str = ""
    string: StringConstraint | None = None
    int: IntConstraint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DirConstraint:
    """`directory` schema blobs. At most one of the two `contains` is set."""

    file_name: StringConstraint | None = None
    blob_ref_prefix: str = ""
    parent_dir: DirConstraint | None = None
    top_file_count: IntConstraint | None = None
    contains: Constraint | None = None
    recursive_contains: Constraint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimConstraint:
    """Claims. The reference declares it and refuses every query with it; so does `validity.py`."""

    signed_by: str = ""
    signed_after: Timestamp | None = field(default=None, metadata={"empty": False})
    signed_before: Timestamp | None = field(default=None, metadata={"empty": False})


BASE: Final = Constraint(permanode=PermanodeConstraint(skip_hidden=True))
"""What every expression asks for beside what it says: permanodes that are not hidden."""


HIDDEN: Final = (("camliDefVis", "hide"), ("camliNodeType", "foursquare.com:venue"))
"""What permanodes have as the first value of an attribute that `skip_hidden` leaves out."""


def both(a: Constraint, b: Constraint) -> Constraint:
    """What fits `a` and `b`."""
    return Constraint(logical=LogicalConstraint(op=Op.AND, a=a, b=b))


def either(a: Constraint, b: Constraint) -> Constraint:
    """What fits `a` or `b`."""
    return Constraint(logical=LogicalConstraint(op=Op.OR, a=a, b=b))


def negated(a: Constraint) -> Constraint:
    """What does not fit `a`."""
    return Constraint(logical=LogicalConstraint(op=Op.NOT, a=a))


def finds_only_permanodes(constraint: Constraint) -> bool:
    """Whether it can be seen, without looking at blobs, that nothing else fits.

    The reference sees less: of two sides joined by `or` it thinks nothing.
    """
    return demands(
        constraint, lambda one: one.permanode is not None or one.camli_type == "permanode"
    )


def demands(constraint: Constraint, says: Callable[[Constraint], bool]) -> bool:
    """Whether all that fits must fit a constraint of which `says` is true: this one or a side."""
    if says(constraint):
        return True
    match constraint.logical:
        case LogicalConstraint(op=Op.AND, a=a, b=Constraint() as b):
            return demands(a, says) or demands(b, says)
        case LogicalConstraint(op=Op.OR | Op.XOR, a=a, b=Constraint() as b):
            return demands(a, says) and demands(b, says)
    return False
