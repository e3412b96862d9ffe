"""The search box: proposals, saved searches, mistakes shown where they are; the state's corner."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from .conftest import PHONE, shoot
from .site import Site


def box(page: Page):
    return page.get_by_role("combobox", name="Search")


def look_for(page: Page, text: str) -> None:
    box(page).fill(text)
    box(page).press("Enter")


def test_a_slash_goes_to_the_box_and_enter_searches(page: Page) -> None:
    page.keyboard.press("/")
    expect(box(page)).to_be_focused()
    page.keyboard.type("tag:landscape")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ui/?q=tag%3Alandscape")
    expect(box(page)).to_have_value("tag:landscape")
    expect(page.locator(".tile").first).to_be_visible()


def test_words_are_searched_for_as_they_are(page: Page) -> None:
    look_for(page, "photo-001")
    page.wait_for_url("**/ui/?q=text%3Aphoto-001")
    expect(box(page)).to_have_value("text:photo-001")
    expect(page.locator(".tile")).to_have_count(1)
    look_for(page, 'tag:landscape -"no such words" AND photo 003')
    page.wait_for_url("**003")
    expect(box(page)).to_have_value('tag:landscape -text:"no such words" and text:photo text:003')
    expect(page.locator(".tile")).to_have_count(1)


def test_words_in_an_address_are_searched_for_as_well(visit: Callable[..., Page]) -> None:
    page = visit("/ui/?q=photo+001")
    page.watch.forgive("400")
    page.wait_for_url("**/ui/?q=text%3Aphoto+text%3A001")
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.locator("#search-problem")).to_be_hidden()


def test_what_is_no_bare_word_is_searched_for_as_it_was_typed(page: Page) -> None:
    script = page.locator('script[src*="/js/main.js"]').get_attribute("src")
    kept = [
        'tag:"new york" (is:image or -title:x)',
        'raw:{"camliType": "file"}',
        "date:2020.. - ",
        'tag:"unclosed words',
    ]
    said = page.evaluate(
        """async ([script, kept]) => {
          const words = new URL(script.replace("main.js", "plainwords.js"), location.href);
          const { asExpression } = await import(words);
          return kept.map(asExpression);
        }""",
        [script, kept],
    )
    assert said == kept


def test_a_mistake_is_shown_where_it_is_without_leaving_the_page(page: Page) -> None:
    page.watch.forgive("400")
    look_for(page, "tag:🌄 is:imge foo")
    problem = page.get_by_role("alert")
    expect(problem.locator("mark")).to_have_text("is:imge")
    expect(problem).to_contain_text("Unknown search predicate")
    expect(box(page)).to_have_attribute("aria-invalid", "true")
    assert page.url.endswith("/ui/")
    shoot(page, "search-mistake")
    box(page).press("End")
    box(page).press("Backspace")
    expect(problem).to_be_hidden()


def test_a_mistake_in_an_address_is_shown_as_well(visit: Callable[..., Page]) -> None:
    page = visit("/ui/?q=tag:a%20(")
    page.watch.forgive("400")
    expect(page.locator("#search-problem")).to_contain_text("tag:a (")


def test_what_is_proposed_is_taken_by_keyboard(page: Page) -> None:
    box(page).press_sequentially("tag:lan")
    option = page.get_by_role("option").filter(has_text="landscape").first
    option.wait_for()
    shoot(page, "search-proposals")
    box(page).press("ArrowDown")
    first = page.get_by_role("option").first
    expect(first).to_have_attribute("aria-selected", "true")
    expect(box(page)).to_have_attribute("aria-activedescendant", first.get_attribute("id"))
    box(page).press("Enter")
    expect(box(page)).to_have_value("tag:landscape")
    assert page.url.endswith("/ui/")


def test_escape_puts_proposals_away(page: Page) -> None:
    box(page).press_sequentially("t")
    page.get_by_role("option").first.wait_for()
    box(page).press("Escape")
    expect(box(page)).to_have_attribute("aria-expanded", "false")
    expect(box(page)).to_have_value("t")


def test_a_search_is_saved_and_proposed_when_the_box_is_empty(
    visit: Callable[..., Page], new_site: Callable[[], Site]
) -> None:
    page = visit("/ui/", site=new_site())
    box(page).fill("tag:a or tag:b")
    page.get_by_role("button", name="Save this search").click()
    name = page.get_by_role("textbox", name="Name")
    name.fill("Both <b>of</b> them")
    name.press("Enter")
    messages = page.get_by_role("region", name="Messages")
    messages.get_by_text("Saved: Both <b>of</b> them").wait_for()
    box(page).fill("")
    page.get_by_role("option", name="Both <b>of</b> them").click()
    page.wait_for_url("**/ui/?q=tag%3Aa+or+tag%3Ab")


def test_what_is_found_is_shared_as_it_will_be(
    visit: Callable[..., Page], new_site: Callable[[], Site]
) -> None:
    site = new_site()
    site.post("create", {"attributes": [["title", "Found"], ["tag", "given"]]})
    page = visit("/ui/?q=tag:given", site=site)
    page.get_by_role("button", name="Share what is found").click()
    dialog = page.get_by_role("dialog", name="Share this search")
    dialog.get_by_role("button", name="Make a link").click()
    link = page.get_by_role("dialog").get_by_label("Link", exact=True).input_value()
    site.post("create", {"attributes": [["title", "Found later"], ["tag", "given"]]})
    page.goto(link)
    expect(page.locator(".tile")).to_have_count(2)


def test_the_help_has_examples_that_go_into_the_box(page: Page) -> None:
    page.get_by_role("button", name="What can be searched for").click()
    dialog = page.get_by_role("dialog", name="Searching")
    expect(dialog).to_contain_text("has:location")
    shoot(page, "search-help")
    dialog.get_by_role("button", name="is:untagged").click()
    expect(dialog).to_be_hidden()
    expect(box(page)).to_have_value("is:untagged")
    expect(box(page)).to_be_focused()


def test_a_search_that_finds_nothing_says_so(page: Page) -> None:
    look_for(page, "tag:nowhere")
    expect(page.get_by_role("heading", name="Nothing was found")).to_be_visible()


def test_the_corner_tells_how_the_server_is(page: Page) -> None:
    corner = page.get_by_role("complementary", name="State of the server")
    expect(corner.get_by_role("status")).to_have_text("Up to date")
    corner.get_by_role("button").first.click()
    expect(page.get_by_text("complete")).to_be_visible()
    shoot(page, "state")


def test_the_corner_tells_what_is_still_to_be_indexed(
    visit: Callable[..., Page], site: Site
) -> None:
    page = visit("/ui/sessions")
    state = site.get("state")
    state["index"] |= {"complete": False, "unread": 1234, "countedUpTo": 10_000}
    page.route("**/ui/api/state", lambda route: route.fulfill(json=state))
    page.route("**/ui/api/changes", lambda route: route.abort())
    page.watch.forgive("ERR_FAILED")
    page.goto("/ui/")
    corner = page.get_by_role("complementary", name="State of the server")
    expect(corner.get_by_role("status")).to_have_text("Indexing, 1,234 left")


def test_the_corner_tells_when_the_server_is_out_of_reach(page: Page) -> None:
    page.watch.forgive("ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(True)
    corner = page.get_by_role("complementary", name="State of the server")
    expect(corner.get_by_role("status")).to_have_text("Offline")
    page.context.set_offline(False)
    expect(corner.get_by_role("status")).to_have_text("Up to date")


def test_what_others_change_is_seen_without_a_reload(
    visit: Callable[..., Page], new_site: Callable[[], Site]
) -> None:
    site = new_site()
    page = visit("/ui/", site=site)
    expect(page.get_by_role("heading", name="There is nothing here yet")).to_be_visible()
    expect(page.locator(".state-quiet")).to_be_visible()
    site.post("create", {"attributes": [["title", "From elsewhere"], ["tag", "new"]]})
    expect(page.get_by_role("link", name="From elsewhere")).to_be_visible()


def test_on_a_telephone_proposals_fit(visit: Callable[..., Page]) -> None:
    page = visit("/ui/", viewport=PHONE, color_scheme="dark")
    box(page).press_sequentially("tag:")
    option = page.get_by_role("option").first
    option.wait_for()
    sheet = page.get_by_role("listbox").bounding_box()
    assert sheet["x"] >= 0
    assert sheet["x"] + sheet["width"] <= PHONE["width"]
    shoot(page, "search-phone-dark")
