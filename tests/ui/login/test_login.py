"""Signing in with a browser, and out again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from holdfast.ui.login.way import local_path

from ..served import OWNER, VIVIFY, Site
from .conftest import HOST, Browser

House = Callable[..., Site]


# The way in


def test_a_browser_is_sent_to_sign_in_and_back_to_where_it_was(browser: Browser) -> None:
    sent = browser.get("/ui/sets?q=tag%3Aa%26b")
    assert sent.status_code == 303
    assert sent.headers["location"] == "/ui/login?next=/ui/sets%3Fq%3Dtag%253Aa%2526b"
    page = browser.get(sent.headers["location"])
    assert page.status_code == 200
    assert 'value="/ui/sets?q=tag%3Aa%26b"' in page.text
    back = browser.sign_in(onward="/ui/sets?q=tag%3Aa%26b")
    assert (back.status_code, back.headers["location"]) == (303, "/ui/sets?q=tag%3Aa%26b")
    assert browser.is_in


@pytest.mark.parametrize("path", ["/ui/", "/ui/sha224-00", "/ui/nothing", "/status/", "/help/"])
def test_pages_ask_people_to_sign_in_and_give_programs_a_401(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code == 303
    for accept in ("*/*", "application/json", None):
        answer = browser.get(path, Accept=accept)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Basic realm=""'
    assert browser.post(path, {}).status_code == 401


def test_what_is_no_page_answers_programs_as_ever(browser: Browser) -> None:
    for path in ("/bs/camli/enumerate-blobs", "/my-search/query", "/claims/shares", "/index/check"):
        assert browser.get(path).status_code == 401


def test_pictures_of_a_page_whose_session_ended_bring_up_no_box_for_a_password(
    browser: Browser,
) -> None:
    answer = browser.get("/ui/x", Accept="image/*", Sec_Fetch_Mode="no-cors")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Session"


def test_without_sessions_browsers_are_asked_by_themselves(site: Site) -> None:
    browser = Browser(site)
    answer = browser.get("/ui/")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Basic realm=""'
    assert "No way in from here" in browser.get("/ui/login").text
    assert browser.sign_in().status_code == 403


def test_strangers_are_not_told_what_there_is(browser: Browser) -> None:
    assert browser.get("/ui/no-such-page").status_code == 303
    browser.sign_in()
    assert browser.get("/ui/no-such-page").status_code == 404


# Who comes in


def test_a_wrong_password_is_told_on_the_page_and_the_name_is_kept(browser: Browser) -> None:
    page = browser.sign_in(name='<b>"u', secret="wrong", onward="/ui/map")
    assert page.status_code == 403
    assert "do not go together" in page.text
    assert 'value="&lt;b&gt;&#34;u"' in page.text
    assert 'value="/ui/map"' in page.text
    assert "wrong" not in page.text
    assert not browser.cookies


def test_a_password_for_adding_files_opens_no_pages(browser: Browser) -> None:
    page = browser.sign_in(secret="v")
    assert page.status_code == 403
    assert "adding files only" in page.text
    assert not browser.cookies
    assert browser.site.get("/ui/sessions", headers=VIVIFY).status_code == 401


def test_a_token_is_asked_for_where_that_is_the_setting(house: House) -> None:
    browser = Browser(house("token:sesame"))
    page = browser.get("/ui/login").text
    assert "Token" in page
    assert 'name="name"' not in page
    assert browser.sign_in(secret="wrong").status_code == 403
    assert browser.sign_in(secret="sesame").status_code == 303
    assert browser.is_in


def test_any_name_will_do_where_that_is_the_setting(house: House) -> None:
    browser = Browser(house("devauth:p"))
    browser.sign_in(name="anybody")
    assert browser.is_in


@pytest.mark.parametrize(
    ("auth", "words"),
    [("localhost", "No way in from here"), ("none:everyone", "asks nobody who they are")],
)
def test_where_there_is_nothing_to_sign_in_to_the_page_says_so(
    house: House, auth: str, words: str
) -> None:
    browser = Browser(house(auth))
    page = browser.get("/ui/login")
    assert page.status_code == 200
    assert words in page.text
    assert "<input id=" not in page.text.partition("<main")[2]
    assert browser.sign_in().status_code == 403
    assert not browser.cookies


def test_a_form_that_is_too_large_is_refused(browser: Browser) -> None:
    assert browser.sign_in(secret="p" * 2_000_000).status_code == 400


def test_a_session_opens_what_a_password_opens(browser: Browser) -> None:
    ref = browser.site.put(b"a blob")
    assert browser.get(f"/bs/camli/{ref}").status_code == 401
    browser.sign_in()
    assert browser.get(f"/bs/camli/{ref}").content == b"a blob"
    assert browser.get("/claims/shares", Accept="*/*").status_code == 200


def test_who_guesses_too_often_has_to_wait_and_is_told_how_long(browser: Browser) -> None:
    for _ in range(3):
        assert browser.sign_in(secret="wrong").status_code == 403
    page = browser.sign_in()
    assert page.status_code == 429
    assert page.headers["retry-after"] == "6"
    assert "Try again in 6 seconds" in page.text
    assert not browser.cookies


def test_who_is_in_stays_in_while_others_guess(browser: Browser) -> None:
    browser.sign_in()
    for _ in range(4):
        Browser(browser.site).sign_in(secret="wrong")
    assert browser.is_in


def test_guesses_in_forms_and_in_headers_are_counted_together(browser: Browser) -> None:
    wrong = {"Authorization": "Basic dTp3cm9uZw=="}
    for _ in range(3):
        assert browser.site.get("/status/", headers=wrong).status_code == 401
    assert browser.sign_in().status_code == 429


# Where people are sent on to


@pytest.mark.parametrize(
    "text",
    ["/ui/", "/ui/sha224-00?q=a%20b#view=x", "/status/", "/ui/?q=http://x/", "/ui/?q=(a)+%22b%22"],
)
def test_paths_of_this_server_are_gone_on_to(text: str) -> None:
    assert local_path(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ui/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/ui/\\evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/ /evil.example",
        "/\r\nSet-Cookie: a=b",
        "/.//evil.example",
        "/ui/..//evil.example",
        "/ui//evil.example",
        "https://evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "@evil.example",
        "/ui/login",
        "/ui/login?next=/ui/login",
        "/ui/logout",
        "/ui/" + "x" * 2000,
    ],
)
def test_nobody_is_sent_on_to_elsewhere(browser: Browser, text: str) -> None:
    assert local_path(text) == "/ui/"
    assert browser.sign_in(onward=text).headers["location"] == "/ui/"


def test_letters_of_any_language_may_be_in_a_path() -> None:
    assert local_path("/ui/?q=tag:grün") == "/ui/?q=tag:gr%C3%BCn"


# The cookie


def test_the_cookie_is_for_this_host_and_no_script_or_other_site_gets_it(
    browser: Browser,
) -> None:
    browser.sign_in()
    attributes = browser.last_cookie.split("; ")
    assert {"Path=/", "HttpOnly", "SameSite=Strict"} <= set(attributes)
    assert not any(one.startswith("Domain") for one in attributes)
    assert "Secure" not in attributes, "a browser would never send it back by plain HTTP"
    (name,) = browser.cookies
    assert name.startswith("holdfast_session_")


def test_by_https_the_cookie_never_goes_in_the_clear_nor_comes_from_another_host(
    browser: Browser,
) -> None:
    secure = Browser(browser.site, is_https=True)
    secure.sign_in()
    assert "Secure" in secure.last_cookie
    (name,) = secure.cookies
    assert name.startswith("__Host-")
    assert secure.is_in
    plain = Browser(browser.site)
    plain.sign_in()
    (plain_name,) = plain.cookies
    tossed = Browser(browser.site, is_https=True, cookies=dict(plain.cookies))
    assert not tossed.is_in, "who is in the middle of plain HTTP cannot set the secure one"
    assert name == "__Host-" + plain_name


def test_each_sign_in_is_a_new_session_and_ends_the_one_before(browser: Browser) -> None:
    browser.sign_in()
    before = dict(browser.cookies)
    browser.sign_in()
    assert browser.cookies != before
    assert browser.is_in
    assert not Browser(browser.site, cookies=before).is_in


def test_a_cookie_that_was_planted_is_not_the_one_people_get(browser: Browser) -> None:
    assert browser.site.services.sessions is not None
    name = browser.site.services.sessions.cookie_name
    browser.cookies = {name: "chosen-by-somebody-else"}
    browser.sign_in()
    assert browser.cookies[name] != "chosen-by-somebody-else"
    assert not Browser(browser.site, cookies={name: "chosen-by-somebody-else"}).is_in


def test_servers_side_by_side_on_one_host_leave_each_others_sessions_alone(house: House) -> None:
    one, two = house(file="one.json"), house(file="two.json")
    browser = Browser(one)
    browser.sign_in()
    other = Browser(two, cookies=browser.cookies)
    assert not other.is_in
    other.sign_in()
    assert browser.is_in
    assert other.is_in


# Out


def test_signing_out_ends_the_session_and_forgets_the_cookie(browser: Browser) -> None:
    browser.sign_in()
    before = dict(browser.cookies)
    answer = browser.post("/ui/logout", {"csrf": browser.csrf()})
    assert (answer.status_code, answer.headers["location"]) == (303, "/ui/login")
    assert answer.headers["clear-site-data"] == '"cache"'
    assert not browser.cookies
    assert not Browser(browser.site, cookies=before).is_in


def test_a_link_signs_nobody_out(browser: Browser) -> None:
    browser.sign_in()
    assert browser.get("/ui/logout").headers["location"] == "/ui/login"
    assert browser.is_in
    assert "Sign out" in browser.get("/ui/login").text


def test_signing_out_without_a_session_is_no_error(browser: Browser) -> None:
    assert browser.post("/ui/logout", {}).status_code == 303


def test_a_session_too_old_is_like_none(browser: Browser) -> None:
    browser.sign_in()
    browser.site.world.now += timedelta(days=31)
    assert browser.get("/ui/sessions").status_code == 303


def test_who_comes_by_a_link_from_elsewhere_finds_out_that_they_are_in(browser: Browser) -> None:
    browser.sign_in()
    asked = {"Accept": "application/json"}
    assert browser.get("/ui/login", **asked).json == {"signedIn": True}
    assert Browser(browser.site).get("/ui/login", **asked).json == {"signedIn": False}


def test_who_is_in_already_may_go_on(browser: Browser) -> None:
    browser.sign_in()
    page = browser.get("/ui/login?next=/ui/map").text
    assert "You are signed in" in page
    assert 'href="/ui/map"' in page


# What others' pages cannot do


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://evil.example",
        f"http://{HOST}.evil.example",
        f"http://{HOST}:8080",
        f"http://evil.example?{HOST}",
        HOST,
    ],
)
def test_no_other_page_signs_people_in(browser: Browser, origin: str | None) -> None:
    page = browser.sign_in(Origin=origin)  # type: ignore[arg-type]
    assert page.status_code == 403
    assert not browser.cookies


def test_a_page_by_plain_http_is_anybodys_where_people_come_by_https(browser: Browser) -> None:
    secure = Browser(browser.site, is_https=True)
    assert secure.sign_in(Origin=f"http://{HOST}").status_code == 403
    secure.sign_in()
    token = secure.csrf()
    answer = secure.post("/ui/sessions", {"csrf": token, "others": "1"}, Origin=f"http://{HOST}")
    assert answer.status_code == 401


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}])
def test_a_cookie_counts_for_no_other_site(browser: Browser, headers: dict[str, str]) -> None:
    browser.sign_in()
    ref = browser.site.put(b"a blob")
    assert browser.get(f"/bs/camli/{ref}", **headers).status_code == 401
    assert browser.get("/ui/sessions", Accept="*/*", **headers).status_code == 401
    assert browser.post("/bs/camli/stat", {"camliversion": "1"}, **headers).status_code == 401


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_nothing_is_embedded_in_other_sites_nor_in_pages_at_other_ports(
    browser: Browser, site: str
) -> None:
    browser.sign_in()
    ref = browser.site.put(b"a blob")
    embedded = {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": "no-cors", "Accept": "*/*"}
    for path in (f"/bs/camli/{ref}", "/ui/sessions", "/?camli.mode=config&cb=steal"):
        assert browser.get(path, **embedded).status_code == 401
    followed = {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": "navigate"}
    assert browser.get("/ui/sessions", **followed).status_code == 200


def test_a_remembered_password_counts_for_no_other_site_either(browser: Browser) -> None:
    embedded = {**OWNER, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert browser.site.get("/?camli.mode=config&cb=steal", headers=embedded).status_code == 401
    own = {**OWNER, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors"}
    answer = browser.site.get("/?camli.mode=config&cb=f", headers=own)
    assert answer.status_code == 200
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
