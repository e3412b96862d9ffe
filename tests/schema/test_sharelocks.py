"""Locks of shares: what a claim says of a password and of a count, and who fails closed."""

from __future__ import annotations

import pytest

from holdfast.blobstore.ref import Ref
from holdfast.schema.blob import parse_schema
from holdfast.schema.claims import Share, claim_text, locked, read_claim
from holdfast.schema.errors import BadClaim
from holdfast.schema.sharelocks import (
    HAVE_REF,
    NOBODYS,
    SALT_SIZE,
    PasswordHash,
    auth_type,
    password_hash,
    read_password_hash,
)
from holdfast.schema.sharing import Denial, share_denial
from holdfast.schema.timestamps import Timestamp

SIGNER, TARGET = Ref.of(b"a public key"), Ref.of(b"target")
NOW = Timestamp(1_800_000_000_000_000_000)
SALT = bytes(range(SALT_SIZE))
HASH = password_hash("opensesame", salt=SALT)


def written(share: Share) -> bytes:
    return claim_text(SIGNER, NOW, share)


def read(text: bytes) -> Share:
    signed = text[:-1] + b',"camliSig":"c2ln=crc4"}\n'
    says = read_claim(parse_schema(Ref.of(signed), signed)).says
    assert isinstance(says, Share)
    return says


def test_a_password_is_known_by_its_hash_and_no_other_is() -> None:
    found = read_password_hash(HASH)
    assert found is not None
    assert found.is_of("opensesame")
    for wrong in ("", "opensesam", "opensesame ", "Opensesame"):
        assert not found.is_of(wrong)


def test_the_hash_is_scrypt() -> None:
    # RFC 7914, section 12, the third vector.
    digest = bytes.fromhex(
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
        "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
    )
    assert PasswordHash(14, 8, 1, b"SodiumChloride", digest).is_of("pleaseletmein")


def test_one_letter_written_in_two_ways_is_one_password() -> None:
    found = read_password_hash(password_hash("Gru\u0308n", salt=SALT))
    assert found is not None
    assert found.is_of("Gr\u00fcn")


def test_nobodys_password_opens_nothing() -> None:
    for word in ("", "password", "\0"):
        assert not NOBODYS.is_of(word)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "opensesame",
        HASH[:-1] + "!",
        HASH.replace("scrypt", "argon2id"),
        HASH.replace("ln=15", "ln=21"),  # 2 GiB
        HASH.replace("ln=15", "ln=99"),
        HASH.replace("ln=15", "ln=0"),
        HASH.replace("r=8", "r=0"),
        HASH.replace("p=1", "p=5"),
        HASH.rpartition("$")[0] + "$AAAAAAAA",
    ],
)
def test_a_hash_that_nobody_can_use_or_that_costs_too_much_is_none(text: str) -> None:
    assert read_password_hash(text) is None


@pytest.mark.parametrize(
    ("locks", "way"),
    [
        ({}, "haveref"),
        ({"password_hash": HASH}, "haveref+password"),
        ({"most_downloads": 3}, "haveref+count"),
        ({"password_hash": HASH, "most_downloads": 3}, "haveref+password+count"),
    ],
)
def test_a_locked_share_says_so_where_perkeep_looks(locks, way: str) -> None:
    share = locked(Share(target=TARGET, is_transitive=True), **locks)
    text = written(share)
    assert f'"authType": "{way}"'.encode() in text
    assert (way == HAVE_REF) == (not locks)
    assert read(text) == share
    assert share_denial(share, now=NOW) is None


def test_a_claim_that_lacks_what_it_asks_for_opens_nothing() -> None:
    share = locked(Share(target=TARGET, is_transitive=True), password_hash=HASH, most_downloads=3)
    text = written(share)
    for old, new in (
        (b'"passwordHash"', b'"password"'),
        (HASH.encode(), b"opensesame"),
        (f'"{HASH}"'.encode(), b"17"),
        (b'"maxDownloads"', b'"most"'),
        (b'"maxDownloads": 3', b'"maxDownloads": 0'),
        (b'"maxDownloads": 3', b'"maxDownloads": -3'),
        (b'"maxDownloads": 3', b'"maxDownloads": true'),
        (b'"maxDownloads": 3', b'"maxDownloads": "3"'),
        (b"+password+count", b"+count+password"),
        (b"+password+count", b"+password+count+face"),
    ):
        changed = text.replace(old, new)
        assert changed != text
        assert share_denial(read(changed), now=NOW) is Denial.SHARE_AUTH_TYPE


def test_locks_that_the_way_in_does_not_mention_are_none() -> None:
    text = written(locked(Share(target=TARGET), password_hash=HASH))
    plain = read(text.replace(b"haveref+password", b"haveref"))
    assert plain == Share(target=TARGET)


@pytest.mark.parametrize(
    "share",
    [
        Share(target=TARGET, password_hash=HASH),
        Share(target=TARGET, auth_type="haveref+password"),
        locked(Share(target=TARGET), password_hash="opensesame"),
        locked(Share(target=TARGET), most_downloads=3),
        locked(Share(target=TARGET, is_transitive=True), most_downloads=0),
        locked(Share(target=TARGET, is_transitive=True), most_downloads=10**10),
    ],
)
def test_no_share_is_written_whose_locks_nobody_could_open(share: Share) -> None:
    with pytest.raises(BadClaim):
        written(share)


def test_the_ways_in_have_one_order() -> None:
    assert auth_type(has_password=True, is_counted=True) == "haveref+password+count"
