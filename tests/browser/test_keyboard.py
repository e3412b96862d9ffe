"""Everything by keyboard alone."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from .conftest import shoot


def active(page: Page) -> Locator:
    return page.locator(".tile-link:focus")


def photo(page: Page, number: int) -> Locator:
    return page.get_by_role("link", name=f"photo-{number:03}.jpg")


def enter(page: Page) -> None:
    """Go to the first photo."""
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(photo(page, 0)).to_be_focused()


def test_tab_comes_to_one_tile_and_leaves_the_grid_again(page: Page) -> None:
    page.get_by_label("Menu").focus()
    page.keyboard.press("Tab")
    expect(active(page)).to_have_count(1)
    page.keyboard.press("Tab")
    expect(active(page)).to_have_count(0)
    page.keyboard.press("Shift+Tab")
    expect(active(page)).to_have_count(1)


def test_arrows_go_to_what_is_there(page: Page) -> None:
    enter(page)
    page.keyboard.press("ArrowRight")
    expect(photo(page, 1)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(photo(page, 0)).to_be_focused()
    here = photo(page, 0).bounding_box()
    page.keyboard.press("ArrowDown")
    below = active(page).bounding_box()
    assert here is not None
    assert below is not None
    assert below["y"] > here["y"]
    assert below["x"] <= here["x"] + here["width"] / 2 <= below["x"] + below["width"]
    page.keyboard.press("ArrowUp")
    expect(photo(page, 0)).to_be_focused()


def test_up_and_down_stay_in_their_column(page: Page) -> None:
    enter(page)
    page.keyboard.press("ArrowRight")
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    for _ in range(5):
        page.keyboard.press("ArrowUp")
    expect(photo(page, 1)).to_be_focused()


def test_home_and_end_go_along_the_row_and_with_ctrl_everywhere(page: Page) -> None:
    enter(page)
    page.keyboard.press("End")
    end = active(page).bounding_box()
    page.keyboard.press("Home")
    expect(photo(page, 0)).to_be_focused()
    home = photo(page, 0).bounding_box()
    assert end is not None
    assert home is not None
    assert end["y"] == home["y"]
    assert end["x"] > 800
    page.keyboard.press("Control+End")
    expect(page.get_by_role("link", name="data.bin")).to_be_focused()
    expect(page.get_by_role("link", name="data.bin")).to_be_in_viewport()
    page.keyboard.press("Control+Home")
    expect(page.get_by_role("link", name="Folder, samples")).to_be_focused()


def test_pages_down_and_up(page: Page) -> None:
    enter(page)
    before = page.evaluate("scrollY")
    page.keyboard.press("PageDown")
    page.wait_for_function("before => scrollY > before + 200", arg=before)
    expect(active(page)).to_be_in_viewport()
    page.keyboard.press("PageUp")
    expect(photo(page, 0)).to_be_focused()


def test_the_tile_with_the_keyboard_stays_when_one_scrolls_away(page: Page) -> None:
    enter(page)
    page.evaluate("scrollTo(0, 5000)")
    page.wait_for_function("() => document.querySelectorAll('.tile-picture').length > 5")
    expect(photo(page, 0)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(photo(page, 1)).to_be_focused()
    expect(photo(page, 1)).to_be_in_viewport()


def test_space_and_x_select_and_shift_selects_on_the_way(page: Page) -> None:
    count = page.locator(".actions-count")
    enter(page)
    page.keyboard.press("Space")
    expect(count).to_have_text("1 selected")
    page.keyboard.press("x")
    expect(count).to_be_hidden()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(count).to_have_text("3 selected")
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    expect(count).to_have_text("9 selected")


def test_enter_opens_and_escape_comes_back(page: Page) -> None:
    enter(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="photo-001.jpg")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("dialog", name="photo-002.jpg")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(photo(page, 2)).to_be_focused()


def test_enter_on_a_folder_goes_there(page: Page) -> None:
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("link", name="Folder, samples")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/ui/sha224-"))


def test_a_question_mark_shows_all_keys(page: Page) -> None:
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    for words in ("Select all", "Go to a date", "Search", "Move to trash"):
        expect(keys.get_by_text(words, exact=True).first).to_be_visible()
    shoot(page, "keys")
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0)


def test_a_slash_goes_to_the_search_box_where_keys_are_letters(page: Page) -> None:
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="Search")
    expect(box).to_be_focused()
    page.keyboard.type("?xg")
    expect(box).to_have_value("?xg")
    expect(page.get_by_role("dialog")).to_have_count(0)
