"""Signing, verifying and vivifying by a real server with a real key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import time
from urllib.parse import urlencode

import pytest

from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.keys import VERSION
from holdfast.index.kv.leveldb import open_leveldb
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file
from holdfast.schema.identity import read_identity
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.verifying import verify

from .server_process import RING, RunningServer, basic, give_key

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MODIFIED = 1_500_000_000_123_456_789


@pytest.fixture(scope="module")
def key() -> SecretKey:
    return read_identity(RING.read_bytes())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    home = tmp_path_factory.mktemp("server")
    give_key(home)
    running = RunningServer(home, auth="userpass:u:p:vivify=v").start()
    yield running
    assert running.stop() == 0
    assert "unexpected" not in running.log_text


def sign(server: RunningServer, text: str) -> bytes:
    answer = server.ask("POST", "/sighelper/camli/sig/sign", urlencode({"json": text}), FORM)
    assert answer.status == 200
    return answer.body


def test_a_client_without_a_key_signs_uploads_and_verifies(
    server: RunningServer, key: SecretKey
) -> None:
    signing = server.ask("GET", "/?camli.mode=config").json["signing"]
    assert signing["publicKeyId"] == key.public.key_id
    ref = Ref.parse(signing["publicKeyBlobRef"])
    assert Ref.of(server.ask("GET", signing["publicKey"]).body) == ref
    text = json.dumps({"camliVersion": 1, "camliType": "permanode", "camliSigner": ref})
    before = int(time())
    signed = sign(server, text)
    found = verify(signed, lambda _: key.public)
    assert before <= found.time <= time()
    (received,) = server.upload([(Ref.of(signed), signed)])["received"]
    assert received == {"blobRef": Ref.of(signed), "size": len(signed)}
    assert server.ask("GET", ref).body == key.public.blob
    sent = urlencode({"sjson": signed.decode()})
    checked = server.ask("POST", signing["verifyHandler"], sent, FORM).json
    assert checked["signatureValid"] is True
    assert checked["verifiedData"] == json.loads(text)


def test_fifty_clients_sign_at_once(server: RunningServer, key: SecretKey) -> None:
    ref = Ref.of(key.public.blob)
    texts = [
        json.dumps({"camliVersion": 1, "camliSigner": ref, "number": number, "fill": "x" * 5000})
        for number in range(50)
    ]
    with ThreadPoolExecutor(50) as clients:
        signed = list(clients.map(lambda text: sign(server, text), texts))
    for blob, text in zip(signed, texts, strict=True):
        assert blob.startswith(text[:-1].encode())
        assert verify(blob, lambda _: key.public).key.fingerprint == key.public.fingerprint


def test_a_body_that_is_too_large_is_refused_and_the_connection_goes_on(
    server: RunningServer,
) -> None:
    body = b"json=" + b"x" * (16 << 20)
    answer = server.ask("POST", "/sighelper/camli/sig/sign", body, FORM)
    assert (answer.status, answer.body) == (400, b'parameter "json" too large\n')


def test_who_may_only_vivify_adds_a_photo_that_is_found(
    server: RunningServer, key: SecretKey
) -> None:
    blobs: list[Blob] = []
    data = bytes(range(256)) * 4000
    facts = FileFacts(name=b"photo.jpg", mtime_ns=MODIFIED)
    file = write_file(facts, data, blobs.append)
    *chunks, schema = blobs
    server.upload(list(chunks))
    rights = basic("u", "v")
    form = (
        f'--b\r\nContent-Disposition: form-data; name="{schema.ref}"\r\n\r\n'.encode()
        + schema.data
        + b"\r\n--b--\r\n"
    )
    headers = {
        **rights,
        "Content-Type": "multipart/form-data; boundary=b",
        "X-Camlistore-Vivify": "1",
    }
    first = server.ask("POST", "upload", form, headers)
    assert "errorText" not in first.json
    permanode = Ref.parse(first.headers["x-camlistore-vivified"])
    again = server.ask("POST", "upload", form, headers)
    assert again.headers["x-camlistore-vivified"] == permanode
    blob = server.ask("GET", permanode).body
    assert json.loads(blob)["key"] == Ref.of(data)
    assert verify(blob, lambda _: key.public).time == MODIFIED // 10**9
    (claim,) = server.ask("GET", f"/claims/about?ref={permanode}").json["claims"]
    said = json.loads(server.ask("GET", claim).body)
    assert (said["attribute"], said["value"]) == ("camliContent", file)
    refused = server.ask("GET", f"/claims/about?ref={permanode}", None, rights)
    assert refused.status == 401


def test_a_key_that_cannot_sign_keeps_no_server_from_serving(tmp_path: Path) -> None:
    give_key(tmp_path, mode=0o644)
    server = RunningServer(tmp_path).start()
    try:
        assert "signing" not in server.ask("GET", "/?camli.mode=config").json
        assert server.put(b"blob")
        assert "chmod 600" in server.log_text
    finally:
        assert server.stop() == 0


def test_the_owners_public_key_is_stored_when_the_server_starts(
    key: SecretKey, tmp_path: Path
) -> None:
    give_key(tmp_path)
    server = RunningServer(tmp_path).start()
    try:
        assert server.ask("GET", Ref.of(key.public.blob)).body == key.public.blob
    finally:
        assert server.stop() == 0


def test_an_index_of_another_version_ends_the_server_with_what_to_do(tmp_path: Path) -> None:
    table = open_leveldb(tmp_path / "index")
    table.write([VERSION.row(value=(99,))])
    table.close()
    server = RunningServer(tmp_path)
    with pytest.raises(AssertionError, match="did not start"):
        server.start()
    assert server.log_text.count("remove that folder") == 1
    assert server.process is not None
    assert server.process.wait(10) == 1


def test_a_server_without_an_identity_says_so(tmp_path: Path) -> None:
    server = RunningServer(tmp_path).start()
    assert server.stop() == 0
    assert server.log_text.count("holdfast init") == 1
    assert "start the server anew" in server.log_text
