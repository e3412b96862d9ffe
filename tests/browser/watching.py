"""A browser's page that is watched: nothing may go wrong in it unseen."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request

from .site import Site


@dataclass
class Watch:
    """What went wrong on a page: errors, breaches of its policy, requests to elsewhere."""

    site: Site
    problems: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)

    def on(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.problems.append(f"{error.name}: {error.message}"))
        page.on("request", self._asked)

    def forgive(self, pattern: str) -> None:
        """A problem that the test is about, as a regular expression."""
        self.forgiven.append(pattern)

    def check(self) -> None:
        """Fails if anything went wrong that was not forgiven."""
        left = [
            problem
            for problem in self.problems
            if not any(re.search(pattern, problem) for pattern in self.forgiven)
        ]
        if left:
            pytest.fail("\n".join(["the page had problems:", *left]), pytrace=False)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            where = message.location.get("url", "")
            self.problems.append(f"{message.type}: {message.text} {where}".strip())

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.site.url + "/", "blob:", "data:")):
            self.problems.append(f"asked elsewhere: {request.url}")
