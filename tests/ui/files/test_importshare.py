"""Copies of what others share: whole, verified, gone on with, and errors told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from threading import active_count
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlencode

import pytest
from falcon.testing import Result

from holdfast.blobstore.ref import Blob, Ref
from holdfast.blobstore.storage import fetch_one, has
from holdfast.schema.blob import Part
from holdfast.schema.build import directory_text, file_text, static_set_text
from holdfast.schema.claims import Share, claim_text
from holdfast.schema.directories import write_directory, write_symlink
from holdfast.schema.facts import FileFacts
from holdfast.schema.filereader import FileReader
from holdfast.schema.filewriter import write_file, write_small_file
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.signing import sign, signing_second
from holdfast.schema.timestamps import Timestamp
from holdfast.ui.files.imports import Imports

from ..served import NOW_NS, Site
from .planting import FORM, facts
from .sharing import Sharer, a_sharer, redirect_to, refuse, say

IMPORT = "/ui/importshare/"
LARGE = b"".join(b"line %d\n" % n for n in range(300_000))


@pytest.fixture
def sharer() -> Iterator[Sharer]:
    with a_sharer() as made:
        yield made


@pytest.fixture
def importer(site: Site) -> Iterator[Site]:
    imports = Imports(site.hub, hash_name="sha224")
    yield Site(site.hub, replace(site.services, imports=imports), site.signer, site.world)
    imports.close()


def share(sharer: Sharer, key: SecretKey, says: Share) -> str:
    """The address of a share of somebody's."""
    text = claim_text(Ref.of(key.public.blob), Timestamp(NOW_NS), says)
    data = sign(text, key, time=signing_second(NOW_NS))
    sharer.blobs[Ref.of(data)] = data
    return f"{sharer.url}/share/{Ref.of(data)}"


def begin(importer: Site, url: str, **headers: str) -> Result:
    body = urlencode({"shareurl": url})
    return importer.ask("POST", IMPORT, body=body, headers={**FORM, **headers})


def ended(importer: Site, url: str) -> Any:
    """What an import has come to."""
    answer = begin(importer, url)
    assert (answer.status_code, answer.content) == (200, b"")
    deadline = monotonic() + 20
    while (document := importer.get(IMPORT).json)["Running"]:
        assert monotonic() < deadline
        sleep(0.01)
    return document


def fill(sharer: Sharer) -> Ref:
    """A folder with all that can be in one, on somebody's server."""

    def put(blob: Blob) -> None:
        sharer.blobs[blob.ref] = blob.data

    small = [write_small_file(facts(b"%d" % n), b"%d" % n, put) for n in range(50)]
    large = write_file(facts("large"), LARGE, put)
    link = write_symlink(facts("link"), b"large", put)
    below = write_directory(facts("below"), [large, link], put)
    first = Ref.of(text := static_set_text(small))
    second = Ref.of(other := static_set_text([link, below]))
    merged = Ref.of(both := static_set_text(merge_sets=[first, second]))
    top = Ref.of(folder := directory_text(facts("top"), merged))
    sharer.blobs |= {first: text, second: other, merged: both, top: folder}
    return top


def test_a_folder_comes_with_all_that_is_in_it(
    importer: Site, sharer: Sharer, stranger: SecretKey
) -> None:
    before = importer.get(IMPORT).json
    assert before == {
        "Assembled": False,
        "Running": False,
        "FilesSeen": 0,
        "FilesCopied": 0,
        "BlobRef": None,
        "Error": "",
    }
    top = fill(sharer)
    url = share(sharer, stranger, Share(target=top, is_transitive=True))
    document = ended(importer, url)
    assert document == {**before, "FilesSeen": 51, "FilesCopied": 51, "BlobRef": top}
    claim = url.rpartition("/")[2]
    for ref, data in sharer.blobs.items():
        assert sharer.asked[ref] == 1
        if ref != claim:
            assert fetch_one(importer.hub.storage, ref) == data
    # Each blob was asked for by a way that leads to it.
    chunk = next(ref for ref, data in sharer.blobs.items() if data == b"7")
    assert sharer.via[chunk][:2] == [claim, top]
    assert len(sharer.via[chunk]) == 5
    assert importer.services.blobs.memory.used == 0


def test_it_goes_on_where_it_ended(importer: Site, sharer: Sharer, stranger: SecretKey) -> None:
    top = fill(sharer)
    url = share(sharer, stranger, Share(target=top, is_transitive=True))
    sharer.patience = 130
    document = ended(importer, url)
    assert document["BlobRef"] is None
    assert "not ready; try again later" in document["Error"]
    assert document["FilesCopied"] == 50
    # Nothing is here whose contents are not.
    assert not has(importer.hub.storage, top)
    sharer.patience = 1000
    document = ended(importer, url)
    assert (document["Error"], document["BlobRef"]) == ("", top)
    # What leads to the rest is asked for again, and what was on its way when it ended.
    assert sharer.asked.total() < len(sharer.blobs) + 20
    sharer.asked.clear()
    assert ended(importer, f"{url}/")["BlobRef"] == top
    assert list(sharer.asked) == [url.rpartition("/")[2]]


def test_a_single_file_and_any_other_blob_come_too(
    importer: Site, sharer: Sharer, stranger: SecretKey
) -> None:
    file = write_file(facts("f"), LARGE, lambda blob: sharer.blobs.update([blob]))
    url = share(sharer, stranger, Share(target=file, is_transitive=True))
    assert ended(importer, url)["FilesCopied"] == 1
    assert FileReader(importer.hub.storage, file).read() == LARGE
    note = Ref.of(b"no schema")
    sharer.blobs[note] = b"no schema"
    assert ended(importer, share(sharer, stranger, Share(target=note)))["BlobRef"] == note
    via = f"{sharer.url}/share/{file}?via={Ref.of(b'claim')}"
    assert ended(importer, via)["BlobRef"] == file


def test_a_file_in_one_piece_is_a_file_without_a_name(importer: Site, sharer: Sharer) -> None:
    sharer.odd["/some/where"] = lambda handler: say(handler, LARGE)
    document = ended(importer, f"{sharer.url}/some/where?assemble=1")
    file = write_file(FileFacts(), LARGE, lambda _: None)
    assert document == {
        "Assembled": True,
        "Running": False,
        "FilesSeen": 1,
        "FilesCopied": 1,
        "BlobRef": file,
        "Error": "",
    }
    assert FileReader(importer.hub.storage, file).read() == LARGE
    sharer.odd["/short"] = lambda handler: say(handler, b"x" * 10, **{"Content-Length": "20"})
    document = ended(importer, f"{sharer.url}/short?assemble=t")
    assert document["BlobRef"] is None
    assert "10 bytes of the answer are missing" in document["Error"]


def test_nothing_wrong_is_taken_in(importer: Site, sharer: Sharer, stranger: SecretKey) -> None:
    chunk = Ref.of(b"right")
    file = Ref.of(text := file_text(facts("f"), [Part(5, chunk)]))
    sharer.blobs |= {chunk: b"wrong", file: text}
    url = share(sharer, stranger, Share(target=file, is_transitive=True))
    assert f"digest doesn't match {chunk}" in ended(importer, url)["Error"]
    assert not has(importer.hub.storage, file)
    sharer.odd[f"/share/{chunk}"] = lambda handler: say(handler, bytes((16 << 20) + 1))
    assert "more than 16777216 bytes" in ended(importer, url)["Error"]
    for status, said in ((401, "does not share it"), (503, "not ready"), (418, "status 418")):
        sharer.odd[f"/share/{chunk}"] = refuse(status)
        assert said in ended(importer, url)["Error"]
    unknown = Ref("md9-1234")
    sharer.blobs[unknown] = b"x"
    assert "unknown hash" in ended(importer, f"{sharer.url}/share/{unknown}?via={file}")["Error"]
    search = share(sharer, stranger, Share(search={"expression": "tag:x"}))
    for address in (search, f"{sharer.url}/share/{file}"):
        assert "no share of a file or folder" in ended(importer, address)["Error"]


def test_redirects_are_followed_a_few_times_and_to_the_web_only(
    importer: Site, sharer: Sharer, stranger: SecretKey
) -> None:
    file = write_file(facts("f"), b"x", lambda blob: sharer.blobs.update([blob]))
    url = share(sharer, stranger, Share(target=file, is_transitive=True))
    path = url.removeprefix(sharer.url)
    sharer.odd["/moved" + path] = redirect_to(path)
    moved = f"{sharer.url}/moved{path}"
    sharer.odd[f"/moved/share/{file}"] = redirect_to(f"/share/{file}")
    sharer.odd[f"/moved/share/{Ref.of(b'x')}"] = redirect_to(f"{sharer.url}/share/{Ref.of(b'x')}")
    assert ended(importer, moved)["BlobRef"] == file
    sharer.odd[path] = redirect_to(path)
    assert "more than 5 redirects" in ended(importer, url)["Error"]
    for location in ("file:///etc/passwd", "ftp://x/", "gopher://x/", "http://u:p@localhost/"):
        sharer.odd[path] = redirect_to(location)
        assert location in ended(importer, url)["Error"]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/share/sha224-" + "0" * 56,
        "http:///share/sha224-" + "0" * 56,
        "http://localhost:99999/share/sha224-" + "0" * 56,
        "http://u:p@localhost/share/sha224-" + "0" * 56,
        "http://localhost/share/",
        "http://localhost/share/nothing",
        "http://localhost/share/sha224-" + "0" * 56 + "?via=x",
        "//localhost/share/sha224-" + "0" * 56,
        "http://[::1/share/x",
    ],
)
def test_what_is_no_address_of_a_share_is_refused_at_once(importer: Site, url: str) -> None:
    assert begin(importer, url).status_code == 400
    assert importer.get(IMPORT).json["Running"] is False


def test_one_import_runs_at_a_time(importer: Site, sharer: Sharer, stranger: SecretKey) -> None:
    url = share(sharer, stranger, Share(target=fill(sharer), is_transitive=True))
    sharer.gate.clear()
    assert begin(importer, url).status_code == 200
    assert importer.get("/ui/importshare").json["Running"] is True
    again = begin(importer, url)
    assert (again.status_code, again.text) == (503, "an import is already in progress\n")
    sharer.gate.set()


def test_it_ends_when_the_server_does(importer: Site, sharer: Sharer, stranger: SecretKey) -> None:
    threads = active_count()
    url = share(sharer, stranger, Share(target=fill(sharer), is_transitive=True))
    sharer.gate.clear()
    assert begin(importer, url).status_code == 200
    deadline = monotonic() + 5
    assert importer.services.imports is not None
    importer.services.imports.close()
    assert monotonic() < deadline
    document = importer.get(IMPORT).json
    assert (document["Running"], document["BlobRef"]) == (False, None)
    assert "the server was stopped" in document["Error"]
    sharer.gate.set()
    assert active_count() <= threads + 12  # of the sharer's own


def test_requests_that_make_no_sense_leave_no_traces(importer: Site) -> None:
    answer = begin(importer, "")
    assert (answer.status_code, answer.text) == (400, "No shareurl parameter\n")
    answer = importer.ask("PUT", IMPORT)
    assert (answer.status_code, answer.text) == (400, "Not a POST\n")
    url = "http://localhost/share/sha224-" + "0" * 56
    assert begin(importer, url, Origin="http://falconframework.org").status_code == 403
    assert begin(importer, url, Authorization="Basic eDp4").status_code == 401
    assert importer.get(IMPORT).json["Running"] is False
