"""What was measured of the gallery, its goals, and the tables made of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from ..results import markdown
from ..search.figures import Figure, percentile
from .steps import Step

FIRST_VIEW = 1000
ANSWER = 100
"""What the p95 should be at most, in milliseconds: of a first view, and of each answer."""

DRAWN = "first view, its thumbnails drawn before"
UNDRAWN = "first view, its thumbnails never drawn"
KNOWN = "where everything is, known besides"

FRAMES = Figure("frames while everything passes in {} seconds")
LONG = Figure("of these longer than 50 ms")
LONGEST = Figure("the longest of them, ms")
NODES = Figure("elements in the document at most", most=3_000)
HEAP = Figure("memory of JavaScript after that, MiB", "{:.1f}", most=50)
SERVER = Figure("memory of the server and what draws, at its peak, MiB")
FIGURES = (FRAMES, LONG, LONGEST, NODES, HEAP, SERVER)


class GalleryResults:
    """Milliseconds of each round, and single figures."""

    def __init__(self) -> None:
        self.photos = 0
        self.seconds = 0
        """How long the way through everything was to take."""
        self.views: dict[str, list[float]] = defaultdict(list)
        self.answers: dict[str, list[float]] = defaultdict(list)
        self.results: dict[str, list[float]] = defaultdict(list)
        self.done: dict[str, str] = {}
        self.figures: dict[Figure, float] = {}

    def note(self, step: Step, response: float, result: float) -> None:
        """Enter a round of a step."""
        self.answers[step.name].append(response)
        if step.result:
            self.results[step.name].append(result)
            self.done[step.name] = step.done

    def as_dict(self) -> dict[str, object]:
        """Every single figure, for JSON."""
        return {
            "photos": self.photos,
            "views": self.views,
            "answers": self.answers,
            "results": self.results,
            "figures": {self._name(figure): value for figure, value in self.figures.items()},
        }

    def _name(self, figure: Figure) -> str:
        return figure.name.format(self.seconds)

    def tables(self) -> str:
        """All as Markdown."""
        parts = (self._views(), self._answers(), self._figures())
        return "\n".join(part for part in parts if part)

    def _views(self) -> str:
        head = [f"milliseconds, {self.photos:,} photos", "median", "p95", "goal"]
        rows = []
        for name, times in self.views.items():
            goal = "" if name == KNOWN else _verdict(times, FIRST_VIEW)
            rows.append([name, *_middle_and_high(times), goal])
        return markdown(head, rows)

    def _answers(self) -> str:
        head = ["milliseconds until it is answered", "median", "p95", "goal"]
        head += ["until", "median", "p95"]
        rows = []
        for name, times in self.answers.items():
            row = [name, *_middle_and_high(times), _verdict(times, ANSWER)]
            if results := self.results.get(name):
                row += [self.done[name], *_middle_and_high(results)]
            else:
                row += ["", "", ""]
            rows.append(row)
        return markdown(head, rows)

    def _figures(self) -> str:
        rows = [
            [self._name(figure), figure.form.format(value), figure.verdict(value)]
            for figure in FIGURES
            if (value := self.figures.get(figure)) is not None
        ]
        return markdown(["in the browser", f"{self.photos:,} photos", "goal"], rows)


def _middle_and_high(times: Sequence[float]) -> list[str]:
    return [f"{median(times):,.0f}", f"{percentile(times, 0.95):,.0f}"]


def _verdict(times: Sequence[float], most: float) -> str:
    is_met = percentile(times, 0.95) <= most
    return f"p95 at most {most:,} {'met' if is_met else '**missed**'}"
