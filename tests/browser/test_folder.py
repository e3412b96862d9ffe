"""Folders: gone through like those of a disk, by mouse and by keyboard, large ones too."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import PHONE, shoot, visiting
from .owned import toast
from .samples import make_photos
from .site import Site, running

MANY = 1200


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with one folder on it, in which there are others, one of very many files."""
    folder = tmp_path_factory.mktemp("folders")
    top = folder / "papers"
    for name in ("bills", "many", "photos"):
        (top / name).mkdir(parents=True)
    make_photos(top / "photos", 3)
    for number in range(MANY):
        (top / "many" / f"{number}.txt").write_text(f"{number}")
    for name, size in (("b 10.txt", 30), ("b 9.txt", 2000), ("<i>a.txt", 100)):
        (top / name).write_text("x" * size)
        os.utime(top / name, (1_600_000_000 + size, 1_600_000_000 + size))
    (top / "bills" / "rent.txt").write_text("paid")
    with running(folder / "here") as site:
        site.put([top])
        yield site


@pytest.fixture
def visit(browser: Browser, own: Site) -> Iterator[Callable[..., Page]]:
    with visiting(browser) as visit:
        yield lambda path, **options: visit(own, path, **options)


@pytest.fixture
def page(visit) -> Page:
    """The folder at the top."""
    page = visit("/ui/folders")
    page.get_by_role("list", name="Folders", exact=True).get_by_role("link", name="papers").click()
    page.locator(".files-link").first.wait_for()
    return page


def names(page: Page) -> list[str]:
    return [name.strip() for name in page.locator(".files-link").all_inner_texts()]


def open_folder(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("heading", name=name, level=1).wait_for()


def test_folders_come_first_and_files_in_their_order(page: Page) -> None:
    assert names(page)[:3] == ["bills", "many", "photos"]
    assert set(names(page)[3:]) == {"<i>a.txt", "b 10.txt", "b 9.txt"}
    shoot(page, "folder")


def test_files_are_sorted_by_any_column_both_ways(page: Page) -> None:
    page.get_by_role("button", name="Size").click()
    assert names(page)[3:] == ["b 9.txt", "<i>a.txt", "b 10.txt"]
    head = page.get_by_role("columnheader", name="Size")
    expect(head).to_have_attribute("aria-sort", "descending")
    page.get_by_role("button", name="Size").click()
    assert names(page)[3:] == ["b 10.txt", "<i>a.txt", "b 9.txt"]
    page.get_by_role("button", name="Name").click()
    assert names(page)[3:] == ["<i>a.txt", "b 9.txt", "b 10.txt"]
    assert names(page)[:3] == ["bills", "many", "photos"]


def test_one_goes_down_and_up_by_keyboard(page: Page) -> None:
    page.get_by_role("link", name="bills", exact=True).focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="many", exact=True)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="bills").wait_for()
    expect(page.get_by_role("link", name="rent.txt")).to_be_visible()
    trail = page.get_by_role("navigation", name="Where it is")
    expect(trail.get_by_role("link", name="papers")).to_be_visible()
    page.keyboard.press("u")
    page.get_by_role("heading", name="papers").wait_for()


def test_very_many_files_come_as_one_scrolls(page: Page) -> None:
    open_folder(page, "many")
    page.locator(".files-link").first.wait_for()
    assert len(names(page)) < MANY
    expect(page.get_by_text("and more")).to_be_visible()
    for _ in range(MANY // 100):
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        if page.get_by_text("1,200 in all").is_visible():
            break
        page.wait_for_timeout(50)
    expect(page.get_by_text("1,200 in all")).to_be_visible()
    page.get_by_role("button", name="Size").click()
    assert len(names(page)) == MANY


def test_pictures_are_shown_large(page: Page) -> None:
    open_folder(page, "photos")
    page.locator(".files-link").first.click()
    expect(page.locator(".lightbox")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".lightbox")).to_be_hidden()


def test_tiles_instead_of_a_list(page: Page) -> None:
    open_folder(page, "photos")
    page.get_by_role("button", name="Tiles").click()
    expect(page.locator(".tile")).to_have_count(3)
    shoot(page, "folder-tiles")
    page.get_by_role("button", name="List").click()
    expect(page.locator(".files-link")).to_have_count(3)


def test_what_is_selected_is_tagged_and_so_becomes_a_thing(page: Page, own: Site) -> None:
    page.get_by_role("checkbox", name="Select b 9.txt").check()
    page.get_by_role("link", name="b 10.txt").focus()
    page.keyboard.press("x")
    expect(page.locator(".actions-count")).to_have_text("2 selected")
    page.keyboard.press("t")
    page.get_by_role("combobox", name="Add a tag").fill("paper")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    toast(page, "2 things: added “paper”").wait_for()
    assert len(own.get("items", q="tag:paper")["items"]) == 2


def test_parts_of_a_folder_cannot_be_thrown_away(page: Page) -> None:
    page.get_by_role("checkbox", name="Select <i>a.txt").check()
    page.keyboard.press("Delete")
    expect(toast(page, "part of a folder, which never changes")).to_be_visible()


def test_on_a_telephone_the_list_fits(visit) -> None:
    page = visit("/ui/folders", viewport=PHONE, color_scheme="dark", has_touch=True, is_mobile=True)
    page.get_by_role("list", name="Folders", exact=True).get_by_role("link", name="papers").click()
    page.locator(".files-link").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for box in page.get_by_role("checkbox").all():
        assert box.bounding_box()["width"] >= 24  # as wide as fingers need at least
    shoot(page, "folder-phone-dark")
