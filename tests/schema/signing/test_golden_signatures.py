"""Blobs signed by Perkeep's own tools: read, and made again to the byte."""

from __future__ import annotations

import time

import pytest

from holdfast.blobstore.ref import Ref
from holdfast.schema.blob import parse_schema
from holdfast.schema.canonical import canonical
from holdfast.schema.signing import sign, signing_second
from holdfast.schema.timestamps import parse_time
from holdfast.schema.verifying import verify

SIGNER = "sha224-1b51bbb38f615bd39ca400f187d619fc3c14d15c66c21a50c4ad8487"
FILE = "sha224-f799131d793ee71f8b1251bffc1262baf8bee504705bc419d8c08f16"
CONTENT = "sha224-19f5989c45dc09931eb9773e6db31242b1ab51d75847fbf4f5257888"
NODE = "sha224-b253a6ab2a0b0a24e8772a525bba78f2303c2f8eec07464177ceb378"
MODIFIED = "2017-07-19T02:40:00.123456789Z"

PLANNED = {
    "sha224-09b5376022201af8606d3654ffb6498e3d8bc7a1c83551d7ca76838d": {
        "camliType": "permanode",
        "key": "golden-key-1",
        "claimDate": "2014-05-06T07:08:09Z",
    },
    NODE: {"camliType": "permanode", "key": CONTENT, "claimDate": "1970-01-01T00:00:00Z"},
    "sha224-da99c6abbace8ed168baa1d9be6c3686225e146ccd53e70dd230e124": {
        "camliType": "claim",
        "claimType": "set-attribute",
        "claimDate": MODIFIED,
        "permaNode": NODE,
        "attribute": "camliContent",
        "value": FILE,
    },
    "sha224-6215de626f57f6e551337a37af4de8af36cfa8bbdd69e895ad6dbe87": {
        "camliType": "claim",
        "claimType": "add-attribute",
        "claimDate": MODIFIED,
        "permaNode": NODE,
        "attribute": "tag",
        "value": "fn",
    },
}


def test_every_blob_that_perkeep_signed_verifies(golden, find_key, key):
    assert len(golden) == 106
    for blob in golden.values():
        assert verify(blob, find_key).key.fingerprint == key.public.fingerprint


def test_signatures_say_the_second_of_the_claims_date(golden, find_key):
    for ref, blob in golden.items():
        date = parse_schema(ref, blob).claim.date
        assert verify(blob, find_key).time == signing_second(date.ns)


def test_every_blob_signed_again_at_its_date_is_the_same_to_the_byte(golden, key):
    for ref, blob in golden.items():
        date = parse_schema(ref, blob).claim.date
        text = blob[: blob.rindex(b',"camliSig"')] + b"}"
        assert sign(text, key, time=signing_second(date.ns)) == blob


@pytest.mark.parametrize("ref", PLANNED)
def test_planned_things_get_the_refs_that_perkeep_gave_them(ref, key):
    fields = {"camliSigner": SIGNER, **PLANNED[ref]}
    second = signing_second(parse_time(fields["claimDate"]).ns)
    assert Ref.of(sign(canonical(fields), key, time=second)) == ref


def test_the_public_key_blob_is_the_one_that_perkeep_made(key):
    assert Ref.of(key.public.blob) == SIGNER
    assert len(key.public.blob) == 449


@pytest.mark.serial
def test_verifying_takes_less_than_a_fifth_of_a_millisecond(golden, find_key):
    blobs = list(golden.values()) * 20
    start = time.process_time()
    for blob in blobs:
        verify(blob, find_key)
    assert len(blobs) / (time.process_time() - start) >= 5000


@pytest.mark.serial
def test_signing_a_hundred_claims_takes_less_than_a_second(key, text_by):
    texts = [text_by(key, value=str(number)) for number in range(100)]
    start = time.perf_counter()
    for text in texts:
        sign(text, key, time=0)
    assert time.perf_counter() - start < 1
