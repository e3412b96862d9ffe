"""The list of who is signed in, and putting an end to that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from holdfast.ui.login.browsers import browser_name

from ..served import Site
from .conftest import Browser

LIST = "/ui/api/sessions"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def listed(browser: Browser) -> list[dict[str, object]]:
    found: list[dict[str, object]] = browser.get(LIST).json["sessions"]
    return found


def revoke(browser: Browser, what: str) -> int:
    token = browser.csrf()
    return browser.ask("POST", f"{LIST}/revoke", body=what, X_Holdfast_CSRF=token).status_code


@pytest.fixture
def two(house: Callable[..., Site]) -> tuple[Browser, Browser]:
    site = house()
    one, other = Browser(site), Browser(site, is_https=True)
    one.sign_in(User_Agent=FIREFOX)
    site.world.now += timedelta(hours=1)
    other.sign_in()
    return one, other


def test_each_is_told_with_where_and_when(two: tuple[Browser, Browser]) -> None:
    one, _ = two
    one.site.world.now += timedelta(hours=1)
    mine, other = listed(one)
    assert mine["current"] is True
    assert other["current"] is False
    assert (mine["agent"], mine["browser"]) == (FIREFOX, "Firefox on Linux")
    assert mine["created"] == "2026-11-21T04:30:00Z"
    assert mine["seen"] == "2026-11-21T06:30:00Z"
    assert mine["address"] == "127.0.0.1"
    assert other["address"] == "203.0.113.7", "as the proxy on this machine says"
    assert not set(one.cookies.values()) & {str(x) for x in mine.values()}


def test_one_is_ended_on_the_page(two: tuple[Browser, Browser]) -> None:
    one, other = two
    name = next(str(s["id"]) for s in listed(one) if not s["current"])
    answer = one.post("/ui/sessions", {"csrf": one.csrf(), "id": name})
    assert (answer.status_code, answer.headers["location"]) == (303, "/ui/sessions")
    assert one.is_in
    assert not other.is_in


def test_all_others_are_ended_on_the_page(two: tuple[Browser, Browser]) -> None:
    one, other = two
    third = Browser(one.site)
    third.sign_in()
    assert "Sign out all others" in one.get("/ui/sessions").text
    one.post("/ui/sessions", {"csrf": one.csrf(), "others": "1"})
    assert [browser.is_in for browser in (one, other, third)] == [True, False, False]
    assert "Sign out all others" not in one.get("/ui/sessions").text


def test_scripts_may_do_the_same(two: tuple[Browser, Browser]) -> None:
    one, other = two
    assert revoke(one, '{"ids": ["unknown"]}') == 200
    assert other.is_in
    assert revoke(one, '{"others": true}') == 200
    assert not other.is_in
    assert revoke(one, f'{{"ids": ["{listed(one)[0]["id"]}"]}}') == 200
    assert not one.cookies
    assert one.get(LIST).status_code == 401


@pytest.mark.parametrize("what", ["", "[]", "{}", '{"ids": "x"}', '{"ids": [1]}', '{"others": 1}'])
def test_what_makes_no_sense_ends_nothing(two: tuple[Browser, Browser], what: str) -> None:
    one, other = two
    assert revoke(one, what) == 400
    assert one.is_in
    assert other.is_in


def test_what_a_browser_says_of_itself_is_text_on_the_page(browser: Browser) -> None:
    browser.sign_in(User_Agent='"><script>alert(1)</script>' + "x" * 5000)
    page = browser.get("/ui/sessions")
    assert "<script>alert" not in page.text
    assert len(page.text) < 20_000


@pytest.mark.parametrize("auth", ["none:everyone"])
def test_where_nobody_signs_in_there_is_none(house: Callable[..., Site], auth: str) -> None:
    browser = Browser(house(auth))
    assert "nobody signs in" in browser.get("/ui/sessions").text
    assert listed(browser) == []


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; like Mac OS X) Version/17.5 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X) Version/17.5 Safari/6", "Safari on a Mac"),
        ("curl/8.9", "curl"),
        ("", "A browser"),
        ("x" * 300, "A browser"),
    ],
)
def test_browsers_have_names_people_know(agent: str, name: str) -> None:
    assert browser_name(agent) == name
