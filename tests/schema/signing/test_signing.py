"""What is signed, and what cannot be."""

from __future__ import annotations

import pytest

from holdfast.blobstore.ref import Ref
from holdfast.schema.errors import BadTimestamp, NotSignable, Refusal, SchemaTooLarge
from holdfast.schema.errors import SignatureRefused as Refused
from holdfast.schema.signing import sign, signing_second, split_signed
from holdfast.schema.verifying import SignerKeys, verify


def test_what_any_key_signs_verifies_by_it_and_nobody_else(any_key, keyring, text_by):
    keyring.add(any_key)
    signed = sign(text_by(any_key), any_key, time=1700000001)
    verified = verify(signed, SignerKeys(keyring))
    assert (verified.key, verified.time) == (any_key.public, 1700000001)
    assert verified.signer == Ref.of(any_key.public.blob)
    assert verified.hash_name == "sha256"


def test_the_payload_is_the_text_without_its_last_brace(key, text_by):
    text = text_by(key)
    assert split_signed(sign(text, key, time=0)).payload == text[:-1]


def test_space_behind_the_text_is_not_signed(key, text_by):
    text = text_by(key)
    assert sign(text + b" \r\n\t", key, time=0) == sign(text, key, time=0)


def test_signing_the_same_twice_gives_the_same_bytes(any_key, text_by):
    text = text_by(any_key)
    assert sign(text, any_key, time=7) == sign(text, any_key, time=7)


def test_a_value_that_looks_like_a_signature_is_a_value(key, find_key, text_by):
    signed = sign(text_by(key, value=',"camliSig":"no"}'), key, time=0)
    assert verify(signed, find_key).payload == split_signed(signed).payload
    compact = b'{"camliVersion":1,"a":"1","camliSig":"x","camliSigner":"%b"}' % (
        Ref.of(key.public.blob).encode()
    )
    assert verify(sign(compact, key, time=0), find_key).payload == compact[:-1]


def test_a_ref_by_another_hash_names_the_same_signer(key, keyring):
    ref = Ref.of(key.public.blob, hash_name="sha1")
    keyring[ref] = key.public.blob
    signed = sign(b'{"camliVersion":1,"camliSigner":"%b"}' % ref.encode(), key, time=0)
    verified = verify(signed, SignerKeys(keyring))
    assert (verified.signer, verified.key) == (ref, key.public)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"no JSON",
        b"[]",
        b"{}",
        b'{"camliVersion":1}',
        b'{"camliSigner":"SIGNER"}',
        b'{"camliVersion":1,"camliSigner":7}',
        b'{"camliVersion":1,"camliSigner":"no ref"}',
        b'{"camliVersion":1,"camliSigner":"md5-00"}',
        b'{"camliVersion":1,"camliSigner":"sha1-0000000000000000000000000000000000000000"}',
        b'{"camliVersion":1,"camliSigner":"SIGNER"} x',
        b'{"camliVersion":1,"camliSigner":"SIGNER","camliSigner":"SIGNER"}',
        b'{"camliVersion":1,"camliSigner":"SIGNER","CamliSigner":null}',
        b'{"camliVersion":1,"camlisigner":"SIGNER"}',
        b'{"camliVersion":1,"camliSigner":"SIGNER","a":' + b"[" * 100000,
    ],
)
def test_text_that_its_signer_would_not_be_found_for_is_not_signed(text, key):
    with pytest.raises(NotSignable):
        sign(text.replace(b"SIGNER", Ref.of(key.public.blob).encode()), key, time=0)


def test_nothing_is_signed_that_would_be_too_large_for_a_schema_blob(key, text_by):
    with pytest.raises(SchemaTooLarge):
        sign(text_by(key, value="x" * (1 << 20)), key, time=0)


@pytest.mark.parametrize("time", [-1, 1 << 32])
def test_times_that_signatures_cannot_say_are_errors(time, key, text_by):
    with pytest.raises(BadTimestamp):
        sign(text_by(key), key, time=time)


@pytest.mark.parametrize(
    ("date_ns", "second"),
    [(0, 0), (-1, 0), (1_999_999_999, 1), (-(10**18), 0), (10**20, (1 << 32) - 1)],
)
def test_dates_become_the_nearest_second_that_signatures_can_say(date_ns, second):
    assert signing_second(date_ns) == second


def test_unsigned_text_has_no_halves(key, text_by):
    with pytest.raises(Refused) as refused:
        split_signed(text_by(key))
    assert refused.value.reason is Refusal.NO_SIGNATURE
