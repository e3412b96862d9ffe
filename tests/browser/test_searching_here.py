"""Searches that are answered on the page of photos, which stays as it is around them."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from .test_search import box, look_for

_IS_SAME = "() => window.isSamePage === true"


def marked(page: Page) -> Page:
    page.evaluate("() => { window.isSamePage = true; }")
    return page


def test_what_is_found_is_shown_on_the_page_that_is_there(page: Page) -> None:
    marked(page)
    page.mouse.wheel(0, 1500)
    look_for(page, "filename:photo-00*")
    page.wait_for_url("**/ui/?q=filename%3Aphoto-00*")
    expect(page.locator(".tile")).to_have_count(10)
    assert page.evaluate(_IS_SAME)
    page.wait_for_function("() => scrollY === 0")
    expect(page).to_have_title("filename:photo-00* · Holdfast")
    expect(page.locator("h1")).to_have_text("Found: filename:photo-00*")
    expect(page.locator("#announcements")).to_have_text("10 found.")
    expect(page.locator("[aria-current]")).to_have_count(0)
    look_for(page, "tag:landscape")
    page.wait_for_url("**/ui/?q=tag%3Alandscape")
    page.wait_for_function("() => document.querySelectorAll('.tile').length > 10")
    assert page.evaluate(_IS_SAME)


def test_an_answer_that_takes_its_time_is_waited_for(page: Page) -> None:
    marked(page)
    held = []
    page.route("**/ui/api/items?*", lambda route: held.append(route))
    look_for(page, "filename:photo-00*")
    page.wait_for_timeout(1000)
    assert len(held) == 1
    page.unroute("**/ui/api/items?*")  # lets go on what was held
    expect(page.locator(".tile")).to_have_count(10)
    assert page.evaluate(_IS_SAME)


def test_selecting_and_looking_at_what_is_found_go_on_as_before(page: Page) -> None:
    page.locator(".tile").first.hover()
    page.locator(".tile .tile-check").first.click()
    expect(page.locator(".actions-count, .actions").first).to_be_visible()
    look_for(page, "filename:photo-00*")
    expect(page.locator(".tile")).to_have_count(10)
    expect(page.locator("[aria-selected=true]")).to_have_count(0)
    page.locator(".tile-link").first.click()
    page.locator(".lightbox .slide-picture").first.wait_for()
    page.keyboard.press("Escape")
    expect(page.locator(".tile")).to_have_count(10)
    assert page.url.endswith("/ui/?q=filename%3Aphoto-00*")


def test_nothing_found_is_said_so_and_back_leads_to_what_was_there(page: Page) -> None:
    marked(page)
    look_for(page, "tag:nosuchtag")
    expect(page.get_by_role("heading", name="Nothing was found")).to_be_visible()
    expect(page.get_by_role("heading", name="There is nothing here yet")).to_be_hidden()
    look_for(page, "filename:photo-001*")
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.get_by_role("heading", name="Nothing was found")).to_be_hidden()
    assert page.evaluate(_IS_SAME)
    page.go_back()
    page.wait_for_url("**/ui/?q=tag%3Anosuchtag")
    expect(page.get_by_role("heading", name="Nothing was found")).to_be_visible()
    expect(box(page)).to_have_value("tag:nosuchtag")
    page.go_back()
    page.wait_for_url("**/ui/")
    expect(page.locator(".tile").first).to_be_visible()
    expect(box(page)).to_have_value("")
