"""Our verdict beside gpg's, over signatures that are good, bad, and deceiving.

What gpg's exit status says is not the question here: it is 0 whenever it knows the keys of all
signatures and finds nothing forged, whoever they belong to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from holdfast.schema.errors import Refusal, SignatureRefused
from holdfast.schema.gpgsigner import GpgSigner
from holdfast.schema.openpgp.armor import SIGNATURE, armored
from holdfast.schema.signing import Signer, sign, split_signed
from holdfast.schema.verifying import SignerKeys, verify

SHA256 = ("--digest-algo", "SHA256")


@dataclass
class Scene:
    """What a case is made with: Perkeep's key, another that gpg has, and gpg."""

    key: Signer
    other: Signer
    gpg: object
    payload: bytes

    def by_gpg(self, *options: str, payload: bytes | None = None) -> bytes:
        data = self.payload if payload is None else payload
        return self.gpg.detached(data, self.key.public.fingerprint + "!", *SHA256, *options)

    def by_key(self) -> bytes:
        return self.key.detached(self.payload, time=1800000000)

    def by_other(self) -> bytes:
        return self.other.detached(self.payload, time=1900000000)


@pytest.fixture(scope="module")
def other(gpg) -> GpgSigner:
    return GpgSigner(gpg.new_key("another", algorithm="rsa2048"), home=gpg.home)


@pytest.fixture
def scene(key, other, gpg, text_by) -> Scene:
    return Scene(key, other, gpg, text_by(key)[:-1])


def ours(payload: bytes, packets: bytes, keyring, wrapped) -> Refusal | None:
    try:
        verify(wrapped(payload, packets), SignerKeys(keyring))
    except SignatureRefused as refused:
        return refused.reason
    return None


Make = Callable[[Scene], bytes]

CASES: dict[str, tuple[Make, Refusal | None, bool, bool]] = {
    # name: how the packets are made, our verdict, whether gpg's status is 0, and whether gpg
    # says that Perkeep's key validly signed.
    "ours": (Scene.by_key, None, True, True),
    "by gpg": (Scene.by_gpg, None, True, True),
    "by SHA-1": (lambda s: s.by_gpg("--digest-algo", "SHA1"), None, True, True),
    "by SHA-512": (
        lambda s: s.by_gpg("--digest-algo", "SHA512"),
        Refusal.WRONG_HASH,
        True,
        True,
    ),
    "of other bytes": (
        lambda s: s.by_gpg(payload=s.payload + b" "),
        Refusal.TAMPERED,
        False,
        False,
    ),
    "of text": (lambda s: s.by_gpg("--textmode"), Refusal.WRONG_KIND, True, True),
    "of text with other line ends": (
        lambda s: s.by_gpg("--textmode", payload=s.payload.replace(b"\n", b"\r\n")),
        Refusal.WRONG_KIND,
        True,
        True,
    ),
    "of other line ends": (
        lambda s: s.by_gpg(payload=s.payload.replace(b"\n", b"\r\n")),
        Refusal.TAMPERED,
        False,
        False,
    ),
    "by another known key": (Scene.by_other, Refusal.WRONG_KEY, True, False),
    "the right one of two": (lambda s: s.by_key() + s.by_other(), None, True, True),
    "the wrong one of two": (
        lambda s: s.by_other() + s.by_key(),
        Refusal.WRONG_KEY,
        True,
        True,
    ),
    "a forged one behind": (
        lambda s: s.by_key() + s.by_gpg(payload=b"other bytes"),
        None,
        False,
        True,
    ),
    "cut short": (lambda s: s.by_key()[:-5], Refusal.BAD_PACKET, False, False),
    "cut in the header": (lambda s: s.by_key()[:2], Refusal.BAD_PACKET, False, False),
    "nothing": (lambda _: b"", Refusal.BAD_PACKET, False, False),
    "no packet": (lambda _: b"hello there", Refusal.BAD_PACKET, False, False),
    "another number": (
        lambda s: s.by_key()[:-1] + bytes((s.by_key()[-1] ^ 1,)),
        Refusal.TAMPERED,
        False,
        False,
    ),
    "another date": (
        lambda s: s.by_key()[:13] + bytes((s.by_key()[13] ^ 1,)) + s.by_key()[14:],
        Refusal.TAMPERED,
        False,
        False,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_our_verdict_and_gpgs(name, scene, gpg, key, keyring, wrapped):
    make, expected, is_status_zero, is_said_valid = CASES[name]
    packets = make(scene)
    said = gpg.verify(armored(SIGNATURE, packets) if packets else packets, scene.payload)
    assert ours(scene.payload, packets, keyring, wrapped) is expected
    assert (said.status == 0) is is_status_zero
    # Of several signatures gpg names the valid ones in any order, and forged ones not at all.
    assert (key.public.fingerprint in said.valid) is is_said_valid


def test_every_case_that_gpg_calls_invalid_is_refused_here_unless_it_lies_behind():
    for name, (_, expected, is_status_zero, _) in CASES.items():
        assert is_status_zero or expected is not None or name == "a forged one behind"


def test_what_we_sign_verifies_with_gpg_from_the_bytes_alone(common_key, gpg, text_by):
    gpg.run("--import", data=common_key.ring(b"(camlistore)", time=common_key.public.created))
    for number in range(10):
        signed = sign(text_by(common_key, value=str(number)), common_key, time=1800000000)
        payload, rest = split_signed(signed)
        text = rest.split(b'"')[3]
        data, _, check = text.rpartition(b"=")
        frame = b"-----BEGIN PGP SIGNATURE-----\n\n%b\n=%b\n-----END PGP SIGNATURE-----\n"
        said = gpg.verify(frame % (data, check), payload)
        assert said.valid == (common_key.public.fingerprint,)


def test_gpgs_status_is_zero_for_a_key_that_was_revoked(gpg, keyring, text_by, wrapped):
    signer = GpgSigner(gpg.new_key("revoked", algorithm="rsa2048"), home=gpg.home)
    keyring.add(signer)
    payload = text_by(signer)[:-1]
    packet = signer.detached(payload, time=1900000000)
    fingerprint = signer.public.fingerprint
    certificate = (gpg.home / "openpgp-revocs.d" / f"{fingerprint}.rev").read_bytes()
    gpg.run("--import", data=certificate.replace(b":-----BEGIN", b"-----BEGIN"))
    said = gpg.verify(packet, payload)
    assert (said.status, "REVKEYSIG" in said.words) == (0, True)
    assert ours(payload, packet, keyring, wrapped) is None


def test_gpgs_status_is_zero_for_a_key_that_has_expired(gpg, keyring, text_by, wrapped):
    long_ago = ["--faked-system-time", "1500000000"]
    fingerprint = gpg.new_key("expired", *long_ago, algorithm="rsa2048", expires="1d")
    signer = GpgSigner(fingerprint, home=gpg.home)
    keyring.add(signer)
    payload = text_by(signer)[:-1]
    packet = gpg.detached(payload, fingerprint, *SHA256, *long_ago)
    said = gpg.verify(packet, payload)
    assert (said.status, "EXPKEYSIG" in said.words) == (0, True)
    assert ours(payload, packet, keyring, wrapped) is None
