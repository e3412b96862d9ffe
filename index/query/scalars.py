"""Constraints of single things: numbers, texts, times, locations.

Every field that is set must hold. The fields are those of the wire, where zero, the empty string
and false are as good as absent.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...schema.timestamps import END_NS, FIRST_NS, Timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class IntConstraint:
    """An integer from `min` to `max`, both inclusive; with `equals`, that one alone.

    A bound of 0 is none, unless `zero_min` or `zero_max` says that it is meant.
    """

    min: int = 0
    max: int = 0
    zero_min: bool = False
    zero_max: bool = False
    equals: int = 0

    @property
    def lowest(self) -> int | None:
        """The least number that fits; None if there is no least."""
        return self.equals or (self.min if self.min or self.zero_min else None)

    @property
    def highest(self) -> int | None:
        """The greatest number that fits; None if there is no greatest."""
        return self.equals or (self.max if self.max or self.zero_max else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatConstraint:
    """A number from `min` to `max`; the rest as with `IntConstraint`."""

    min: float = 0.0
    max: float = 0.0
    zero_min: bool = False
    zero_max: bool = False

    @property
    def lowest(self) -> float | None:
        """The least number that fits; None if there is no least."""
        return self.min if self.min or self.zero_min else None

    @property
    def highest(self) -> float | None:
        """The greatest number that fits; None if there is no greatest."""
        return self.max if self.max or self.zero_max else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StringConstraint:
    """A text. Without any field set, every text.

    `byte_length` counts UTF-8. `case_insensitive` is about the four tests beside it; where
    `regexp` is set those are skipped, and it is looked for anywhere in the text (`patterns.py`).
    """

    empty: bool = False
    equals: str = ""
    contains: str = ""
    has_prefix: str = ""
    has_suffix: str = ""
    byte_length: IntConstraint | None = None
    case_insensitive: bool = False
    regexp: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeConstraint:
    """A known time: before `before`, and not before `after`.

    Where `after` is not set, `in_last` stands for it: so many nanoseconds before now.
    """

    before: Timestamp | None = None
    after: Timestamp | None = None
    in_last: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationConstraint:
    """A known location: `any`, or one in the box, in degrees; or in the place of that name.

    If `west` is not less than `east`, the box spans the line of 180°. `place` goes beyond the
    reference: it is what `loc:` says, and becomes boxes when somebody looks the name up.
    """

    any: bool = False
    north: float = 0.0
    west: float = 0.0
    east: float = 0.0
    south: float = 0.0
    place: str = ""


def bound(ns: int) -> Timestamp:
    """A moment as a bound, moved into the years that can be written.

    The beginning of year 1 stands for "no time", so the first bound is the nanosecond after it.
    """
    return Timestamp(min(max(ns, FIRST_NS + 1), END_NS - 1))
