"""Signing in, the frame of all pages, and its colours, in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import PHONE, shoot, visiting
from .site import Site, running

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with a password."""
    folder = tmp_path_factory.mktemp("locked")
    with running(folder, settings='[server]\nauth = "userpass:u:p"\n') as site:
        yield site


@pytest.fixture
def visit(browser: Browser, locked: Site) -> Iterator[Visit]:
    with visiting(browser) as visit:
        yield lambda path, **options: visit(locked, path, **options)


def sign_in(page: Page, secret: str = "p") -> None:
    page.get_by_label("Name").fill("u")
    page.get_by_label("Password").fill(secret)
    page.keyboard.press("Enter")


def signed_in(visit: Visit, path: str, **options: object) -> Page:
    page = visit(path, **options)
    sign_in(page)
    page.wait_for_url(lambda url: "login" not in url)
    return page


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def background(page: Page) -> str:
    color: str = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return color


LIGHT, DARK = "rgb(251, 250, 248)", "rgb(19, 21, 23)"


def test_people_sign_in_and_are_back_at_the_very_picture(visit: Visit) -> None:
    page = visit("/ui/sessions?x=1#view=sha224-00")
    heading(page, "Sign in")
    expect(page.get_by_label("Name")).to_be_focused()
    shoot(page, "sign-in")
    page.watch.forgive("403")  # type: ignore[attr-defined]
    sign_in(page, "wrong")
    expect(page.get_by_role("alert")).to_contain_text("do not go together")
    expect(page.get_by_label("Name")).to_have_value("u")
    sign_in(page)
    page.wait_for_url("/ui/sessions?x=1#view=sha224-00")
    heading(page, "Sessions")


def test_people_sign_out_and_are_out(visit: Visit) -> None:
    page = signed_in(visit, "/ui/sessions")
    page.get_by_label("Menu").click()
    page.locator("#menu").get_by_role("button", name="Sign out").click()
    heading(page, "Sign in")
    page.go_back()
    heading(page, "Sign in")


def test_one_of_two_browsers_signs_the_other_out(visit: Visit) -> None:
    one, other = signed_in(visit, "/ui/sessions"), signed_in(visit, "/ui/sessions")
    one.reload()
    expect(one.get_by_text("This one")).to_have_count(1)
    other.watch.forgive("401")  # type: ignore[attr-defined]  # it may notice by itself
    one.get_by_role("button", name="Sign out all others").click()
    expect(one.get_by_role("button", name="Sign out all others")).to_have_count(0)
    shoot(one, "sessions")
    other.reload()
    heading(other, "Sign in")


@contextmanager
def elsewhere(html: str) -> Iterator[str]:
    """A page of another site; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            # Another name is another site; another port of the same would not be one.
            yield f"http://localhost:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def test_who_follows_a_link_from_elsewhere_is_still_in(visit: Visit, locked: Site) -> None:
    page = signed_in(visit, "/ui/sessions")
    page.watch.forgive("asked elsewhere")  # type: ignore[attr-defined]
    with elsewhere(f'<a href="{locked.url}/status/">status</a>') as address:
        page.goto(address)
        page.get_by_role("link").click()
        page.wait_for_url(f"{locked.url}/status/")
        heading(page, "Status")


def test_no_other_site_frames_a_page_or_sends_a_form(visit: Visit, locked: Site) -> None:
    page = signed_in(visit, "/ui/sessions")
    watch = page.watch  # type: ignore[attr-defined]
    for pattern in ("asked elsewhere", "frame", "40[13]", "Refused"):
        watch.forgive(pattern)
    with elsewhere(
        f'<iframe src="{locked.url}/ui/sessions"></iframe>'
        f'<form method="post" action="{locked.url}/ui/sessions">'
        '<input name="others" value="1"><button>Win</button></form>'
    ) as address:
        page.goto(address)
        frame = page.frames[1]
        assert "Sessions" not in frame.locator("body").inner_text()
        with page.expect_response("**/ui/sessions") as answered:
            page.get_by_role("button").click()
        assert answered.value.status == 401


def test_colours_are_as_the_system_has_them_until_they_are_chosen(visit: Visit) -> None:
    page = signed_in(visit, "/status/", color_scheme="dark")
    assert background(page) == DARK
    shoot(page, "status-dark")
    page.emulate_media(color_scheme="light")
    assert background(page) == LIGHT
    toggle = page.locator("[data-theme-toggle]")
    page.get_by_label("Menu").click()
    toggle.click()
    toggle.click()
    expect(toggle).to_have_attribute("aria-label", "Colours: dark")
    assert background(page) == DARK
    page.goto("/help/")
    assert background(page) == DARK


def test_chosen_colours_are_there_with_the_first_thing_that_is_seen(visit: Visit) -> None:
    page = signed_in(visit, "/help/", color_scheme="light")
    page.evaluate("localStorage.setItem('holdfast-theme', 'dark')")
    # Modules come late: what is drawn before them must have the colours already.
    page.route(
        "**/*.js",
        lambda route: route.abort() if "early" not in route.request.url else route.continue_(),
    )
    for problem in ("ERR_FAILED", "dynamically imported module"):  # what is asked for by scripts
        page.watch.forgive(problem)  # type: ignore[attr-defined]
    page.reload()
    assert background(page) == DARK


def test_the_keyboard_goes_past_the_header_and_through_the_menu(visit: Visit) -> None:
    page = signed_in(visit, "/help/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    page.get_by_label("Menu").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#menu").get_by_role("link", name="Photos")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Menu")).to_be_focused()
    expect(page.locator(".menu-sheet")).to_be_hidden()


def test_nothing_is_wider_than_a_phone(visit: Visit) -> None:
    page = signed_in(visit, "/ui/sessions", viewport=PHONE, color_scheme="dark")
    page.watch.forgive("404")  # type: ignore[attr-defined]
    for path in ("/ui/sessions", "/ui/login", "/status/", "/help/", "/ui/nothing"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        for target in page.locator("header :is(a, summary, #q):visible").all():
            box = target.bounding_box()
            assert box is not None
            assert box["height"] >= 32
        page.get_by_label("Menu").click()
        expect(page.locator("#menu").get_by_role("link", name="Help")).to_be_in_viewport()
        shoot(page, f"phone{path.replace('/', '-').rstrip('-')}")
