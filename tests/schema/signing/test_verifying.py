"""What is refused, and why."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.blobstore.ref import Ref
from holdfast.schema.errors import Refusal, SignatureRefused, UnknownSigner
from holdfast.schema.openpgp.armor import PUBLIC_KEY, armored
from holdfast.schema.openpgp.packets import PUBLIC_KEY as TAG
from holdfast.schema.openpgp.packets import write_mpi, write_packet
from holdfast.schema.openpgp.signature import (
    BINARY,
    CREATED,
    ISSUER,
    SHA256,
    hashed_part,
    signed_digest,
)
from holdfast.schema.signing import as_text, sign
from holdfast.schema.verifying import SignerKeys, verify

README = Path(__file__).parents[3] / "schema" / "README.md"


@pytest.mark.parametrize("name", [reason.name for reason in Refusal])
def test_every_reason_to_refuse_is_described(name):
    assert f"| `{name}` |" in README.read_text("utf-8")


def reason(blob: bytes, find_key) -> Refusal:
    with pytest.raises(SignatureRefused) as refused:
        verify(blob, find_key)
    return refused.value.reason


@pytest.fixture
def signed(key, text_by) -> bytes:
    return sign(text_by(key), key, time=1700000000)


def with_packet(signed: bytes, change) -> bytes:
    """The blob with its signature packet changed, and armored anew."""
    start = signed.rindex(b':"') + 2
    packet = base64.b64decode(signed[start:].rpartition(b"=")[0])
    return signed[:start] + as_text(change(packet)) + b'"}\n'


@pytest.mark.parametrize("tail", [b"", b"\n", b"\r\n", b" \t\n\n"])
def test_space_behind_the_blob_is_allowed_and_so_is_none(tail, signed, find_key):
    assert verify(signed.rstrip() + tail, find_key)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b',"camliSig":"', b', "camliSig":"', Refusal.NO_SIGNATURE),
        (b',"camliSig":"', b',"camliSig": "', Refusal.NO_SIGNATURE),
        (b'"}\n', b'"} x', Refusal.NOT_ALONE),
        (b'"}\n', b'","more":1}', Refusal.NOT_ALONE),
        (b'"}\n', b'"', Refusal.NOT_ALONE),
        (b',"camliSig":"', b'}{,"camliSig":"', Refusal.NOT_JSON),
        (b',"camliSig":"', b',,"camliSig":"', Refusal.NOT_JSON),
        (b"camliVersion", b"camliversion", Refusal.NO_VERSION),
        (b'"camliSigner": "', b'"camliSigner": "X', Refusal.NO_SIGNER),
        (b'"camliSigner": "', b'"camliSigner": "x', Refusal.NO_SIGNER),
        (b'"camliSigner"', b'"camlisigner"', Refusal.NO_SIGNER),
        (b'"camliSigner"', b'"CamliSigner": null, "camliSigner"', Refusal.NO_SIGNER),
        (b'"camliSigner"', b'"camli"', Refusal.NO_SIGNER),
        (b"title", b"titel", Refusal.TAMPERED),
        (b',"camliSig":"', b',"camliSig":" ', Refusal.BAD_ARMOR),
        (b'"}\n', b'\\u00fc"}\n', Refusal.BAD_ARMOR),
    ],
)
def test_changed_text_is_refused_for_what_is_wrong_with_it(old, new, expected, signed, find_key):
    assert reason(signed.replace(old, new, 1), find_key) is expected


@pytest.mark.parametrize("value", [b'""', b'"="', b'"xx"', b'"=="', b'"QQ===IFN="'])
def test_text_that_is_no_armor_is_refused(value, signed, find_key):
    blob = signed[: signed.rindex(b':"') + 1] + value + b"}"
    assert reason(blob, find_key) is Refusal.BAD_ARMOR


@pytest.mark.parametrize("value", [b"7", b"null", b'["x"]', b'{"camliSig":"x"}'])
def test_signatures_that_are_no_text_have_no_separator(value, signed, find_key):
    blob = signed[: signed.rindex(b':"') + 1] + value + b"}"
    assert reason(blob, find_key) is Refusal.NO_SIGNATURE


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda _: b"", Refusal.BAD_PACKET),
        (lambda p: p[:-1], Refusal.BAD_PACKET),
        (lambda p: p[:3], Refusal.BAD_PACKET),
        (lambda p: b"\xc6" + p[1:], Refusal.BAD_PACKET),
        (lambda p: p[:3] + b"\x03" + p[4:], Refusal.BAD_PACKET),
        (lambda p: p[:4] + b"\x01" + p[5:], Refusal.WRONG_KIND),
        (lambda p: p[:5] + b"\x13" + p[6:], Refusal.BAD_PACKET),
        (lambda p: p[:5] + b"\x03" + p[6:], Refusal.WRONG_KEY),
        (lambda p: p[:6] + b"\x0a" + p[7:], Refusal.WRONG_HASH),
        (lambda p: p[:6] + b"\x02" + p[7:], Refusal.TAMPERED),
        (lambda p: p[:9] + b"\x05\x03" + p[11:], Refusal.BAD_PACKET),
        (lambda p: p[:15] + b"\x09\xff" + p[17:], Refusal.BAD_PACKET),
        (lambda p: p[:18] + b"\0" + p[19:], Refusal.WRONG_KEY),
        (lambda p: p[:-1] + bytes((p[-1] ^ 1,)), Refusal.TAMPERED),
    ],
)
def test_changed_packets_are_refused_for_what_is_wrong_with_them(
    change, expected, signed, find_key
):
    assert reason(with_packet(signed, change), find_key) is expected


@pytest.mark.parametrize(
    ("hashed", "unhashed", "expected"),
    [
        ([(CREATED, bytes(4))], b"", None),
        ([(CREATED, bytes(4)), (99, b"x")], b"\x02\x63x", None),
        ([(CREATED, bytes(4)), (99 | 0x80, b"x")], b"", Refusal.BAD_PACKET),
        ([(CREATED, bytes(4)), (ISSUER | 0x80, bytes(8))], b"", None),
        ([(CREATED, bytes(4))], b"\x02\xe3x", Refusal.BAD_PACKET),
        ([(CREATED, bytes(4))], b"\x05\x02\0\0\0\0", Refusal.BAD_PACKET),
        ([(CREATED, bytes(3))], b"", Refusal.BAD_PACKET),
        ([(ISSUER, bytes(8))], b"", Refusal.BAD_PACKET),
        ([(CREATED, bytes(4))], b"\0", Refusal.BAD_PACKET),
    ],
)
def test_subpackets_are_judged_by_whether_they_can_be_understood(
    hashed, unhashed, expected, key, find_key, text_by, wrapped
):
    payload = text_by(key)[:-1]
    part = hashed_part(BINARY, 1, hashed)
    digest = signed_digest(payload, part, SHA256)
    packet = write_packet(
        2,
        part
        + len(unhashed).to_bytes(2, "big")
        + unhashed
        + digest[:2]
        + b"\x08\0"
        + key.sign_digest(digest),
    )
    if expected is None:
        assert verify(wrapped(payload, packet), find_key)
    else:
        assert reason(wrapped(payload, packet), find_key) is expected


def test_packets_behind_the_signature_are_not_looked_at(signed, find_key):
    assert verify(with_packet(signed, lambda packet: packet + b"\xff junk"), find_key)


def test_numbers_without_the_zeros_in_front_verify(key, find_key, text_by):
    for number in range(2000):
        blob = sign(text_by(key, value=str(number)), key, time=0)
        packets: list[bytes] = []
        with_packet(blob, lambda packet, seen=packets: seen.append(packet) or packet)
        value = packets[0][-256:]
        if value[0] == 0:
            short = packets[0][3:-258] + write_mpi(int.from_bytes(value, "big"))
            assert verify(with_packet(blob, lambda _, s=short: write_packet(2, s)), find_key)
            return
    pytest.fail("none of so many signatures began with a zero")


def test_an_unknown_signer_may_become_known(any_key, keyring, find_key, text_by):
    keyring.pop(Ref.of(any_key.public.blob), None)
    blob = sign(text_by(any_key), any_key, time=0)
    with pytest.raises(UnknownSigner) as unknown:
        verify(blob, find_key)
    assert unknown.value.signer == Ref.of(any_key.public.blob)
    keyring.add(any_key)
    assert verify(blob, find_key).key == any_key.public


def test_damage_no_key_could_mend_is_told_before_the_key_is_looked_for(signed, keyring, find_key):
    keyring.clear()
    assert reason(with_packet(signed, lambda packet: packet[:-1]), find_key) is Refusal.BAD_PACKET


def test_who_signs_in_anothers_name_is_found_out(any_key, key, find_key, text_by, wrapped):
    text = text_by(key)[:-1] + b" "
    forged = any_key.detached(text, time=0)
    if any_key is not key:
        assert reason(wrapped(text, forged), find_key) is Refusal.WRONG_KEY


def no_key() -> bytes:
    return b"\x04\0\0\0\0\x01" + write_mpi(1 << 2047) + write_mpi(0)


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"no armor",
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxx",
        armored("PGP PRIVATE KEY BLOCK", b"x"),
        armored(PUBLIC_KEY, b""),
        armored(PUBLIC_KEY, write_packet(TAG, b"\x03" + bytes(30))),
        armored(PUBLIC_KEY, write_packet(TAG, b"\x04" + bytes(30))),
        armored(PUBLIC_KEY, write_packet(TAG, no_key())),
        armored(PUBLIC_KEY, bytes(300000)),
    ],
)
def test_a_signer_that_is_no_key_is_refused(blob, signed, key, keyring, find_key):
    keyring[Ref.of(key.public.blob)] = blob
    assert reason(signed, find_key) is Refusal.BAD_KEY
    assert reason(signed, find_key) is Refusal.BAD_KEY


def test_keys_are_fetched_once_and_forgotten_when_there_are_too_many(golden, keyring, key):
    asked = []

    class Asked:
        def fetch(self, refs):
            refs = tuple(refs)
            asked.extend(refs)
            return keyring.fetch(refs)

    again = Ref.of(key.public.blob, hash_name="sha1")
    keyring[again] = key.public.blob
    find_key = SignerKeys(Asked(), most=1)
    for blob in golden.values():
        verify(blob, find_key)
    assert len(asked) == 1
    find_key(again)
    find_key(asked[0])
    assert len(asked) == 3


def test_blobs_too_large_for_a_schema_are_refused_unread(find_key):
    assert reason(b"{" * (1 << 20) + b"x", find_key) is Refusal.TOO_LARGE


def test_every_flipped_bit_is_noticed(any_key, keyring, text_by):
    keyring.add(any_key)
    find_key = SignerKeys(keyring)
    signed = sign(text_by(any_key), any_key, time=1700000000).rstrip()
    for at in range(len(signed)):
        for bit in range(8):
            changed = bytearray(signed)
            changed[at] ^= 1 << bit
            with pytest.raises((SignatureRefused, UnknownSigner)):
                verify(bytes(changed), find_key)


def test_every_flipped_bit_of_a_packet_is_noticed_though_the_checksum_fits(
    any_key, keyring, text_by
):
    keyring.add(any_key)
    find_key = SignerKeys(keyring)
    signed = sign(text_by(any_key), any_key, time=1700000000)

    def flipped(packet: bytes, at: int, bit: int) -> bytes:
        return packet[:at] + bytes((packet[at] ^ 1 << bit,)) + packet[at + 1 :]

    for at in range(len(any_key.detached(b"", time=0))):
        for bit in range(8):
            blob = with_packet(signed, lambda packet, at=at, bit=bit: flipped(packet, at, bit))
            with pytest.raises(SignatureRefused):
                verify(blob, find_key)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_changed_byte_is_noticed(any_key, text_by, data):
    signed = bytearray(sign(text_by(any_key), any_key, time=1700000000).rstrip())
    at = data.draw(st.integers(0, len(signed) - 1))
    signed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises((SignatureRefused, UnknownSigner)):
        verify(bytes(signed), lambda ref: known(ref, any_key))


def known(ref: Ref, key):
    if ref != Ref.of(key.public.blob):
        raise UnknownSigner(ref)
    return key.public


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=600), st.booleans())
def test_any_packet_at_all_gets_a_verdict(key, packet, with_header):
    payload = b'{"camliVersion":1,"camliSigner":"%b"' % Ref.of(key.public.blob).encode()
    whole = write_packet(2, b"\x04\0\x01\x08" + packet) if with_header else packet
    blob = payload + b',"camliSig":"' + as_text(whole) + b'"}\n'
    with pytest.raises(SignatureRefused):
        verify(blob, lambda _: key.public)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_at_all_get_a_verdict(key, junk):
    with pytest.raises(SignatureRefused):
        verify(junk + b',"camliSig":"' + junk, lambda _: key.public)
    with pytest.raises(SignatureRefused):
        verify(junk, lambda _: key.public)
