"""Selecting things: one, ranges, months, rectangles, by finger; those too that nobody has seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from .conftest import LONG, PHONE, finger, shoot, whole
from .samples import make_photos
from .site import Site


def tile(page: Page, number: int) -> Locator:
    """The tile of a sample photo."""
    link = page.get_by_role("link", name=f"photo-{number:03}.jpg")
    return page.get_by_role("gridcell").filter(has=link)


def check(page: Page, number: int, **options: object) -> None:
    """Press the mark of a photo."""
    tile(page, number).hover()
    tile(page, number).locator(".tile-check").click(**options)  # type: ignore[arg-type]


def selected(page: Page) -> str:
    count = page.locator(".actions-count")
    return count.inner_text() if count.is_visible() else "none"


def test_the_mark_of_a_tile_selects_it(page: Page) -> None:
    check(page, 2)
    expect(tile(page, 2)).to_have_attribute("aria-selected", "true")
    expect(page.locator(".actions-count")).to_have_text("1 selected")
    shoot(page, "selection")
    check(page, 2)
    expect(page.locator(".actions-count")).to_be_hidden()


def test_while_something_is_selected_clicks_select(page: Page) -> None:
    check(page, 0)
    tile(page, 3).click()
    expect(tile(page, 3)).to_have_attribute("aria-selected", "true")
    assert "#view" not in page.url
    assert selected(page) == "2 selected"


def test_shift_and_a_click_select_all_between(page: Page) -> None:
    check(page, 1)
    tile(page, 6).click(modifiers=["Shift"])
    assert selected(page) == "6 selected"
    expect(tile(page, 4)).to_have_attribute("aria-selected", "true")


def test_a_range_may_reach_over_what_nobody_has_looked_at(
    visit: Callable[..., Page], long_site: Site
) -> None:
    page = whole(visit("/ui/", site=long_site))
    check(page, 0)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    tile(page, LONG - 1).click(modifiers=["Shift"])
    assert selected(page) == f"{LONG} selected"
    page.keyboard.press("t")
    expect(page.get_by_role("dialog")).to_contain_text(str(LONG))


def test_escape_selects_nothing_and_ctrl_a_everything(page: Page) -> None:
    page.keyboard.press("Control+a")
    expect(page.locator(".actions-count")).to_have_text("108 selected")
    page.keyboard.press("Escape")
    expect(page.locator(".actions-count")).to_be_hidden()


def test_a_heading_selects_its_month(page: Page) -> None:
    page.get_by_role("heading", name="December 2024").hover()
    month = page.get_by_role("button", name="Select December 2024")
    month.click()
    expect(month).to_have_attribute("aria-pressed", "true")
    assert selected(page) == "9 selected"
    check(page, 4)
    expect(month).to_have_attribute("aria-pressed", "mixed")
    month.click()
    month.click()
    expect(page.locator(".actions-count")).to_be_hidden()


def test_what_is_selected_stays_so_when_it_is_scrolled_away(page: Page) -> None:
    check(page, 0)
    check(page, 7)
    page.evaluate("scrollTo(0, 4000)")
    expect(tile(page, 0)).to_have_count(0)
    assert selected(page) == "2 selected"
    page.evaluate("scrollTo(0, 0)")
    expect(tile(page, 0)).to_have_attribute("aria-selected", "true")


def test_the_mouse_draws_a_rectangle(page: Page) -> None:
    first, last = tile(page, 0).bounding_box(), tile(page, 3).bounding_box()
    assert first is not None
    assert last is not None
    page.mouse.move(first["x"] + 30, first["y"] + 60)
    page.mouse.down()
    page.mouse.move(last["x"] + 20, last["y"] + 90, steps=6)
    expect(page.locator(".grid-rubber")).to_be_visible()
    shoot(page, "selection-rectangle")
    page.mouse.up()
    expect(page.locator(".grid-rubber")).to_have_count(0)
    assert selected(page) == "4 selected"
    assert "#view" not in page.url


def test_a_rectangle_is_given_up_by_escape(page: Page) -> None:
    check(page, 8)
    box = tile(page, 0).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 500, box["y"] + 90, steps=6)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert selected(page) == "1 selected"


def test_a_finger_that_rests_selects_and_then_selects_what_it_passes(
    visit: Callable[..., Page],
) -> None:
    page = visit("/ui/", viewport=PHONE, has_touch=True, is_mobile=True)
    page.locator(".tile-picture").nth(6).wait_for()
    start, end = tile(page, 0).bounding_box(), tile(page, 4).bounding_box()
    assert start is not None
    assert end is not None
    put = finger(page)
    put("touchStart", start["x"] + 20, start["y"] + 20)
    expect(tile(page, 0)).to_have_attribute("aria-selected", "true")
    top = page.evaluate("scrollY")
    for part in (0.3, 0.6, 1):
        put(
            "touchMove",
            start["x"] + 20 + (end["x"] - start["x"]) * part,
            start["y"] + 20 + (end["y"] - start["y"]) * part,
        )
    put("touchEnd")
    expect(page.locator(".actions-count")).to_have_text("5 selected")
    assert page.evaluate("scrollY") == top
    shoot(page, "selection-phone")


def test_a_finger_that_moves_at_once_scrolls(visit: Callable[..., Page]) -> None:
    page = visit("/ui/", viewport=PHONE, has_touch=True, is_mobile=True)
    page.locator(".tile-picture").nth(6).wait_for()
    put = finger(page)
    put("touchStart", 150, 600)
    for step in range(1, 10):
        put("touchMove", 150, 600 - step * 40)
    put("touchEnd")
    page.wait_for_function("() => scrollY > 200")
    assert selected(page) == "none"


def test_the_number_of_selected_things_is_said(page: Page) -> None:
    check(page, 0)
    check(page, 1)
    expect(page.locator("#announcements")).to_have_text("2 selected")


def test_what_is_selected_is_still_so_when_something_comes(
    visit: Callable[..., Page], new_site: Callable[[], Site], tmp_path: Path
) -> None:
    site = new_site()
    photos = make_photos(tmp_path, 20)
    site.put(photos[1:])
    page = whole(visit("/ui/", site=site))
    check(page, 5)
    check(page, 7)
    site.put(photos[:1])
    expect(tile(page, 0)).to_be_visible()
    assert selected(page) == "2 selected"
    for number, is_selected in ((4, "false"), (5, "true"), (6, "false"), (7, "true")):
        expect(tile(page, number)).to_have_attribute("aria-selected", is_selected)


def test_what_is_moved_to_trash_goes_and_comes_back_when_undone(
    visit: Callable[..., Page], new_site: Callable[[], Site], tmp_path: Path
) -> None:
    site = new_site()
    site.put(make_photos(tmp_path, 12))
    page = whole(visit("/ui/", site=site))
    check(page, 3)
    check(page, 4)
    page.keyboard.press("Delete")
    expect(page.get_by_role("gridcell")).to_have_count(10)
    expect(tile(page, 3)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("gridcell")).to_have_count(12)
    expect(tile(page, 3)).to_be_visible()
