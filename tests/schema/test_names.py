"""File names of any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.schema.names import as_perkeep_reads, as_restorable, joined_pieces, pieces_of


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        (b"Am\xe9lie\xff\xfe.jpg", ["Am", 233, "lie", 255, 254, ".jpg"]),
        (b"\xed\xa0\x80x", [237, 160, 128, "x"]),
        (b"\xc0\x80", [192, 128]),
        (b"a\xe2\x82", ["a", 226, 130]),
        (b"\xf4\x90\x80\x80", [244, 144, 128, 128]),
        ("😀".encode() + b"\xfe", ["😀", 254]),
        ("€".encode() + b"\x80", ["€", 128]),
        ("\ufffd".encode() + b"\xff", ["\ufffd", 255]),
        (b"plain", ["plain"]),
    ],
)
def test_bad_bytes_stand_between_the_longest_valid_strings(name, pieces):
    assert pieces_of(name) == pieces
    assert joined_pieces(pieces) == name


@given(st.binary())
def test_every_name_reads_back_as_itself(name):
    assert joined_pieces(pieces_of(name)) == name


def test_numbers_lose_what_no_byte_holds_and_other_elements_are_left_out():
    assert joined_pieces([256 + 65, 66.9, "c", None, True, ["d"], {"e": 1}, -1]) == b"ABc\xff"


def test_half_a_character_in_a_piece_is_a_replacement_character():
    assert joined_pieces(["a\ud800", 255]) == "a\ufffd".encode() + b"\xff"


def test_perkeep_reads_no_name_with_a_slash_in_it():
    assert as_perkeep_reads(b"a\\b") == b""
    assert as_perkeep_reads(b"a/b") == b""
    assert as_perkeep_reads(b"..") == b".."


def test_only_names_that_stay_in_their_folder_can_be_restored():
    for name in (b"..", b".", b"", b"a/b", b"/", b"a\0"):
        assert as_restorable(name) == b""
    for name in (b"a\\b", b"...", b"\xff\n", b" "):
        assert as_restorable(name) == name
