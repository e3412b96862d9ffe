"""Files sent as a form: stored as they come, and told of as Perkeep's pages expect it."""

from __future__ import annotations

import json

import pytest
from falcon.testing import Result

from holdfast.blobstore.errors import StoreFull
from holdfast.blobstore.ref import Ref
from holdfast.blobstore.storage import fetch_one
from holdfast.schema.blob import SchemaBlob, parse_schema
from holdfast.schema.facts import FileFacts
from holdfast.schema.filereader import FileReader
from holdfast.schema.filewriter import write_file

from ..served import OWNER, Site

HELPER = "/ui/?camli.mode=uploadhelper"
KIND = "multipart/form-data; boundary=xyzzy"


def part(data: bytes, *, filename: str | None = None, name: str = "f") -> bytes:
    said = "" if filename is None else f'; filename="{filename}"'
    head = f'--xyzzy\r\nContent-Disposition: form-data; name="{name}"{said}\r\n\r\n'
    return head.encode() + data + b"\r\n"


def send(site: Site, *parts: bytes, end: bytes = b"--xyzzy--\r\n", **headers: str) -> Result:
    sent = {**OWNER, "Content-Type": KIND, **headers}
    return site.ask("POST", HELPER, body=b"".join(parts) + end, headers=sent)


def stored(site: Site, ref: str) -> SchemaBlob:
    return parse_schema(Ref(ref), fetch_one(site.hub.storage, Ref(ref)))


def contents(site: Site, ref: str) -> bytes:
    return FileReader(site.hub.storage, Ref(ref)).read()


def test_a_file_is_stored_and_told_of(site: Site) -> None:
    answer = send(
        site,
        part(b"2020-05-06T07:08:09Z", name="modtime"),
        part(b"hello", filename="xa.txt", name="ui-upload-file-helper-form"),
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/javascript")
    (got,) = answer.json["got"]
    file = got.pop("fileref")
    assert got == {
        "filename": "xa.txt",
        "modtime": "2020-05-06T07:08:09Z",
        "formname": "ui-upload-file-helper-form",
    }
    facts = FileFacts(b"xa.txt", mtime_ns=1_588_748_889_000_000_000)
    assert file == write_file(facts, b"hello", lambda _: None)
    assert contents(site, file) == b"hello"


def test_a_time_holds_for_the_files_behind_it(site: Site) -> None:
    answer = send(
        site,
        part(b"1", filename="before"),
        part(b"ignored", name="comment"),
        part(b"2020-05-06T07:08:09.5+02:00", name="modtime"),
        part(b"2", filename="behind"),
        part(b"3", filename="behind too"),
        part(b"x" * 100_000, name="modtime"),
        part(b"", filename="empty"),
        part(b"nothing chosen", filename=""),
    )
    got = [(one["filename"], one["modtime"]) for one in answer.json["got"]]
    assert got == [
        ("before", None),
        ("behind", "2020-05-06T05:08:09.5Z"),
        ("behind too", "2020-05-06T05:08:09.5Z"),
        ("empty", None),
    ]
    assert [contents(site, one["fileref"]) for one in answer.json["got"]] == [b"1", b"2", b"3", b""]


def test_a_large_file_has_the_blobs_any_client_makes_of_it(site: Site) -> None:
    data = b"".join(b"line %d\n" % n for n in range(400_000)) + bytes(1 << 20)
    answer = send(site, part(data, filename="large"))
    (got,) = answer.json["got"]
    assert got["fileref"] == write_file(FileFacts(b"large"), data, lambda _: None)
    assert contents(site, got["fileref"]) == data
    assert site.services.blobs.memory.used == 0


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\dir\\file.txt", "file.txt"),
        ("/absolute/dir/", "dir"),
        ("..", ""),
        ("a/..", ""),
        ("/", ""),
        ("quote%22d.txt", 'quote"d.txt'),
        ("Bücher.txt", "Bücher.txt"),
        ("n" * 3000, "n" * 3000),
    ],
)
def test_a_name_is_the_last_in_its_path(site: Site, said: str, name: str) -> None:
    (got,) = json.loads(send(site, part(b"x", filename=said)).content)["got"]
    assert got["filename"] == name
    assert stored(site, got["fileref"]).raw_name == name.encode()


def test_what_is_no_form_is_refused(site: Site) -> None:
    fine = part(b"x", filename="a")
    answers = [
        send(site, b"x", end=b"", **{"Content-Type": "text/plain"}),
        send(site, fine, **{"Content-Type": "multipart/form-data"}),
        send(site, fine, end=b""),
        send(site, fine, b"--xyzzy\r\nNo-Colon\r\n\r\nx\r\n"),
        send(site, end=b""),
        send(site, fine, part(b"x", filename="n" * 9000)),
        send(site, b'--xyzzy\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n'),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json["errorType"]) == (400, "Bad Request")
        assert answer.json["error"]
    assert send(site).json == {"got": None}
    assert send(site, fine, Authorization="Basic eDp4").status_code == 401
    assert send(site, fine, Origin="http://falconframework.org").status_code == 403


def test_a_full_disk_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_blobs: object) -> list[bool]:
        raise StoreFull("/secret", "no room")

    monkeypatch.setattr(site.hub.storage, "receive", refuse)
    answer = send(site, part(b"x", filename="a"))
    assert (answer.status_code, answer.json["errorType"]) == (507, "Insufficient Storage")
    assert "secret" not in answer.text
