"""Contents to save or to show: names, types, parts, and what Perkeep's clients ask."""

from __future__ import annotations

import email
import email.policy
from urllib.parse import quote

import pytest

from holdfast.blobstore.ref import Ref
from holdfast.schema.blob import Part
from holdfast.schema.build import bytes_text, file_text
from holdfast.schema.claims import SetAttribute
from holdfast.schema.timestamps import NANOSECONDS

from ..served import NOW_NS, OWNER, Site
from .planting import facts, permanode_of, plant, set_of

DATA = b"".join(b"line %d\n" % n for n in range(300_000))


@pytest.fixture
def large(site: Site) -> Ref:
    return plant(site, "lines.txt", DATA)


def test_a_file_comes_whole_with_its_name(site: Site, large: Ref) -> None:
    for path in (f"{large}", f"{large}/", f"{large}/any/other%0Aname"):
        answer = site.get(f"/ui/download/{path}")
        assert (answer.status_code, answer.content) == (200, DATA)
        assert answer.headers["content-length"] == str(len(DATA))
        assert answer.headers["content-disposition"] == 'attachment; filename="lines.txt"'
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["vary"] == "Accept"
    assert "immutable" in answer.headers["cache-control"]
    shown = site.get(f"/ui/download/{large}/x?inline=1")
    assert shown.headers["content-disposition"] == 'inline; filename="lines.txt"'
    head = site.ask("HEAD", f"/ui/download/{large}")
    assert (head.headers["content-length"], head.content) == (str(len(DATA)), b"")
    assert site.get(f"/ui/download/{large}", headers={}).status_code == 401


def test_what_is_known_already_is_not_sent_again(site: Site, large: Ref) -> None:
    tag = site.get(f"/ui/download/{large}").headers["etag"]
    for condition in (
        {"If-None-Match": tag},
        {"If-None-Match": "*"},
        {"If-Modified-Since": "Sat, 01 Jan 2022 00:00:00 GMT"},
    ):
        answer = site.get(f"/ui/download/{large}", headers={**OWNER, **condition})
        assert (answer.status_code, answer.content) == (304, b"")
    other = site.get(f"/ui/download/{large}", headers={**OWNER, "If-None-Match": '"other"'})
    assert other.status_code == 200


def test_parts_are_given_alone_or_together(site: Site, large: Ref) -> None:
    size = len(DATA)

    def part(spans: str, **more: str):
        asked = {**OWNER, "Range": f"bytes={spans}", **more}
        return site.get(f"/ui/download/{large}", headers=asked)

    one = part("1000000-2500000")
    assert (one.status_code, one.content) == (206, DATA[1_000_000:2_500_001])
    assert one.headers["content-range"] == f"bytes 1000000-2500000/{size}"
    several = part("0-9,1000000-2200000,-5")
    assert several.status_code == 206
    assert several.headers["content-length"] == str(len(several.content))
    whole = f"Content-Type: {several.headers['content-type']}\r\n\r\n".encode() + several.content
    parts = email.message_from_bytes(whole, policy=email.policy.HTTP).get_payload()
    assert [one["content-range"] for one in parts] == [
        f"bytes 0-9/{size}",
        f"bytes 1000000-2200000/{size}",
        f"bytes {size - 5}-{size - 1}/{size}",
    ]
    contents = [one.get_payload(decode=True) for one in parts]
    assert contents == [DATA[:10], DATA[1_000_000:2_200_001], DATA[-5:]]
    beyond = part(f"{size}-,{size + 5}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    for spans in ("5-1", "x", ",".join(["0-"] * 3), ",".join(["0-0"] * 200)):
        assert part(spans).status_code == 200
    assert part("0-0", **{"If-Range": '"other"'}).status_code == 200
    tag = site.get(f"/ui/download/{large}").headers["etag"]
    assert part("0-0", **{"If-Range": tag}).status_code == 206


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        (b'say "hi".txt', "say _hi_.txt\"; filename*=UTF-8''say%20%22hi%22.txt"),
        (b"two\r\nSet-Cookie: x=1", 'two__Set-Cookie: x=1"'),
        ("\u202egpj.exe".encode(), '_gpj.exe"'),
        ("Bücher.txt".encode(), "B_cher.txt\"; filename*=UTF-8''B%C3%BCcher.txt"),
        (b"100%.txt", "100_.txt\"; filename*=UTF-8''100%25.txt"),
        (b"../../etc/passwd", '.._.._etc_passwd"'),
        (b"\xff", "_\"; filename*=UTF-8''%EF%BF%BD"),
        (b"n" * 300 + b".jpeg", "n" * 250 + '.jpeg"'),
    ],
)
def test_any_name_fits_a_header(site: Site, name: bytes, disposition: str) -> None:
    answer = site.get(f"/ui/download/{plant(site, name, b'x')}")
    assert answer.headers["content-disposition"] == f'attachment; filename="{disposition}'
    assert "set-cookie" not in answer.headers


def test_a_file_without_a_name_has_that_of_its_address(site: Site) -> None:
    file = site.put(file_text(facts(b""), [Part(1, site.put(b"x"))]))
    for said, name in (("", f"file-{file}.dat"), ("photo.jpg", "photo.jpg"), ("a/b", "a_b")):
        answer = site.get(f"/ui/download/{file}/{quote(said, safe='')}")
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    bare = site.put(bytes_text([Part(1, site.put(b"x"))]))
    assert site.get(f"/ui/download/{bare}").content == b"x"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"<!DOCTYPE html><script>alert(1)</script>", "text/plain; charset=utf-8"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>', "text/plain; charset=utf-8"),
        (b"<?xml version='1.0'?><x/>", "text/plain; charset=utf-8"),
        (b"\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00", "application/octet-stream"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "application/octet-stream"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00", "video/mp4"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00", "video/mp4"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00", "video/quicktime"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01", "video/webm"),
        (b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00", "audio/mp4"),
        (b"ID3\x04\x00\x00", "audio/mpeg"),
        (b"\xff\xfb\x90\x64\x00\x00", "audio/mpeg"),
        (b"fLaC\x00\x00\x00\x22\x10", "audio/flac"),
        (b"OggS\x00\x02\x00\x00\x00\x00\x01vorbis", "audio/ogg"),
        (b"OggS\x00\x02\x00\x00\x00\x00\x80theora", "video/ogg"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00", "audio/wav"),
    ],
)
def test_nothing_runs_that_is_shown(site: Site, head: bytes, kind: str) -> None:
    answer = site.get(f"/ui/download/{plant(site, 'x.html', head)}/x.html?inline=1")
    assert answer.headers["content-type"] == kind
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"


def test_a_permanode_is_its_content_of_now(site: Site, large: Ref) -> None:
    photo = permanode_of(site, plant(site, "photo.jpg", b"1"))
    answer = site.get(f"/ui/download/{photo}")
    assert (answer.content, answer.headers["cache-control"]) == (b"1", "private, no-cache")
    assert answer.headers["content-disposition"] == 'attachment; filename="photo.jpg"'
    change = SetAttribute(photo, "camliContent", large)
    site.claim(change, date_ns=NOW_NS + NANOSECONDS)
    tag = {"If-None-Match": answer.headers["etag"]}
    assert site.get(f"/ui/download/{photo}", headers={**OWNER, **tag}).content == DATA


def test_what_is_no_file_is_refused(site: Site) -> None:
    folder = plant(site, "folder", {})
    for ref in (
        folder,
        plant(site, "link", "to"),
        site.put(b"no schema blob"),
        site.permanode("empty"),
        set_of(site, "set", folder),
        permanode_of(site, folder),
        permanode_of(site, site.put(b"no file")),
    ):
        answer = site.get(f"/ui/download/{ref}")
        assert (answer.status_code, answer.text) == (400, "Not a regular file\n")
    for path in ("", "x", "sha224-AB/name"):
        answer = site.get(f"/ui/download/{path}")
        assert (answer.status_code, answer.text) == (400, "Invalid blobref\n")
    answer = site.ask("PUT", f"/ui/download/{folder}")
    assert (answer.status_code, answer.text) == (400, "Invalid download method\n")


def test_what_is_missing_is_told(site: Site) -> None:
    gone = Ref.of(b"gone")
    answer = site.get(f"/ui/download/{gone}")
    assert (answer.status_code, answer.text) == (500, f"Can't serve file: blob {gone} not found\n")
    file = site.put(file_text(facts("x"), [Part(4, gone)]))
    for ref in (file, permanode_of(site, file)):
        answer = site.get(f"/ui/download/{ref}")
        assert answer.status_code == 500
        assert f"blob {gone}, of file {file}, is missing or damaged here" in answer.text


def test_contents_are_verified_for_who_asks(site: Site, large: Ref) -> None:
    """So Perkeep's client asks before it trusts that a file is here."""
    whole = Ref.of(DATA)

    def said(ref: Ref, digest: str) -> str | None:
        answer = site.ask("HEAD", f"/ui/download/{ref}/?verifycontents={digest}")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        return answer.headers.get("x-camli-contents")

    assert said(large, whole) == whole
    for name in ("sha1", "sha256"):
        digest = Ref.of(DATA, hash_name=name)
        assert said(large, digest) == digest
    for wrong in (Ref.of(b"other"), "", "sha224-", "md5-1234", f"{whole}x", whole.upper()):
        assert said(large, wrong) is None
    last = site.put(b"x")
    cut = site.put(file_text(facts("cut"), [Part(9, last, None), Part(4, Ref.of(b"gone"))]))
    assert site.ask("HEAD", f"/ui/download/{cut}/?verifycontents={whole}").status_code == 500


# Codes for phones


def test_a_text_is_drawn_for_phones(site: Site) -> None:
    answer = site.get("/ui/qr/?url=https%3A%2F%2Fexample.org%2Fshare%2Fx")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.content.startswith(b"\x89PNG\r\n\x1a\n")
    assert answer.headers["cache-control"] == "no-store"
    for query in ("", "?url=", "?url=" + "x" * 5000):
        assert site.get(f"/ui/qr/{query}").status_code == 400
    assert site.get("/ui/qr/?url=x", headers={}).status_code == 401
