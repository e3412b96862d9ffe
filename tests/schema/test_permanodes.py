"""Permanodes before they are signed."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.blobstore.ref import Ref
from holdfast.schema.blob import MAX_SCHEMA_SIZE, parse_schema
from holdfast.schema.errors import BadClaim, SchemaTooLarge
from holdfast.schema.permanodes import (
    FILE_DATE,
    RANDOM_SIZE,
    file_permanode_text,
    keep_text,
    planned_permanode_text,
    random_permanode_text,
)
from holdfast.schema.timestamps import Timestamp, parse_time

DATA = Path(__file__).parent.parent / "data" / "schema"
SIGNED = json.loads((DATA / "signed.json").read_text("utf-8"))
PERMANODES = [ref for ref, text in SIGNED.items() if '"camliType": "permanode"' in text]

SIGNER = Ref.of(b"a public key")
NOW = Timestamp(1_500_000_000_123_456_789)


def before_signing(text: str) -> bytes:
    return (text[: text.rindex(',"camliSig":"')] + "}").encode()


@pytest.mark.parametrize("ref", PERMANODES)
def test_every_permanode_of_perkeep_is_written_the_same(ref):
    said = json.loads(SIGNED[ref])
    signer, date = Ref.parse(said["camliSigner"]), parse_time(said["claimDate"])
    if "random" in said:
        random = base64.b64decode(said["random"], validate=True)
        text = random_permanode_text(signer, date, random=random)
    else:
        text = planned_permanode_text(signer, date, key=said["key"])
    assert text == before_signing(SIGNED[ref])


def test_the_permanodes_of_perkeep_are_of_all_sorts():
    said = [json.loads(SIGNED[ref]) for ref in PERMANODES]
    assert any("random" in one for one in said)
    assert any(one.get("key") == "golden-key-1" for one in said)
    assert any(one.get("key", "").startswith("sha224-") for one in said)


def test_the_permanode_of_a_files_contents_is_the_same_for_everyone_who_signs_so():
    whole = Ref.of(b"contents")
    text = file_permanode_text(SIGNER, whole)
    assert text == planned_permanode_text(SIGNER, FILE_DATE, key=whole)
    assert json.loads(text)["claimDate"] == "1970-01-01T00:00:00Z"
    assert json.loads(file_permanode_text(SIGNER, whole, date=NOW))["claimDate"].startswith("2017")


@pytest.mark.parametrize("size", [0, RANDOM_SIZE - 1, RANDOM_SIZE + 1])
def test_too_little_or_too_much_randomness_is_refused(size):
    with pytest.raises(BadClaim, match="20"):
        random_permanode_text(SIGNER, NOW, random=bytes(size))


@given(st.text())
def test_a_plan_may_have_any_key(key):
    text = planned_permanode_text(SIGNER, NOW, key=key)
    blob = parse_schema(Ref.of(text), text)
    assert (blob.kind, blob.claim.signer, blob.claim.date) == ("permanode", SIGNER, NOW)
    assert json.loads(text)["key"] == key.encode("utf-8", "replace").decode()


def test_a_key_that_leaves_no_room_is_refused_whole():
    with pytest.raises(SchemaTooLarge):
        planned_permanode_text(SIGNER, NOW, key="k" * MAX_SCHEMA_SIZE)


def test_keeping_is_written_as_perkeep_writes_it():
    # As `pk-put rawobj` wrote it, which names no signer.
    text = keep_text(
        None, Ref.parse("sha224-47449223e6985ca1151d2c483a26abb6f5eb3ddfb320963261e41447")
    )
    assert Ref.of(text) == "sha224-412315e749587bf9266ff79a9bb72763b08cb65c58ee6b34631a3a59"


def test_keeping_names_its_signer_when_it_is_to_be_signed():
    text = keep_text(SIGNER, Ref.of(b"x"))
    blob = parse_schema(Ref.of(text), text)
    assert (blob.kind, blob.claim.signer, blob.claim.target) == ("keep", SIGNER, Ref.of(b"x"))
