"""The map: it needs nobody else's server, and is moved by mouse, by keyboard and by finger."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import PHONE, shoot, visiting
from .samples import make_photos
from .site import Site, running

PLACES = {
    "Paris": ("48.85", "2.35"),
    "Paris too": ("48.851", "2.351"),
    "Lisbon": ("38.72", "-9.14"),
    "Auckland": ("-36.85", "174.76"),
    "Fiji": ("-17.8", "178.0"),
}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with photos of some places."""
    folder = tmp_path_factory.mktemp("map")
    (folder / "photos").mkdir()
    with running(folder / "here") as site:
        refs = site.put(make_photos(folder / "photos", len(PLACES)), tag="far")
        site.post(
            "claims",
            {
                "claims": [
                    {"permanode": ref, "act": "set", "attribute": attribute, "value": value}
                    for ref, (title, (latitude, longitude)) in zip(
                        refs, PLACES.items(), strict=True
                    )
                    for attribute, value in (
                        ("title", title),
                        ("latitude", latitude),
                        ("longitude", longitude),
                    )
                ]
            },
        )
        yield site


@pytest.fixture
def visit(browser: Browser, own: Site) -> Iterator[Callable[..., Page]]:
    with visiting(browser) as visit:
        yield lambda path, site=own, **options: visit(site, path, **options)


@pytest.fixture
def page(visit) -> Page:
    page = visit("/ui/map")
    page.locator(".map-marker").first.wait_for()
    return page


def place(page: Page) -> list[float]:
    """Latitude, longitude and zoom, as the address has them."""
    return [float(part) for part in page.url.partition("#")[2].split(",")]


def look(page: Page, where: str) -> None:
    """Look at a place, and wait until it is known what is there."""
    page.goto(f"/ui/map#{where}")
    page.reload()
    page.wait_for_url(lambda url: all("." in part for part in url.partition("#")[2].split(",")))
    # The address may have been written before it was loaded again; this has not.
    expect(page.locator(".map-note")).not_to_be_empty()


def changes(page: Page, does: Callable[[], object]) -> list[float]:
    """Where one is after the map has come to rest elsewhere."""
    before = page.url
    does()
    page.wait_for_url(lambda url: url != before)
    return place(page)


def test_everything_is_seen_at_first_on_land_and_water(page: Page) -> None:
    page.watch.forgive("willReadFrequently")  # it is read by the test alone
    expect(page.get_by_text("5 things here")).to_be_visible()
    page.wait_for_function(
        """() => {
          const land = getComputedStyle(document.querySelector(".map-window")).color;
          const canvas = document.querySelector(".map-canvas");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let found = 0;
          for (let at = 0; at < data.length; at += 4000) {
            if (land === `rgb(${data[at]}, ${data[at + 1]}, ${data[at + 2]})`) found += 1;
          }
          return found > data.length / 4000 / 10;
        }""",
        timeout=60_000,  # land is drawn now, for the first time
    )
    shoot(page, "map")


def test_many_things_in_one_place_come_apart_as_one_comes_nearer(page: Page) -> None:
    cluster = page.get_by_role("button", name="2 things").or_(
        page.get_by_role("button", name="3 things")
    )
    before = place(page)
    after = changes(page, lambda: cluster.first.click())
    assert after[2] > before[2]


def test_one_thing_is_shown_large(page: Page) -> None:
    look(page, "38.7,-9.1,9")
    page.get_by_role("button", name="Lisbon").click()
    expect(page.locator(".lightbox")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Lisbon")).to_be_focused()


def test_the_keyboard_moves_the_map(page: Page) -> None:
    page.locator(".map-window").focus()
    before = changes(page, lambda: page.keyboard.press("+"))
    east = changes(page, lambda: page.keyboard.press("ArrowRight"))
    assert east[1] != before[1]
    assert east[0] == pytest.approx(before[0], abs=0.001)
    north = changes(page, lambda: page.keyboard.press("ArrowUp"))
    assert north[0] > east[0]
    nearer = changes(page, lambda: page.keyboard.press("+"))
    assert nearer[2] == pytest.approx(north[2] + 1, abs=0.02)


def test_the_mouse_moves_the_map_and_its_wheel_comes_nearer(page: Page) -> None:
    look(page, "0,20,4")
    page.mouse.move(600, 500)

    def drag() -> None:
        page.mouse.down()
        page.mouse.move(500, 500, steps=4)
        page.mouse.up()

    moved = changes(page, drag)
    assert moved[1] == pytest.approx(20 + 100 * 360 / (256 * 16), abs=0.1)
    nearer = changes(page, lambda: page.mouse.wheel(0, -240))
    assert nearer[2] == pytest.approx(5, abs=0.02)


def test_two_fingers_come_nearer(visit) -> None:
    page = visit("/ui/map", viewport=PHONE, has_touch=True, color_scheme="dark")
    look(page, "0,20,4")
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[int, int]) -> None:
        touches = [{"x": x, "y": y, "id": at} for at, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def spread() -> None:
        touch("touchStart", (150, 400), (210, 400))
        for step in range(1, 5):
            touch("touchMove", (150 - 10 * step, 400), (210 + 10 * step, 400))
        touch("touchEnd")

    after = changes(page, spread)
    assert after[2] > 4.5
    shoot(page, "map-phone-dark")


def test_what_is_here_is_shown_as_a_list(page: Page) -> None:
    look(page, "48.85,2.35,8")
    expect(page.get_by_text("2 things here")).to_be_visible()
    page.get_by_role("link", name="Show these as a list").click()
    expect(page.locator(".tile")).to_have_count(2)


def test_no_marker_lies_over_the_number_of_another(visit, new_site) -> None:
    site = new_site()
    for number in range(60):
        # Two at each place, on a grid that is finer than markers are wide.
        latitude, longitude = 10 + number // 12 * 0.02, 20 + number // 2 % 6 * 0.02
        said = [["latitude", f"{latitude:.3f}"], ["longitude", f"{longitude:.3f}"]]
        site.post("create", {"attributes": [["title", "x"], *said], "members": []})
    page = visit("/ui/map#10.04,20.05,11", site=site)
    expect(page.get_by_text("60 things here")).to_be_visible()
    boxes = [one.bounding_box() for one in page.locator(".map-marker").all()]
    assert len(boxes) > 3
    for at, one in enumerate(boxes):
        for other in boxes[:at]:
            across, down = one["x"] - other["x"], one["y"] - other["y"]
            assert (across**2 + down**2) ** 0.5 >= 60


def test_the_map_of_a_search_has_only_what_it_finds(visit) -> None:
    page = visit("/ui/map?q=title:Fiji")
    expect(page.get_by_text("1 thing here")).to_be_visible()
    expect(page.locator(".map-marker")).to_have_count(1)


def test_another_place_in_the_address_is_gone_to(page: Page) -> None:
    before = page.url
    page.evaluate("location.hash = '#-36.85,174.76,9'")
    page.wait_for_url(lambda url: url not in (before, before.partition("#")[0]))
    expect(page.get_by_role("button", name="Auckland")).to_be_visible()
    assert place(page) == pytest.approx([-36.85, 174.76, 9], abs=0.01)


@pytest.mark.parametrize("address", ["#x,2,3", "#1,2", "#,,", "#NaN,1,2", "#1,1e999,3", "#1,2,3,4"])
def test_what_is_no_place_shows_everything(visit, address: str) -> None:
    page = visit(f"/ui/map{address}")
    expect(page.get_by_text("5 things here")).to_be_visible()


def test_a_search_that_finds_nothing_says_so(visit) -> None:
    page = visit("/ui/map?q=tag:none")
    expect(page.get_by_text("Nothing that is searched for says where it was made.")).to_be_visible()


def test_the_map_goes_over_the_date_line(visit) -> None:
    page = visit("/ui/map#-25,180,4")
    expect(page.get_by_text("2 things here")).to_be_visible()
    for button in page.locator(".map-marker").all():
        box = button.bounding_box()
        assert 0 < box["x"] < 1280
