"""How large pictures are, as shown."""

from __future__ import annotations

import io

import pytest
from PIL import features

from holdfast.index.media.contents import read_contents

from .samples import contents_of, picture


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "MPO"])
def test_the_header_says_the_size(form):
    assert contents_of(picture(form)).size == (70, 33)


def test_lossless_webp_and_webp_without_extras_say_theirs():
    assert contents_of(picture("WEBP", lossless=True)).size == (70, 33)
    assert contents_of(picture("WEBP", tags={0x112: 1})).size == (70, 33)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_on_its_side_is_turned(form, orientation):
    expected = (70, 33) if orientation < 5 else (33, 70)
    assert contents_of(picture(form, tags={0x112: orientation})).size == expected


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")
def test_a_heif_picture_is_turned_once():
    contents = contents_of(picture("AVIF", tags={0x112: 6, 0x10F: "Maker"}))
    assert (contents.mime, contents.size) == ("image/avif", (33, 70))
    assert contents.exif.make == "Maker"


def test_no_size_is_too_large():
    data = bytearray(picture("PNG"))
    data[16:24] = (70_000).to_bytes(4, "big") + (3_000_000).to_bytes(4, "big")
    assert contents_of(bytes(data)).size == (70_000, 3_000_000)


def test_a_jpeg_with_megabytes_of_extras_is_read_by_its_markers_alone():
    data = picture("JPEG")
    extra = b"\xff\xe2\xff\xff" + bytes(65533)
    reader = CountingReader(data[:2] + extra * 200 + data[2:])
    assert read_contents(reader).size == (70, 33)
    assert reader.most == 64 * 1024


class CountingReader(io.BytesIO):
    most = 0

    def read(self, size=-1, /):
        self.most = max(self.most, size)
        return super().read(size)


@pytest.mark.parametrize(
    ("root", "size"),
    [
        ('<svg width="20" height="10">', (20, 10)),
        ("<svg width='1in' height='2.54cm'>", (96, 96)),
        ('<svg width="100%" height="100%" viewBox="0 0 30 40">', (30, 40)),
        ('<svg viewBox="0,0,30.4,40">', (30, 40)),
        ('<svg stroke-width="3" xmlns="x">', None),
        ('<svg width="0" height="10">', None),
        ('<svg width="-5" height="10">', None),
    ],
)
def test_svg_says_its_size_or_that_of_its_view_box(root, size):
    assert contents_of(b"<?xml version='1.0'?>\n" + root.encode() + b"</svg>").size == size


def test_of_a_raw_file_the_thumbnail_does_not_count():
    def directory(entries, following=0):
        rows = b"".join(
            tag.to_bytes(2, "big") + b"\0\4\0\0\0\1" + value.to_bytes(4, "big")
            for tag, value in entries
        )
        return len(entries).to_bytes(2, "big") + rows + following.to_bytes(4, "big")

    thumbnail = [(0xFE, 1), (0x100, 160), (0x101, 120), (0x14A, 8 + 2 + 4 * 12 + 4)]
    full = [(0xFE, 0), (0x100, 6000), (0x101, 4000)]
    data = b"MM\0*\0\0\0\x08" + directory(thumbnail) + directory(full)
    assert contents_of(data).size == (6000, 4000)


def test_a_tiff_may_be_big():
    assert contents_of(picture("TIFF", big_tiff=True), "a.tif").size == (70, 33)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
def test_a_picture_cut_short_says_what_it_can(form):
    data = picture(form)
    for length in range(0, len(data), 7):
        contents = contents_of(data[:length], "a.jpg")
        assert contents.size in (None, (70, 33))
