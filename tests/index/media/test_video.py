"""What films say of themselves."""

from __future__ import annotations

import pytest

from holdfast.index.media.moments import Place
from holdfast.schema.timestamps import format_time

from .samples import avi, box, contents_of, film, matroska, number


def test_mp4_says_size_length_and_date_though_its_header_is_at_the_end():
    contents = contents_of(film())
    assert (contents.mime, contents.size) == ("video/mp4", (1920, 1080))
    assert contents.video.duration_ms == 12500
    assert format_time(contents.taken) == "2020-06-01T10:20:30Z"


def test_a_film_on_its_side_is_turned():
    assert contents_of(film(turned=True)).size == (1080, 1920)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b"+48.8577+002.2950/", Place(48.8577, 2.295)),
        (b"-33.85-070.51+520.3/", Place(-33.85, -70.51)),
        (b"+91.0+002.2950/", None),
        (b"+4851.5+00217.6/", None),
        (b"nowhere", None),
    ],
)
def test_the_place_is_read(text, place):
    xyz = box(b"udta", box(b"\xa9xyz", number(len(text), 2), bytes(2), text))
    assert contents_of(film(xyz)).place == place


def quicktime(**said):
    """A `meta` box as Apple's phones write it."""
    names = [f"com.apple.quicktime.{name}".encode() for name in said]
    keys = box(b"keys", bytes(4), number(len(names)), *(box(b"mdta", name) for name in names))
    entries = [
        box(number(index), box(b"data", number(1), bytes(4), text.encode()))
        for index, text in enumerate(said.values(), 1)
    ]
    return box(b"meta", box(b"hdlr", bytes(25)), keys, box(b"ilst", *entries))


def test_apples_phones_say_the_zone():
    contents = contents_of(film(quicktime(make="X", creationdate="2020-06-01T12:20:30+0200")))
    assert format_time(contents.taken) == "2020-06-01T10:20:30Z"
    contents = contents_of(film(quicktime(creationdate="2020-06-01T12:20:30")))
    assert format_time(contents.taken) == "2020-06-01T12:20:30-00:01"


def test_a_creation_date_that_is_none_leaves_the_header_its_own():
    contents = contents_of(film(quicktime(creationdate="yesterday")))
    assert format_time(contents.taken) == "2020-06-01T10:20:30Z"


def test_a_date_of_zero_is_none():
    data = film().replace(number(3673851630), bytes(4))
    assert contents_of(data).taken is None


def test_matroska_says_size_length_date_and_title():
    contents = contents_of(matroska(date=10**9 * 60))
    assert (contents.mime, contents.size) == ("video/webm", (640, 360))
    assert (contents.video.duration_ms, contents.video.title) == (2500, "A film")
    assert format_time(contents.taken) == "2001-01-01T00:01:00Z"


def test_avi_says_size_and_length():
    contents = contents_of(avi())
    assert (contents.mime, contents.size) == ("video/x-msvideo", (320, 240))
    assert contents.video.duration_ms == 10_000


def test_boxes_that_claim_more_than_there_is_end_with_the_file():
    data = film()
    at = data.index(b"moov") - 4
    for size in (0, 0xFFFFFFFF):
        contents = contents_of(data[:at] + number(size) + data[at + 4 :])
        assert contents.size == (1920, 1080)
