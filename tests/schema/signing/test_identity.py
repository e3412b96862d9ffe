"""Identities: made, kept in rings, found by name."""

from __future__ import annotations

import pytest

from holdfast.schema.errors import NoSuchKey
from holdfast.schema.identity import (
    PERKEEP_USER_ID,
    is_named,
    new_identity,
    read_identity,
    read_public_half,
    secret_ring,
    whole_fingerprint,
)
from holdfast.schema.openpgp.armor import PRIVATE_KEY, armored
from holdfast.schema.openpgp.errors import BadOpenPgp, LockedKey
from holdfast.schema.openpgp.packets import Fields, read_packets, write_packet

FINGERPRINT = "0CDFB6D221CA57FD"


def test_perkeeps_ring_is_read_and_its_name_certified_as_perkeep_did(ring, key):
    assert key.public.key_id == FINGERPRINT
    written = list(read_packets(secret_ring(key, is_armored=False)))
    assert [tag for tag, _ in written] == [5, 13, 2]
    # Perkeep's ring goes on with a key for encryption.
    assert written[1:] == list(read_packets(ring))[1:3]


def test_the_smaller_prime_comes_first_whatever_the_ring_says(ring, key):
    def primes(body: bytes) -> list[int]:
        fields = Fields(body[len(key.public.body) + 1 :])
        return [int.from_bytes(fields.mpi(), "big") for _ in range(4)][1:]

    (_, theirs), *_ = read_packets(ring)
    p, q, u = primes(theirs)
    assert p > q
    assert primes(key.body) == [q, p, pow(q, -1, p)]
    assert u * p % q == 1


def test_armored_rings_are_read_too(ring, key):
    assert read_identity(armored(PRIVATE_KEY, ring)) == key
    assert read_identity(secret_ring(key, is_armored=True)) == key


def test_a_ring_gives_back_any_key(any_key):
    for is_armored in (True, False):
        again = read_identity(secret_ring(any_key, is_armored=is_armored))
        assert again == any_key
        assert again.detached(b"x", time=1) == any_key.detached(b"x", time=1)


def test_new_identities_are_rsa_of_2048_bits_and_no_two_alike():
    first, second = (new_identity(time=1700000000) for _ in range(2))
    assert first.public.material.n.bit_length() == 2048
    assert first.public.material.e == 65537
    assert first.public.created == 1700000000
    assert first.public.fingerprint != second.public.fingerprint
    assert len(first.public.blob) == 449


def test_secrets_are_not_shown(key):
    assert key.body.hex() not in repr(key)
    assert repr(key.body) not in repr(key)


@pytest.mark.parametrize(
    "name",
    ["0CDFB6D221CA57FD", "0cdfb6d221ca57fd", "0x21CA57FD", " 0CDF B6D2 21CA 57FD", "21ca57fd"],
)
def test_keys_have_short_and_long_names(name, ring, key):
    assert is_named(key.public, name)
    assert read_identity(ring, name=name) == key
    assert read_identity(ring, name=key.public.fingerprint.lower()) == key


def test_a_whole_fingerprint_is_told_from_shorter_names(key):
    whole = key.public.fingerprint
    for name in (whole, f" 0x{whole.lower()}", f"{whole[:20]} {whole[20:]}"):
        assert whole_fingerprint(name) == whole
    for name in (whole[-16:], whole[1:], whole + "0", "G" + whole[1:], ""):
        assert whole_fingerprint(name) is None


@pytest.mark.parametrize("name", ["", "FD", "7FD", "00000000", "1CA57FD!", "321CA57FD", "Ada"])
def test_other_names_fit_no_key(name, ring):
    with pytest.raises(NoSuchKey) as none:
        read_identity(ring, name=name)
    assert FINGERPRINT in str(none.value)


def test_a_ring_of_several_keys_needs_a_name(ring, key):
    other = new_identity(time=1, algorithm="ed25519")
    both = ring + secret_ring(other, is_armored=False)
    with pytest.raises(NoSuchKey):
        read_identity(both)
    assert read_identity(both, name=other.public.key_id) == other
    assert read_identity(both, name=FINGERPRINT) == key


def test_keys_that_nobody_understands_do_not_hide_the_others(ring, key):
    strange = write_packet(5, b"\x04\0\0\0\0\x63") + write_packet(5, b"\x06" + bytes(40))
    assert read_identity(strange + ring) == key


@pytest.mark.parametrize("usage", [254, 255, 9])
def test_a_locked_key_says_what_to_do(usage, key):
    at = len(key.public.body)
    locked = write_packet(5, key.body[:at] + bytes((usage,)) + key.body[at + 1 :])
    with pytest.raises(LockedKey, match="GnuPG"):
        read_identity(locked)


def test_the_public_half_of_a_locked_key_is_no_secret(ring, key):
    at = len(key.public.body)
    locked = write_packet(5, key.body[:at] + b"\xfe" + key.body[at + 1 :])
    assert read_public_half(locked) == read_public_half(ring, name=FINGERPRINT) == key.public
    with pytest.raises(NoSuchKey):
        read_public_half(locked, name="00000000")


@pytest.mark.parametrize("place", [300, 600, -1, -3])
def test_a_damaged_key_is_not_signed_with(place, key):
    damaged = bytearray(key.body)
    damaged[place] ^= 1
    with pytest.raises(BadOpenPgp):
        read_identity(write_packet(5, bytes(damaged)))


def test_a_secret_of_another_public_key_is_not_signed_with(any_key):
    other = bytearray(any_key.body)
    other[len(any_key.public.body) - 10] ^= 1
    with pytest.raises(BadOpenPgp):
        read_identity(write_packet(5, bytes(other)))


@pytest.mark.parametrize("data", [b"", b"x", b"-----BEGIN PGP PRIVATE KEY BLOCK-----", b"\xc5\xff"])
def test_data_that_is_no_ring_is_an_error(data):
    with pytest.raises((BadOpenPgp, NoSuchKey)):
        read_identity(data)


def test_gnupg_takes_every_ring_for_a_key(common_key, new_gpg):
    gpg = new_gpg(secret_ring(common_key, is_armored=True))
    gpg.run("--import", data=secret_ring(common_key, is_armored=False))
    assert PERKEEP_USER_ID in gpg.run("--list-secret-keys", common_key.public.fingerprint)
    signature = gpg.detached(b"data", common_key.public.fingerprint)
    assert gpg.verify(signature, b"data").valid == (common_key.public.fingerprint,)
