"""Hostile files: whatever the bytes, an answer comes, and soon."""

from __future__ import annotations

import io
import time
from datetime import UTC

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.index.media.audio import media_tags, read_audio
from holdfast.index.media.contents import Contents, read_contents
from holdfast.index.media.dates import date_in_name
from holdfast.index.media.exif import read_exif
from holdfast.index.media.images import read_header
from holdfast.index.media.video import read_video
from holdfast.index.media.view import MOST_BYTES, Unreadable, View
from holdfast.schema.timestamps import format_time

from .samples import TAGGED, avi, box, element, film, matroska, number, picture

EXIF = {
    0x112: 6,
    0x132: "2015:06:07 10:20:30",
    0x8825: {1: "N", 2: (48.0, 51.0, 30.0), 3: "E", 4: (2.0, 17.0, 40.0)},
    0x8769: {0x9003: "2015:06:07 10:20:30", 0x9011: "+02:00"},
}
WHOLE = [
    *(picture(form, tags=EXIF) for form in ("JPEG", "PNG", "TIFF", "WEBP", "AVIF")),
    *(picture(form) for form in ("GIF", "BMP", "ICO")),
    *(path.read_bytes()[:4000] for path in sorted(TAGGED.glob("*[34av].*"))),
    (TAGGED / "sound.ogg").read_bytes()[:4000],
    (TAGGED / "sound.opus").read_bytes(),
    film(),
    matroska(),
    avi(),
    b'<svg width="10" height="10">',
]
NAMES = st.sampled_from(["a.jpg", "a.mp3", "a.mp4", "a.svg", "IMG_20200102_101112.ogg", ""])


@st.composite
def damaged(draw):
    """A whole file with some bytes changed, put in, left out, or cut off."""
    data = bytearray(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, min(len(data), 600)))
        end = at + draw(st.integers(0, 8))
        data[at:end] = draw(
            st.one_of(st.binary(max_size=8), st.sampled_from([b"\xff" * 4, bytes(4), b"\x80"]))
        )
    return bytes(data[: draw(st.integers(0, len(data) + 1000))])


def everything(data, name=""):
    contents = read_contents(io.BytesIO(data), name, find_zone=lambda _: UTC)
    assert isinstance(contents, Contents)
    hash(contents)
    for moment in (contents.taken, contents.name_date and contents.name_date.time):
        if moment is not None:
            format_time(moment)
    if contents.size is not None:
        assert min(contents.size) > 0
    if contents.audio is not None:
        assert all(isinstance(row, str) for row in media_tags(contents.audio, None).values())
        if contents.audio.sound is not None:
            assert 0 <= contents.audio.sound.start < contents.audio.sound.stop <= len(data)
    for read in (read_header, read_audio, read_video):
        read(View.of_bytes(data))
    read_exif(View.of_bytes(data), lambda _: UTC)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), NAMES)
def test_any_bytes_are_answered(data, name):
    everything(data, name)


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged(), NAMES)
def test_damaged_files_are_answered(data, name):
    everything(data, name)


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from("0123456789-_. :IMGPXLatTZ")))
def test_any_name_is_answered(name):
    date = date_in_name(name)
    if date is not None:
        format_time(date.time)


LONG = [
    pytest.param(b"\xff\xd8" + b"\xff\xe0\0\2" * 1_000_000, id="a JPEG of segments"),
    pytest.param(b"\xff\xd8" + b"\xff" * 4_000_000, id="a JPEG of fill bytes"),
    pytest.param(b"\x89PNG\r\n\x1a\n" + number(0) + b"IHDR" + bytes(4_000_000), id="a PNG"),
    pytest.param(b"RIFF\0\0\0\0WEBPVP8L" + bytes(4_000_000), id="a WebP of empty chunks"),
    pytest.param(box(b"ftyp", b"isommp42") + box(b"free") * 500_000, id="a film of boxes"),
    pytest.param(
        box(b"ftyp", b"heic", bytes(8)) + box(b"meta", bytes(4), box(b"free") * 500_000),
        id="a HEIF of boxes",
    ),
    pytest.param(
        element(0x1A45DFA3) + element(0x18538067, element(0xEC) * 400_000), id="a Matroska"
    ),
    pytest.param(b"OggS" + bytes(23) + b"OggS\0" * 500_000, id="an Ogg of pages"),
    pytest.param(
        b"ID3\4\0\0\x7f\x7f\x7f\x7f" + (b"TIT2" + bytes(6)) * 400_000, id="an ID3 of frames"
    ),
    pytest.param(b"ID3\4\0\0\0\0\0\0" + b"\xff\xfb\x90\0" * 1_000_000, id="MPEG without frames"),
    pytest.param(b"fLaC\0\0\0\0" + b"\4\0\0\0" * 1_000_000, id="a FLAC of blocks"),
    pytest.param(b"<svg " + b"width" * 800_000, id="an SVG"),
    pytest.param(
        b"MM\0*\0\0\0\x08\3\xe8" + b"\1\x4a\0\4\0\0\0\1\0\0\0\x08" * 1000 + number(8), id="a TIFF"
    ),
]


@pytest.mark.parametrize("data", LONG)
def test_files_made_to_take_long_are_answered_soon(data):
    started = time.perf_counter()
    everything(data)
    assert time.perf_counter() - started < 5


def test_no_more_than_the_bound_is_read():
    view = View.of_bytes(bytes(MOST_BYTES * 2))
    half = range(0, MOST_BYTES, 64 * 1024)
    assert all(view.at(at, 1000) == bytes(1000) for at in half)
    with pytest.raises(Unreadable):
        view.at(MOST_BYTES, 1000)


def test_views_end_where_they_end():
    view = View.of_bytes(b"0123456789").part(2, 5)
    assert view.at(0, 5) == b"23456"
    assert (view.some(3, 99), view.some(99, 1)) == (b"56", b"")
    assert view.part(4, 99).size == 1
    for offset, size in ((0, 6), (-1, 1), (6, 0)):
        with pytest.raises(Unreadable):
            view.at(offset, size)


def test_what_the_reader_raises_is_passed_on():
    class Broken(io.BytesIO):
        def read(self, _=-1, /):
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        read_contents(Broken(b"abc"), "a.jpg")
