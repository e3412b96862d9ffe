"""Shares: what they open to whoever knows their ref, and how everything else is refused."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

import pytest
from falcon.testing import Result

from holdfast.blobstore.ref import Ref
from holdfast.schema.blob import Part
from holdfast.schema.build import directory_text, file_text, static_set_text
from holdfast.schema.claims import Delete, SetAttribute, Share, locked
from holdfast.schema.directories import write_directory
from holdfast.schema.facts import FileFacts
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.sharelocks import password_hash
from holdfast.schema.sharing import Denial
from holdfast.schema.timestamps import NANOSECONDS, Timestamp

from ..served import NOW_NS, OWNER, Site

DATA = b"".join(b"line %d\n" % n for n in range(300_000))
NAMED = FileFacts(name=b"folder")


def ask(site: Site, *chain: Ref, method: str = "GET", query: str = "", **options) -> Result:
    """What a stranger gets who names a chain, as Perkeep's clients do."""
    *via, ref = chain
    joined = f"via={','.join(via)}&" if via else ""
    path = f"/share/{ref}?{joined}{query}"
    return site.client.simulate_request(method, path, **options)


def is_open(answer: Result) -> bool:
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


@dataclass
class Shared:
    """A file and a directory, and a share of each."""

    file: Ref
    chunk: Ref
    folder: Ref
    entries: Ref
    share: Ref
    folder_share: Ref


@pytest.fixture
def shared(site: Site) -> Shared:
    chunk = site.put(b"small contents")
    file = site.put(file_text(FileFacts(name=b"file"), [Part(14, chunk)]))
    entries = site.put(static_set_text([file]))
    folder = site.put(directory_text(NAMED, entries))
    return Shared(
        file,
        chunk,
        folder,
        entries,
        site.claim(Share(target=file, is_transitive=True)),
        site.claim(Share(target=folder, is_transitive=True)),
    )


def test_a_stranger_walks_from_a_share_to_the_bytes(site: Site, shared: Shared) -> None:
    chain = [shared.folder_share, shared.folder, shared.entries, shared.file, shared.chunk]
    for end in range(1, len(chain) + 1):
        answer = ask(site, *chain[:end])
        assert is_open(answer)
        assert Ref.of(answer.content) == chain[end - 1]
        assert answer.headers["cache-control"] == "private, no-cache"


def test_a_share_is_answered_as_a_blob_is(site: Site, shared: Shared) -> None:
    whole = ask(site, shared.share, shared.file, shared.chunk)
    assert whole.headers["content-length"] == "14"
    assert whole.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert whole.headers["x-content-type-options"] == "nosniff"
    head = ask(site, shared.share, shared.file, shared.chunk, method="HEAD")
    assert head.headers["content-length"] == "14"
    part = ask(site, shared.share, shared.file, shared.chunk, headers={"Range": "bytes=6-"})
    assert (part.status_code, part.content) == (206, b"contents")
    tag = {"If-None-Match": whole.headers["etag"]}
    assert ask(site, shared.share, shared.file, shared.chunk, headers=tag).status_code == 304
    named = site.client.simulate_get(f"/share/{shared.share}/any/name%20at.all")
    assert Ref.of(named.content) == shared.share


def test_a_large_directory_is_open_as_any_other(site: Site) -> None:
    members = [Ref.of(b"%d" % n) for n in range(10_001)]
    last = site.put(b"10000")
    folder = write_directory(NAMED, members, site.put_blob)
    share = site.claim(Share(target=folder, is_transitive=True))
    chain = [share, folder]
    chain.append(Ref.parse(ask(site, *chain).json["entries"]))
    merged = ask(site, *chain).json["mergeSets"]
    assert len(merged) == 2
    assert ask(site, *chain, Ref(merged[1]), last).content == b"10000"


def refusals(site: Site, shared: Shared, stranger: SecretKey) -> dict[Denial, list[Ref]]:
    """A chain for every reason there is to refuse one."""
    file, chunk = shared.file, shared.chunk
    single = site.claim(Share(target=file))
    expired = site.claim(Share(target=file, expires=Timestamp(NOW_NS - NANOSECONDS)))
    search = site.claim(Share(search={"expression": "tag:open"}))
    deleted = site.claim(Share(target=chunk))
    site.delete(deleted)
    (claim,) = site.hub.storage.fetch((shared.share,))
    empty = site.put(claim.data.replace(f'"target": "{file}",'.encode(), b'"x": 1,'))
    other_way = site.put(claim.data.replace(b"haveref", b"password"))
    assert len({empty, other_way, shared.share}) == 3
    foreign = site.claim(Share(target=file, is_transitive=True), signer=stranger)
    node = site.put(b'{"camliVersion": 1, "camliType": "permanode"}')
    lost = Ref.of(b"lost")
    to_lost = site.claim(Share(target=lost, is_transitive=True))
    to_chunk = site.claim(Share(target=chunk, is_transitive=True))
    whole = Share(target=file, is_transitive=True)
    hash_ = password_hash("opensesame", salt=bytes(16))
    counted = site.claim(locked(whole, most_downloads=1))
    used = site.claim(locked(whole, most_downloads=1), date_ns=NOW_NS + 1)
    assert is_open(ask(site, used, file, query="assemble=1"))
    return {
        Denial.SHARE_DELETED: [deleted, chunk],
        Denial.SHARE_MISSING: [lost, file],
        Denial.SHARE_NO_CLAIM: [node],
        Denial.SHARE_OTHER_CLAIM: [site.claim(SetAttribute(node, "title", "x")), file],
        Denial.SHARE_UNTRUSTED: [foreign, file],
        Denial.SHARE_AUTH_TYPE: [other_way, file],
        Denial.SHARE_EMPTY: [empty, file],
        Denial.SHARE_EXPIRED: [expired, file],
        Denial.SHARE_LOCKED: [site.claim(locked(whole, password_hash=hash_)), file],
        Denial.SHARE_USED_UP: [used],
        Denial.SEARCH_ONLY: [search, file],
        Denial.OTHER_TARGET: [shared.share, chunk],
        Denial.NOT_TRANSITIVE: [single, file, chunk],
        Denial.COUNTED: [counted, file],
        Denial.LINK_MISSING: [to_lost, lost, chunk],
        Denial.LINK_UNREADABLE: [to_chunk, chunk, file],
        Denial.LINK_BROKEN: [shared.share, file, shared.entries],
    }


def test_every_refusal_is_the_same_to_the_outside_and_has_its_reason_in_the_log(
    site: Site, shared: Shared, stranger: SecretKey, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "holdfast.ui.shares")
    found = set()
    chains = refusals(site, shared, stranger)
    assert set(chains) == set(Denial)
    for reason, chain in chains.items():
        caplog.clear()
        began = monotonic()
        answer = ask(site, *chain)
        took = monotonic() - began
        assert took >= 0.2, reason
        assert not is_open(answer)
        found.add((answer.content, tuple(sorted(answer.headers.items()))))
        (record,) = caplog.records
        assert reason.value in record.getMessage()
        assert chain[0] not in record.getMessage()
    ((body, headers),) = found
    assert body == b"<html><body><h1>Unauthorized</h1>"
    assert dict(headers)["www-authenticate"] == 'Basic realm=""'


def test_a_claim_somebody_changed_opens_nothing(site: Site, shared: Shared) -> None:
    (claim,) = site.hub.storage.fetch((shared.share,))
    secret = site.put(b"secret")
    for old, new in ((shared.file, secret), ("true", "true ")):
        forged = site.put(claim.data.replace(old.encode(), new.encode()))
        assert forged != shared.share
        assert not is_open(ask(site, forged))
        assert not is_open(ask(site, forged, secret))


def test_what_is_too_large_for_a_claim_is_refused_as_anything(site: Site) -> None:
    large = site.put(b'{"camliVersion": 1' + b" " * (2 << 20))
    assert not is_open(ask(site, large))
    assert not is_open(ask(site, large, Ref.of(b"x")))


def test_the_owners_password_opens_no_share(site: Site, shared: Shared) -> None:
    answer = ask(site, shared.share, shared.entries, headers=OWNER)
    assert not is_open(answer)


def test_a_share_of_one_blob_opens_that_alone(site: Site, shared: Shared) -> None:
    share = site.claim(Share(target=shared.file))
    assert is_open(ask(site, share))
    assert is_open(ask(site, share, shared.file))
    assert not is_open(ask(site, share, shared.file, shared.chunk))
    assert not is_open(ask(site, share, shared.chunk))
    assert not is_open(ask(site, share, shared.file, query="assemble=1"))


def test_a_share_closes_when_it_is_revoked_and_opens_when_that_is_undone(
    site: Site, shared: Shared
) -> None:
    chain = (shared.share, shared.file)
    revoked = site.delete(shared.share)
    assert not is_open(ask(site, *chain))
    assert not is_open(ask(site, shared.share))
    assert is_open(ask(site, shared.folder_share, shared.folder))
    site.delete(revoked)
    assert is_open(ask(site, *chain))
    site.claim(Delete(shared.share), date_ns=NOW_NS + NANOSECONDS)
    assert not is_open(ask(site, *chain))


def test_a_stranger_revokes_nothing(site: Site, shared: Shared, stranger: SecretKey) -> None:
    site.delete(shared.share, signer=stranger)
    assert is_open(ask(site, shared.share, shared.file))


def test_a_share_closes_when_its_time_is_up(site: Site, shared: Shared) -> None:
    end = Timestamp(NOW_NS + 60 * NANOSECONDS)
    share = site.claim(Share(target=shared.file, expires=end))
    assert is_open(ask(site, share, shared.file))
    site.world.now += timedelta(seconds=61)
    assert not is_open(ask(site, share, shared.file))


def test_nothing_opens_while_the_index_is_catching_up(site: Site, shared: Shared) -> None:
    site.world.is_indexed = False
    for chain in ((shared.share,), (shared.share, shared.file), (Ref.of(b"x"),)):
        answer = ask(site, *chain)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0


def test_nothing_opens_if_the_index_was_not_whole_all_the_while(site: Site, shared: Shared) -> None:
    for turns in ([True, False], [False, True]):
        site.world.is_indexed_next = turns
        assert ask(site, shared.share).status_code == 503
        assert is_open(ask(site, shared.share))


def test_what_is_no_request_is_a_bad_one(site: Site, shared: Shared) -> None:
    get = site.client.simulate_get
    for path in ("/share/", "/share/x", "/share/sha224-AB"):
        assert get(path).status_code == 400
    assert ask(site, shared.share, method="POST").status_code == 400
    long = ",".join([shared.share] * 101)
    for via in (",", "x", f"{shared.share},", f"{shared.share},,{shared.file}", long):
        began = monotonic()
        answer = get(f"/share/{shared.file}", params={"via": via}, params_csv=True)
        assert answer.status_code == 400
        assert answer.headers["access-control-allow-origin"] == "*"
        assert monotonic() - began >= 0.2
    assert is_open(get(f"/share/{shared.share}?via="))


def test_the_target_may_be_missing(site: Site) -> None:
    share = site.claim(Share(target=Ref.of(b"gone")))
    began = monotonic()
    answer = ask(site, share, Ref.of(b"gone"))
    assert answer.status_code == 404
    assert monotonic() - began < 0.2


def test_without_an_index_there_are_no_shares(new_site: Callable[..., Site], key) -> None:
    site = new_site(key, is_indexed=False)
    share = site.claim(Share(target=Ref.of(b"x")))
    assert site.client.simulate_get(f"/share/{share}").status_code == 404


# Whole files


@pytest.fixture
def large(site: Site) -> tuple[Ref, Ref]:
    file = site.put_file(DATA)
    return site.claim(Share(target=file, is_transitive=True)), file


def test_a_file_is_given_whole(site: Site, large: tuple[Ref, Ref]) -> None:
    for value in ("1", "t", "T", "TRUE", "true", "True"):
        answer = ask(site, *large, query=f"assemble={value}")
        assert is_open(answer)
        assert answer.content == DATA
    assert answer.headers["content-length"] == str(len(DATA))
    assert answer.headers["content-disposition"] == "inline"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-cache"
    for value in ("0", "yes", ""):
        assert Ref.of(ask(site, *large, query=f"assemble={value}").content) == large[1]


def test_a_file_is_given_in_part(site: Site, large: tuple[Ref, Ref]) -> None:
    size = len(DATA)

    def part(spans: str) -> Result:
        return ask(site, *large, query="assemble=1", headers={"Range": f"bytes={spans}"})

    for spans, start, end in (
        ("0-0", 0, 1),
        ("1000000-2500000", 1_000_000, 2_500_001),
        ("-7", size - 7, size),
        (f"{size - 1}-", size - 1, size),
    ):
        answer = part(spans)
        assert (answer.status_code, answer.content) == (206, DATA[start:end])
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
    several = part("0-1,5-6")
    assert (several.status_code, several.headers["content-length"]) == (
        206,
        str(len(several.content)),
    )
    assert several.headers["content-type"].startswith("multipart/byteranges")
    assert several.content.count(DATA[:2]) == several.content.count(DATA[5:7]) == 1
    beyond = part(f"{size}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    head = ask(site, *large, query="assemble=1", method="HEAD")
    assert (head.headers["content-length"], head.content) == (str(size), b"")
    tag = {"If-None-Match": head.headers["etag"]}
    assert ask(site, *large, query="assemble=1", headers=tag).status_code == 304


def test_an_empty_file_is_given_too(site: Site) -> None:
    file = site.put_file(b"")
    share = site.claim(Share(target=file, is_transitive=True))
    answer = ask(site, share, file, query="assemble=1")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "0"


def test_only_files_have_contents(site: Site, shared: Shared) -> None:
    for chain in (
        (shared.folder_share, shared.folder),
        (shared.share,),
        (shared.share, shared.file, shared.chunk),
    ):
        answer = ask(site, *chain, query="assemble=1")
        assert (answer.status_code, answer.text) == (400, "Not a regular file\n")


def test_a_file_that_is_not_all_here_is_not_served(site: Site) -> None:
    gone = Ref.of(b"gone")
    share = site.claim(Share(target=gone, is_transitive=True))
    answer = ask(site, share, gone, query="assemble=1")
    assert (answer.status_code, answer.text) == (500, f"Can't serve file: blob {gone} not found\n")
    file = site.put(file_text(FileFacts(), [Part(4, gone)]))
    share = site.claim(Share(target=file, is_transitive=True))
    answer = ask(site, share, file, query="assemble=1")
    assert (answer.status_code, answer.text[:17]) == (500, "Can't serve file:")


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\x00", "image/png"),
        (b"GIF89a\x01", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x18ftypmp42\x00", "video/mp4"),
        (b"\x00\x00\x00\x18ftypheic\x00", "image/heic"),
        (b"ID3\x04\x00", "audio/mpeg"),
        (b"fLaC\x00\x00\x00\x22", "audio/flac"),
        (b"OggS\x00\x02\x00\x00", "audio/ogg"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01", "video/webm"),
        (b"ID3 is a title that text may have", "text/plain; charset=utf-8"),
        (b"<script>isom in a film's place</script>", "text/plain; charset=utf-8"),
        (b"<script>\x00</script>", "application/octet-stream"),
        (b"<svg onload='x()'/>\x00", "application/octet-stream"),
        ("Grüße ".encode() * 1000, "text/plain; charset=utf-8"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "text/plain; charset=utf-8"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>', "text/plain; charset=utf-8"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "application/octet-stream"),
        (b"\x00\x01\x02", "application/octet-stream"),
        (b"plain\x00but not", "application/octet-stream"),
        (b"cut short \xc3", "application/octet-stream"),
    ],
)
def test_no_contents_run_as_a_page_of_this_server(site: Site, head: bytes, kind: str) -> None:
    file = site.put_file(head)
    share = site.claim(Share(target=file, is_transitive=True))
    answer = ask(site, share, file, query="assemble=1")
    assert answer.headers["content-type"] == kind
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
