"""Lists of things: what came last, what is there twice, what is large, thrown away, shared."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import PHONE, shoot, visiting
from .owned import toast, undo, until
from .samples import make_photos
from .site import Site, running


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server whose things may be changed, with a few photos on it, some of them twice."""
    folder = tmp_path_factory.mktemp("lists")
    (folder / "photos").mkdir()
    with running(folder / "here") as site:
        photos = make_photos(folder / "photos", 6)
        site.put(photos, tag="sample")
        site.put(photos[:2], tag="again")
        site.put([folder / "photos"])
        yield site


@pytest.fixture
def visit(browser: Browser, own: Site) -> Iterator[Callable[..., Page]]:
    with visiting(browser) as visit:
        yield lambda path, site=own, **options: visit(site, path, **options)


def items(site: Site) -> list[dict]:
    return site.get("items", q="is:image")["items"]


def share(site: Site, **more: object) -> dict:
    wanted = {"refs": [items(site)[0]["ref"]], "expires": None, "password": None}
    return site.post("share", {**wanted, "downloads": None, **more})["share"]


def test_what_came_last_stands_first(visit, own: Site) -> None:
    page = visit("/ui/recent")
    own.post("create", {"attributes": [["title", "<b>Just now</b>"]]})
    expect(page.locator(".row-title").first).to_have_text("<b>Just now</b>")
    shoot(page, "recent")


def test_what_is_in_the_trash_is_put_back(visit, own: Site) -> None:
    refs = [item["ref"] for item in items(own)[:3]]
    own.post("claims", {"claims": [{"act": "delete", "target": ref} for ref in refs]})
    page = visit("/ui/trash")
    expect(page.locator(".row")).to_have_count(3)
    shoot(page, "trash")
    page.get_by_role("button", name="Restore photo").first.click()
    expect(page.locator(".row")).to_have_count(2)
    undo(page, "Restored photo")
    expect(page.locator(".row")).to_have_count(3)
    page.get_by_role("button", name="Restore all").click()
    expect(page.get_by_text("The trash is empty.")).to_be_visible()
    assert set(refs) <= {item["ref"] for item in items(own)}


def test_shares_are_listed_and_revoked_and_that_is_undone(visit, own: Site) -> None:
    made = share(own, downloads=2, password="secret")
    page = visit("/ui/shares")
    row = page.locator(f"[data-claim='{made['claim']}']")
    expect(row).to_contain_text("with a password, 0 of 2 downloads")
    expect(row.locator(".badge")).to_have_text("open")
    row.get_by_role("button", name="Revoke").click()
    expect(row.locator(".badge")).to_have_text("revoked")
    shoot(page, "shares")
    undo(page, "Share revoked")
    expect(row.locator(".badge")).to_have_text("open")


def test_the_link_of_a_share_is_shown_again(visit, own: Site) -> None:
    made = share(own)
    page = visit("/ui/shares")
    page.locator(f"[data-claim='{made['claim']}']").get_by_role("button", name="link").click()
    dialog = page.get_by_role("dialog", name="The link")
    link = dialog.get_by_label("Link", exact=True)
    expect(link).to_have_value(
        f"{own.url}{made['url']}" if "://" not in made["url"] else made["url"]
    )


def test_all_shares_are_revoked_after_a_question(visit, own: Site) -> None:
    share(own)
    share(own)
    page = visit("/ui/shares")
    page.get_by_role("button", name="Revoke all").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Cancel").click()
    assert any(one["state"] == "open" for one in own.get("shares")["shares"])
    page.get_by_role("button", name="Revoke all").click()
    dialog.get_by_role("button", name="Revoke all").click()
    until(page, lambda: all(one["state"] == "revoked" for one in own.get("shares")["shares"]))


def test_the_largest_are_listed_with_bars(visit) -> None:
    page = visit("/ui/largest")
    bars = page.locator(".size-bar")
    bars.first.wait_for()
    widths = [bar.bounding_box()["width"] for bar in bars.all()]
    assert widths == sorted(widths, reverse=True)
    page.get_by_role("button", name="Folders").click()
    expect(page.locator(".row-title").first).to_have_text("photos")
    shoot(page, "largest")


def test_of_what_is_there_twice_one_is_chosen_to_go(visit, own: Site) -> None:
    before = len(items(own))
    page = visit("/ui/duplicates")
    group = page.locator(".duplicate-group").first
    expect(group).to_contain_text("2 times")
    boxes = group.get_by_role("checkbox")
    shoot(page, "duplicates")
    for box in boxes.all():
        box.uncheck()
    expect(group.get_by_role("button", name="Move 0 to trash")).to_be_disabled()
    boxes.last.check()
    group.get_by_role("button", name="Move 1 to trash").click()
    toast(page, "Moved 1 thing to trash").wait_for()
    assert len(items(own)) == before - 1
    undo(page, "Moved 1 thing to trash")
    assert len(items(own)) == before


@pytest.mark.parametrize("place", ["recent", "duplicates", "largest", "trash", "shares"])
def test_on_a_telephone_nothing_is_wider_than_the_window(visit, place: str) -> None:
    page = visit(f"/ui/{place}", viewport=PHONE, color_scheme="dark")
    page.get_by_role("heading", level=1).wait_for()
    expect(page.locator(".row, .list-note:not(:empty)").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    shoot(page, f"{place}-phone-dark")


def test_of_copies_of_one_age_the_one_with_tags_is_proposed_to_stay(
    visit, new_site, tmp_path
) -> None:
    site = new_site()
    photos = make_photos(tmp_path, 4)
    site.put(photos)
    site.put(photos, tag="kept")
    page = visit("/ui/duplicates", site=site)
    groups = page.locator(".duplicate-group")
    expect(groups).to_have_count(4)
    for row in page.locator(".duplicate-group .row").all():
        is_tagged = row.locator(".badge").count() > 0
        expect(row.get_by_role("checkbox")).to_be_checked(checked=not is_tagged)


def test_rows_come_as_one_scrolls_by_the_keyboard(visit, new_site) -> None:
    site = new_site()
    for number in range(130):
        site.post("create", {"attributes": [["title", f"Thing {number}"]], "members": []})
    page = visit("/ui/recent", site=site)
    rows = page.locator(".row")
    expect(rows).to_have_count(100)
    page.keyboard.press("End")
    expect(rows).to_have_count(130)
    rows.last.get_by_role("link").focus()
    site.post("create", {"attributes": [["title", "Just now"]], "members": []})
    expect(rows).to_have_count(131)
    expect(rows.first).to_contain_text("Just now")
    # Whoever has the keyboard keeps it in the list.
    assert page.evaluate("document.activeElement.className") == "row-link"
