"""Chromium without a window, for what is measured and shown."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

_QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@contextmanager
def browsing() -> Iterator[Browser]:
    """The Chromium that is installed, until the block ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(_QUIET)
        )
        try:
            yield browser
        finally:
            browser.close()


def browser_version() -> str:
    """What it calls itself, to the first number."""
    said = subprocess.run(
        [str(shutil.which("chromium")), "--version"], capture_output=True, text=True, check=True
    ).stdout
    return " ".join(said.split()[:2]).partition(".")[0]
