"""The blob protocol as Perkeep's clients speak it, against a real server on its default storage."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import pytest

from holdfast.blobstore.ref import MAX_BLOB_SIZE, Ref

from .server_process import RunningServer, form

ABSENT = Ref.of(b"nobody ever stored this")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path_factory.mktemp("server")).start()
    yield running
    assert running.stop() == 0


# GET and HEAD


def test_a_blob_comes_back_with_the_headers_clients_rely_on(server: RunningServer) -> None:
    ref = server.put(b"hello\n")
    answer = server.ask("GET", ref)
    assert (answer.status, answer.body) == (200, b"hello\n")
    assert answer.headers["content-length"] == "6"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["last-modified"] == "Thu, 10 Jun 2010 23:42:15 GMT"
    assert "max-age=307584000, immutable" in answer.headers["cache-control"]
    assert answer.headers["etag"] == f'"{ref}"'


@pytest.mark.parametrize("size", [0, 1, 32767, 32768, 300_000, MAX_BLOB_SIZE])
def test_head_says_what_get_says(server: RunningServer, size: int) -> None:
    data = os.urandom(size)
    ref = server.put(data)
    got, head = server.ask("GET", ref), server.ask("HEAD", ref)
    assert got.body == data
    assert head.body == b""
    kept = ("date",)
    assert {k: v for k, v in got.headers.items() if k not in kept} == {
        k: v for k, v in head.headers.items() if k not in kept
    }


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "text/plain; charset=utf-8"),
        (b"<script>alert(1)</script>", "text/plain; charset=utf-8"),
        ("äöü".encode(), "text/plain; charset=utf-8"),
        (b"\xff\xfe", "application/octet-stream"),
        (b"x" * 32767, "text/plain; charset=utf-8"),
        (b"x" * 32768, "application/octet-stream"),
    ],
)
def test_small_valid_text_is_called_text(server: RunningServer, data: bytes, kind: str) -> None:
    assert server.ask("GET", server.put(data)).headers["content-type"] == kind


@pytest.mark.parametrize("extra", [{}, {"Range": "bytes=0-3"}, {"If-None-Match": '"no"'}])
def test_a_blob_can_never_run_as_a_page(server: RunningServer, extra: dict[str, str]) -> None:
    answer = server.ask("GET", server.put(b"<script>alert(document.domain)</script>"), None, extra)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["content-type"].split(";")[0] in (
        "text/plain",
        "application/octet-stream",
    )


def test_a_blob_the_caller_has_is_not_sent_again(server: RunningServer) -> None:
    ref = server.put(b"known already")
    for headers in (
        {"If-None-Match": f'"{ref}"'},
        {"If-None-Match": f'"other", W/"{ref}"'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": "Thu, 10 Jun 2010 23:42:15 GMT"},
        {"If-Modified-Since": "Fri, 11 Jun 2021 23:42:15 GMT"},
    ):
        answer = server.ask("GET", ref, None, headers)
        assert (answer.status, answer.body) == (304, b""), headers
    for headers in (
        {"If-None-Match": '"other"'},
        {"If-Modified-Since": "Wed, 09 Jun 2010 23:42:15 GMT"},
        {"If-Modified-Since": "whenever"},
        {"If-None-Match": '"other"', "If-Modified-Since": "Fri, 11 Jun 2021 23:42:15 GMT"},
    ):
        assert server.ask("GET", ref, None, headers).status == 200, headers


def test_a_missing_blob_is_missing_even_to_those_who_say_they_have_it(
    server: RunningServer,
) -> None:
    answer = server.ask("GET", ABSENT, None, {"If-None-Match": "*"})
    assert (answer.status, answer.body) == (404, f'Blob "{ABSENT}" not found'.encode())


@pytest.mark.parametrize(
    ("asked", "span"),
    [
        ("bytes=1-3", (1, 4)),
        ("bytes=4-", (4, 10)),
        ("bytes=-2", (8, 10)),
        ("bytes=-200", (0, 10)),
        ("bytes=0-0", (0, 1)),
        ("bytes=8-999", (8, 10)),
    ],
)
def test_one_range(server: RunningServer, asked: str, span: tuple[int, int]) -> None:
    ref = server.put(b"0123456789")
    answer = server.ask("GET", ref, None, {"Range": asked})
    start, end = span
    assert (answer.status, answer.body) == (206, b"0123456789"[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/10"
    assert answer.headers["content-type"] == "application/octet-stream"


def test_ranges_of_a_large_blob(server: RunningServer) -> None:
    data = os.urandom(5_000_000)
    ref = server.put(data)
    for start, end in ((0, 1), (1_000_000, 3_000_000), (4_999_999, 5_000_000), (7, 4_999_993)):
        answer = server.ask("GET", ref, None, {"Range": f"bytes={start}-{end - 1}"})
        assert answer.status == 206
        assert answer.body == data[start:end]


def test_several_ranges_come_as_parts(server: RunningServer) -> None:
    ref = server.put(b"0123456789")
    answer = server.ask("GET", ref, None, {"Range": "bytes=0-1, 5-6,-1"})
    assert answer.status == 206
    kind, _, boundary = answer.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/byteranges"
    parts = answer.body.split(b"--" + boundary.encode())[1:-1]
    assert [part.split(b"\r\n\r\n", 1)[1][:-2] for part in parts] == [b"01", b"56", b"9"]
    assert b"Content-Range: bytes 5-6/10" in parts[1]


def test_a_range_outside_is_refused_with_the_size(server: RunningServer) -> None:
    ref = server.put(b"0123456789")
    answer = server.ask("GET", ref, None, {"Range": "bytes=10-"})
    assert (answer.status, answer.headers["content-range"]) == (416, "bytes */10")


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes=3-1", "bytes=x-", "bytes=-", "bytes="])
def test_a_range_that_means_nothing_gets_the_whole(server: RunningServer, asked: str) -> None:
    ref = server.put(b"0123456789")
    answer = server.ask("GET", ref, None, {"Range": asked})
    assert (answer.status, answer.body) == (200, b"0123456789")


def test_many_overlapping_ranges_cost_no_more_than_the_whole(server: RunningServer) -> None:
    ref = server.put(os.urandom(100_000))
    asked = "bytes=" + ",".join("0-" for _ in range(90))
    assert len(server.ask("GET", ref, None, {"Range": asked}).body) == 100_000


def test_an_outdated_if_range_gets_the_whole(server: RunningServer) -> None:
    ref = server.put(b"0123456789")
    old = {"Range": "bytes=1-2", "If-Range": '"other"'}
    assert server.ask("GET", ref, None, old).status == 200
    current = {"Range": "bytes=1-2", "If-Range": f'"{ref}"'}
    assert server.ask("GET", ref, None, current).status == 206


@pytest.mark.parametrize(
    "path",
    [
        "",
        "x",
        "sha224-abc",
        ABSENT.upper(),
        f"{ABSENT}/",
        f"a/{ABSENT}",
        "1foo-ab",
        "remove",
        "upload",
        f"{ABSENT}%00",
        "sha1-zz",
    ],
)
def test_a_path_that_is_no_ref_is_malformed(server: RunningServer, path: str) -> None:
    answer = server.ask("GET", path)
    assert (answer.status, answer.body) == (400, b"Malformed GET URL.\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_refs_of_unknown_hashes_can_be_asked_for(server: RunningServer) -> None:
    assert server.ask("GET", "foo-abc").status == 404


@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "PATCH", "PROPFIND", "TRACE"])
def test_other_methods_are_bad_requests(server: RunningServer, method: str) -> None:
    answer = server.ask(method, ABSENT)
    assert (answer.status, answer.body) == (400, b"<h1>Bad Request</h1>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


# Stat


def test_stat_tells_of_the_blobs_that_are_here(server: RunningServer) -> None:
    one, two = server.put(b"one"), server.put(b"three")
    body = f"camliversion=1&blob1={one}&blob2={ABSENT}&blob3={two}&blob4={one}&"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = server.ask("POST", "stat", body, kind)
    assert answer.headers["content-type"] == "text/javascript"
    assert answer.json["canLongPoll"] is True
    found = sorted((entry["blobRef"], entry["size"]) for entry in answer.json["stat"])
    assert found == sorted([(one, 3), (two, 5)])
    assert server.ask("GET", f"stat?camliversion=1&blob1={one}").json["stat"][0]["size"] == 3
    assert server.ask("HEAD", f"stat?camliversion=1&blob1={one}").status == 200


def test_stat_stops_at_the_first_gap(server: RunningServer) -> None:
    one = server.put(b"one")
    assert server.ask("POST", f"stat?camliversion=1&blob2={one}").json["stat"] == []


def test_stat_reads_multipart_forms(server: RunningServer) -> None:
    one = server.put(b"one")
    body, kind = form([("camliversion", b"1"), ("blob1", one.encode())])
    answer = server.ask("POST", "stat", body, {"Content-Type": kind})
    assert answer.json["stat"] == [{"blobRef": one, "size": 3}]


def test_values_in_the_body_win_over_those_in_the_url(server: RunningServer) -> None:
    one = server.put(b"one")
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = server.ask("POST", f"stat?camliversion=1&blob1={ABSENT}", f"blob1={one}", kind)
    assert answer.json["stat"] == [{"blobRef": one, "size": 3}]


@pytest.mark.parametrize(
    "query",
    [
        f"blob1={ABSENT}",
        f"camliversion=&blob1={ABSENT}",
        "camliversion=1&blob1=nonsense",
        "camliversion=1&" + "&".join(f"blob{n}={ABSENT}" for n in range(1, 1002)),
    ],
    ids=["no version", "empty version", "no ref", "1001 refs"],
)
def test_a_stat_that_makes_no_sense_is_a_bad_request(server: RunningServer, query: str) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = server.ask("POST", "stat", query, kind)
    assert (answer.status, answer.body) == (400, b"<h1>Bad Request</h1>")


def test_stat_waits_for_a_blob_to_come(server: RunningServer) -> None:
    data = os.urandom(20)
    ref = Ref.of(data)
    threading.Timer(0.5, server.put, (data,)).start()
    began = time.monotonic()
    answer = server.ask("POST", f"stat?camliversion=1&blob1={ref}&maxwaitsec=20")
    assert answer.json["stat"] == [{"blobRef": ref, "size": 20}]
    assert 0.3 < time.monotonic() - began < 5


def test_stat_waits_no_longer_than_asked(server: RunningServer) -> None:
    began = time.monotonic()
    answer = server.ask("POST", f"stat?camliversion=1&blob1={ABSENT}&maxwaitsec=1")
    assert answer.json["stat"] == []
    assert 0.9 < time.monotonic() - began < 4


# Upload


def test_an_upload_lists_what_was_received(server: RunningServer) -> None:
    blobs = [os.urandom(n) for n in (0, 10, 100_000)]
    parts = [(Ref.of(data), data) for data in blobs]
    expected = [{"blobRef": ref, "size": len(data)} for ref, data in parts]
    assert server.upload(parts) == {"received": expected}
    assert server.upload(parts) == {"received": expected}, "again changes nothing"
    for ref, data in parts:
        assert server.ask("GET", ref).body == data


def test_an_upload_may_be_chunked_and_mixed(server: RunningServer) -> None:
    data = os.urandom(300_000)
    ref = Ref.of(data)
    body, kind = form([(ref, data)])
    pieces = iter([body[i : i + 7919] for i in range(0, len(body), 7919)])
    mixed = kind.replace("form-data", "mixed")
    answer = server.ask("POST", "upload", pieces, {"Content-Type": mixed})
    assert answer.json == {"received": [{"blobRef": ref, "size": len(data)}]}


@pytest.mark.parametrize("hash_name", ["sha1", "sha224", "sha256"])
def test_blobs_of_every_known_hash_are_stored(server: RunningServer, hash_name: str) -> None:
    data = f"named by {hash_name}".encode()
    ref = Ref.of(data, hash_name=hash_name)
    assert server.upload([(ref, data)])["received"] == [{"blobRef": ref, "size": len(data)}]
    assert server.ask("GET", ref).body == data


def test_a_wrong_digest_stops_the_upload(server: RunningServer) -> None:
    good, later = os.urandom(10), os.urandom(10)
    wrong = Ref.of(os.urandom(10))
    answer = server.upload([(Ref.of(good), good), (wrong, b"other"), (Ref.of(later), later)])
    assert answer == {
        "received": [{"blobRef": Ref.of(good), "size": 10}],
        "errorText": f"Error receiving blob {wrong}: corrupt blob; digest doesn't match",
    }
    assert server.ask("GET", wrong).status == 404
    assert server.ask("GET", Ref.of(later)).status == 404


def test_parts_that_are_no_refs_are_skipped(server: RunningServer) -> None:
    data = os.urandom(10)
    answer = server.upload([("comment", b"hi"), (Ref.of(data), data)])
    assert answer["received"] == [{"blobRef": Ref.of(data), "size": 10}]
    assert answer["errorText"] == 'Ignoring form key "comment"'


def test_an_unknown_hash_stops_the_upload(server: RunningServer) -> None:
    data = os.urandom(10)
    answer = server.upload([("foo-abcd", b"hi"), (Ref.of(data), data)])
    assert answer["received"] == []
    assert answer["errorText"].startswith("Error receiving blob foo-abcd: invalid blob type")
    assert server.ask("GET", Ref.of(data)).status == 404


def test_a_blob_may_have_16_mib_and_no_byte_more(server: RunningServer) -> None:
    largest = os.urandom(MAX_BLOB_SIZE)
    too_large = largest + b"x"
    ref = Ref.of(too_large)
    assert server.upload([(Ref.of(largest), largest)])["received"][0]["size"] == MAX_BLOB_SIZE
    answer = server.upload([(ref, too_large)])
    assert answer["received"] == []
    assert "corrupt blob" in answer["errorText"]
    assert server.ask("PUT", ref, too_large).status == 400
    assert server.ask("PUT", ref, iter([too_large])).status == 400
    assert server.ask("GET", ref).status == 404


@pytest.mark.parametrize(
    ("head", "complaint"),
    [
        ("Content-Type: text/plain", "invalid Content-Disposition"),
        (
            'Content-Disposition: attachment; name="x"',
            'Expected Content-Disposition of "form-data"; got "attachment"',
        ),
    ],
)
def test_a_part_of_another_disposition_stops_the_upload(
    server: RunningServer, head: str, complaint: str
) -> None:
    body = f"--b\r\n{head}\r\n\r\nhello\r\n--b--\r\n".encode()
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    assert server.ask("POST", "upload", body, kind).json == {
        "received": [],
        "errorText": complaint,
    }


def test_an_upload_that_ends_too_early_keeps_what_was_whole(server: RunningServer) -> None:
    whole, cut = os.urandom(50), os.urandom(50)
    body, kind = form([(Ref.of(whole), whole), (Ref.of(cut), cut)])
    answer = server.ask("POST", "upload", body[:-30], {"Content-Type": kind})
    assert answer.json == {
        "received": [{"blobRef": Ref.of(whole), "size": 50}],
        "errorText": f"Error receiving blob {Ref.of(cut)}: unexpected EOF",
    }


def test_an_upload_without_parts_received_nothing(server: RunningServer) -> None:
    assert server.upload([]) == {"received": []}


@pytest.mark.parametrize(
    "kind", ["", "multipart/form-data", "multipart/form-data; boundary=", "text/plain; boundary=b"]
)
def test_an_upload_without_a_boundary_is_a_bad_request(server: RunningServer, kind: str) -> None:
    answer = server.ask("POST", "upload", b"--b--", {"Content-Type": kind})
    assert (answer.status, answer.body) == (400, b"<h1>Bad Request</h1>")


@pytest.mark.parametrize("path", ["upload/", "upload2", "x/upload"])
def test_only_the_exact_path_uploads(server: RunningServer, path: str) -> None:
    body, kind = form([(Ref.of(b"x"), b"x")])
    assert server.ask("POST", path, body, {"Content-Type": kind}).status == 400


def test_vivifying_fails_but_the_blob_is_kept(server: RunningServer) -> None:
    data = os.urandom(10)
    answer = server.upload([(Ref.of(data), data)], {"X-Camlistore-Vivify": "1"})
    assert answer["received"] == [{"blobRef": Ref.of(data), "size": 10}]
    assert answer["errorText"].startswith(f"Error vivifying blob {Ref.of(data)}: ")


def test_put_takes_one_blob(server: RunningServer) -> None:
    ref = Ref.of(b"put")
    answer = server.ask("PUT", f"some/folders/{ref}", b"put")
    assert (answer.status, answer.body) == (204, b"")
    for path, body in ((ref, b"other"), ("foo-ab", b"put"), ("nonsense", b"put")):
        assert server.ask("PUT", path, body).status == 400
    assert server.ask("PUT", "stat", b"put").status == 400


def test_five_clients_upload_at_once(server: RunningServer) -> None:
    def send(number: int) -> list[Ref]:
        sent = []
        for index in range(20):
            data = f"client {number} blob {index}".encode()
            assert server.upload([(Ref.of(data), data)])["received"]
            sent.append(Ref.of(data))
        return sent

    with ThreadPoolExecutor(5) as threads:
        refs = [ref for sent in threads.map(send, range(5)) for ref in sent]
    for ref in refs:
        assert server.ask("GET", ref).status == 200


# Enumerate


def test_pages_hold_all_refs_in_order(server: RunningServer) -> None:
    for n in range(25):
        server.put(b"listed %d" % n)
        server.put(os.urandom(5))
    everything = server.ask("GET", "enumerate-blobs?limit=10000").json["blobs"]
    refs = [entry["blobRef"] for entry in everything]
    assert refs == sorted(set(refs))
    paged: list[str] = []
    after = ""
    while True:
        page = server.ask("GET", f"enumerate-blobs?after={after}&limit=7&maxwaitsec=0").json
        paged += [entry["blobRef"] for entry in page["blobs"]]
        if "continueAfter" not in page:
            break
        assert len(page["blobs"]) == 7
        after = page["continueAfter"]
        assert after == paged[-1]
    assert paged == refs


def test_a_page_has_the_exact_layout(server: RunningServer) -> None:
    answer = server.ask("GET", "enumerate-blobs?limit=1")
    (entry,) = answer.json["blobs"]
    ref, size = entry["blobRef"], entry["size"]
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.body.decode() == (
        '{\n  "blobs": [\n'
        f'    {{"blobRef": "{ref}", "size": {size}}}\n'
        "  ],\n"
        f'  "continueAfter": "{ref}",\n'
        '  "canLongPoll": true\n}\n'
    )


@pytest.mark.parametrize(
    ("limit", "most"),
    [("", 100), ("0", 0), ("3", 3), ("-1", 10000), ("x", 10000), ("99999", 10000)],
)
def test_limits_of_a_page(server: RunningServer, limit: str, most: int) -> None:
    for n in range(120):
        server.put(b"enough %d" % n)
    found = server.ask("GET", f"enumerate-blobs?limit={limit}").json["blobs"]
    everything = server.ask("GET", "enumerate-blobs?limit=10000").json["blobs"]
    assert found == everything[:most]


@pytest.mark.parametrize("after", ["zzz", "sha9"])
def test_a_page_after_the_end_is_empty(server: RunningServer, after: str) -> None:
    page = server.ask("GET", f"enumerate-blobs?after={after}").json
    assert page == {"blobs": [], "canLongPoll": True}


def test_waiting_and_a_cursor_do_not_go_together(server: RunningServer) -> None:
    answer = server.ask("GET", "enumerate-blobs?after=a&maxwaitsec=1")
    assert (answer.status, answer.body) == (400, b"Can't use 'maxwaitsec' with 'after'.\n")
    assert server.ask("GET", "enumerate-blobs?after=a&maxwaitsec=0").status == 200


def test_listing_waits_only_while_the_store_is_empty(tmp_path: object) -> None:
    from pathlib import Path

    assert isinstance(tmp_path, Path)
    server = RunningServer(tmp_path).start()
    try:
        threading.Timer(0.5, server.put, (b"first",)).start()
        began = time.monotonic()
        page = server.ask("GET", "enumerate-blobs?maxwaitsec=20").json
        assert page["blobs"] == [{"blobRef": Ref.of(b"first"), "size": 5}]
        assert 0.3 < time.monotonic() - began < 5
        began = time.monotonic()
        assert server.ask("GET", "enumerate-blobs?maxwaitsec=20").json["blobs"]
        assert time.monotonic() - began < 2
    finally:
        server.stop()


# Remove


def test_removing_is_off_unless_it_is_turned_on(server: RunningServer) -> None:
    ref = server.put(b"stays")
    answer = server.ask("POST", f"remove?blob1={ref}")
    assert answer.status == 403
    assert answer.json["removed"] is None
    assert answer.json["error"]
    assert server.ask("GET", ref).status == 200


def test_removing_where_it_is_allowed(tmp_path: object) -> None:
    from pathlib import Path

    assert isinstance(tmp_path, Path)
    server = RunningServer(tmp_path, remove=True).start()
    try:
        ref = server.put(b"goes")
        answer = server.ask("POST", f"remove?blob1={ref}&blob2={ABSENT}")
        assert answer.status == 200
        assert answer.json == {"removed": [ref, ABSENT], "error": ""}
        assert server.ask("GET", ref).status == 404
        assert server.ask("POST", "remove?blob1=nonsense").status == 400
    finally:
        server.stop()


# All prefixes, and the rest of the address space


def test_every_prefix_is_the_same_store(server: RunningServer) -> None:
    ref = server.put(b"in one place")
    for root in ("/bs/", "/bs-and-maybe-also-index/"):
        assert server.ask("GET", f"{root}camli/{ref}").body == b"in one place"


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/bs/camli", "/bs/camli/"),
        ("//bs//camli/x", "/bs/camli/x"),
        ("/bs/./camli/x", "/bs/camli/x"),
        ("/bs/camli/../../etc/passwd", "/etc/passwd"),
        ("/../../../etc/passwd", "/etc/passwd"),
        ("/bs/%2e%2e/x", "/x"),
        ("//evil.example/x", "/evil.example/x"),
        ("/status", "/status/"),
        ("/bs//camli/stat?a=%20<b>", "/bs/camli/stat?a=%20<b>"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_paths_are_cleaned_by_a_redirect(
    server: RunningServer, method: str, path: str, location: str
) -> None:
    answer = server.ask(method, path)
    assert (answer.status, answer.headers["location"]) == (301, location)


DISCOVERY = {"Accept": "text/x-camli-configuration"}


@pytest.mark.parametrize(
    "path", ["/", "/bs/", "/bs-and-maybe-also-index/", "/nonexistent", "/ui/x"]
)
def test_discovery_answers_on_every_path_nobody_owns(server: RunningServer, path: str) -> None:
    answer = server.ask("GET", path, None, DISCOVERY)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/javascript"
    assert answer.body.endswith(b"}")
    assert server.ask("HEAD", path, None, DISCOVERY).headers["content-type"] == "text/javascript"


def test_discovery_says_what_clients_need(server: RunningServer) -> None:
    found = server.ask("GET", "/?camli.mode=config").json
    assert found["blobRoot"] == "/bs/"
    assert found["searchRoot"] == "/my-search/"
    assert found["jsonSignRoot"] == ""
    assert found["shareRoot"] == "/share/"
    assert found["statusRoot"].endswith("/")
    assert len(found["storageGeneration"]) >= 20
    assert parsedate_to_datetime("Thu, 10 Jun 2010 23:42:15 GMT").year == 2010
    assert found["storageInitTime"].endswith("Z")
    assert found["holdfast"]["protocol"] == 1
    assert found["uiRoot"] == "/ui/"
    assert found["uploadHelper"] == "/ui/?camli.mode=uploadhelper"
    assert found["directoryHelper"] == "/ui/tree/"
    assert found["downloadHelper"] == "/ui/download/"
    assert found["importShare"] == "/ui/importshare/"
    assert (found["publishRoots"], found["mapClustering"]) == ({}, False)
    assert not found.keys() & {"syncHandlers", "signing"}


def test_discovery_as_a_script(server: RunningServer) -> None:
    plain = server.ask("GET", "/", None, DISCOVERY).body
    called = server.ask("GET", "/?camli.mode=config&cb=some.call").body
    assert called == b"some.call(" + plain + b");\n"
    named = server.ask("GET", "/?camli.mode=config&var=CONFIG").body
    assert named == b"CONFIG = " + plain + b";\n"
    tricky = server.ask("GET", "/?camli.mode=config&cb=alert(1)//").body
    assert tricky == plain


@pytest.mark.parametrize(
    ("method", "path", "accept"),
    [
        ("POST", "/", "text/x-camli-configuration"),
        ("GET", "/", "text/x-camli-configuration, */*"),
        ("GET", "/status/", "text/x-camli-configuration"),
    ],
)
def test_what_is_no_discovery(server: RunningServer, method: str, path: str, accept: str) -> None:
    answer = server.ask(method, path, None, {"Accept": accept})
    assert answer.headers["content-type"] != "text/javascript"


def test_raw_angle_brackets_in_the_target_are_taken(server: RunningServer) -> None:
    target = b"/my-search/camli/search/permanodeattr?signer=<invalid-blob.Ref>&value=&max=100"
    lines = (b"GET %b HTTP/1.1", b"Host: x", b"Authorization: %b", b"Connection: close", b"", b"")
    answer = server.raw(b"\r\n".join(lines) % (target, b"Basic dTpw"))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"called with a non-indexed attribute" in answer or b"FuzzyMatch" in answer


def test_help_gives_a_configuration_perkeeps_init_can_save(server: RunningServer) -> None:
    answer = server.ask("GET", "/help/?clientConfig=true")
    assert answer.headers["content-type"] == "text/javascript"
    (entry,) = json.loads(answer.body)["servers"].values()
    assert entry["auth"] == "userpass:u:p"
    assert entry["server"] == f"http://127.0.0.1:{server.port}"
    assert server.ask("GET", "/help/?clientConfig=true", anonymous=True).status == 401


def test_http_1_0_clients_are_served(server: RunningServer) -> None:
    ref = server.put(b"old")
    credentials = server.credentials["Authorization"].encode()
    for target in (ref.encode(), b"stream-blobs"):
        answer = server.raw(
            b"GET /bs/camli/%b HTTP/1.0\r\nAuthorization: %b\r\n\r\n" % (target, credentials)
        )
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert b"chunked" not in head
        assert b"old" in body


def test_pipelined_requests_are_answered_in_order(server: RunningServer) -> None:
    one, two = server.put(b"number one"), server.put(b"number two")
    credentials = server.credentials["Authorization"].encode()
    request = b"GET /bs/camli/%b HTTP/1.1\r\nHost: x\r\nAuthorization: %b\r\n%b\r\n"
    listing = b"enumerate-blobs?limit=0"
    answer = server.raw(
        request % (listing, credentials, b"")
        + request % (one.encode(), credentials, b"")
        + request % (listing, credentials, b"")
        + request % (two.encode(), credentials, b"Connection: close\r\n")
    )
    order = [answer.index(text) for text in (b'"blobs"', b"number one", b"number two")]
    assert order == sorted(order)
    assert answer.count(b"HTTP/1.1 200 ") == 4
