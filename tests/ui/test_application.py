"""The application by itself, on storages that can do less than the default one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from falcon.testing import TestClient

from holdfast.blobstore.errors import BlobNotFound, StoreFailed
from holdfast.blobstore.handlers.auth import Auth
from holdfast.blobstore.handlers.service import BlobService
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.records import Control, Decoder, encode
from holdfast.blobstore.ref import Blob, Ref, SizedRef
from holdfast.blobstore.storage import Storage, fetch_one
from holdfast.ui.app import create_app
from holdfast.ui.services import Services

NOW = datetime(2026, 11, 20, 18, 1, 38, 441870, tzinfo=UTC)


class Plain(Storage):
    """A storage with the five verbs and nothing else, whose disk may fail."""

    def __init__(self) -> None:
        self.blobs: dict[Ref, bytes] = {}
        self.is_broken = False

    def receive(self, blobs: Sequence[Blob]) -> list[bool]:
        if self.is_broken:
            raise StoreFailed("/secret/path", "no space left on device")
        fresh = [ref not in self.blobs for ref, _ in blobs]
        self.blobs.update(blobs)
        return fresh

    def fetch(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        for ref in refs:
            if ref not in self.blobs:
                raise BlobNotFound(ref)
            yield Blob(ref, self.blobs[ref])

    def stat(self, refs: Iterable[Ref]) -> Iterator[SizedRef]:
        if self.is_broken:
            raise StoreFailed("/secret/path", "input/output error")
        for ref in dict.fromkeys(refs):
            if ref in self.blobs:
                yield SizedRef(ref, len(self.blobs[ref]))

    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        found = sorted(ref for ref in self.blobs if ref > after)
        return (SizedRef(ref, len(self.blobs[ref])) for ref in found[:limit])

    def remove(self, refs: Iterable[Ref]) -> None:
        for ref in refs:
            self.blobs.pop(ref, None)


@pytest.fixture
def storage() -> Plain:
    return Plain()


@pytest.fixture
def client(storage: Plain) -> Iterator[TestClient]:
    with ThreadPoolExecutor(2) as threads:
        blobs = BlobService(
            hub=Hub(storage), epoch="here", readers=threads, bulk=threads, writers=threads
        )
        services = Services(
            blobs=blobs,
            auth=Auth("none:everyone", process_token="t" * 40),
            owner_name="<b>Owner & Co</b>",
            listen="0.0.0.0:3179",
            storage_kind="plain",
            version="1.2.3",
            started=NOW,
            clock=lambda: NOW.replace(hour=20),
        )
        yield TestClient(create_app(services))


def blob(data: bytes) -> Blob:
    return Blob(Ref.of(data), data)


def test_a_storage_without_a_generation_says_so(client: TestClient) -> None:
    found = client.simulate_get("/", params={"camli.mode": "config"}).json
    assert "storageGeneration" not in found
    assert found["storageGenerationError"]
    assert found["storageInitTime"] is None


def test_no_browser_can_see_a_tag_in_an_answer(client: TestClient) -> None:
    for path in ("/?camli.mode=config", "/status/", "/status/status.json", "/help/"):
        answer = client.simulate_get(path, host="<script>")
        assert answer.status_code == 200
        assert "<b>" not in answer.text
        assert "<script>" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_pages_may_load_and_run_only_what_is_of_this_server(client: TestClient) -> None:
    for path in ("/", "/status/", "/help/"):
        policy = client.simulate_get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


def test_status_has_the_keys_clients_look_for(client: TestClient) -> None:
    found = client.simulate_get("/status/status.json").json
    assert found["version"] == "1.2.3"
    assert found["sync"] == {}
    assert found["importerAccounts"] is None
    assert [root for root, one in found["storage"].items() if one.get("primary")] == ["/bs/"]
    assert found["holdfast"]["started"] == "2026-11-20T18:01:38.44187Z"


def test_status_refuses_other_paths_and_methods(client: TestClient) -> None:
    answer = client.simulate_get("/status/x")
    assert (answer.status_code, answer.text) == (404, "Illegal status path.\n")
    assert client.simulate_post("/status/").status_code == 405


def test_help_names_the_host_the_caller_used(client: TestClient) -> None:
    answer = client.simulate_get("/help/?clientConfig=true", host="attic")
    assert answer.json["servers"]["default"]["server"] == "http://attic"


def test_blobs_come_from_a_storage_that_reads_no_ranges(client: TestClient, storage: Plain) -> None:
    data = bytes(range(256)) * 10_000
    (ref, _) = blob(data)
    storage.receive([Blob(ref, data)])
    assert client.simulate_get(f"/bs/camli/{ref}").content == data
    part = client.simulate_get(f"/bs/camli/{ref}", headers={"Range": "bytes=5-2000000"})
    assert part.content == data[5:2_000_001]


def test_a_storage_that_cannot_stream_answers_in_ref_order(
    client: TestClient, storage: Plain
) -> None:
    blobs = sorted(blob(b"%d" % n * 100_000) for n in range(200))
    storage.receive(blobs)

    def ask(after: str) -> list[Blob | Control]:
        answer = client.simulate_get("/bs/camli/stream-blobs", params={"after": after})
        return list(Decoder().feed(answer.content))

    records = ask("")
    assert [one for one in records if isinstance(one, Blob)] == blobs
    tokens = [one.arguments[0] for one in records if isinstance(one, Control) and one.arguments]
    assert tokens
    rest = [one for one in ask(tokens[0]) if isinstance(one, Blob)]
    assert rest == [one for one in blobs if one.ref > tokens[0]]


def test_a_failing_store_is_reported_without_its_insides(
    client: TestClient, storage: Plain
) -> None:
    one, two = blob(b"one"), blob(b"two")
    storage.is_broken = True
    put = client.simulate_put(f"/bs/camli/{one.ref}", body=one.data)
    stat = client.simulate_post(f"/bs/camli/stat?camliversion=1&blob1={one.ref}")
    batch = client.simulate_post("/bs/camli/batch-upload", body=encode([one, two]))
    get = client.simulate_get(f"/bs/camli/{one.ref}")
    for answer in (put, stat, batch, get):
        assert answer.status_code == 500
        assert "secret" not in answer.text
    assert batch.json["results"] == ""
    assert batch.json["error"]
    form = f'--b\r\nContent-Disposition: form-data; name="{one.ref}"\r\n\r\none\r\n--b--\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    sent = client.simulate_post("/bs/camli/upload", body=form, headers=kind)
    assert (sent.status_code, sent.json["received"]) == (200, [])
    assert sent.json["errorText"]
    assert "secret" not in sent.text
    storage.is_broken = False
    assert client.simulate_put(f"/bs/camli/{one.ref}", body=one.data).status_code == 204
    assert fetch_one(storage, one.ref) == b"one"
