"""Sets: all of them as covers, a new one, and what is in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import PHONE, shoot, visiting
from .owned import toast
from .samples import make_photos
from .site import Site, running


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server whose things may be changed, with two sets on it."""
    folder = tmp_path_factory.mktemp("sets")
    (folder / "photos").mkdir()
    with running(folder / "here") as site:
        refs = site.put(make_photos(folder / "photos", 5))
        for title, members in (("Summer", refs[:3]), ("<b>Winter</b>", refs[3:])):
            site.post("create", {"attributes": [["title", title]], "members": members})
        yield site


@pytest.fixture
def visit(browser: Browser, own: Site) -> Iterator[Callable[..., Page]]:
    with visiting(browser) as visit:
        yield lambda path, site=own, **options: visit(site, path, **options)


def test_sets_are_shown_by_their_covers(visit) -> None:
    page = visit("/ui/sets")
    summer = page.get_by_role("link", name="Summer 3 items")
    expect(summer.locator("img")).to_have_js_property("complete", True)
    expect(page.get_by_role("link", name="<b>Winter</b> 2 items")).to_be_visible()
    shoot(page, "sets")
    page.get_by_role("searchbox", name="Find a set").fill("wint")
    expect(page.locator(".cover")).to_have_count(1)
    page.get_by_role("searchbox", name="Find a set").fill("autumn")
    expect(page.get_by_text("No set of that name.")).to_be_visible()


def test_a_set_shows_what_is_in_it_and_has_details(visit) -> None:
    page = visit("/ui/sets")
    page.get_by_role("link", name="Summer").click()
    expect(page.get_by_role("heading", name="Summer")).to_be_visible()
    expect(page.locator(".tile")).to_have_count(3)
    page.locator("summary", has_text="Details").click()
    expect(page.get_by_role("heading", name="What is said of it")).to_be_visible()
    shoot(page, "set")


def test_the_buttons_of_a_long_set_are_beside_the_scrubber(visit) -> None:
    page = visit("/ui/sets", viewport={"width": 1000, "height": 130})
    page.get_by_role("link", name="Summer 3 items").click()
    scrubber = page.get_by_role("slider", name="Date")
    expect(scrubber).to_be_visible()
    edge = scrubber.bounding_box()["x"]
    for part in (page.get_by_role("button", name="Share"), page.get_by_text("Details")):
        box = part.first.bounding_box()
        assert box["x"] + box["width"] <= edge
    trash = page.get_by_role("button", name="Move to trash").bounding_box()
    assert trash["x"] + trash["width"] <= edge


def test_a_new_set_is_made_and_filled_by_dropping(visit, own: Site) -> None:
    page = visit("/ui/sets")
    page.get_by_role("button", name="New set").click()
    page.get_by_role("textbox", name="Title").fill("Brand new")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Brand new")).to_be_visible()
    ref = page.url.rpartition("/")[2]
    page.evaluate(
        """() => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File(["in it"], "in it.txt"));
          const options = { dataTransfer, bubbles: true, cancelable: true };
          document.body.dispatchEvent(new DragEvent("dragover", options));
          document.body.dispatchEvent(new DragEvent("drop", options));
        }"""
    )
    expect(page.get_by_role("link", name="in it.txt")).to_be_visible()
    assert [item["title"] for item in own.get("members", ref=ref)["items"]] == ["in it.txt"]


def test_a_title_is_needed(visit) -> None:
    page = visit("/ui/sets")
    page.get_by_role("button", name="New set").click()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="New set")).to_be_focused()


def test_a_set_in_itself_does_no_harm(visit, own: Site) -> None:
    ref = own.post("create", {"attributes": [["title", "Round"]]})["ref"]
    said = {"permanode": ref, "act": "add", "attribute": "camliMember", "value": ref}
    own.post("claims", {"claims": [said]})
    page = visit(f"/ui/{ref}")
    expect(page.locator(".tile")).to_have_count(1)
    page.get_by_role("button", name="Move to trash").click()
    toast(page, "Moved Round to trash").wait_for()


def test_on_a_telephone_covers_stand_in_two_columns(visit) -> None:
    page = visit("/ui/sets", viewport=PHONE, color_scheme="dark")
    covers = page.locator(".cover")
    covers.nth(1).wait_for()
    first, second = covers.nth(0).bounding_box(), covers.nth(1).bounding_box()
    assert first["y"] == second["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    shoot(page, "sets-phone-dark")


def test_sets_come_as_one_scrolls_and_stay_when_something_changes(visit, new_site) -> None:
    site = new_site()
    for number in range(130):
        site.post("create", {"attributes": [["title", f"Set {number}"]], "members": []})
    page = visit("/ui/sets", site=site)
    covers = page.locator(".cover")
    expect(covers).to_have_count(100)
    expect(covers.first).to_contain_text("Set 129")
    page.keyboard.press("End")
    expect(covers).to_have_count(130)
    expect(covers.last).to_contain_text("Set 0")
    site.post("create", {"attributes": [["title", "One more"]], "members": []})
    expect(covers.first).to_contain_text("One more")
    page.keyboard.press("End")
    expect(covers).to_have_count(131)
    page.get_by_role("searchbox", name="Find a set").fill("set 12")
    expect(covers).to_have_count(12)


def test_what_could_not_be_listed_is_asked_for_again(visit, new_site) -> None:
    site = new_site()
    site.post("create", {"attributes": [["title", "There"]], "members": []})
    page = visit("/ui/sets", site=site)
    page.locator(".cover").wait_for()
    page.watch.forgive("net::ERR")
    page.route("**/ui/api/sets*", lambda route: route.abort())
    page.get_by_role("searchbox", name="Find a set").fill("ther")
    expect(page.get_by_text("could not be listed")).to_be_visible()
    page.unroute("**/ui/api/sets*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("could not be listed")).to_be_hidden()
    expect(page.locator(".cover")).to_have_count(1)
