"""What sound says of itself, and which bytes of a file are the sound."""

from __future__ import annotations

import io
import wave

import pytest

from holdfast.blobstore.ref import Ref
from holdfast.index.media.audio import media_tags
from holdfast.index.media.contents import digest
from holdfast.index.media.genres import genre_names

from .samples import TAGGED, box, contents_of, film, number

SECOND = (b"\xff\xfb\x90\0" + bytes(413)) * 39
"""About a second of MPEG 1 layer 3 at 128 kbit/s, one frame after the other."""


def audio_of(name):
    return contents_of((TAGGED / name).read_bytes(), name).audio


def tagged(name):
    audio = audio_of(name)
    rows = media_tags(audio, None)
    rows.pop("durationms")
    return rows, audio.duration_ms


FULL = {
    "title": "Größe",
    "artist": "Ann Bob",
    "album": "Album",
    "genre": "Jazz",
    "year": "1999",
    "track": "7",
    "disc": "2",
    "musicbrainzalbumid": "1b4d",
}


def without(*names):
    return {name: value for name, value in FULL.items() if name not in names}


def test_flac_ogg_and_mp4_say_what_they_say():
    assert tagged("sound.flac") == (FULL, 3000)
    assert tagged("sound.m4a") == (FULL | {"artist": "Ann"}, 5000)
    expected = without("genre", "disc", "musicbrainzalbumid") | {"artist": "Ann"}
    assert tagged("sound.ogg") == (expected, 2000)
    assert tagged("sound.opus") == ({"title": "Größe", "genre": "Jazz"}, 2000)


def test_id3_is_read_in_its_versions():
    album = {"musicbrainzalbumid": "1b4d1e7a-0000-4000-8000-0123456789ab"}
    assert tagged("id3v24.mp3") == (FULL | album | {"genre": "(20)Alternative"}, 1016)
    assert tagged("id3v23.mp3") == (
        FULL | album | {"artist": "Ann/Bob", "genre": "Alternative"},
        1016,
    )
    assert tagged("id3v1.mp3") == (
        without("disc", "musicbrainzalbumid") | {"artist": "Ann", "genre": "Alternative"},
        1016,
    )


@pytest.mark.parametrize("name", ["id3v23.mp3", "id3v24.mp3"])
def test_the_sound_is_named_without_the_tags_around_it(name):
    data = (TAGGED / name).read_bytes()
    digests = digest(io.BytesIO(data), contents_of(data).audio.sound)
    assert digests.part == Ref.of(SECOND)
    assert digests.whole == Ref.of(data)
    assert media_tags(contents_of(data).audio, digests.part)["mediaref"] == Ref.of(SECOND)


def test_sound_without_such_a_tag_has_no_name_of_its_own():
    assert audio_of("id3v1.mp3").sound is None
    assert audio_of("sound.flac").sound is None


def test_parts_are_hashed_wherever_they_lie():
    data = bytes(range(256)) * 10_000
    for part in (range(0), range(5, 2_000_000), range(1_048_576, 1_048_577)):
        assert digest(io.BytesIO(data), part).part == Ref.of(data[part.start : part.stop])


def id3(version, *frames, flags=0, padding=20):
    body = b"".join(frames) + bytes(padding)
    return b"ID3" + bytes([version, 0, flags]) + seven(len(body)) + body


def seven(size):
    return bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127])


def title_of(data):
    tags = contents_of(data + SECOND, "a.mp3").audio.tags
    return tags and tags.title


def test_frames_of_three_letters_are_read():
    frame = b"TT2" + number(6, 3) + b"\0Title"
    assert title_of(id3(2, frame)) == "Title"


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("size", [number(200), seven(200)])
def test_sizes_of_frames_are_understood_however_they_are_written(version, size):
    long = b"TPE1" + size + bytes(2) + b"\0" + b"a" * 199
    title = b"TIT2" + number(6) + bytes(2) + b"\0Title"
    assert title_of(id3(version, long, title)) == "Title"


def test_unsynchronised_tags_are_read():
    title = b"TIT2" + number(9) + bytes(2) + b"\1\xff\xfeA\0B\0C\0"
    assert title_of(id3(3, title.replace(b"\xff", b"\xff\0"), flags=0x80)) == "ABC"
    parted = b"TIT2" + seven(10) + b"\0\2" + b"\1\xff\0\xfeA\0B\0C\0"
    assert title_of(id3(4, parted)) == "ABC"


def test_extended_headers_are_passed_over():
    title = b"TIT2" + number(6) + bytes(2) + b"\0Title"
    assert title_of(id3(3, number(6) + bytes(6), title, flags=0x40)) == "Title"
    assert title_of(id3(4, seven(6) + b"\1\0", title, flags=0x40)) == "Title"


@pytest.mark.parametrize("year", [b"199", b"19999", b"abcd"])
def test_a_year_has_four_digits(year):
    frame = b"TYER" + number(len(year) + 1) + bytes(2) + b"\0" + year
    assert contents_of(id3(3, frame) + SECOND).audio.tags is None


def test_a_count_of_frames_goes_before_the_density():
    first = b"\xff\xfb\x90\0" + bytes(32) + b"Xing" + number(1) + number(1000) + bytes(369)
    sound = id3(4) + first + SECOND
    assert contents_of(sound).audio.duration_ms == 1000 * 1152 * 1000 // 44100
    vbri = b"\xff\xfb\x90\0" + bytes(32) + b"VBRI" + bytes(10) + number(500) + bytes(363)
    assert contents_of(id3(4) + vbri + SECOND).audio.duration_ms == 500 * 1152 * 1000 // 44100


def test_without_it_the_density_of_the_first_frame_counts_in_whole_kilobytes():
    assert contents_of(id3(4) + SECOND).audio.duration_ms == len(SECOND) // 128 * 8


def test_flac_behind_an_id3_tag_is_flac():
    data = id3(4) + (TAGGED / "sound.flac").read_bytes()
    audio = contents_of(data).audio
    assert (audio.tags.title, audio.duration_ms, audio.sound) == ("Größe", 3000, None)


def test_wave_says_how_long_it_is():
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(4 * 8000 * 3))
    assert contents_of(out.getvalue()).audio.duration_ms == 3000


def test_a_film_without_pictures_is_sound():
    entry = box(b"\xa9nam", box(b"data", number(1), bytes(4), b"Name"))
    meta = box(b"udta", box(b"meta", bytes(4), box(b"hdlr", bytes(25)), box(b"ilst", entry)))
    contents = contents_of(film(meta, width=0))
    assert (contents.mime, contents.video) == ("video/mp4", None)
    assert (contents.audio.tags.title, contents.audio.duration_ms) == ("Name", 12500)


def test_sound_that_says_nothing_is_nothing():
    assert contents_of(b"", "a.mp3").audio is None
    assert contents_of(bytes(5000), "a.mp3").audio is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("(20)Alternative", ("Alternative",)),
        ("(4)(5)Own", ("Disco", "Funk", "Own")),
        ("17", ("Rock",)),
        ("(RX)", ("Remix",)),
        ("17 20", ("Rock", "Alternative")),
        ("80s Pop", ("80s Pop",)),
        ("1999", ("1999",)),
        ("(255)", ()),
        ("", ()),
    ],
)
def test_numbers_of_genres_are_read_as_words(text, names):
    assert genre_names(text) == names
