"""What was said of a thing: all of it, by whom, and what it was at any moment."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from holdfast.blobstore.ref import Ref
from holdfast.schema.claims import SetAttribute, Statement, claim_text
from holdfast.schema.identity import new_identity
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.signing import sign
from holdfast.schema.timestamps import NANOSECONDS, Timestamp

from .conftest import shoot, visiting
from .owned import claim, values
from .site import Site, running

FRIEND = new_identity(time=1_700_000_000, algorithm="ed25519")
STRANGER = new_identity(time=1_700_000_001, algorithm="ed25519")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server whose owner trusts a friend."""
    trusted = f'[identity]\ntrusted = ["{FRIEND.public.fingerprint.upper()}"]\n'
    with running(tmp_path_factory.mktemp("history") / "here", settings=trusted) as site:
        yield site


@pytest.fixture
def visit(browser: Browser, own: Site) -> Iterator[Callable[..., Page]]:
    with visiting(browser) as visit:
        yield lambda path, **options: visit(own, path, **options)


def new(site: Site, *attributes: tuple[str, str], members: list[str] | None = None) -> str:
    said = {"attributes": [["camliNodeType", "note"], *attributes], "members": members or []}
    ref: str = site.post("create", said)["ref"]
    return ref


def put(site: Site, data: bytes) -> Ref:
    ref = Ref.of(data)
    head = f'--b\r\nContent-Disposition: form-data; name="{ref}"; filename="x"\r\n'
    body = (
        head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + data + b"\r\n--b--\r\n"
    )
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    with urlopen(Request(f"{site.url}/bs/camli/upload", body, kind)):
        return ref


def says(site: Site, key: SecretKey, statement: Statement) -> Ref:
    """Something said by a key that is not the server's."""
    now = int(time.time())
    text = claim_text(put(site, key.public.blob), Timestamp(now * NANOSECONDS), statement)
    return put(site, sign(text, key, time=now))


def rows(page: Page):
    return page.locator(".history-list li")


def test_all_of_a_long_history_is_reached_by_keyboard_alone(visit, own: Site) -> None:
    ref = new(own, ("title", "Much was said"))
    said = [
        {"act": "set", "permanode": ref, "attribute": "rating", "value": f"{number}"}
        for number in range(498)
    ]
    own.post("claims", {"claims": said})
    page = visit(f"/ui/{ref}")
    expect(rows(page)).to_have_count(30)
    more = page.get_by_role("button", name="Show earlier")
    more.focus()
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(130)
    expect(rows(page).nth(30)).to_be_focused()
    expect(page.locator("#announcements")).to_have_text("100 earlier entries shown")
    for count in (230, 330, 430, 500):
        more.focus()
        page.keyboard.press("Enter")
        expect(rows(page)).to_have_count(count)
    expect(more).to_be_hidden()
    expect(rows(page).last).to_contain_text("camliNodeType set to")
    # They stay when something is said meanwhile, and what was taken back among them is told.
    first = rows(page).nth(490)
    first.get_by_role("button", name="Take back").click()
    expect(first).to_contain_text("taken back")
    claim(own, ref, "set", "title", "New")
    expect(rows(page).first).to_contain_text("title set to New")
    expect(rows(page)).to_have_count(501)


def test_long_values_are_shown_in_part_and_whole_on_demand(visit, own: Site) -> None:
    text = "".join(f"{number} " for number in range(20_000))
    ref = new(own, ("description", text))
    page = visit(f"/ui/{ref}")
    entry = rows(page).filter(has_text="description set to")
    expect(entry).not_to_contain_text("19999")
    entry.get_by_role("button", name="Shortened: show all of it").click()
    expect(entry).to_contain_text("19998 19999")
    expect(entry.get_by_role("button", name="Show less")).to_be_focused()
    value = page.locator(".attribute-value", has_text="0 1 2")
    expect(value).not_to_contain_text("19999")
    page.get_by_role("button", name="Show all 108,890 characters").click()
    expect(value).to_contain_text("19998 19999")
    page.get_by_role("button", name=re.compile("Change description")).click()
    field = page.get_by_role("textbox", name="description")
    expect(field).to_have_value(text)
    field.press("Escape")
    assert values(own, ref, "description") == [text]


def test_what_others_said_tells_whether_it_counts(visit, own: Site) -> None:
    ref = new(own, ("title", "Mine"))
    says(own, STRANGER, SetAttribute(Ref(ref), "title", "Evil"))
    says(own, FRIEND, SetAttribute(Ref(ref), "rating", "5"))
    page = visit(f"/ui/{ref}")
    evil = rows(page).filter(has_text="Evil")
    expect(evil).to_contain_text("by another key: does not count")
    expect(evil.get_by_role("button", name="Take back")).to_have_count(0)
    good = rows(page).filter(has_text="rating")
    expect(good).to_contain_text("by another key you trust")
    expect(rows(page).filter(has_text="Mine")).not_to_contain_text("key")
    shoot(page, "said-by-others")
    evil.get_by_role("link", name="by another key").click()
    expect(page.locator(".raw-text")).to_contain_text("BEGIN PGP PUBLIC KEY BLOCK")


def test_any_moment_may_be_looked_at(visit, own: Site) -> None:
    ref = new(own, ("title", "First"))
    page = visit(f"/ui/{ref}")
    page.get_by_label("As it was at (UTC)").fill("2001-02-03T04:05:06")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("As it was on February 3, 2001 at 4:05:06 AM UTC")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Untitled")
    expect(page.get_by_text("Nothing is said about it yet.")).to_be_visible()
    expect(rows(page).first).to_contain_text("later than this")
    expect(page.get_by_label("As it was at (UTC)")).to_have_value("2001-02-03T04:05:06")
    for name in ("Add", "Share", "Move to trash", "Take back", "Change the title"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    page.get_by_role("link", name="Back to now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("First")


def test_of_claims_of_one_batch_one_is_shown(visit, own: Site) -> None:
    ref = new(own, ("title", "One"), ("tag", "a"), ("rating", "1"))
    page = visit(f"/ui/{ref}")
    entry = rows(page).filter(has_text="tag set to")
    entry.get_by_role("link", name="As it was then").click()
    expect(page.get_by_text("shown now")).to_have_count(1)
    expect(rows(page).filter(has_text="rating")).to_contain_text("later than this")
    expect(page.locator(".attributes dt")).to_have_text(["title", "tag", "camliNodeType"])


def test_a_set_is_seen_with_what_was_in_it(visit, own: Site) -> None:
    one, two = new(own, ("title", "The one")), new(own, ("title", "The other"))
    ref = new(own, ("title", "Set of some"), members=[one])
    before = own.get("thing", ref=ref)["history"][0]["date"]
    claim(own, ref, "add", "camliMember", two)
    claim(own, ref, "del", "camliMember", one)
    page = visit(f"/ui/{ref}?at={before}")
    section = page.locator("section", has=page.get_by_role("heading", name="In it then"))
    expect(section.get_by_role("link")).to_have_count(1)
    expect(section.get_by_role("link", name="The one")).to_be_visible()
    expect(page.locator(".tile")).to_have_count(0)


def test_no_moment_at_all_is_told_so(visit, own: Site) -> None:
    ref = new(own, ("title", "Now"))
    page = visit(f"/ui/{ref}?at=yesterday")
    page.watch.forgive("400")
    page.get_by_role("link", name="Back to now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Now")
