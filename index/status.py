"""How an index is doing: what is still to be read, what waits and for what, and what is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import NamedTuple

from ..blobstore.ref import Ref
from .claims import ReadsRows
from .keys import REFUSED, UNREAD, WAITING, RowKind

MOST_COUNTED = 1000
MOST_SHOWN = 10


class Waiting(NamedTuple):
    """A blob that cannot be read before another has come, or is put right."""

    blob: Ref
    needed: Ref


class Refused(NamedTuple):
    """A blob that counts for nothing."""

    blob: Ref
    reason: str


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What an index has not taken in. `MOST_COUNTED` of anything stands for so many or more."""

    is_complete: bool
    """Whether it has caught up with its store; what is counted here may be missing in it yet."""
    unread: int
    waiting: int
    refused: int
    some_waiting: tuple[Waiting, ...]
    some_refused: tuple[Refused, ...]
    """Those refused last since the index was opened come first, the latest before the others."""
    trouble: str = ""
    """Why nothing can be written to it; empty while all is well."""


def status_of(
    table: ReadsRows, *, is_complete: bool, refused_lately: Iterable[Ref] = ()
) -> IndexStatus:
    """How the index in a table is doing. `refused_lately` begins with the latest."""
    waiting = list(islice(_refs(table, WAITING), MOST_SHOWN))
    refused = chain(refused_lately, (ref for (ref,) in _refs(table, REFUSED)))
    reasons: dict[Ref, str] = {}
    for ref in refused:
        value = table.get(REFUSED.key_of(ref))
        if value is not None:  # it may have been removed since
            reasons[ref] = REFUSED.value_of(value)[0]
        if len(reasons) >= MOST_SHOWN:
            break
    return IndexStatus(
        is_complete,
        _count(table, UNREAD),
        _count(table, WAITING),
        _count(table, REFUSED),
        tuple(Waiting(blob, needed) for needed, blob in waiting),
        tuple(Refused(*row) for row in reasons.items()),
    )


def _refs(table: ReadsRows, kind: RowKind) -> Iterator[list[Ref]]:
    return ([Ref(part) for part in kind.parts_of(key)] for key, _ in table.scan(*kind.below()))


def _count(table: ReadsRows, kind: RowKind) -> int:
    return sum(1 for _ in islice(table.scan(*kind.below()), MOST_COUNTED))
