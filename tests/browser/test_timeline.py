"""The timeline: everything has its place at once, only what is near is there, and nothing jumps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response, expect

from .conftest import DESKTOP, LONG, PHONE, shoot, whole
from .owned import until
from .samples import make_photos
from .site import Site

TOP_ITEM = """
() => {
  const tiles = [...document.querySelectorAll(".tile")];
  const seen = tiles.map((tile) => [tile.getBoundingClientRect(), tile.firstChild.ariaLabel]);
  const below = seen.filter(([box]) => box.bottom > 60);
  below.sort(([one], [other]) => one.top - other.top || one.left - other.left);
  return below.length ? { name: below[0][1], top: below[0][0].top } : null;
}
"""
"""The first tile of which something is below the header, and where it is."""


def top_item(page: Page) -> str:
    page.wait_for_function(f"() => ({TOP_ITEM})() !== null")
    return page.evaluate(TOP_ITEM)["name"]


def is_timeline_of(answer: Response, total: int) -> bool:
    return "/ui/api/timeline" in answer.url and answer.json()["total"] == total


def scroll(page: Page, top: int) -> None:
    """Scroll there, and wait until tiles that are seen there have their pictures."""
    page.evaluate("top => scrollTo(0, top)", top)
    page.wait_for_function(
        """() => [...document.querySelectorAll(".tile-picture")].some((picture) => {
          const { top, bottom } = picture.getBoundingClientRect();
          return picture.complete && bottom > 60 && top < innerHeight;
        })"""
    )


def test_the_newest_are_seen_first_under_their_months(page: Page) -> None:
    headings = page.get_by_role("rowheader")
    expect(headings.nth(1)).to_have_text("December 2024")
    first = page.get_by_role("link", name="Photo, photo-000.jpg, December 28, 2024")
    expect(first).to_be_visible()
    shoot(page, "timeline")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_rows_are_lower_and_nothing_sticks_out(
    visit: Callable[..., Page], scheme: str
) -> None:
    page = visit("/ui/", viewport=PHONE, color_scheme=scheme, has_touch=True, is_mobile=True)
    page.locator(".tile-picture").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    heights = page.evaluate("[...document.querySelectorAll('.grid-row')].map(r => r.clientHeight)")
    assert max(heights) <= 160
    shoot(page, f"timeline-phone-{scheme}")


def test_it_is_seen_in_the_dark(visit: Callable[..., Page]) -> None:
    page = visit("/ui/", color_scheme="dark")
    page.locator(".tile-picture").nth(8).wait_for()
    shoot(page, "timeline-dark")


def test_every_kind_of_thing_says_what_it_is(page: Page) -> None:
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+End")
    for name in (
        "Audio, tone.mp3, March 8, 2020, 0:03",
        "Video, film.mp4, March 4, 2020, 0:03",
        "Document, letter.txt, March 5, 2020",
        "File, data.bin, March 1, 2020",
    ):
        expect(page.get_by_role("link", name=name)).to_be_visible()
    expect(page.locator(".tile[data-kind=video] .tile-badge").first).to_have_text("0:03")
    shoot(page, "timeline-kinds")


def test_a_film_moves_while_the_mouse_rests_on_it(page: Page) -> None:
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+End")
    page.get_by_role("link", name="film.mp4").hover()
    page.wait_for_function("() => document.querySelector('.tile-film')?.currentTime > 0.1")
    page.get_by_role("link", name="data.bin").hover()
    expect(page.locator(".tile-film")).to_have_count(0)


def test_the_page_has_its_whole_height_from_the_beginning(page: Page) -> None:
    height = page.evaluate("document.documentElement.scrollHeight")
    for top in range(0, height, 700):
        scroll(page, top)
    assert page.evaluate("document.documentElement.scrollHeight") == height


def test_only_what_is_near_is_in_the_document(page: Page) -> None:
    assert page.locator(".tile").count() < 80
    scroll(page, 3000)
    assert page.locator(".tile").count() < 80
    expect(page.get_by_role("link", name="photo-000.jpg")).to_have_count(0)


def test_one_stays_at_the_same_photo_when_the_window_changes(page: Page) -> None:
    scroll(page, 1800)
    before = top_item(page)
    page.set_viewport_size({"width": 700, "height": 800})
    expect(page.get_by_role("link", name=before)).to_be_in_viewport()
    page.set_viewport_size(DESKTOP)
    expect(page.get_by_role("link", name=before)).to_be_in_viewport()
    until(page, lambda: top_item(page) == before)


def test_one_comes_back_to_where_one_was(page: Page) -> None:
    scroll(page, 2200)
    page.wait_for_function("() => history.state?.grid?.index > 10")
    before = page.evaluate(TOP_ITEM)
    page.goto("/ui/sessions")
    page.go_back()
    until(page, lambda: page.evaluate(TOP_ITEM) == before)


def test_a_search_shows_what_it_finds(visit: Callable[..., Page]) -> None:
    page = visit("/ui/?q=filename:film.mp4")
    expect(page.get_by_role("gridcell")).to_have_count(1)
    expect(page.get_by_role("link", name="film.mp4")).to_be_visible()


def test_a_search_that_finds_nothing_says_so(visit: Callable[..., Page]) -> None:
    page = visit("/ui/?q=tag:nobody")
    expect(page.get_by_text("Nothing was found")).to_be_visible()


def test_a_search_that_makes_no_sense_says_what_is_wrong(visit: Callable[..., Page]) -> None:
    page = visit("/ui/?q=is:imge")
    expect(page.get_by_role("alert")).to_contain_text("imge")


def test_an_empty_store_says_how_to_fill_it(
    visit: Callable[..., Page], new_site: Callable[[], Site]
) -> None:
    page = visit("/ui/", site=new_site())
    expect(page.get_by_text("There is nothing here yet")).to_be_visible()
    shoot(page, "timeline-empty")


def test_who_has_put_folders_by_command_is_led_to_them(
    visit: Callable[..., Page], new_site: Callable[[], Site], tmp_path: Path
) -> None:
    site = new_site()
    (tmp_path / "Pictures").mkdir()
    photos = make_photos(tmp_path / "Pictures", 2)
    site.run("put", "--quiet", photos[0].parent)
    page = visit("/ui/", site=site)
    page.locator("#empty").get_by_role("link", name="Folders").click()
    expect(page.get_by_role("link", name="Pictures")).to_be_visible()
    site.run("put", "--quiet", "--filenodes", photos[0].parent)
    page.goto("/ui/")
    expect(page.locator(".tile")).to_have_count(2)


def test_what_comes_while_one_looks_is_shown(
    visit: Callable[..., Page], new_site: Callable[[], Site], tmp_path: Path
) -> None:
    site = new_site()
    photos = make_photos(tmp_path, 12)
    site.put(photos[4:])
    page = visit("/ui/", site=site)
    expect(page.get_by_role("gridcell")).to_have_count(8)
    site.put(photos[:4])
    expect(page.get_by_role("gridcell")).to_have_count(12)
    expect(page.get_by_role("link", name="photo-000.jpg")).to_be_visible()


def test_one_stays_where_one_is_when_something_comes_above(
    visit: Callable[..., Page], new_site: Callable[[], Site], tmp_path: Path
) -> None:
    site = new_site()
    photos = make_photos(tmp_path, 40)
    site.put(photos[6:])
    page = whole(visit("/ui/", site=site))
    scroll(page, 900)
    before = page.evaluate(TOP_ITEM)
    taller = page.evaluate("document.documentElement.scrollHeight") + 100
    with page.expect_response(lambda answer: is_timeline_of(answer, 40)):
        site.put(photos[:6])
    page.wait_for_function("h => document.documentElement.scrollHeight > h", arg=taller)
    page.wait_for_function(f"name => ({TOP_ITEM})()?.name === name", arg=before["name"])
    assert abs(page.evaluate(TOP_ITEM)["top"] - before["top"]) <= 1


def test_the_scrubber_goes_to_years_and_months(page: Page) -> None:
    scrubber = page.get_by_role("slider", name="Date")
    expect(scrubber).to_have_attribute("aria-valuetext", "November 2026")
    box = scrubber.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + box["height"] * 0.6, steps=5)
    expect(page.locator(".scrubber-bubble")).to_be_visible()
    shoot(page, "scrubber")
    page.mouse.up()
    expect(scrubber).not_to_have_attribute("aria-valuetext", "November 2026")
    scrubber.press("Home")
    expect(scrubber).to_have_attribute("aria-valuetext", "November 2026")
    scrubber.press("ArrowDown")
    expect(scrubber).to_have_attribute("aria-valuetext", "December 2024")
    scrubber.press("PageDown")
    expect(scrubber).to_have_attribute("aria-valuetext", "December 2023")
    scrubber.press("End")
    expect(page.get_by_role("link", name="data.bin")).to_be_in_viewport()


def test_one_may_go_to_a_date(page: Page) -> None:
    page.keyboard.press("g")
    page.get_by_label("Date", exact=True).last.fill("2023-03-29")
    page.get_by_role("button", name="Go there").click()
    there = page.get_by_role("link", name="March 29, 2023").or_(
        page.get_by_role("link", name="March 28, 2023")
    )
    expect(there.first).to_be_focused()
    expect(there.first).to_be_in_viewport()


def test_thumbnails_that_fly_past_are_not_asked_for(
    visit: Callable[..., Page], long_site: Site
) -> None:
    page = whole(visit("/ui/", site=long_site))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(
        """async () => {
          for (let step = 0; step < 60; step += 1) {
            scrollBy(0, 350);
            await new Promise(requestAnimationFrame);
          }
        }"""
    )
    page.wait_for_function(
        "() => [...document.querySelectorAll('.tile')].every(tile => tile.querySelector('img'))"
    )
    thumbnails = [url for url in asked if "/ui/thumbnail/" in url]
    assert 10 < len(thumbnails) < 160


def test_what_could_not_be_asked_for_comes_when_the_server_can_be_reached_again(
    visit: Callable[..., Page], long_site: Site
) -> None:
    page = whole(visit("/ui/", site=long_site))
    page.watch.forgive("ERR_INTERNET_DISCONNECTED")  # type: ignore[attr-defined]
    page.context.set_offline(True)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(page.get_by_role("alert").filter(has_text="out of reach")).to_be_visible()
    expect(page.locator(".tile-link[aria-label=Loading]").first).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_role("link", name=f"photo-{LONG - 1}.jpg")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="out of reach")).to_have_count(0)


def test_items_are_asked_for_in_chunks_and_once(
    visit: Callable[..., Page], long_site: Site
) -> None:
    page = whole(visit("/ui/", site=long_site))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for part in (0.5, 1, 0.5, 1):
        page.evaluate("part => scrollTo(0, document.documentElement.scrollHeight * part)", part)
        page.wait_for_function(
            "() => document.querySelectorAll('.tile').length > 10"
            " && !document.querySelector('.tile-link[aria-label=Loading]')"
        )
    chunks = [url for url in asked if "/ui/api/items" in url]
    assert len(chunks) == len(set(chunks)) <= 3


def test_what_comes_before_the_scripts_is_seen(
    visit: Callable[..., Page], new_site: Callable[[], Site]
) -> None:
    site = new_site()
    site.post("create", {"attributes": [["title", "First"], ["tag", "x"]]})
    page = visit("/help/", site=site)
    held = []
    page.route("**/js/gallery.js", lambda route: held.append(route))
    page.goto("/ui/", wait_until="commit")
    until(page, lambda: len(held) > 0)
    site.post("create", {"attributes": [["title", "Second"], ["tag", "x"]]})
    page.wait_for_timeout(1000)  # for whatever would be told too early
    page.unroute("**/js/gallery.js")  # lets go on what was held
    expect(page.get_by_role("link", name="Second")).to_be_visible()
