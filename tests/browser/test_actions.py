"""What is done to what is selected: tagged, gathered, shared, saved, deleted, and undone."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from holdfast.tools.throwaway import serving

from .conftest import PHONE, shoot, visiting
from .owned import toast, until
from .samples import make_photos
from .site import Site, running

COUNT = 8


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server whose things may be changed, with a few photos on it."""
    folder = tmp_path_factory.mktemp("actions")
    (folder / "photos").mkdir()
    with running(folder / "here") as site:
        site.put(make_photos(folder / "photos", COUNT), tag="sample")
        yield site


@pytest.fixture
def visit(browser: Browser, own: Site) -> Iterator[Callable[..., Page]]:
    with visiting(browser) as visit:
        yield lambda path, **options: visit(options.pop("site", own), path, **options)


@pytest.fixture
def page(visit: Callable[..., Page]) -> Page:
    page = visit("/ui/")
    page.locator(".tile-picture").first.wait_for()
    return page


def select(page: Page, *numbers: int) -> None:
    for number in numbers:
        page.locator(".tile").nth(number).hover()
        page.locator(".tile-check").nth(number).click()
    expect(page.locator(".actions-count")).to_have_text(f"{len(numbers)} selected")


def bar(page: Page):
    return page.get_by_role("toolbar", name="What to do with the selection")


def tagged(site: Site, tag: str) -> int:
    return len(site.get("items", q=f'tag:"{tag}"')["items"])


def test_the_bar_is_there_while_something_is_selected(page: Page) -> None:
    expect(bar(page)).to_be_hidden()
    select(page, 0, 2)
    expect(bar(page)).to_be_visible()
    shoot(page, "selection")
    page.get_by_role("button", name="Clear the selection").click()
    expect(bar(page)).to_be_hidden()


def test_tags_are_added_and_that_is_undone_and_done_again(page: Page, own: Site) -> None:
    select(page, 0, 1)
    page.keyboard.press("t")
    field = page.get_by_role("combobox", name="Add a tag")
    expect(field).to_be_focused()
    field.press_sequentially("<b>beach</b>")
    field.press("Enter")
    shoot(page, "tags")
    field.press("Enter")
    toast(page, "2 things: added “<b>beach</b>”").get_by_role("button", name="Undo").click()
    toast(page, "Undone").wait_for()
    assert tagged(own, "<b>beach</b>") == 0
    toast(page, "Undone").get_by_role("button", name="Redo").click()
    until(page, lambda: tagged(own, "<b>beach</b>") == 2)


def test_tags_are_offered_that_there_are(page: Page) -> None:
    select(page, 3)
    page.keyboard.press("t")
    page.get_by_role("combobox", name="Add a tag").press_sequentially("sam")
    option = page.get_by_role("option", name="sample")
    expect(option).to_contain_text(str(COUNT))
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(option).to_be_hidden()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_tag_is_taken_from_those_that_have_it(page: Page, own: Site) -> None:
    own.post("claims", {"claims": [claim(own, 0, "add", "tag", "old")]})
    page.reload()
    select(page, 0, 1)
    bar(page).get_by_role("button", name="Tags").click()
    dialog = page.get_by_role("dialog", name="Tags of 2 things")
    expect(dialog.get_by_text("1 of 2")).to_be_visible()
    dialog.get_by_role("button", name="Remove old").click()
    dialog.get_by_role("button", name="Apply").click()
    toast(page, "removed “old”").wait_for()
    assert tagged(own, "old") == 0


def claim(site: Site, number: int, act: str, attribute: str, value: str) -> dict[str, str]:
    ref = site.get("items")["items"][number]["ref"]
    return {"permanode": ref, "act": act, "attribute": attribute, "value": value}


def test_things_are_gathered_in_a_new_set_and_more_are_added(page: Page, own: Site) -> None:
    select(page, 0, 1, 2)
    page.keyboard.press("s")
    field = page.get_by_role("searchbox", name="Name of the set")
    field.press_sequentially("Best <i>of</i>")
    page.get_by_role("button", name="New set “Best <i>of</i>”").click()
    toast(page, "Added 3 things to Best <i>of</i>").wait_for()
    (made,) = own.get("sets", match="Best")["items"]
    assert made["count"] == 3
    page.get_by_role("button", name="Clear the selection").click()
    select(page, 4)
    page.keyboard.press("s")
    field.press_sequentially("best")
    page.get_by_role("button", name="Best <i>of</i> 3").click()
    undo = toast(page, "Added 1 thing").get_by_role("button", name="Undo")
    undo.wait_for()
    assert len(own.get("members", ref=made["ref"])["items"]) == 4
    undo.click()
    until(page, lambda: len(own.get("members", ref=made["ref"])["items"]) == 3)


def test_things_are_taken_out_of_a_set_and_one_becomes_its_cover(visit, own: Site) -> None:
    items = own.get("items")["items"]
    refs = [item["ref"] for item in items[:3]]
    made = own.post("create", {"attributes": [["title", "Few"]], "members": refs})["ref"]
    page = visit(f"/ui/{made}")
    page.locator(".tile-picture").first.wait_for()
    select(page, 0)
    page.keyboard.press("r")
    toast(page, "Removed 1 thing from Few").wait_for()
    assert len(own.get("members", ref=made)["items"]) == 2
    expect(page.locator(".tile")).to_have_count(2)
    select(page, 1)
    bar(page).get_by_role("button", name="Use as cover").click()
    toast(page, "is the cover now").wait_for()
    last = own.get("members", ref=made)["items"][1]
    assert own.get("thing", ref=made)["item"]["cover"] == last["cover"]


def test_a_share_is_made_and_opens_for_a_stranger(page: Page, own: Site, browser: Browser) -> None:
    select(page, 0, 1)
    page.keyboard.press("Shift+S")
    dialog = page.get_by_role("dialog", name="Share 2 things")
    expect(dialog.get_by_role("radio", name="Until revoked")).to_be_checked()
    dialog.get_by_text("1 week").click()
    dialog.get_by_label("Downloads at most").fill("3")
    shoot(page, "share")
    dialog.get_by_role("button", name="Make a link").click()
    dialog = page.get_by_role("dialog", name="The link is ready")
    link = dialog.get_by_label("Link", exact=True).input_value()
    code = dialog.get_by_role("img", name="QR code of the link")
    expect(code).to_have_js_property("complete", True)
    assert code.evaluate("image => image.naturalWidth") > 0
    shoot(page, "share-link")
    page.keyboard.press("Escape")
    stranger = browser.new_context()
    try:
        other = stranger.new_page()
        other.goto(link)
        expect(other.locator(".tile")).to_have_count(2)
    finally:
        stranger.close()
    (share,) = own.get("shares")["shares"]
    assert (share["state"], share["downloads"]) == ("open", 3)
    assert share["expires"] is not None


def test_one_file_is_saved_as_it_is_and_several_as_an_archive(page: Page) -> None:
    select(page, 0)
    with page.expect_download() as begun:
        page.keyboard.press("d")
    name = page.locator(".tile-link").first.get_attribute("aria-label").split(", ")[1]
    assert begun.value.suggested_filename == name
    select_more = page.locator(".tile-check").nth(1)
    page.locator(".tile").nth(1).hover()
    select_more.click()
    with page.expect_download() as begun:
        bar(page).get_by_role("button", name="Download").click()
    archive = zipfile.ZipFile(io.BytesIO(Path(begun.value.path()).read_bytes()))
    assert len(archive.namelist()) == 2
    assert archive.testzip() is None


def test_things_go_to_the_trash_and_come_back(page: Page, own: Site) -> None:
    select(page, 4, 5, 6)
    page.keyboard.press("Delete")
    expect(page.locator(".tile")).to_have_count(COUNT - 3)
    expect(bar(page)).to_be_hidden()
    toast(page, "Moved 3 things to trash").get_by_role("button", name="Undo").click()
    expect(page.locator(".tile")).to_have_count(COUNT)
    assert own.get("trash")["items"] == []


def test_a_message_stays_while_somebody_looks_at_it(page: Page) -> None:
    select(page, 0)
    page.clock.install()
    page.keyboard.press("Delete")
    message = toast(page, "Moved 1 thing to trash")
    message.get_by_role("button", name="Undo").focus()
    page.clock.run_for(60_000)
    expect(message).to_be_visible()
    page.keyboard.press("Enter")
    undone = toast(page, "Undone")
    undone.wait_for()
    page.mouse.move(5, 5)
    page.clock.run_for(60_000)
    expect(undone).to_be_hidden()


def test_who_stops_halfway_is_told_and_can_undo_what_was_done(page: Page, own: Site) -> None:
    page.watch.forgive("Failed to load resource")
    answers = iter([None, {"status": 503, "json": {"error": "the store is busy"}}])

    def meet(route) -> None:
        answer = next(answers, None)
        if answer is None:
            route.continue_()
        else:
            route.fulfill(**answer)

    page.route("**/ui/api/claims", meet)
    script = page.locator('script[src*="/js/main.js"]').get_attribute("src")
    claims = [claim(own, 0, "add", "note", str(number)) for number in range(600)]
    page.evaluate(
        """async ([script, claims]) => {
          const acts = await import(new URL(script.replace("main.js", "acts.js"), location.href));
          await acts.act({
            doing: "Noting",
            done: "Noted",
            run: async (told) => ({ claims: await acts.makeClaims(claims, told) }),
          });
        }""",
        [script, claims],
    )
    toast(page, "stopped after 500 of 600. The store is busy.").wait_for()
    toast(page, "500 changes were made before that").get_by_role("button", name="Undo").click()
    toast(page, "Undone").wait_for()
    page.unroute("**/ui/api/claims")


def test_a_server_without_a_key_says_why_nothing_can_be_changed(visit, tmp_path: Path) -> None:
    home = tmp_path / "server"
    home.mkdir()
    with serving(home, log=tmp_path / "log") as server:
        page = visit("/ui/upload", site=Site(server))
        expect(page.get_by_text("This server has no key to sign with").first).to_be_visible()


def test_on_a_telephone_all_buttons_can_be_reached(visit) -> None:
    page = visit("/ui/", viewport=PHONE, has_touch=True, color_scheme="dark")
    page.locator(".tile-picture").first.wait_for()
    page.locator(".tile-link").first.focus()
    page.keyboard.press("a")
    for button in bar(page).get_by_role("button").all():
        box = button.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
        assert box["height"] >= 40
    shoot(page, "selection-phone-dark")
