"""Who may change things: our own pages and programs, and no page of anybody else's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ..served import OWNER, Site
from .conftest import HOST, Browser

REVOKE = "/ui/api/sessions/revoke"
NOBODY = '{"ids": []}'


def change(browser: Browser, **headers: str | None) -> int:
    """The status of a call that would change something."""
    sent = {"Content_Type": "application/json", "Accept": "application/json", **headers}
    return browser.ask("POST", REVOKE, body=NOBODY, **sent).status_code


@pytest.fixture
def signed_in(browser: Browser) -> Browser:
    browser.sign_in()
    return browser


def test_a_page_of_ours_names_its_token(signed_in: Browser) -> None:
    assert change(signed_in, X_Holdfast_CSRF=signed_in.csrf()) == 200


@pytest.mark.parametrize("token", [None, "", "x", "é", "0" * 64])
def test_without_the_right_token_nothing_is_changed(signed_in: Browser, token: str | None) -> None:
    assert change(signed_in, X_Holdfast_CSRF=token) == 403


def test_a_token_is_of_one_session(signed_in: Browser) -> None:
    other = Browser(signed_in.site)
    other.sign_in()
    assert change(signed_in, X_Holdfast_CSRF=other.csrf()) == 403
    remembered = Browser(signed_in.site)
    token = remembered.get("/ui/sessions", **OWNER).text.split('name="csrf" content="')[1][:64]
    assert change(signed_in, X_Holdfast_CSRF=token) == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [(None, 403), ("null", 401), ("http://evil.example", 401), (f"http://{HOST}:81", 401)],
)
def test_the_token_alone_is_not_enough(signed_in: Browser, origin: str | None, status: int) -> None:
    assert change(signed_in, X_Holdfast_CSRF=signed_in.csrf(), Origin=origin) == status


def test_a_remembered_password_needs_the_token_as_well(browser: Browser) -> None:
    assert change(browser, **OWNER) == 403
    fetched = {"Sec_Fetch_Site": "same-origin", "Origin": None}
    assert change(browser, **OWNER, **fetched) == 403, "browsers that leave out the origin"
    page = browser.get("/ui/sessions", **OWNER).text
    token = page.split('name="csrf" content="')[1][:64]
    assert change(browser, **OWNER, X_Holdfast_CSRF=token) == 200


@pytest.mark.parametrize("auth", ["none:everyone"])
def test_being_on_this_machine_needs_the_token_as_well(
    house: Callable[..., Site], auth: str
) -> None:
    browser = Browser(house(auth))
    assert change(browser) == 403
    assert change(browser, X_Holdfast_CSRF=browser.csrf()) == 200


def test_programs_need_no_token(browser: Browser, house: Callable[..., Site]) -> None:
    assert change(browser, **OWNER, Origin=None) == 200
    token = {"Authorization": f"Token {'t' * 40}"}
    assert change(browser, **token, Origin=None) == 200
    assert change(browser, **token) == 200, "no browser adds that by itself"
    assert change(Browser(house("none:everyone")), Origin=None) == 200


def test_a_token_that_is_wrong_makes_no_program_of_a_page(signed_in: Browser) -> None:
    assert change(signed_in, Authorization="Token wrong") == 403


def test_forms_of_pages_need_the_token(signed_in: Browser) -> None:
    for path in ("/ui/sessions", "/ui/logout"):
        page = signed_in.post(path, {"others": "1"})
        assert page.status_code == 403
        assert "reload the page" in page.text
    assert signed_in.is_in


def test_the_token_of_a_page_outlives_the_server(house: Callable[..., Site]) -> None:
    browser = Browser(house())
    browser.sign_in()
    token = browser.csrf()
    assert change(Browser(house(), cookies=browser.cookies), X_Holdfast_CSRF=token) == 200


def test_the_token_stands_on_no_page_for_strangers(browser: Browser) -> None:
    assert 'name="csrf"' not in browser.get("/ui/login").text
    browser.sign_in(secret="wrong")
    assert 'name="csrf"' not in browser.get("/ui/login").text
