"""Pages: what is in them is text, and what they may do is little."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import pytest
from falcon.asgi import Request, Response
from jinja2 import UndefinedError

from holdfast.blobstore.errors import StoreFailed
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.search.errors import IndexBehind
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.ui.pages import Frame, answer_page, json_island
from holdfast.ui.sinks import add_sink

from .served import OWNER, Site

BROWSER = {**OWNER, "Accept": "text/html,*/*;q=0.8"}
HOSTILE = "</script><script>alert(1)</script><!-- \u2028 & ' \" <b onclick=x>"


class Reader(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.data = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.data += data


def message(**context: object) -> Response:
    resp = Response()
    told = {"heading": HOSTILE, "text": HOSTILE, **context}
    answer_page(resp, "message.html", **told)  # type: ignore[arg-type]
    return resp


def test_whatever_is_in_a_page_is_text() -> None:
    resp = message(frame=Frame(csrf=HOSTILE, has_session=True, here=HOSTILE, query=HOSTILE))
    assert resp.data is not None
    page = Reader(resp.data.decode())
    assert not any("onclick" in attributes for _, attributes in page.tags)
    assert all("src" in attributes for tag, attributes in page.tags if tag == "script")
    assert page.data.count("alert(1)") == 3, "in the title, the heading and the text"
    boxes = [attributes for _, attributes in page.tags if attributes.get("name") == "q"]
    assert [box["value"] for box in boxes] == [HOSTILE]


def test_no_page_has_what_its_policy_forbids(site: Site) -> None:
    for path in ("/ui/", "/ui/login", "/ui/sessions", "/status/", "/help/", "/ui/nothing"):
        page = Reader(site.get(path, headers=BROWSER).text)
        for tag, attributes in page.tags:
            assert "style" not in attributes, path
            assert not [name for name in attributes if name.startswith("on")], path
            assert tag != "style", path
            if tag == "script" and attributes.get("type") != "application/json":
                assert attributes["src"], path


@pytest.mark.parametrize(
    "path", ["/ui/", "/ui/login", "/ui/sessions", "/status/", "/help/", "/ui/nothing"]
)
def test_no_page_is_framed_kept_or_told_to_others(site: Site, path: str) -> None:
    headers = site.get(path, headers=BROWSER).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_the_pages_of_shares_tell_nobody_where_they_are_and_need_no_path_but_theirs() -> None:
    resp = message(root="/share/")
    assert resp.get_header("referrer-policy") == "no-referrer"
    assert resp.data is not None
    page = Reader(resp.data.decode())
    loaded = [attributes.get("src") or attributes.get("href") for _, attributes in page.tags]
    assert all(path.startswith(("/share/", "#")) for path in loaded if path)


def test_a_page_that_lacks_something_is_an_error_and_no_empty_place() -> None:
    with pytest.raises(UndefinedError):
        answer_page(Response(), "message.html", heading="x")


def test_an_island_of_data_holds_every_text_and_no_tag() -> None:
    value = {"text": HOSTILE, HOSTILE: [1, None, True, "é\U0001f30a"]}
    island = str(json_island(value))
    (tag, attributes), *others = Reader(island).tags
    assert (tag, attributes) == ("script", {"type": "application/json", "id": "page"})
    assert not others
    inner = island.partition(">")[2].rpartition("</script>")[0]
    assert not re.search("[<>&\u2028\u2029]", inner)
    assert json.loads(inner) == value


# What goes wrong


def test_a_page_that_is_not_there_is_told_to_people_and_to_programs_in_their_way(
    site: Site,
) -> None:
    page = site.get("/ui/nothing", headers=BROWSER)
    assert page.status_code == 404
    assert "There is nothing here" in page.text
    assert 'id="search"' in page.text, "from there people go on"
    assert site.get("/ui/nothing").text == "404 page not found\n"
    for headers in (OWNER, BROWSER):
        answer = site.get("/ui/api/nothing", headers=headers)
        assert answer.status_code == 404
        assert answer.json["error"]


class Breaking(MemoryTable):
    """Cannot be read once it is broken."""

    is_broken = False

    def get(self, key: bytes) -> bytes | None:
        self._check()
        return super().get(key)

    def scan(
        self, start: bytes = b"", end: bytes | None = None, *, backwards: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        self._check()
        return super().scan(start, end, backwards=backwards)

    def _check(self) -> None:
        if self.is_broken:
            raise StoreFailed("/secret/path", "input/output error")


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (StoreFailed("/secret/path", "x"), 500, "log says more"),
        (ZeroDivisionError("secret"), 500, "log says more"),
        (IndexBehind(), 503, "catching up"),
    ],
)
def test_what_fails_is_told_without_its_insides(
    site: Site, error: Exception, status: int, words: str
) -> None:
    async def fail(_req: Request, _resp: Response, _rest: str) -> None:
        raise error

    add_sink(site.app, "/ui/failing", fail, auth=site.services.auth)
    for headers in (BROWSER, OWNER):
        answer = site.get("/ui/failing", headers=headers)
        assert answer.status_code == status
        assert words in answer.text
        assert "secret" not in answer.text
        assert ("retry-after" in answer.headers) == (status == 503)
        assert ("<html" in answer.text) == (headers is BROWSER)


def test_a_status_that_cannot_be_read_is_told_on_its_page(
    new_site: Callable[..., Site], key: SecretKey
) -> None:
    table = Breaking()
    site = new_site(key, table=table)
    table.is_broken = True
    try:
        page = site.get("/status/", headers=BROWSER)
    finally:
        table.is_broken = False
    assert page.status_code == 200
    assert "log says more" in page.text


# The way in


def test_browsers_go_from_the_root_to_the_photos_and_programs_are_greeted(site: Site) -> None:
    sent = site.get("/", headers=BROWSER)
    assert (sent.status_code, sent.headers["location"]) == (301, "/ui/")
    assert sent.headers["vary"] == "Accept"
    assert site.get("/", headers={}).status_code == 200
    assert "keeps blobs" in site.get("/", headers={}).text
    asked = {**OWNER, "Accept": "text/x-camli-configuration"}
    assert site.get("/", headers=asked).json["blobRoot"] == "/bs/"


def test_discovery_is_below_ui_as_well(site: Site) -> None:
    asked = {**OWNER, "Accept": "text/x-camli-configuration"}
    for path in ("/ui/", "/ui/anything"):
        answer = site.get(path, headers=asked)
        assert answer.json["blobRoot"] == "/bs/"
        assert answer.headers["vary"] == "Accept"
        assert site.get(f"{path}?camli.mode=config").json["blobRoot"] == "/bs/"
        assert site.get(f"{path}?camli.mode=config", headers={}).status_code == 401


def test_ui_without_its_slash_is_sent_to_it(site: Site) -> None:
    assert site.get("/ui", headers=BROWSER).headers["location"] == "/ui/"


def test_answers_below_ui_are_for_those_they_were_made_for(site: Site) -> None:
    for path in ("/ui/", "/ui/nothing", "/ui/api/state", "/ui/api/nothing", "/ui/login"):
        for headers in (BROWSER, OWNER, {}):
            answer = site.get(path, headers=headers)
            assert answer.headers["cache-control"] == "no-store", path
            assert "Accept" in answer.headers["vary"], path
            assert answer.headers["cross-origin-resource-policy"] == "same-origin", path


def test_help_shows_examples_of_searches_that_can_be_asked(site: Site) -> None:
    page = Reader(site.get("/help/", headers=BROWSER).text)
    paths = [attributes.get("href") or "" for _, attributes in page.tags]
    searches = [path for path in paths if path.startswith("/ui/?q=")]
    assert len(searches) > 3
    for path in searches:
        answer = site.get(f"/ui/api/items{path.removeprefix('/ui/')}")
        assert answer.status_code == 200, path
