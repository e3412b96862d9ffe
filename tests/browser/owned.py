"""What tests of pages share that change things: messages, and waiting for the server."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from playwright.sync_api import Locator, Page

from .conftest import PATIENCE
from .site import Site


def toast(page: Page, text: str) -> Locator:
    """The message that says that."""
    return page.locator(".toast", has_text=text)


def undo(page: Page, text: str) -> None:
    """Press the button beside the message that says that, and wait until it is done."""
    toast(page, text).get_by_role("button", name="Undo").click()
    toast(page, "Undone").wait_for()


def until(page: Page, does: Callable[[], bool]) -> None:
    """Wait for what is not on the page."""
    end = monotonic() + PATIENCE / 1000
    while not does():
        assert monotonic() < end, "it did not become so"
        page.wait_for_timeout(50)


def values(site: Site, ref: str, name: str) -> list[str]:
    """What a thing has under that name."""
    attributes = site.get("thing", ref=ref)["attributes"]
    return next((one["values"] for one in attributes if one["name"] == name), [])


def claim(site: Site, ref: str, act: str, attribute: str, value: str) -> str:
    """Have something claimed by the way; the claim."""
    said = {"permanode": ref, "act": act, "attribute": attribute, "value": value}
    return site.post("claims", {"claims": [said]})["claims"][0]
