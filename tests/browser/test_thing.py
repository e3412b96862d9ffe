"""The page of one thing: its attributes changed in place, its history, what it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import PHONE, shoot, visiting
from .owned import claim, toast, undo, until, values
from .samples import make_others, make_photos
from .site import Site, running

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server whose things may be changed."""
    folder = tmp_path_factory.mktemp("things")
    (folder / "photos").mkdir()
    with running(folder / "here") as site:
        site.put(make_photos(folder / "photos", 3), tag="sample")
        site.put(make_others(folder))
        (folder / "page.html").write_text("<script>document.title = 'ran'</script>")
        site.put([folder / "page.html"])
        yield site


@pytest.fixture
def visit(browser: Browser, own: Site) -> Iterator[Callable[..., Page]]:
    with visiting(browser) as visit:
        yield lambda path, **options: visit(own, path, **options)


@pytest.fixture
def photo(own: Site) -> str:
    """A photo with a title and three tags."""
    ref = own.get("items", q="is:image")["items"][0]["ref"]
    claim(own, ref, "set", "title", "A day out")
    claim(own, ref, "set", "tag", "one")
    for tag in ("two", MARKUP):
        claim(own, ref, "add", "tag", tag)
    return ref


def row(page: Page, name: str):
    """The values of an attribute."""
    return page.locator("dt", has=page.get_by_text(name, exact=True)).locator("+ dd")


def test_a_thing_is_shown_with_what_is_known_of_it(visit, photo: str) -> None:
    page = visit(f"/ui/{photo}")
    expect(page.get_by_role("heading", name="A day out")).to_be_visible()
    expect(page.locator(".preview img")).to_have_js_property("complete", True)
    expect(row(page, "tag")).to_contain_text(MARKUP)
    expect(page.get_by_text("Dimensions")).to_be_visible()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    assert page.locator("[onerror]").count() == 0
    shoot(page, "thing")


def test_a_pdf_is_offered_for_what_happens_to_it(visit, own: Site, tmp_path: Path) -> None:
    path = tmp_path / "book.pdf"
    path.write_bytes(b"%PDF-1.4\n\xe2\xe3\xcf\xd3\n%%EOF\n")
    (ref,) = own.put([path])
    page = visit(f"/ui/{ref}")
    with page.expect_download() as begun:
        page.get_by_role("link", name="Download the PDF").click()
    assert Path(begun.value.path()).read_bytes() == path.read_bytes()


def test_a_value_is_changed_where_it_stands(visit, own: Site, photo: str) -> None:
    page = visit(f"/ui/{photo}")
    row(page, "tag").get_by_role("button", name="Change tag: two").click()
    field = page.get_by_role("combobox", name="tag")
    expect(field).to_be_focused()
    field.fill("zwei")
    field.press("Enter")
    toast(page, "Saved tag").wait_for()
    assert values(own, photo, "tag") == ["one", "zwei", MARKUP]
    undo(page, "Saved tag")
    assert values(own, photo, "tag") == ["one", "two", MARKUP]


def test_escape_leaves_a_value_as_it_was(visit, own: Site, photo: str) -> None:
    page = visit(f"/ui/{photo}")
    row(page, "title").get_by_role("button", name="Change title").click()
    field = page.get_by_role("textbox", name="title")
    field.fill("something else")
    field.press("Escape")
    expect(field).to_be_hidden()
    expect(row(page, "title").get_by_role("button", name="Change title")).to_be_focused()
    assert values(own, photo, "title") == ["A day out"]


def test_values_are_added_and_removed(visit, own: Site, photo: str) -> None:
    page = visit(f"/ui/{photo}")
    row(page, "tag").get_by_role("button", name="Add another tag").click()
    page.get_by_role("combobox", name="New tag").fill("four")
    page.keyboard.press("Enter")
    toast(page, "Saved tag").wait_for()
    assert values(own, photo, "tag") == ["one", "two", MARKUP, "four"]
    row(page, "tag").get_by_role("button", name="Remove tag: one").click()
    until(page, lambda: values(own, photo, "tag") == ["two", MARKUP, "four"])


def test_a_new_attribute_is_added_by_keyboard_alone(visit, own: Site, photo: str) -> None:
    page = visit(f"/ui/{photo}")
    page.get_by_role("combobox", name="Name of a new attribute").focus()
    page.keyboard.type("note")
    page.keyboard.press("Enter")
    page.keyboard.type("two lines")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("of text")
    page.keyboard.press("Enter")
    toast(page, "Saved note").wait_for()
    assert values(own, photo, "note") == ["two lines\nof text"]


def test_the_title_is_changed_in_the_heading(visit, own: Site, photo: str) -> None:
    page = visit(f"/ui/{photo}")
    page.get_by_role("button", name="Change the title").click()
    page.keyboard.type(MARKUP)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(MARKUP)
    assert values(own, photo, "title") == [MARKUP]
    expect(page).to_have_title(f"{MARKUP} · Holdfast")


def test_a_title_is_changed_only_when_it_is_known(visit, own: Site, photo: str) -> None:
    page = visit("/ui/")
    held = []
    page.route("**/ui/api/thing?*", lambda route: held.append(route))
    page.goto(f"/ui/{photo}")
    until(page, lambda: len(held) == 1)
    expect(page.get_by_role("heading", level=1)).to_have_text("A day out")
    pen = page.get_by_role("button", name="Change the title")
    expect(pen).to_have_count(0)
    page.keyboard.press("e")
    expect(page.locator(".inplace-field")).to_have_count(0)
    page.unroute("**/ui/api/thing?*")  # lets go on what was held
    pen.click()
    page.keyboard.type("Another day")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Another day")
    assert values(own, photo, "title") == ["Another day"]


def test_who_edits_is_told_when_somebody_else_has_changed_it(visit, own: Site, photo: str) -> None:
    page = visit(f"/ui/{photo}")
    row(page, "title").get_by_role("button", name="Change title").click()
    field = page.get_by_role("textbox", name="title")
    field.fill("mine")
    expect(page.locator(".state-quiet")).to_be_visible()
    claim(own, photo, "set", "title", "theirs")
    note = page.get_by_text("It was changed to “theirs”.")
    note.wait_for()
    expect(field).to_have_value("mine")
    shoot(page, "conflict")
    page.get_by_role("button", name="Save mine").click()
    until(page, lambda: values(own, photo, "title") == ["mine"])


def test_who_edits_one_of_many_values_changes_that_one(visit, own: Site, photo: str) -> None:
    page = visit(f"/ui/{photo}")
    expect(page.locator(".state-quiet")).to_be_visible()
    row(page, "tag").get_by_role("button", name="Change tag: two").click()
    field = page.get_by_role("combobox", name="tag")
    field.fill("zwei")
    claim(own, photo, "del", "tag", "one")
    expect(row(page, "tag").get_by_text("one", exact=True)).to_have_count(0)
    field.press("Enter")
    until(page, lambda: values(own, photo, "tag") == ["zwei", MARKUP])


def test_what_was_removed_meanwhile_is_said_so_and_may_be_kept(
    visit, own: Site, photo: str
) -> None:
    page = visit(f"/ui/{photo}")
    expect(page.locator(".state-quiet")).to_be_visible()
    row(page, "tag").get_by_role("button", name="Change tag: two").click()
    page.get_by_role("combobox", name="tag").fill("zwei")
    claim(own, photo, "del", "tag", "two")
    page.get_by_text("It was removed meanwhile.").wait_for()
    page.get_by_role("button", name="Save mine").click()
    until(page, lambda: values(own, photo, "tag") == ["one", MARKUP, "zwei"])


def test_the_heading_tells_too_that_somebody_has_changed_it(visit, own: Site, photo: str) -> None:
    page = visit(f"/ui/{photo}")
    expect(page.locator(".state-quiet")).to_be_visible()
    page.get_by_role("button", name="Change the title").click()
    page.get_by_role("textbox", name="Title", exact=True).fill("mine")
    claim(own, photo, "set", "title", "theirs")
    page.get_by_text("It was changed to “theirs”.").wait_for()
    page.get_by_role("button", name="Take theirs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("theirs")
    assert values(own, photo, "title") == ["theirs"]


def test_one_of_very_many_values_is_changed_by_few_claims(visit, own: Site) -> None:
    said = [["camliNodeType", "note"], *(["tag", f"tag {number}"] for number in range(2000))]
    ref = own.post("create", {"attributes": said})["ref"]
    page = visit(f"/ui/{ref}")
    row(page, "tag").get_by_role("button", name="Show 1,950 more").click()
    expect(row(page, "tag").locator(".attribute")).to_have_count(2000)
    row(page, "tag").get_by_role("button", name="Change tag: tag 1000", exact=True).click()
    page.get_by_role("combobox", name="tag").fill("another")
    page.keyboard.press("Enter")
    toast(page, "Saved tag").wait_for()
    tags = values(own, ref, "tag")
    assert (len(tags), tags[-1], "tag 1000" in tags) == (2000, "another", False)
    acts = [one["act"] for one in own.get("thing", ref=ref)["history"][:3]]
    assert acts == ["add", "del", "add"]


def test_the_keyboard_stays_where_it_is_when_other_things_change(
    visit, own: Site, photo: str
) -> None:
    other = own.post("create", {"attributes": [["camliNodeType", "note"], ["title", "x"]]})["ref"]
    page = visit(f"/ui/{photo}")
    expect(page.locator(".state-quiet")).to_be_visible()
    buttons = [
        row(page, "tag").get_by_role("button", name="Change tag: one"),
        page.locator(".history-list").get_by_role("button", name="Take back").nth(2),
        page.get_by_role("button", name="Change the title"),
    ]
    for number, button in enumerate(buttons):
        button.focus()
        with page.expect_response("**/ui/api/thing?*"):
            claim(own, other, "set", "title", f"{number}")
        page.wait_for_timeout(100)
        expect(button).to_be_focused()


def test_what_others_say_is_seen_at_once(visit, own: Site, photo: str) -> None:
    page = visit(f"/ui/{photo}")
    expect(page.locator(".state-quiet")).to_be_visible()
    claim(own, photo, "set", "weather", "sunny")
    expect(row(page, "weather")).to_have_text("sunny")


def test_what_others_say_while_the_page_is_built_is_seen(visit, own: Site, photo: str) -> None:
    page = visit("/ui/")
    held = []
    page.route("**/ui/api/changes", lambda route: held.append(route))
    page.goto(f"/ui/{photo}")
    expect(row(page, "tag")).to_be_visible()
    until(page, lambda: len(held) == 1)
    claim(own, photo, "set", "weather", "cloudy")
    page.unroute("**/ui/api/changes")  # lets go on what was held
    expect(row(page, "weather")).to_have_text("cloudy")


def test_what_others_say_while_the_thing_is_asked_for_is_seen(visit, own: Site, photo: str) -> None:
    page = visit("/ui/")
    held = []
    page.route("**/ui/api/thing?*", lambda route: held.append(route))
    page.goto(f"/ui/{photo}")
    until(page, lambda: len(held) == 1)
    before = held[0].fetch()
    page.evaluate(
        "() => addEventListener('holdfast:changed', () => { window.isTold = true; })",
    )
    claim(own, photo, "set", "weather", "windy")
    page.wait_for_function("() => window.isTold")
    held[0].fulfill(response=before)
    page.unroute("**/ui/api/thing?*")
    expect(row(page, "weather")).to_have_text("windy")


def test_refs_lead_to_what_they_name(visit, own: Site, photo: str) -> None:
    said = [["title", "About it"], ["about", photo], ["camliNodeType", "note"]]
    other = own.post("create", {"attributes": said})["ref"]
    page = visit(f"/ui/{other}")
    row(page, "about").get_by_role("link").click()
    page.wait_for_url(f"**/ui/{photo}")
    section = page.locator("section", has=page.get_by_role("heading", name="Named by"))
    section.get_by_role("link", name="About it").click()
    page.wait_for_url(f"**/ui/{other}")


def test_things_know_the_sets_they_are_in(visit, own: Site, photo: str) -> None:
    made = {"attributes": [["title", "A set of it"]], "members": [photo]}
    ref = own.post("create", made)["ref"]
    page = visit(f"/ui/{photo}")
    section = page.locator("section", has=page.get_by_role("heading", name="In these sets"))
    section.get_by_role("link", name="A set of it").click()
    page.wait_for_url(f"**/ui/{ref}")
    expect(page.locator(".tile")).to_have_count(1)


def test_a_thing_is_seen_as_it_was_then(visit, own: Site, photo: str) -> None:
    page = visit(f"/ui/{photo}")
    claim(own, photo, "set", "title", "Later")
    entry = page.locator(".history-list li", has_text="title set to A day out").first
    entry.get_by_role("link", name="As it was then").click()
    expect(page.get_by_text("As it was on")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("A day out")
    expect(page.get_by_role("button", name="Change the title")).to_have_count(0)
    shoot(page, "as-it-was")
    page.get_by_role("link", name="Back to now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Later")


def test_one_claim_is_taken_back(visit, own: Site, photo: str) -> None:
    claim(own, photo, "set", "title", "A mistake")
    page = visit(f"/ui/{photo}")
    entry = page.locator(".history-list li", has_text="A mistake").first
    entry.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A day out")
    expect(entry).to_contain_text("taken back")
    assert values(own, photo, "title") == ["A day out"]


def test_a_thing_goes_to_the_trash_and_comes_back(visit, photo: str) -> None:
    page = visit(f"/ui/{photo}")
    page.get_by_role("button", name="Move to trash").click()
    expect(page.get_by_text("It is in the trash.")).to_be_visible()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("It is in the trash.")).to_be_hidden()


def test_a_share_of_it_is_revoked_there(visit, own: Site, photo: str) -> None:
    wanted = {"refs": [photo], "expires": None, "password": None, "downloads": None}
    own.post("share", wanted)
    page = visit(f"/ui/{photo}")
    section = page.locator("section", has=page.get_by_role("heading", name="Shares"))
    section.get_by_role("button", name="Revoke").click()
    expect(section.locator(".badge")).to_have_text("revoked")


def test_shares_of_others_are_not_shown_there(visit, own: Site, photo: str) -> None:
    other = own.get("items", q="is:image")["items"][1]["ref"]
    wanted = {"expires": None, "password": None, "downloads": None}
    made = [own.post("share", {"refs": [ref], **wanted})["share"] for ref in (photo, other)]
    page = visit(f"/ui/{photo}")
    mine, others = (page.locator(f'[data-claim="{one["claim"]}"]') for one in made)
    expect(mine).to_be_visible()
    expect(others).to_have_count(0)


def test_its_place_is_found_on_the_map(visit, own: Site) -> None:
    said = [["title", "In Paris"], ["latitude", "48.8584"], ["longitude", "2.2945"]]
    ref = own.post("create", {"attributes": [*said, ["camliNodeType", "note"]]})["ref"]
    page = visit(f"/ui/{ref}")
    page.get_by_role("link", name="48.8584° N, 2.2945° E").click()
    page.wait_for_url("**/ui/map#48.85*,2.29*,10*")
    box = page.locator(".map-marker").first.bounding_box()
    assert box is not None
    window = page.locator(".map-window").bounding_box()
    assert window is not None
    for at, size in (("x", "width"), ("y", "height")):
        middle = box[at] + box[size] / 2 - window[at] - window[size] / 2
        assert abs(middle) < 40


def test_what_is_no_thing_says_what_it_is(visit, own: Site, photo: str) -> None:
    entry = own.get("thing", ref=photo)["history"][-1]
    page = visit(f"/ui/{entry['claim']}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Claim")
    expect(page.locator(".raw-text")).to_contain_text('"claimType"')
    expect(page.get_by_role("button", name="Add to set")).to_have_count(0)
    page.locator(".raw-text").get_by_role("link", name=photo).click()
    page.wait_for_url(f"**/ui/{photo}")


def test_what_is_of_a_missing_file_says_so(visit, own: Site) -> None:
    missing = "sha224-" + "0" * 56
    said = [["title", "Its file is gone"], ["camliContent", missing]]
    ref = own.post("create", {"attributes": said})["ref"]
    page = visit(f"/ui/{ref}")
    expect(page.get_by_text("What it is of is not stored here")).to_contain_text(missing)
    expect(page.get_by_text("Drop files here")).to_have_count(0)
    expect(page.get_by_role("button", name="Download")).to_have_count(0)


def test_what_is_stored_is_shown_byte_for_byte(visit, photo: str) -> None:
    page = visit(f"/ui/{photo}")
    page.get_by_text("As it is stored").click()
    expect(page.locator(".raw-text").first).to_contain_text('"camliType": "permanode"')


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_what_plays_has_a_player(visit, own: Site, kind: str) -> None:
    ref = next(item["ref"] for item in own.get("items")["items"] if item["kind"] == kind)
    page = visit(f"/ui/{ref}")
    player = page.locator(f".preview {kind}")
    player.wait_for()
    page.wait_for_function("player => player.readyState >= 1", arg=player.element_handle())


def test_pages_that_were_uploaded_are_text_and_never_run(visit, own: Site) -> None:
    found = own.get("items", q="filename:page.html")["items"]
    page = visit(f"/ui/{found[0]['ref']}")
    expect(page.locator(".preview-text")).to_contain_text("<script>document.title = 'ran'</script>")
    expect(page).to_have_title("page.html · Holdfast")


def test_on_a_telephone_everything_fits(visit, own: Site, photo: str) -> None:
    name = "attribute with a name that goes on and on"
    claim(own, photo, "set", name, "some words that are to be read beside it")
    page = visit(f"/ui/{photo}", viewport=PHONE, color_scheme="dark")
    expect(row(page, "tag")).to_be_visible()
    value = row(page, name).locator(".attribute-value").bounding_box()
    assert value is not None
    assert value["width"] > PHONE["width"] / 2
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    shoot(page, "thing-phone-dark")
