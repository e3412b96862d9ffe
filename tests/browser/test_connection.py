"""Pages whose server goes away, comes back, or no longer knows who asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import shoot, visiting
from .owned import claim, toast, until, values
from .site import Site, running, started_again

GONE = r"ERR_|Failed to load|EventSource|50[0-9]"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Site]:
    with running(tmp_path / "here") as site:
        yield site


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    with visiting(browser) as visit:
        yield visit


def answers(site: Site) -> bool:
    try:
        with urlopen(f"{site.url}/healthz"):
            return True
    except URLError:
        return False


def new(site: Site, title: str) -> str:
    said = {"attributes": [["title", title], ["camliNodeType", "note"]], "members": []}
    ref: str = site.post("create", said)["ref"]
    return ref


def edit_title(page: Page, text: str):
    page.get_by_role("button", name="Change the title").click()
    field = page.get_by_role("textbox", name="Title", exact=True)
    field.fill(text)
    return field


def test_what_is_being_written_outlives_a_restart(visit, own: Site) -> None:
    ref = new(own, "Before")
    page = visit(own, f"/ui/{ref}")
    page.watch.forgive(GONE)
    expect(page.locator(".state-quiet")).to_be_visible()
    field = edit_title(page, "Written meanwhile")
    own.server.process.terminate()
    own.server.process.wait(30)
    field.press("Enter")
    expect(toast(page, "Saving title: not done")).to_contain_text("out of reach")
    expect(field).to_have_value("Written meanwhile")
    expect(page.get_by_text("Offline")).to_be_visible()
    with started_again(own):
        until(page, lambda: answers(own))
        expect(page.get_by_text("Offline")).to_be_hidden()
        expect(field).to_have_value("Written meanwhile")
        field.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Written meanwhile")
        assert values(own, ref, "title") == ["Written meanwhile"]


def test_a_page_that_heard_of_nothing_asks_before_it_saves(visit, own: Site) -> None:
    ref = new(own, "Before")
    page = visit(own, "/ui/")
    page.watch.forgive(GONE)
    page.route("**/ui/api/changes", lambda route: route.abort())
    page.goto(f"/ui/{ref}")
    field = edit_title(page, "mine")
    claim(own, ref, "set", "title", "theirs")
    field.press("Enter")
    page.get_by_text("It was changed to “theirs”.").wait_for()
    assert values(own, ref, "title") == ["theirs"]
    page.get_by_role("button", name="Save mine").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("mine")
    assert values(own, ref, "title") == ["mine"]


def test_a_page_goes_to_the_form_when_its_session_has_ended(visit, tmp_path: Path) -> None:
    with running(tmp_path / "locked", settings='[server]\nauth = "userpass:u:p"\n') as site:
        page = visit(site, "/ui/")
        page.watch.forgive("401")
        for label, text in (("Name", "u"), ("Password", "p")):
            page.get_by_label(label).fill(text)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator(".state-quiet")).to_be_visible()
        other = page.context.new_page()
        other.goto("/ui/sessions")
        other.get_by_role("button", name="Sign out").first.click()
        page.wait_for_url("**/ui/login?next=**")


def test_who_edits_what_is_deleted_elsewhere_sees_so(visit, own: Site) -> None:
    ref = new(own, "Before")
    page = visit(own, f"/ui/{ref}")
    expect(page.locator(".state-quiet")).to_be_visible()
    field = edit_title(page, "After")
    own.post("claims", {"claims": [{"act": "delete", "target": ref}]})
    expect(page.get_by_text("It is in the trash.")).to_be_visible()
    expect(field).to_have_value("After")
    field.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("After")
    expect(page.get_by_role("button", name="Share")).to_have_count(0)
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("button", name="Share")).to_be_visible()


def test_a_page_whose_scripts_did_not_come_says_so_and_is_loaded_again(visit, own: Site) -> None:
    page = visit(own, "/help/")
    for problem in ("ERR_FAILED", "dynamically imported module"):
        page.watch.forgive(problem)
    page.route("**/js/map*.js", lambda route: route.abort())
    page.goto("/ui/map")
    again = page.get_by_role("alert").get_by_role("button", name="Load again")
    expect(again).to_have_count(1)
    shoot(page, "incomplete")
    page.unroute("**/js/map*.js")
    again.click()
    expect(page.locator(".map-window")).to_be_visible()
    expect(again).to_have_count(0)
