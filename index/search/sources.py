"""Sources: which rows hold what a query may find, as values; each a superset of what fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from ...blobstore.ref import Ref
from ..query.constraints import Constraint


@dataclass(frozen=True, slots=True)
class Rows:
    """One posting list: the rows of a kind whose first parts are these."""

    kind: str
    parts: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "|".join((self.kind, *self.parts))


@dataclass(frozen=True, slots=True)
class Spread:
    """The posting lists of all values from `low` to `high`, or, if that is None, of those that
    begin with `low`; in no common order, so they are collected, if they are few."""

    kind: str
    parts: tuple[str, ...]
    low: str = ""
    high: str | None = None

    def __str__(self) -> str:
        upper = "*" if self.high is None else f"..{self.high}"
        return "|".join((self.kind, *self.parts, f"{self.low}{upper}"))


@dataclass(frozen=True, slots=True)
class Changed:
    """Permanodes that were changed last from `low` on, and before `high`; both as in keys."""

    low: str
    high: str

    def __str__(self) -> str:
        return f"modified|{self.low}..{self.high}"


@dataclass(frozen=True, slots=True)
class Spelled:
    """The posting lists of all words with `part` in them, or beginning with it."""

    part: str
    is_prefix: bool = False

    def __str__(self) -> str:
        return f"word|{'' if self.is_prefix else '*'}{self.part}*"


@dataclass(frozen=True, slots=True)
class These:
    """Blobs by their refs."""

    refs: tuple[Ref, ...]

    def __str__(self) -> str:
        return f"{len(self.refs)} given" if len(self.refs) != 1 else self.refs[0]


@dataclass(frozen=True, slots=True)
class Prefixed:
    """Permanodes whose refs begin so."""

    prefix: str

    def __str__(self) -> str:
        return f"node|{self.prefix}*"


@dataclass(frozen=True, slots=True)
class Holders:
    """Permanodes that have, under `attribute` (None: as member or by path), what fits `inner`."""

    attribute: str | None
    inner: Constraint

    def __str__(self) -> str:
        return f"holders by {self.attribute or 'camliMember, camliPath:*'} of (...)"


@dataclass(frozen=True, slots=True)
class Held:
    """Permanodes that something that fits `inner` has under `attribute` (None: as above)."""

    attribute: str | None
    inner: Constraint

    def __str__(self) -> str:
        return f"held by {self.attribute or 'camliMember, camliPath:*'} of (...)"


@dataclass(frozen=True, slots=True)
class OfWhole:
    """Permanodes whose content has these bytes."""

    whole: Ref

    def __str__(self) -> str:
        return f"whole|{self.whole} and their holders"


@dataclass(frozen=True, slots=True)
class Stored:
    """All blobs there are."""

    def __str__(self) -> str:
        return "all blobs"


@dataclass(frozen=True, slots=True)
class ByRef:
    """A source of permanodes that goes by time, as one that goes by ref."""

    source: Source

    def __str__(self) -> str:
        return f"({self.source}) by ref"


@dataclass(frozen=True, slots=True)
class Both:
    """What is in all of these."""

    sources: tuple[Source, ...]

    def __str__(self) -> str:
        return " & ".join(_bracketed(source) for source in self.sources)


@dataclass(frozen=True, slots=True)
class Either:
    """What is in any of these."""

    sources: tuple[Source, ...]

    def __str__(self) -> str:
        return " + ".join(_bracketed(source) for source in self.sources) or "nothing"


Source: TypeAlias = (
    Rows
    | Spread
    | Changed
    | Spelled
    | These
    | Prefixed
    | Holders
    | Held
    | OfWhole
    | Stored
    | ByRef
    | Both
    | Either
)

NOTHING: Final = Either(())


def both(*sources: Source | None) -> Source | None:
    """What is in all of the sources there are; None, for everything, if there are none."""
    found: dict[Source, None] = {}
    for source in sources:
        if source is not None:
            found.update(dict.fromkeys(source.sources if isinstance(source, Both) else (source,)))
    if NOTHING in found:
        return NOTHING
    return Both(tuple(found)) if len(found) > 1 else next(iter(found), None)


def either(*sources: Source | None) -> Source | None:
    """What is in any of the sources; None if one of them is everything."""
    found: dict[Source, None] = {}
    for source in sources:
        if source is None:
            return None
        found.update(dict.fromkeys(source.sources if isinstance(source, Either) else (source,)))
    return next(iter(found)) if len(found) == 1 else Either(tuple(found))


def _bracketed(source: Source) -> str:
    return f"({source})" if isinstance(source, Both | Either) else str(source)
