"""The rows of an index held against those that its blobs come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

from .keys import CURSOR, KINDS, MAKING, REMOVING, STORE, VERSION, Row
from .making import Making, Means
from .work import Progress, Work

MISSING, EXTRA, DIFFERENT = "missing", "extra", "different"

COMPARING = "comparing"
"""The last phase."""

_REPORT_EVERY = 10_000

Compared: TypeAlias = Callable[[Making], tuple[Iterator[Row], Iterator[Row]]]
"""The rows there are, and those that there should be, all as of one moment."""


class Difference(NamedTuple):
    """A row that is missing, or there and should not be, or says something else than it should."""

    what: str
    kind: str
    parts: tuple[str, ...]
    """The parts of its key, as its kind has them."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What has been found so far."""

    progress: Progress
    rows: int
    """How many rows there are, or should be, were compared."""
    counts: dict[str, int]
    """How many differences there are, by what they are."""
    some: tuple[Difference, ...]
    """The first of them."""

    @property
    def is_good(self) -> bool:
        """Whether there is no difference so far."""
        return not self.counts

    def document(self) -> dict[str, object]:
        """This as JSON has it."""
        return {
            **self.progress.document(),
            "rows": self.rows,
            "counts": self.counts,
            "differences": [difference._asdict() for difference in self.some],
        }

    @classmethod
    def of(cls, document: Mapping[str, object]) -> Findings:
        """What JSON has so. Raises `ValueError`."""
        progress = Progress.of(document)
        match document:
            case {"rows": int(rows), "counts": dict(counts), "differences": list(some)}:
                counted = {str(what): int(count) for what, count in counts.items()}
                return cls(progress, rows, counted, tuple(map(_read_difference, some)))
        raise ValueError("no findings")


def _read_difference(document: object) -> Difference:
    match document:
        case {"what": str(what), "kind": str(kind), "parts": list(parts)}:
            return Difference(what, kind, tuple(map(str, parts)))
    raise ValueError("no difference")


NOTHING_FOUND = Findings(Progress(), 0, {}, ())
"""Where nothing was compared yet."""


class Checking(Work):
    """Makes all rows in a folder beside, compares, and removes them again."""

    name = "checking"

    def __init__(self, means: Means, folder: Path, compared: Compared, *, limit: int) -> None:
        """Of the differences `limit` are remembered."""
        super().__init__()
        self._means = means
        self._folder = folder
        self._compared = compared
        self._limit = limit
        self._rows = 0
        self._counts = Counter[str]()
        self._some: list[Difference] = []

    def findings(self) -> Findings:
        """What has been found so far."""
        progress = self.progress()  # first, so that at the end all is told
        return Findings(progress, self._rows, dict(self._counts), tuple(self._some))

    def work(self) -> None:
        making = Making(self._means, self._folder, report=self.report, check=self.check)
        try:
            making.discard()
            making.build()
            making.catch_up()
            self.report(COMPARING, 0)
            there, due = self._compared(making)
            for self._rows, difference in enumerate(differences(there, due), start=1):
                if difference is not None:
                    self._counts[difference.what] += 1
                    if len(self._some) < self._limit:
                        self._some.append(difference)
                if self._rows % _REPORT_EVERY == 0:
                    self.check()
                    self.report(COMPARING, self._rows)
            self.report(COMPARING, self._rows, self._rows)
        finally:
            making.discard()


def differences(there: Iterator[Row], due: Iterator[Row]) -> Iterator[Difference | None]:
    """For each row, of both in the order of their keys, how it differs; None is not at all."""
    ours, theirs = _next(there), _next(due)
    while ours is not None or theirs is not None:
        if theirs is None or (ours is not None and ours[0] < theirs[0]):
            assert ours is not None
            yield _difference(EXTRA, ours)
            ours = _next(there)
        elif ours is None or theirs[0] < ours[0]:
            yield _difference(MISSING, theirs)
            theirs = _next(due)
        else:
            yield None if ours[1] == theirs[1] else _difference(DIFFERENT, ours)
            ours, theirs = _next(there), _next(due)


_OWN = frozenset(kind.key_of() for kind in (VERSION, STORE, CURSOR, MAKING))
_REMOVING, _ = REMOVING.below()
_KINDS = {kind.name: kind for kind in KINDS}


def _next(rows: Iterator[Row]) -> Row | None:
    """The next row that follows from blobs."""
    for row in rows:
        if row[0] not in _OWN and not row[0].startswith(_REMOVING):
            return row
    return None


def _difference(what: str, row: Row) -> Difference:
    name, _, _ = row[0].partition(b"|")
    kind = _KINDS.get(name.decode("utf-8", "replace"))
    if kind is None:
        return Difference(what, "unknown", (row[0].decode("utf-8", "replace"),))
    return Difference(what, kind.name, tuple(kind.parts_of(row[0])))
