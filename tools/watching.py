"""Long work shown on a terminal: one bar for each of its phases."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING

from .output import SILENT, Output, Progress

if TYPE_CHECKING:
    from ..index.work import Progress as State

_UNITS = {
    "blobs": "blobs",
    "contents": "files",
    "folders": "folders",
    "permanodes": "permanodes",
    "arrivals": "blobs",
    "comparing": "rows",
}
"""The phases of work on an index, and what each of them counts."""

_VERBS = {"arrivals": "new blobs", "contents": "files and folders"}


class Watched:
    """Shows how far some work is, as long as this lasts."""

    def __init__(self, output: Output, verb: str) -> None:
        self._output = output
        self._verb = verb
        self._phase = ""
        self._bar: Progress = SILENT
        self._done = 0
        self._shown = ExitStack()

    def __enter__(self) -> Watched:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._shown.close()

    def show(self, state: State) -> None:
        """Show that it is so far."""
        if state.phase != self._phase:
            self._shown.close()
            unit = _UNITS.get(state.phase, "steps")
            verb = f"{self._verb}: {_VERBS.get(state.phase, state.phase)}"
            self._bar = self._shown.enter_context(self._output.progress(verb, unit=unit))
            self._phase, self._done = state.phase, 0
        if state.total is not None:
            self._bar.expect(state.total)
        self._bar.advance(state.done - self._done)
        self._done = state.done
