"""What was measured, its goals, and the tables made of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Goal:
    """At most `times` the time that `peer` takes."""

    peer: str
    times: float


TIMES: dict[str, tuple[Goal, ...]] = {
    "put file": (Goal("borg", 1.0), Goal("restic", 0.6)),
    "put tree": (Goal("borg", 1.0), Goal("restic", 0.6)),
    "put file again": (),
    "put tree again": (Goal("borg", 0.5),),
    "restore file": (Goal("borg", 1.0),),
    "restore tree": (Goal("borg", 1.0),),
}
"""Every measure that is a time, in the order of the table."""

RATES = {"receive 500-byte blobs by batch": 20_000, "GET 500-byte blobs": 15_000}
"""Every measure that is a rate, and the least it should be, in blobs a second."""

OUR_NAME = "holdfast"


class Results:
    """The figures of all rounds. A key is what was measured and who was."""

    def __init__(self) -> None:
        self.seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
        self.peaks: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.disk: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.rates: dict[str, list[float]] = defaultdict(list)

    def as_dict(self) -> dict[str, object]:
        """Every single figure, for JSON."""
        return {
            "seconds": _named(self.seconds),
            "peak_bytes": _named(self.peaks),
            "disk_bytes": _named(self.disk),
            "blobs_per_second": self.rates,
        }

    def ratio(self, measure: str, peer: str) -> float | None:
        """The median over the rounds of our time divided by a peer's, or None without both."""
        ours, theirs = self.seconds[measure, OUR_NAME], self.seconds[measure, peer]
        pairs = [our / their for our, their in zip(ours, theirs, strict=False)]
        return median(pairs) if pairs else None


def tables(results: Results, names: Sequence[str]) -> str:
    """The results as Markdown; `names` are the contenders in the order of columns."""
    parts = [_times(results, names), _rates(results), _sizes(results, names)]
    return "\n".join(part for part in parts if part)


def _named(figures: Mapping[tuple[str, str], Sequence[float]]) -> dict[str, Sequence[float]]:
    return {f"{what}: {who}": values for (what, who), values in figures.items()}


def _times(results: Results, names: Sequence[str]) -> str:
    peers = [name for name in names if name != OUR_NAME]
    head = ["seconds", *names, *(f"{OUR_NAME} / {peer}" for peer in peers), "goal"]
    rows = []
    for measure, goals in TIMES.items():
        if not any((measure, name) in results.seconds for name in names):
            continue
        row = [measure]
        row += [_median(results.seconds[measure, name], "{:.2f}") for name in names]
        for peer in peers:
            ratio = results.ratio(measure, peer)
            row.append("-" if ratio is None else f"{ratio:.2f}")
        verdicts = []
        for goal in goals:
            ratio = results.ratio(measure, goal.peer)
            met = "" if ratio is None else " met" if ratio <= goal.times else " **missed**"
            verdicts.append(f"at most {goal.times} {goal.peer}{met}")
        rows.append([*row, "; ".join(verdicts)])
    return markdown(head, rows)


def _rates(results: Results) -> str:
    rows = []
    for measure, least in RATES.items():
        if measure in results.rates:
            rate = median(results.rates[measure])
            met = "met" if rate >= least else "**missed**"
            rows.append([measure, f"{rate:,.0f}", f"at least {least:,} {met}"])
    return markdown(["per second", OUR_NAME, "goal"], rows)


def _sizes(results: Results, names: Sequence[str]) -> str:
    rows = []
    for title, figures in (("peak memory", results.peaks), ("on disk", results.disk)):
        for measure in dict.fromkeys(what for what, _ in figures):
            row = [f"{title}, {measure}"]
            row += [_median([n / MIB for n in figures[measure, name]], "{:.0f}") for name in names]
            rows.append(row)
    return markdown(["MiB", *names], rows)


def _median(values: Sequence[float], form: str) -> str:
    return form.format(median(values)) if values else "-"


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A table; empty without rows. All columns but the first hold numbers."""
    if not rows:
        return ""
    lines = [head, ["---", *("--:" for _ in head[1:])], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
