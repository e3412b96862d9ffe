"""Types by content and by name."""

from __future__ import annotations

import pytest

from holdfast.index.media.mime import by_extension, mime_type, sniff


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (b"GIF89a.", "image/gif"),
        (b"\xff\xd8\xff\xdb.", "image/jpeg"),
        (b"II*\0\x10\0\0\0CR\2.", "image/cr2"),
        (b"II*\0\x08\0\0\0", "image/tiff"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "text/x-openpgp-public-key"),
        (b"ID3\4", "audio/mpeg"),
        (b"\0\0\0 ftypisom....", "video/mp4"),
        (b"\0\0\0 ftyp3gp5....", "video/3gpp"),
        (b"RIFF....WAVEfmt ", "audio/x-wav"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"PK\3\4....", "application/zip"),
        (b"%PDF-1.7", "application/pdf"),
        (b"<?xml version='1.0'?><svg>", "image/svg+xml"),
        (b" \n<svg>", "image/svg+xml"),
        (b"<?xml version='1.0'?><rss>", "text/xml"),
        (b"\n <!DOCTYPE html>", "text/html"),
        (b"<P>", "text/html"),
        (b"BM....", "image/bmp"),
        (b"\xff\xfea\0", "text/plain; charset=utf-16le"),
        (b"\0asm\1", "application/wasm"),
        (b"\0\0\0\x18ftypdash....mp41", ""),  # the box goes on, and the head does not
        (b"\0\0\0\x18ftypdash....iso6mp41", "video/mp4"),
    ],
)
def test_the_first_bytes_show_the_type(head, mime):
    assert sniff(head) == mime


def test_a_rule_of_the_table_wants_a_byte_more_than_it_looks_at():
    assert sniff(b"gimp xcf ") == ""
    assert sniff(b"gimp xcf f") == "image/x-xcf"
    assert sniff(b"\x89PNG\r\n\x1a\n") == "image/png"  # by the standard, which wants no more


@pytest.mark.parametrize(
    "head", [b"", b"\x89", b"plain text", b"<paragraph>", b"\xef\xbb\xbfhello"]
)
def test_text_and_the_unknown_are_left_to_the_name(head):
    assert mime_type(head, "a.TXT") == "text/plain"
    assert mime_type(head, "a.md") == "text/markdown"
    assert mime_type(head, "README") == ""


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif"])
def test_pictures_of_the_newer_formats_are_pictures(brand):
    assert sniff(b"\0\0\0\x18ftyp" + brand + bytes(12)).startswith("image/")


def test_sound_in_a_film_container_is_sound():
    assert sniff(b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom\0\0\0\0") == "audio/mp4"


def test_extensions_are_those_of_the_last_dot():
    assert by_extension("holiday.jpg.txt") == "text/plain"
    assert by_extension(".txt") == ""
    assert by_extension("a.unknown") == ""
