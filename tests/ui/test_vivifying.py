"""Uploads that ask for a permanode: what the server makes of files, and what it cannot."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.blobstore.ref import Ref
from holdfast.blobstore.storage import has
from holdfast.schema.blob import Part, parse_schema
from holdfast.schema.build import file_text
from holdfast.schema.errors import SigningFailed
from holdfast.schema.facts import FileFacts
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.signing import Signer
from holdfast.schema.timestamps import NANOSECONDS
from holdfast.schema.verifying import SignerKeys, verify
from holdfast.ui.vivifying import MAX_SIZE

from .served import NOW_NS, VIVIFY, Site

WANTED = {
    **VIVIFY,
    "Content-Type": "multipart/form-data; boundary=b",
    "X-Camlistore-Vivify": "1",
}


def upload(site: Site, *blobs: bytes, headers: dict[str, str] = WANTED):
    body = b"".join(
        b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
        % (Ref.of(blob).encode(), blob)
        for blob in blobs
    )
    answer = site.ask("POST", "/bs/camli/upload", body=body + b"--b--\r\n", headers=headers)
    assert answer.status_code == 200
    return answer


def vivified(answer) -> list[Ref]:
    text = answer.headers.get("x-camlistore-vivified", "")
    return [Ref.parse(ref) for ref in text.split(", ") if ref]


def complaints(answer) -> list[str]:
    assert vivified(answer) == []
    return answer.json["errorText"].split("\n")


def file_of(*parts: Part, mtime_ns: int | None = NOW_NS) -> bytes:
    return file_text(FileFacts(name=b"photo.jpg", mtime_ns=mtime_ns), parts)


def test_a_file_gets_the_permanode_of_its_contents(site: Site, key: SecretKey) -> None:
    chunks = [b"one", b"two"]
    for chunk in chunks:
        site.put(chunk)
    file = file_of(*(Part(3, Ref.of(chunk)) for chunk in chunks))
    answer = upload(site, file)
    assert "errorText" not in answer.json
    (ref,) = vivified(answer)
    storage = site.hub.storage
    (permanode,) = storage.fetch((ref,))
    verified = verify(permanode.data, SignerKeys(storage))
    assert verified.key.fingerprint == key.public.fingerprint
    assert verified.time == NOW_NS // NANOSECONDS
    assert f'"key": "{Ref.of(b"onetwo")}"'.encode() in permanode.data
    assert parse_schema(ref, permanode.data).claim.date.ns == NOW_NS
    (claim,) = site.services.claims.about(ref).claims
    assert (claim.says.attribute, claim.says.value) == ("camliContent", Ref.of(file))
    assert claim.date.ns == NOW_NS
    folded = site.services.claims.about(ref).fold(ref)
    assert folded.value("camliContent") == Ref.of(file)


def test_vivifying_again_gives_the_same_blobs(site: Site) -> None:
    data = b"same contents"
    site.put(data)
    first = upload(site, file_of(Part(len(data), Ref.of(data))))
    blobs = list(site.hub.storage.enumerate())
    assert vivified(upload(site, file_of(Part(len(data), Ref.of(data))))) == vivified(first)
    assert list(site.hub.storage.enumerate()) == blobs


def test_a_file_in_many_chunks_is_read_through(site: Site) -> None:
    data = b"".join(n.to_bytes(3, "big") for n in range(1_500_000))
    ref = site.put_file(data)
    (file,) = site.hub.storage.fetch((ref,))
    (permanode,) = vivified(upload(site, file.data))
    (blob,) = site.hub.storage.fetch((permanode,))
    assert Ref.of(data).encode() in blob.data


def test_every_file_of_an_upload_is_vivified_and_each_failure_told(site: Site) -> None:
    site.put(b"x")
    files = [file_of(Part(1, Ref.of(b"x")), mtime_ns=NOW_NS + n) for n in range(3)]
    answer = upload(site, files[0], b"no schema", *files[1:])
    assert len(set(vivified(answer))) == 3
    refused = Ref.of(b"no schema")
    assert answer.json["errorText"].startswith(f"Error vivifying blob {refused}: ")
    assert len(answer.json["received"]) == 4


def test_what_cannot_be_vivified_is_kept_and_told(site: Site) -> None:
    missing = Ref.of(b"missing")
    site.put(b"short")
    directory = b'{"camliVersion": 1,\n  "camliType": "directory"\n}'
    cases = [
        (directory, f"blob {Ref.of(directory)} is a 'directory', not a file"),
        (file_of(mtime_ns=None), "it has no unixMtime"),
        (file_of(mtime_ns=5), "readers ignore claims dated in the first second of 1970"),
        (file_of(Part(7, missing)), f"chunk {missing}, at byte 0, is missing or damaged; send it"),
        (file_of(Part(9, Ref.of(b"short"))), "at byte 0: chunk "),
        (file_of(Part(MAX_SIZE + 1)), f"it has {MAX_SIZE + 1} bytes; at most {MAX_SIZE} are read"),
    ]
    for blob, why in cases:
        answer = upload(site, blob)
        (complaint,) = complaints(answer)
        assert complaint.startswith(f"Error vivifying blob {Ref.of(blob)}: ")
        assert why in complaint
        assert [one["blobRef"] for one in answer.json["received"]] == [Ref.of(blob)]
        assert has(site.hub.storage, Ref.of(blob))


def test_only_so_many_are_vivified_at_once(site: Site) -> None:
    blobs = [b"%d" % n for n in range(130)]
    told = complaints(upload(site, *blobs))
    assert len(told) == 101
    assert told[100] == (
        f"Error vivifying blob {Ref.of(b'100')}, and all after it: at most 100 in one upload"
    )


def test_nothing_is_vivified_unasked(site: Site) -> None:
    site.put(b"x")
    for value in ("", "0", "true", "11"):
        headers = {**WANTED, "X-Camlistore-Vivify": value}
        answer = upload(site, file_of(Part(1, Ref.of(b"x"))), headers=headers)
        assert vivified(answer) == []
        assert "errorText" not in answer.json


def test_without_a_key_nothing_is_vivified(new_site: Callable[..., Site]) -> None:
    (told,) = complaints(upload(new_site(None), file_of()))
    assert told == f"Error vivifying blob {Ref.of(file_of())}: this server has no signing key"


def test_a_signer_that_fails_costs_nobody_the_upload(
    new_site: Callable[..., Site], key: SecretKey
) -> None:
    site = new_site(_Refusing(key))
    answer = upload(site, file_of())
    (told,) = complaints(answer)
    assert told.endswith(": the server failed; its log says more")
    assert len(answer.json["received"]) == 1


class _Refusing:
    """A signer whose card was pulled out."""

    def __init__(self, key: Signer) -> None:
        self.public = key.public

    def detached(self, data: bytes, *, time: int) -> bytes:
        raise SigningFailed(self.public.key_id, f"no card for {len(data)} bytes at {time}")
