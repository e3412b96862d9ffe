"""Pages of a browser that tell when what was waited for is to be seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from ...throwaway import Server
from .steps import HEIGHT, WIDTH, Step

_PROBE = Path(__file__).with_name("probe.js")


class Sight:
    """A page of a browser that had an empty cache when it came."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._devtools = page.context.new_cdp_session(page)

    def arrive(self, url: str) -> tuple[float, float]:
        """Go there; after how many milliseconds all pictures in the window were seen, and all was
        known besides."""
        self.page.goto(url)
        first, whole = self.page.evaluate("() => probe.first")
        return float(first), float(whole)

    def take(self, step: Step, number: int) -> tuple[float, float]:
        """Take a step; milliseconds from its event to the end of the frame that answers it, and of
        the one that shows the result."""
        page = self.page
        step.prepare(page, number)
        awaited = [step.response, step.result or step.response]
        page.evaluate("([event, names]) => probe.expect(event, names)", [step.event, awaited])
        step.act(page, number)
        response, result = page.evaluate("() => probe.result")
        step.tidy(page, number)
        return float(response), float(result)

    def travel(self, seconds: float) -> dict[str, float]:
        """Scroll from the top to the bottom in so many seconds: `count` of frames, how many took
        more than 50 ms (`long`), the `longest`, and the most `nodes` there were."""
        found: dict[str, float] = self.page.evaluate("(seconds) => probe.travel(seconds)", seconds)
        return found

    def heap(self) -> int:
        """Bytes that JavaScript has in use, garbage gone."""
        self._devtools.send("HeapProfiler.collectGarbage")
        used: dict[str, Any] = self._devtools.send("Runtime.getHeapUsage")
        return int(used["usedSize"])


@contextmanager
def looking(browser: Browser, server: Server) -> Iterator[Sight]:
    """A page of its own, with an empty cache."""
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, base_url=server.url)
    try:
        context.add_init_script(path=_PROBE)
        yield Sight(context.new_page())
    finally:
        context.close()
