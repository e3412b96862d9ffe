"""Passwords of shares: asked for on the page, taken from programs, and hard to guess."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from falcon.testing import Result

from holdfast.blobstore.ref import Ref

from ..files.planting import folder, plant
from ..served import Site
from .visiting import BROWSER, FORM, PASSWORD, basic, call, contents, island, look, share_of, words


@pytest.fixture
def letter(site: Site) -> Ref:
    return plant(site, "letter.txt", b"dear all")


@pytest.fixture
def locked(site: Site, letter: Ref) -> Ref:
    return share_of(site, letter, password=PASSWORD)


def enter(site: Site, share: Ref, password: str, query: str = "", **headers: str) -> Result:
    """What a browser gets that sends a password from the page."""
    return site.client.simulate_post(
        f"/share/{share}{query}",
        body=urlencode({"password": password}),
        headers={**BROWSER, **FORM, **headers},
    )


def pass_of(answer: Result) -> dict[str, str]:
    """The header with which a browser shows the pass it was given."""
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


def test_a_page_opens_with_the_password_and_stays_open(
    site: Site, locked: Ref, letter: Ref
) -> None:
    assert look(site, locked).status_code == 403
    wrong = enter(site, locked, "sesame")
    assert wrong.status_code == 403
    assert "That did not open it" in words(wrong)
    assert "set-cookie" not in wrong.headers
    right = enter(site, locked, PASSWORD, f"?in={letter}")
    assert right.status_code == 303
    assert right.headers["location"] == f"/share/{locked}?in={letter}"
    shown = pass_of(right)
    seen = look(site, locked, **shown)
    assert island(seen)["layout"] == "file"
    assert "set-cookie" not in seen.headers
    assert contents(site, locked, letter, **shown).content == b"dear all"
    assert call(site, locked, "items", **shown).status_code == 200


def test_a_pass_is_for_one_share_and_for_no_script(site: Site, locked: Ref, letter: Ref) -> None:
    right = enter(site, locked, PASSWORD)
    said = right.headers["set-cookie"].split("; ")
    assert set(said[1:]) >= {f"Path=/share/{locked}", "HttpOnly", "SameSite=Lax"}
    assert "Secure" not in said
    by_https = enter(site, locked, PASSWORD, **{"X-Forwarded-Proto": "https"})
    assert "Secure" in by_https.headers["set-cookie"].split("; ")
    other = share_of(site, folder(site, "f", letter), password=PASSWORD)
    assert look(site, other, **pass_of(right)).status_code == 403


def test_a_pass_that_was_tampered_with_is_none(site: Site, locked: Ref) -> None:
    (value,) = pass_of(enter(site, locked, PASSWORD)).values()
    name, _, text = value.partition("=")
    kind, issued, visitor, mark = text.split(".")
    for forged in (
        f"{kind}.{int(issued) + 1}.{visitor}.{mark}",
        f"{kind}.{issued}.{'0' * 32}.{mark}",
        f"{kind}.{issued}.{visitor}.{'0' * 64}",
        f"{kind}.{issued}.{visitor}",
        "",
        "p....",
    ):
        assert look(site, locked, Cookie=f"{name}={forged}").status_code == 403
    several = f"{name}=x; other=1; {value}"
    assert look(site, locked, Cookie=several).status_code == 200


def test_a_pass_lasts_a_week_at_most(site: Site, locked: Ref) -> None:
    shown = pass_of(enter(site, locked, PASSWORD))
    site.world.now += timedelta(days=6)
    assert look(site, locked, **shown).status_code == 200
    site.world.now += timedelta(days=2)
    assert look(site, locked, **shown).status_code == 403


def test_a_visitors_pass_to_a_counted_share_is_no_password(site: Site, letter: Ref) -> None:
    counted = share_of(site, letter, downloads=5)
    seen = look(site, counted)
    (value,) = pass_of(seen).values()
    both = share_of(site, letter, downloads=5, password=PASSWORD)
    assert look(site, both, Cookie=value).status_code == 403
    upgraded = value.replace("holdfast_share=v", "holdfast_share=p")
    assert upgraded != value
    assert look(site, both, Cookie=upgraded).status_code == 403


def test_revoking_closes_it_to_who_has_the_password_too(site: Site, locked: Ref) -> None:
    shown = pass_of(enter(site, locked, PASSWORD))
    site.delete(locked)
    assert look(site, locked, **shown).status_code == 403
    assert enter(site, locked, PASSWORD).status_code == 403


def test_programs_give_the_password_under_any_name(site: Site, locked: Ref, letter: Ref) -> None:
    def get(path: str, **headers: str) -> Result:
        return site.client.simulate_get(path, headers=headers)

    for name in ("", "me", "shared with you"):
        answer = get(f"/share/{locked}", **basic(PASSWORD, name))
        assert Ref.of(answer.content) == locked
    whole = get(f"/share/{letter}?via={locked}&assemble=1", **basic(PASSWORD))
    assert whole.content == b"dear all"
    assert contents(site, locked, letter, **basic(PASSWORD)).content == b"dear all"
    for path in (f"/share/{locked}", f"/share/{letter}?via={locked}"):
        for headers in ({}, basic("x"), {"Authorization": "Basic !"}, {"Authorization": "Token x"}):
            answer = get(path, **headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == 'Basic realm=""'
            assert b"scrypt" not in answer.content


def test_a_password_may_have_any_letters(site: Site, letter: Ref) -> None:
    password = "Grüße: é\N{SNOWMAN}"
    share = share_of(site, letter, password=password)
    assert enter(site, share, password).status_code == 303
    assert contents(site, share, letter, **basic(password)).status_code == 200
    share = share_of(site, letter, password="Grüße")
    latin = basic("x")["Authorization"].split()[0] + " eDpHcvzfZQ=="  # x:Grüße in Latin-1
    assert contents(site, share, letter, Authorization=latin).status_code == 200


def test_a_share_without_a_password_asks_for_none(site: Site, letter: Ref) -> None:
    share = share_of(site, letter)
    assert contents(site, share, letter, **basic("whatever")).status_code == 200
    answer = enter(site, share, "whatever")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/share/{share}")


def guess(site: Site, share: Ref, **headers: str) -> Result:
    """The answer to the first guess that is not tried any more."""
    for number in range(20):  # on a slow machine some are forgiven meanwhile
        answer = enter(site, share, f"guess {number}", **headers)
        if answer.status_code != 403:
            assert number >= 10
            return answer
    raise AssertionError("one may guess for ever")


def test_guessing_is_slowed_for_who_guesses_and_for_what_is_guessed(
    site: Site, locked: Ref, letter: Ref
) -> None:
    right = pass_of(enter(site, locked, PASSWORD))
    turned_away = guess(site, locked)
    assert turned_away.status_code == 429
    assert 0 < int(turned_away.headers["retry-after"]) <= 6
    assert "Too many attempts" in words(turned_away)
    # Nobody learns that this would be the right one.
    other = share_of(site, letter, password="other")
    assert contents(site, locked, letter, **basic(PASSWORD.upper())).status_code == 429
    # Who was let in before, other links, and other addresses behind the same proxy.
    assert look(site, locked, **right).status_code == 200
    assert enter(site, other, "other").status_code == 303
    elsewhere = {"X-Forwarded-For": "6.6.6.6, 2001:db8::1"}
    assert enter(site, locked, PASSWORD, **elsewhere).status_code == 303


def test_nobody_gets_more_guesses_by_saying_who_they_are(site: Site, locked: Ref) -> None:
    for number in range(20):
        named = {"X-Forwarded-For": f"10.0.0.{number}, 192.0.2.7"}
        if enter(site, locked, f"guess {number}", **named).status_code == 429:
            break
    else:
        raise AssertionError("one may guess for ever")


def test_passwords_of_links_that_open_nothing_are_tried_as_any(site: Site, letter: Ref) -> None:
    assert guess(site, Ref.of(b"gone")).status_code == 429
    revoked = share_of(site, letter, password=PASSWORD)
    site.delete(revoked)
    assert enter(site, revoked, PASSWORD).content == enter(site, Ref.of(b"x"), "x").content


def test_the_page_never_holds_what_was_typed(site: Site, locked: Ref) -> None:
    wrong = enter(site, locked, 'x"><script>')
    assert "<script>" not in re.sub(r"<script[^>]* src=[^>]*>", "", wrong.text)
    assert "value=" not in wrong.text[wrong.text.index("<main") :]
