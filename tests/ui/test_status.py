"""What a server says of how it is doing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from holdfast.blobstore.errors import StoreFailed
from holdfast.blobstore.ref import Blob
from holdfast.index.kv.memory import MemoryTable
from holdfast.schema.claims import SetAttribute
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file
from holdfast.schema.openpgp.secretkey import SecretKey

from .served import Site

STATUS = "/status/status.json"


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


def test_an_index_with_nothing_left_to_do_says_so(site: Site) -> None:
    assert site.get(STATUS).json["holdfast"]["index"] == {
        "complete": True,
        "unread": 0,
        "waiting": 0,
        "refused": 0,
        "trouble": "",
        "countedUpTo": 1000,
        "someWaiting": [],
        "someRefused": [],
    }
    page = site.get("/status/").text
    assert "complete" in page
    assert "Not indexed" not in page


def test_what_is_not_indexed_is_told_with_the_reason(site: Site) -> None:
    permanode = site.permanode("x")
    good = site.hub.storage.fetch([site.claim(SetAttribute(permanode, "title", "good"))])
    (_, data), *_ = good
    refused = site.put(data.replace(b'"good"', b'"<b>"'))
    found: list[Blob] = []
    file = write_file(FileFacts(name=b"file"), b"contents", found.append)
    for blob in found[1:]:
        site.put_blob(blob)
    assert site.services.index is not None
    assert site.services.index.settle(10)
    state = site.get(STATUS).json["holdfast"]["index"]
    assert (state["refused"], state["waiting"], state["unread"]) == (1, 1, 0)
    (told,) = state["someRefused"]
    assert told["blob"] == refused
    assert told["reason"]
    assert state["someWaiting"] == [{"blob": file, "needs": found[0].ref}]
    page = site.get("/status/").text
    for text in (refused, told["reason"], file, found[0].ref):
        assert text in page
    assert "<b>" not in page


def test_searches_are_counted(site: Site) -> None:
    site.ask("POST", "/my-search/query", body="{}")
    site.ask("POST", "/my-search/query", body="nonsense")
    assert site.get(STATUS).json["holdfast"]["searches"] == {
        "waiting": 0,
        "answered": 2,
        "standing": 0,
        "standingRuns": 0,
    }


def test_an_index_that_cannot_be_read_is_told_and_takes_no_page_with_it(
    new_site: Callable[..., Site], key: SecretKey
) -> None:
    table = Breaking()
    site = new_site(key, table=table)
    table.is_broken = True
    try:
        answer, page = site.get(STATUS), site.get("/status/")
    finally:
        table.is_broken = False
    assert answer.status_code == page.status_code == 200
    state = answer.json["holdfast"]["index"]
    assert state["complete"] is False
    for text in (state["error"], page.text):
        assert "log says more" in text
        assert "secret" not in text


def test_a_search_whose_rows_cannot_be_read_is_the_servers_failure(
    new_site: Callable[..., Site], key: SecretKey
) -> None:
    table = Breaking()
    site = new_site(key, table=table)
    table.is_broken = True
    try:
        answer = site.ask("POST", "/my-search/query", body="{}")
    finally:
        table.is_broken = False
    assert answer.status_code == 500
    assert answer.json == {
        "error": "the server failed; its log says more",
        "errorType": "Internal Server Error",
    }


def test_a_server_without_an_index_tells_of_none(
    new_site: Callable[..., Site], key: SecretKey
) -> None:
    site = new_site(key, is_indexed=False)
    own = site.get(STATUS).json["holdfast"]
    assert "index" not in own
    assert "searches" not in own
    assert "Index" not in site.get("/status/").text
