"""Packets, armor, keys: read from hostile bytes, written as other programs read them."""

from __future__ import annotations

import base64
import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.schema.openpgp import armor, packets
from holdfast.schema.openpgp.errors import BadOpenPgp
from holdfast.schema.openpgp.publickey import ED25519, parse_key_blob, parse_public_key
from holdfast.schema.openpgp.secretkey import parse_secret_key, secret_key_packets
from holdfast.schema.openpgp.signature import parse_signature


@pytest.mark.parametrize("size", [0, 1, 191, 192, 193, 8383, 8384, 70000])
def test_packets_of_any_size_are_read_as_written(size):
    written = packets.write_packet(13, bytes(size)) * 2
    assert list(packets.read_packets(written)) == [(13, bytes(size))] * 2


def test_headers_of_the_old_format_are_read():
    for kind, length in enumerate((b"\x03", b"\0\x03", b"\0\0\0\x03")):
        header = bytes((0x80 | 13 << 2 | kind,)) + length
        assert list(packets.read_packets(header + b"abc")) == [(13, b"abc")]


@pytest.mark.parametrize(
    "data",
    [
        b"\x00",
        b"\x80",
        b"\xc2",
        b"\xc2\xc0",
        b"\xc2\xff\xff\xff\xff\xff",
        b"\xc2\xe0x",
        b"\x8b\x01x",
        b"\xcd\x02x",
    ],
)
def test_packets_that_lie_about_their_length_are_errors(data):
    with pytest.raises(BadOpenPgp):
        list(packets.read_packets(data))


@pytest.mark.parametrize("data", [b"\0\x02\x01", b"\0\x07\x80", b"\0\x09\0\x01", b"\xff\xff\x01"])
def test_numbers_that_lie_about_their_length_are_errors(data):
    with pytest.raises(BadOpenPgp):
        packets.Fields(data).mpi()


@given(st.binary(max_size=200))
def test_armor_gives_back_what_was_put_in(data):
    text = armor.armored(armor.SIGNATURE, data)
    assert max(map(len, text.splitlines())) <= 64
    assert armor.dearmored(armor.SIGNATURE, text) == data
    other_ends = b"Hello\r\n" + text.replace(b"\n", b"\r\n") + b"bye"
    assert armor.dearmored(armor.SIGNATURE, other_ends) == data


def test_the_checksum_is_the_one_of_the_standard():
    # The check value of CRC-24/OPENPGP in the catalogue of parametrised CRC algorithms.
    assert base64.b64decode(armor.checksum(b"123456789")) == bytes.fromhex("21cf02")


def test_headers_are_allowed_and_checksums_may_be_missing_not_wrong():
    frame = "-----BEGIN PGP SIGNATURE-----\nComment: x\n\n{}\n-----END PGP SIGNATURE-----"
    good = armor.checksum(b"abc")
    for body in ("YWJj", f"YWJj\n={good}", "YW\nJj"):
        assert armor.dearmored(armor.SIGNATURE, frame.format(body).encode()) == b"abc"
    for body in ("YWJj\n=AAAA", "YWJj\n=", "YWJ", "YW Jj", "YWJjYR==", "=YWJj"):
        with pytest.raises(BadOpenPgp):
            armor.dearmored(armor.SIGNATURE, frame.format(body).encode())


READERS = [
    lambda data: list(packets.read_packets(data)),
    parse_signature,
    parse_public_key,
    parse_key_blob,
    parse_secret_key,
    lambda data: list(secret_key_packets(data)),
    lambda data: armor.dearmored(armor.SIGNATURE, data),
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(READERS), st.binary(max_size=300), st.sampled_from([1, 3, 17, 19, 22, 27]))
def test_whatever_the_bytes_there_is_one_kind_of_error(reader, data, algorithm):
    body = b"\x04\0\0\0\0" + bytes((algorithm,)) + data
    for hostile in (data, body, packets.write_packet(2, body), packets.write_packet(5, body)):
        with contextlib.suppress(BadOpenPgp):
            reader(hostile)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2000), st.integers(1, 255), st.sampled_from(READERS))
def test_damaged_rings_and_keys_raise_that_error_or_nothing(ring, key, at, change, reader):
    for whole in (ring, key.body, key.public.body, key.public.blob, key.detached(b"", time=0)):
        damaged = bytearray(whole)
        damaged[at % len(damaged)] ^= change
        with contextlib.suppress(BadOpenPgp):
            reader(bytes(damaged))


HOSTILE = {
    "begin after begin": b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n" * 7000,
    "dashes": b"-" * 262144,
    "one line": b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n" + b"A" * 262000,
    "empty packets": b"\xcd\x00" * 131072,
    "empty lines": b"\n" * 262144,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_quarter_of_a_megabyte_of_anything_is_judged_quickly(name):
    start = time.process_time()
    for reader in READERS:
        with contextlib.suppress(BadOpenPgp):
            reader(HOSTILE[name])
    assert time.process_time() - start < 2


def rsa_body(n: int, e: int) -> bytes:
    return b"\x04\0\0\0\0\x01" + packets.write_mpi(n) + packets.write_mpi(e)


@pytest.mark.parametrize(
    "numbers",
    [(0, 0), (1, 1), (15, 3), (1 << 2047, 3), ((1 << 2048) - 1, 0), ((1 << 2048) - 1, 2)],
)
def test_numbers_that_are_no_rsa_key_verify_nothing(numbers):
    key = parse_public_key(rsa_body(*numbers))
    with contextlib.suppress(BadOpenPgp):
        assert not key.has_signed(bytes(32), "sha256", (bytes(256),))


@pytest.mark.parametrize("bits", [2048, 4096, 16384, 65535])
def test_the_largest_of_keys_takes_no_long_time(bits):
    key = parse_public_key(rsa_body((1 << bits) - 1, (1 << bits - 1) - 1))
    start = time.process_time()
    with contextlib.suppress(BadOpenPgp):
        assert not key.has_signed(bytes(32), "sha256", (b"\x7f" * (bits // 8),))
    assert time.process_time() - start < 1


@pytest.mark.parametrize("size", [0, 31, 33, 1000])
def test_ed25519_numbers_of_any_size_get_a_verdict(any_key, size):
    if any_key.public.algorithm != 1:
        values = (b"\xff" * size,) if any_key.public.algorithm == ED25519 else (b"\xff" * size,) * 2
        assert not any_key.public.has_signed(bytes(32), "sha256", values)
