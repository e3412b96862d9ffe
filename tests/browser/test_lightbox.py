"""Things shown large: pictures, films, recordings, texts; by mouse, keys and fingers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import PHONE, finger, shoot, whole
from .samples import make_photos
from .site import Site

SHOWN = ".slide:not([inert])"


def opened(page: Page, name: str) -> Locator:
    """The lightbox with a thing that can be seen."""
    page.get_by_role("link", name=name).click()
    return lightbox(page, name)


def lightbox(page: Page, name: str) -> Locator:
    shown = page.get_by_role("dialog", name=name)
    expect(shown).to_be_visible()
    return shown


def others(page: Page) -> None:
    """Go to what is no photo."""
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+End")
    expect(page.get_by_role("link", name="data.bin")).to_be_visible()


def picture(page: Page) -> Locator:
    return page.locator(f"{SHOWN} .slide-picture")


def frame_width(page: Page) -> float:
    box = page.locator(f"{SHOWN} .slide-frame").bounding_box()
    assert box is not None
    return box["width"]


def test_a_photo_is_shown_large_and_its_address_says_so(page: Page) -> None:
    opened(page, "photo-002.jpg")
    expect(picture(page)).to_have_attribute("src", re.compile("/ui/thumbnail/.*mh=375"))
    assert "#view=sha224-" in page.url
    shoot(page, "lightbox")


def test_back_closes_it_and_forward_opens_it_again(page: Page) -> None:
    opened(page, "photo-002.jpg")
    page.go_back()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert "#" not in page.url
    page.go_forward()
    lightbox(page, "photo-002.jpg")


def test_an_address_with_a_view_opens_it(page: Page, visit: Callable[..., Page]) -> None:
    opened(page, "photo-005.jpg")
    again = visit(page.url)
    lightbox(again, "photo-005.jpg")
    again.keyboard.press("ArrowRight")
    lightbox(again, "photo-006.jpg")
    again.keyboard.press("Escape")
    expect(again.get_by_role("dialog")).to_have_count(0)
    assert "#" not in again.url


def test_a_view_far_down_is_found_by_its_date(site: Site, visit: Callable[..., Page]) -> None:
    (item,) = site.get("items", q="filename:turned-3.jpg")["items"]
    page = visit(f"/ui/#view={item['ref']}")
    lightbox(page, "turned-3.jpg")
    page.keyboard.press("ArrowRight")
    lightbox(page, "turned-2.jpg")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="turned-2.jpg")).to_be_focused()
    expect(page.get_by_role("link", name="turned-2.jpg")).to_be_in_viewport()


def test_a_view_of_nothing_shows_the_page(visit: Callable[..., Page]) -> None:
    page = visit(f"/ui/#view=sha224-{'0' * 56}")
    page.watch.forgive("404")  # type: ignore[attr-defined]
    page.locator(".tile-picture").first.wait_for()
    page.wait_for_function("() => location.hash === ''")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_arrows_and_buttons_go_to_the_neighbours(page: Page) -> None:
    shown = opened(page, "photo-002.jpg")
    page.keyboard.press("ArrowRight")
    lightbox(page, "photo-003.jpg")
    lightbox(page, "photo-003.jpg").get_by_role("button", name="Previous").click()
    lightbox(page, "photo-002.jpg").get_by_role("button", name="Next").click()
    lightbox(page, "photo-003.jpg")
    expect(shown).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="photo-003.jpg")).to_be_focused()


def test_the_neighbours_are_there_before_one_comes_to_them(page: Page) -> None:
    opened(page, "photo-002.jpg")
    pictures = page.locator(".slide[inert] .slide-picture[src]")
    expect(pictures).to_have_count(2)
    shown = picture(page).get_attribute("src")
    page.keyboard.press("ArrowRight")
    after = picture(page).get_attribute("src")
    assert after
    assert after != shown


def test_it_ends_at_the_first_and_the_last(page: Page) -> None:
    others(page)
    opened(page, "data.bin")
    expect(page.get_by_role("button", name="Next")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    lightbox(page, "data.bin")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_shown_upright(page: Page, orientation: int) -> None:
    others(page)
    page.get_by_role("link", name=f"turned-{orientation}.jpg").focus()
    page.keyboard.press("Enter")
    lightbox(page, f"turned-{orientation}.jpg")
    expect(page.locator(f"{SHOWN}.is-sharp")).to_have_count(1)
    colours = page.evaluate(
        """selector => {
          const image = document.querySelector(selector);
          const canvas = document.createElement("canvas");
          const draw = canvas.getContext("2d", { willReadFrequently: true });
          [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
          draw.drawImage(image, 0, 0);
          const at = (x, y) => {
            const { data } = draw.getImageData(canvas.width * x, canvas.height * y, 1, 1);
            return [...data];
          };
          return [canvas.width, canvas.height, at(0.2, 0.1), at(0.8, 0.9)];
        }""",
        f"{SHOWN} .slide-picture",
    )
    width, height, above, below = colours
    assert width < height
    assert above[0] > 150 > above[2]
    assert below[2] > 150 > below[0]


def test_wheel_keys_and_double_clicks_zoom(page: Page) -> None:
    opened(page, "photo-002.jpg")
    whole = frame_width(page)
    page.mouse.move(640, 400)
    page.mouse.wheel(0, -300)
    page.wait_for_function("() => document.querySelector('.is-zoomed')")
    assert frame_width(page) > whole * 1.5
    page.keyboard.press("0")
    assert frame_width(page) == whole
    page.keyboard.press("+")
    assert frame_width(page) > whole * 1.3
    page.keyboard.press("-")
    assert frame_width(page) == pytest.approx(whole)
    page.mouse.dblclick(640, 400)
    expect(page.locator(".lightbox-stage.is-zoomed")).to_have_count(1)
    page.mouse.dblclick(640, 400)
    expect(page.locator(".lightbox-stage.is-zoomed")).to_have_count(0)


def test_what_is_zoomed_can_be_moved_but_not_out_of_sight(page: Page) -> None:
    opened(page, "photo-002.jpg")
    for _ in range(5):
        page.keyboard.press("+")
    before = page.locator(f"{SHOWN} .slide-frame").bounding_box()
    page.mouse.move(640, 400)
    page.mouse.down()
    page.mouse.move(740, 430, steps=4)
    page.mouse.up()
    after = page.locator(f"{SHOWN} .slide-frame").bounding_box()
    assert before is not None
    assert after is not None
    assert after["x"] == pytest.approx(before["x"] + 100)
    page.mouse.move(100, 400)
    page.mouse.down()
    page.mouse.move(1270, 400, steps=4)
    page.mouse.up()
    left = page.locator(f"{SHOWN} .slide-frame").bounding_box()
    assert left is not None
    assert left["x"] == pytest.approx(0, abs=1)
    lightbox(page, "photo-002.jpg")


def test_beyond_the_largest_thumbnail_the_original_is_shown(
    visit: Callable[..., Page], new_site: Callable[[], Site], tmp_path: Path
) -> None:
    from PIL import Image

    Image.new("RGB", (3000, 4500), (90, 140, 90)).save(tmp_path / "large.jpg")
    site = new_site()
    site.put([tmp_path / "large.jpg"])
    page = whole(visit("/ui/", site=site))
    opened(page, "large.jpg")
    expect(picture(page)).to_have_attribute("src", re.compile("mh=1000"))
    for _ in range(4):
        page.keyboard.press("+")
    expect(picture(page)).to_have_attribute("src", re.compile("/ui/download/.*inline=1"))


def test_a_film_plays_and_is_asked_for_in_parts(page: Page) -> None:
    others(page)
    with page.expect_response(lambda answer: "film.mp4" in answer.url) as asked:
        opened(page, "film.mp4")
    assert asked.value.status == 206
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")
    shoot(page, "lightbox-film")
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('video').paused")
    page.keyboard.press("ArrowLeft")
    lightbox(page, "letter.txt")


def test_a_recording_plays(page: Page) -> None:
    others(page)
    opened(page, "tone.mp3")
    page.wait_for_function("() => document.querySelector('audio').currentTime > 0.2")
    shoot(page, "lightbox-recording")


def test_a_text_can_be_read_and_markup_is_only_text(page: Page) -> None:
    others(page)
    opened(page, "letter.txt")
    expect(page.locator(f"{SHOWN} pre")).to_contain_text("1 < 2 & 3 > 2")
    page.keyboard.press("Escape")
    opened(page, "page.html")
    expect(page.locator(f"{SHOWN} pre")).to_contain_text("<h1>No page</h1>")
    assert page.title() != "run"


def test_what_cannot_be_shown_can_be_kept(page: Page) -> None:
    others(page)
    shown = opened(page, "data.bin")
    with page.expect_download() as kept:
        shown.locator(".slide-card").get_by_role("link", name="Download").click()
    assert kept.value.suggested_filename == "data.bin"


def test_a_picture_that_moves_moves(page: Page) -> None:
    others(page)
    opened(page, "moving.gif")
    expect(picture(page)).to_have_attribute("src", re.compile("/ui/download/"))


def test_details_tell_what_is_known(page: Page) -> None:
    opened(page, "photo-002.jpg")
    page.keyboard.press("i")
    details = page.get_by_role("complementary", name="Details")
    expect(details.get_by_text(re.compile("640 . 360"))).to_be_visible()
    expect(details.get_by_role("link", name="landscape")).to_be_visible()
    expect(details.get_by_role("link", name="The best of all")).to_be_visible()
    expect(details.get_by_text("Tuesday, December 24, 2024")).to_be_visible()
    shoot(page, "lightbox-details")
    page.keyboard.press("ArrowRight")
    expect(details.get_by_text(re.compile("500 . 500"))).to_be_visible()
    page.keyboard.press("i")
    expect(details).to_be_hidden()


def test_the_keyboard_stays_inside_and_the_page_behind_rests(page: Page) -> None:
    opened(page, "photo-002.jpg")
    for _ in range(14):
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('.lightbox').contains(document.activeElement)")
    before = page.evaluate("scrollY")
    page.mouse.move(640, 20)
    page.mouse.wheel(0, 500)
    page.keyboard.press("PageDown")
    assert page.evaluate("scrollY") == before


def test_keys_of_the_page_behind_do_nothing_meanwhile(page: Page) -> None:
    opened(page, "photo-002.jpg")
    for key in ("a", "g", "/", "Control+a"):
        page.keyboard.press(key)
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys.get_by_text("Nearer")).to_be_visible()
    expect(keys.get_by_text("Go to a date")).to_have_count(0)
    page.keyboard.press("Escape")
    lightbox(page, "photo-002.jpg")
    page.keyboard.press("Escape")
    expect(page.locator(".actions-count")).to_be_hidden()
    page.keyboard.press("g")
    expect(page.get_by_role("dialog", name="Go to a date")).to_be_visible()


def test_a_click_beside_the_picture_puts_it_away(page: Page) -> None:
    opened(page, "photo-003.jpg")
    page.mouse.click(200, 700)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_is_moved_to_trash_makes_room_for_the_next(
    visit: Callable[..., Page], new_site: Callable[[], Site], tmp_path: Path
) -> None:
    site = new_site()
    site.put(make_photos(tmp_path, 4))
    page = whole(visit("/ui/", site=site))
    opened(page, "photo-001.jpg")
    page.keyboard.press("Delete")
    lightbox(page, "photo-002.jpg")
    page.keyboard.press("Escape")
    expect(page.get_by_role("gridcell")).to_have_count(3)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("gridcell")).to_have_count(4)


def test_fingers_swipe_pinch_and_drag_it_away(visit: Callable[..., Page]) -> None:
    page = visit("/ui/", viewport=PHONE, has_touch=True, is_mobile=True)
    page.get_by_role("link", name="photo-002.jpg").tap()
    lightbox(page, "photo-002.jpg")
    shoot(page, "lightbox-phone")
    put = finger(page)

    def drag(x: float, y: float) -> None:
        put("touchStart", 200, 370)
        for step in range(1, 6):
            put("touchMove", 200 + x * step / 5, 370 + y * step / 5)
        put("touchEnd")

    drag(-180, 5)
    lightbox(page, "photo-003.jpg")
    drag(180, 5)
    lightbox(page, "photo-002.jpg")
    put("touchStart", (150, 370), (210, 370))
    for step in range(1, 6):
        put("touchMove", (150 - step * 20, 370), (210 + step * 20, 370))
    put("touchEnd")
    expect(page.locator(".lightbox-stage.is-zoomed")).to_have_count(1)
    assert frame_width(page) > 500
    page.keyboard.press("0")
    drag(0, 200)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_tags_can_be_edited_from_the_details(
    visit: Callable[..., Page], new_site: Callable[[], Site], tmp_path: Path
) -> None:
    site = new_site()
    site.put(make_photos(tmp_path, 3))
    page = whole(visit("/ui/", site=site))
    opened(page, "photo-001.jpg")
    page.keyboard.press("i")
    page.get_by_role("button", name="Add tags").click()
    dialog = page.get_by_role("dialog").last
    dialog.get_by_role("combobox").or_(dialog.get_by_role("textbox")).first.fill("holiday")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    details = page.get_by_role("complementary", name="Details")
    expect(details.get_by_role("link", name="holiday")).to_be_visible()
