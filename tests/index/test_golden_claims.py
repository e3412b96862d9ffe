"""What Perkeep's own index holds about the claims of three stores, our rows hold too."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.keys import CLAIM, DELETE, SIGNER, date_of
from holdfast.schema.identity import read_identity
from holdfast.schema.timestamps import format_time

from .conftest import indexed

DATA = Path(__file__).parents[1] / "data"
THEIRS: dict[str, str] = json.loads((DATA / "index" / "claim-rows.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def ours() -> dict[bytes, bytes]:
    signed = json.loads((DATA / "schema" / "signed.json").read_text("utf-8"))
    key = read_identity((DATA / "schema" / "identity-secring.gpg").read_bytes()).public
    blobs = [Blob(Ref.parse(ref), text.encode()) for ref, text in signed.items()]
    # The key last: every claim has to wait for it.
    return indexed([blobs, [Blob(Ref.of(key.blob), key.blob)]])


def moment(date: str, unknown: object) -> str:
    return format_time(date_of(date, is_zone_unknown=bool(unknown)))


def test_claims_about_permanodes_are_the_same(ours: dict[bytes, bytes]) -> None:
    theirs = {
        (*key.split("|")[1:2], *key.split("|")[3:], *map(unquote_plus, value.split("|")))
        for key, value in THEIRS.items()
        if key.startswith("claim|")
    }
    found = set()
    for key, value in ours.items():
        if key.startswith(CLAIM.below()[0]):
            node, date, claim = CLAIM.parts_of(key)
            signer, unknown, *said = CLAIM.value_of(value)
            found.add((node, moment(date, unknown), claim, *said, signer))
    # Theirs list a delete of a permanode as a claim about it as well.
    deletes = {row for row in theirs if row[3] == "delete"}
    assert found == theirs - deletes
    targets = {tuple(DELETE.parts_of(key)) for key in ours if key.startswith(DELETE.below()[0])}
    assert {(row[0], row[2]) for row in deletes} <= targets


def test_deletes_are_the_same(ours: dict[bytes, bytes]) -> None:
    theirs = {
        (target, claim)
        for target, _, claim in (k.split("|")[1:] for k in THEIRS if k.startswith("deleted|"))
    }
    found = {tuple(DELETE.parts_of(key)) for key in ours if key.startswith(DELETE.below()[0])}
    assert found == theirs


def test_signers_are_the_same(ours: dict[bytes, bytes]) -> None:
    theirs = {k.partition(":")[2]: v for k, v in THEIRS.items() if k.startswith("signerkeyid:")}
    found = {
        signer: fingerprint[-16:]
        for fingerprint, signer in (
            SIGNER.parts_of(key) for key in ours if key.startswith(SIGNER.below()[0])
        )
    }
    assert found == theirs
