"""What was measured of searching, its goals, and the tables made of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ..results import markdown
from .questions import SORTS

SMALL_MEDIAN = 4.0
"""What the median of any sort should be at most in a small store, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a store, how to write it, and at least or at most what it should be."""

    name: str
    form: str = "{:,.0f}"
    least: float | None = None
    most: float | None = None

    def verdict(self, value: float) -> str:
        """The goal, and whether it is met; empty if there is none."""
        if self.least is not None:
            return _verdict("at least", self.form.format(self.least), value >= self.least)
        if self.most is not None:
            return _verdict("at most", self.form.format(self.most), value <= self.most)
        return ""


START = Figure("seconds from start to a search answered", "{:.2f}", most=1)
ANONYMOUS = Figure("server memory of its own after all questions, MiB", most=250)
RESIDENT = Figure("the same, with files that are mapped, MiB")
REINDEX = Figure("blobs indexed anew in a second", least=10_000)
REINDEX_PEAK = Figure("peak memory of indexing anew, MiB")
INDEX = Figure("index on disk, MiB")
BLOBS = Figure("blobs in the store")
CLAIMS = Figure("claims a second signed by an RSA key, until they are found", least=5_000)
ED25519_CLAIMS = Figure("the same, signed by an Ed25519 key")
FIGURES = (START, ANONYMOUS, RESIDENT, REINDEX, REINDEX_PEAK, INDEX, BLOBS)


class SearchResults:
    """Times of answers and single figures, by how many things the store has."""

    def __init__(self) -> None:
        self.times: dict[tuple[str, int], list[float]] = {}
        self.wrong: dict[tuple[str, int], int] = {}
        self.figures: dict[tuple[Figure, int], float] = {}
        self.claims: dict[Figure, list[float]] = {CLAIMS: [], ED25519_CLAIMS: []}

    @property
    def sizes(self) -> list[int]:
        """How many things the stores have, the largest first."""
        return sorted({size for _, size in (*self.times, *self.figures)}, reverse=True)

    def as_dict(self) -> dict[str, object]:
        """Every single figure, for JSON."""
        return {
            "milliseconds": {f"{name}, {size}": each for (name, size), each in self.times.items()},
            "wrong": {f"{name}, {size}": wrong for (name, size), wrong in self.wrong.items()},
            "figures": {f"{f.name}, {size}": value for (f, size), value in self.figures.items()},
            "claims": {figure.name: rates for figure, rates in self.claims.items()},
        }


def percentile(values: Sequence[float], part: float) -> float:
    """The least of the values that so large a part of them does not exceed."""
    return sorted(values)[math.ceil(len(values) * part) - 1]


def search_tables(results: SearchResults) -> str:
    """The results as Markdown."""
    return "\n".join(part for part in (_times(results), _figures(results)) if part)


def _times(results: SearchResults) -> str:
    sizes = results.sizes
    head = ["milliseconds for 50 answers"]
    for size in sizes:
        head += [f"{size:,} things: median", "p95", "goal"]
    rows = []
    for sort in SORTS:
        row = [sort.name]
        for number, size in enumerate(sizes):
            times = results.times.get((sort.name, size))
            if not times:
                row += ["-", "-", ""]
                continue
            middle, high = median(times), percentile(times, 0.95)
            row += [f"{middle:.1f}", f"{high:.1f}"]
            if number == 0:
                verdict = _verdict("p95 at most", f"{sort.most:.0f}", high <= sort.most)
            else:
                verdict = _verdict("median at most", f"{SMALL_MEDIAN:.0f}", middle <= SMALL_MEDIAN)
            if wrong := results.wrong.get((sort.name, size)):
                verdict += f"; **{wrong} of {len(times)} answers wrong**"
            row.append(verdict)
        rows.append(row)
    return markdown(head, rows) if results.times else ""


def _figures(results: SearchResults) -> str:
    sizes = results.sizes
    rows = []
    for figure in FIGURES:
        values = [results.figures.get((figure, size)) for size in sizes]
        if any(value is not None for value in values):
            row = [figure.name]
            row += ["-" if value is None else figure.form.format(value) for value in values]
            row.append("" if values[0] is None else figure.verdict(values[0]))
            rows.append(row)
    for figure, rates in results.claims.items():
        if rates:
            rate = median(rates)
            rest = ["-"] * (len(sizes) - 1)
            rows.append([figure.name, figure.form.format(rate), *rest, figure.verdict(rate)])
    return markdown(["searching", *(f"{size:,} things" for size in sizes), "goal"], rows)


def _verdict(words: str, goal: str, is_met: bool) -> str:
    return f"{words} {goal} {'met' if is_met else '**missed**'}"
