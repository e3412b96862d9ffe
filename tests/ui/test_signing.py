"""The sign helper: what it signs, what it refuses, and whose signatures it believes."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import threading
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote_plus, urlencode

import pytest
from falcon.testing import ASGIConductor

from holdfast.blobstore.ref import Ref
from holdfast.blobstore.storage import fetch_one, has
from holdfast.schema.blob import MAX_SCHEMA_SIZE
from holdfast.schema.identity import secret_ring
from holdfast.schema.openpgp.publickey import PublicKey
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.signing import SEPARATOR, split_signed
from holdfast.schema.verifying import SignerKeys, verify

from .served import NOW, OWNER, VIVIFY, Site

SIGN = "/sighelper/camli/sig/sign"
VERIFY = "/sighelper/camli/sig/verify"
FORM = {**OWNER, "Content-Type": "application/x-www-form-urlencoded"}


def text_by(signer: object, **more: object) -> str:
    fields = {"camliVersion": 1, "camliType": "permanode", "camliSigner": signer, **more}
    return json.dumps(fields, indent=2, ensure_ascii=False)


def post(site: Site, path: str, body: str | bytes):
    return site.ask("POST", path, body=body, headers=FORM)


def sign(site: Site, text: str | bytes):
    return post(site, SIGN, b"json=" + quote_plus(text).encode())


def verdict(site: Site, blob: str | bytes):
    answer = post(site, VERIFY, b"sjson=" + quote_plus(blob).encode())
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return answer.json


@pytest.fixture
def ref(key: SecretKey) -> Ref:
    return Ref.of(key.public.blob)


@pytest.mark.parametrize(("year", "second"), [(1960, 0), (2200, (1 << 32) - 1)])
def test_a_clock_that_is_far_off_keeps_nobody_from_signing(
    year: int, second: int, site: Site, key: SecretKey, ref: Ref
) -> None:
    site.world.now = datetime(year, 1, 1, tzinfo=UTC)
    answer = sign(site, text_by(ref))
    assert answer.status_code == 200
    assert verify(answer.content, lambda _: key.public).time == second


def test_discovery_tells_of_the_key(site: Site, key: SecretKey, ref: Ref) -> None:
    found = site.get("/?camli.mode=config").json
    assert found["jsonSignRoot"] == "/sighelper/"
    assert found["signing"] == {
        "publicKey": f"/sighelper/camli/{ref}",
        "publicKeyBlobRef": ref,
        "publicKeyId": key.public.key_id,
        "signHandler": SIGN,
        "verifyHandler": VERIFY,
    }
    root = site.get("/sighelper/")
    assert (root.status_code, root.headers["location"]) == (302, "/sighelper/camli/sig/discovery")
    assert site.get(root.headers["location"]).json == found["signing"]
    assert site.get("/sighelper").headers["location"] == "/sighelper/"


def test_the_key_is_given_by_any_of_its_refs_and_nothing_else_is(site: Site, ref: Ref) -> None:
    blob = site.get(f"/sighelper/camli/{ref}")
    assert blob.status_code == 200
    assert Ref.of(blob.content) == ref
    other = Ref.of(blob.content, hash_name="sha256")
    assert site.get(f"/sighelper/camli/{other}").content == blob.content
    stored = site.put(b"no key")
    for path in (f"camli/{stored}", "camli/", "camli/x", ref, f"camli/x/{ref}", "camli/foo-ab"):
        answer = site.get(f"/sighelper/{path}")
        assert (answer.status_code, answer.text) == (400, "Unsupported path or method.\n")


def test_what_is_signed_is_the_text_and_a_signature_of_now(
    site: Site, key: SecretKey, ref: Ref
) -> None:
    text = text_by(ref, random="spec", name="Grüße & mehr + \u2028")
    answer = sign(site, text + " \r\n\t\n")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.content.startswith(text.removesuffix("}").encode() + b',"camliSig":"')
    assert answer.content.endswith(b'"}\n')
    found = verify(answer.content, SignerKeys(site.hub.storage))
    assert found.key.fingerprint == key.public.fingerprint
    assert found.time == int(NOW.timestamp())
    assert verdict(site, answer.content)["signatureValid"] is True


def test_signing_again_later_says_the_later_time(site: Site, ref: Ref) -> None:
    site.world.now = NOW.replace(year=2031)
    signed = sign(site, text_by(ref)).content
    assert verify(signed, SignerKeys(site.hub.storage)).time == int(site.world.now.timestamp())


def test_what_is_signed_uploads_unchanged_and_gpg_finds_it_good(
    site: Site, key: SecretKey, ref: Ref, tmp_path: Path
) -> None:
    signed = sign(site, text_by(ref)).content
    put = site.ask("PUT", f"/bs/camli/{Ref.of(signed)}", body=signed)
    assert put.status_code == 204
    stored = fetch_one(site.hub.storage, Ref.of(signed))
    assert gpg_finds_signer(stored, key, tmp_path) == key.public.fingerprint


def gpg_finds_signer(blob: bytes, key: SecretKey, folder: Path) -> str:
    """Whose good signature of exactly these bytes gpg finds."""
    halves = split_signed(blob)
    text = json.loads(b"{" + halves.rest[1:])["camliSig"]
    (folder / "data").write_bytes(halves.payload)
    (folder / "sig").write_bytes(b64decode(text.rpartition("=")[0]))
    home = Path("/tmp") / f"gpg-{folder.name[-20:]}-{id(folder)}"
    home.mkdir(mode=0o700)
    command = ["gpg", "--homedir", home, "--batch", "--status-fd", "1"]
    try:
        ring = secret_ring(key, is_armored=False)
        subprocess.run([*command, "--import"], input=ring, check=True, capture_output=True)
        said = subprocess.run(
            [*command, "--faked-system-time", "1900000000!", "--verify", "sig", "data"],
            cwd=folder,
            capture_output=True,
            check=True,
        ).stdout
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], capture_output=True)
        shutil.rmtree(home)
    (valid,) = [line.split() for line in said.decode().splitlines() if " VALIDSIG " in line]
    return valid[2]


def test_the_key_is_stored_under_the_ref_it_was_signed_by(site: Site, key: SecretKey) -> None:
    for hash_name in ("sha1", "sha224", "sha256"):
        ref = Ref.of(key.public.blob, hash_name=hash_name)
        assert not has(site.hub.storage, ref)
        signed = sign(site, text_by(ref))
        assert signed.status_code == 200
        assert fetch_one(site.hub.storage, ref) == key.public.blob
        assert verdict(site, signed.content)["signatureValid"] is True


def test_the_text_may_stand_in_the_url_and_the_body_goes_first(site: Site, ref: Ref) -> None:
    in_url = site.ask("POST", SIGN, params={"json": text_by(ref, where="url")})
    assert b'"where": "url"' in in_url.content
    path = f"{SIGN}?{urlencode({'json': text_by(ref, where='url')})}"
    both = post(site, path, urlencode({"other": "x", "json": text_by(ref, where="body")}))
    assert b'"where": "body"' in both.content


def test_a_text_without_a_version_is_signed_as_the_reference_does(site: Site, ref: Ref) -> None:
    answer = sign(site, json.dumps({"camliSigner": ref}))
    assert answer.status_code == 200
    assert answer.content.startswith(b'{"camliSigner": "' + ref.encode() + b'","camliSig":"')
    assert verdict(site, answer.content) == {
        "signatureValid": False,
        "errorMessage": "signature refused: no camliVersion",
    }


def test_bytes_that_are_no_text_are_signed_as_they_came(site: Site, ref: Ref) -> None:
    text = text_by(ref, name="?").encode().replace(b"?", b"\xff\xc3")
    signed = sign(site, text).content
    assert signed.startswith(text[:-1] + SEPARATOR)


def refusals(key: SecretKey, stranger: SecretKey) -> list[tuple[str, str]]:
    ref, other = Ref.of(key.public.blob), Ref.of(stranger.public.blob)
    missing = "failed to find public key {}: file does not exist"
    malformed = 'json "camliSigner" key is malformed or unsupported'
    lacks = 'json lacks "camliSigner" key with public key blobref'
    return [
        ("", 'missing "json" parameter'),
        ("{", "json parse error"),
        ("[]", "json parse error"),
        (text_by(ref) + "x", "json parse error"),
        ('{"a":' * 300 + "1" + "}" * 300, "json parse error"),
        ("{}", lacks),
        (text_by(ref).replace("camliSigner", "CamliSigner"), lacks),
        (text_by("x"), malformed),
        (text_by(None), malformed),
        (text_by(5), malformed),
        (text_by("foo-abcd"), missing.format("foo-abcd")),
        (text_by(other), missing.format(other)),
        (
            text_by(ref, CamliSigner=ref),
            "cannot sign this: camliSigner is given 2 times, or in another spelling",
        ),
        (text_by(ref, a="x" * MAX_SCHEMA_SIZE), 'parameter "json" too large'),
    ]


def test_every_refusal_says_why(site: Site, key: SecretKey, stranger: SecretKey) -> None:
    for text, why in refusals(key, stranger):
        answer = sign(site, text)
        assert (answer.status_code, answer.text) == (400, why + "\n")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_text_as_large_as_it_may_be_is_refused_only_if_its_blob_is_too_large(
    site: Site, ref: Ref
) -> None:
    room = MAX_SCHEMA_SIZE - len(text_by(ref, a=""))
    full = sign(site, text_by(ref, a="\xff" * (room // 2)))
    assert full.status_code == 400
    assert "signed blob" in full.text
    signed = sign(site, text_by(ref, a="\xff" * (room // 2 - 500)))
    assert signed.status_code == 200
    assert verdict(site, signed.content)["signatureValid"] is True


def test_a_body_of_any_size_ends_in_a_refusal(site: Site) -> None:
    for body in (b"json=" + b"%20" * (MAX_SCHEMA_SIZE + 1000), b"x=" + b"y" * (8 << 20)):
        answer = post(site, SIGN, body)
        assert (answer.status_code, answer.text) == (400, 'parameter "json" too large\n')
    many = post(site, VERIFY, b"a=1&" * 200)
    assert (many.status_code, many.text) == (400, "at most 100 parameters\n")


def test_multipart_forms_are_not_read(site: Site, ref: Ref) -> None:
    body = f'--b\r\nContent-Disposition: form-data; name="json"\r\n\r\n{text_by(ref)}\r\n--b--\r\n'
    headers = {**OWNER, "Content-Type": "multipart/form-data; boundary=b"}
    answer = site.ask("POST", SIGN, body=body, headers=headers)
    assert (answer.status_code, answer.text) == (400, 'missing "json" parameter\n')


def test_methods_and_paths_that_mean_nothing_are_refused(site: Site) -> None:
    for path in (SIGN, VERIFY):
        for method in ("GET", "HEAD"):
            answer = site.ask(method, path)
            assert answer.status_code == 400
            assert answer.text == ("" if method == "HEAD" else "POST required\n")
    for method, path in (("PUT", SIGN), ("DELETE", VERIFY), ("POST", "/sighelper/")):
        answer = site.ask(method, path)
        assert (answer.status_code, answer.text) == (400, "Unsupported path or method.\n")


def test_only_who_has_all_rights_may_use_any_of_it(site: Site, ref: Ref) -> None:
    for headers in ({}, VIVIFY):
        for method, path in (
            ("GET", "/sighelper/"),
            ("GET", "/sighelper/camli/sig/discovery"),
            ("GET", f"/sighelper/camli/{ref}"),
            ("POST", SIGN),
            ("POST", VERIFY),
        ):
            assert site.ask(method, path, headers=headers).status_code == 401


def test_a_server_without_a_key_says_so(new_site: Callable[..., Site]) -> None:
    site = new_site(None)
    found = site.get("/?camli.mode=config").json
    assert found["jsonSignRoot"] == ""
    assert "signing" not in found
    answer = sign(site, "{}")
    assert (answer.status_code, "no key" in answer.text) == (404, True)
    assert site.ask("POST", SIGN, headers={}).status_code == 401


def test_all_that_perkeep_signed_verifies(site: Site, key: SecretKey, golden) -> None:
    for blob in golden.values():
        found = verdict(site, blob)
        assert found["signatureValid"] is True
        assert found["signerKeyId"] == key.public.key_id
        said = json.loads(blob)
        del said["camliSig"]
        assert found["verifiedData"] == said
        assert "errorMessage" not in found


def test_a_strangers_signature_is_valid_once_the_key_is_here(
    new_site: Callable[..., Site], site: Site, stranger: SecretKey
) -> None:
    ref = Ref.of(stranger.public.blob)
    signed = sign(new_site(stranger), text_by(ref)).content
    found = verdict(site, signed)
    assert found["signatureValid"] is False
    assert found["errorMessage"].startswith(f"public key {ref} not found")
    site.put(stranger.public.blob)
    found = verdict(site, signed)
    assert found["signatureValid"] is True
    assert found["signerKeyId"] == stranger.public.key_id


def test_what_is_wrong_with_a_signature_is_said_in_the_words_of_the_reference(
    site: Site, ref: Ref
) -> None:
    signed = sign(site, text_by(ref, random="spec")).content
    separator = "jsonsign: no 13-byte camliSig separator found in sjson"
    cases = [
        (signed.replace(b"spec", b"spek"), "signature verification failed"),
        (text_by(ref), separator),
        ("nonsense", separator),
        (signed[1:], "parsing payload map failed"),
        (signed + b"x", "parsing signature map failed"),
    ]
    for blob, why in cases:
        assert verdict(site, blob) == {"signatureValid": False, "errorMessage": why}
    missing = post(site, VERIFY, b"json={}")
    assert (missing.status_code, missing.text) == (400, 'missing "sjson" parameter\n')


def test_no_browser_can_see_a_tag_in_what_was_verified(site: Site, ref: Ref) -> None:
    signed = sign(site, text_by(ref, name="<script>")).content
    answer = post(site, VERIFY, b"sjson=" + quote_plus(signed).encode())
    assert "<" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json["verifiedData"]["name"] == "<script>"


class Slow:
    """A signer that waits for a person, as one behind a passphrase does."""

    def __init__(self, key: SecretKey) -> None:
        self.key = key
        self.asked = threading.Event()
        self.answer = threading.Event()
        self.at_once = 0
        self.most_at_once = 0

    @property
    def public(self) -> PublicKey:
        return self.key.public

    def detached(self, data: bytes, *, time: int) -> bytes:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.asked.set()
        assert self.answer.wait(20)
        self.at_once -= 1
        return self.key.detached(data, time=time)


def test_a_signer_that_waits_for_a_person_keeps_nobody_else_waiting(
    new_site: Callable[..., Site], key: SecretKey, ref: Ref
) -> None:
    slow = Slow(key)
    site = new_site(slow)

    async def scenario() -> list[bytes]:
        async with ASGIConductor(site.client.app) as server:
            texts = [b"json=" + quote_plus(text_by(ref, n=n)).encode() for n in range(20)]
            asked = [server.simulate_post(SIGN, body=text, headers=FORM) for text in texts]
            signing = [asyncio.create_task(one) for one in asked]
            assert await asyncio.to_thread(slow.asked.wait, 20)
            for n in range(20):
                data = b"%d" % n
                path = f"/bs/camli/{Ref.of(data)}"
                assert (
                    await server.simulate_put(path, body=data, headers=OWNER)
                ).status_code == 204
                checked = await server.simulate_post(VERIFY, body="sjson=x", headers=FORM)
                assert checked.status_code == 200
            assert not any(done.done() for done in signing)
            slow.answer.set()
            return [done.content for done in await asyncio.gather(*signing)]

    signed = asyncio.run(scenario())
    assert len(set(signed)) == 20
    assert slow.most_at_once == 1
    assert all(verdict(site, blob)["signatureValid"] for blob in signed)
