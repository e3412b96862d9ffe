"""When and where photos were taken, and with what."""

from __future__ import annotations

import struct
from datetime import timedelta, timezone

import pytest
from PIL.TiffImagePlugin import IFDRational

from holdfast.index.media.exif import read_exif
from holdfast.index.media.moments import Place, find_zone
from holdfast.index.media.view import View
from holdfast.schema.timestamps import format_time

from .samples import contents_of, picture

SHOWN = "2015:06:07 10:20:30"
PARIS = {1: "N", 2: (48.0, 51.0, 30.24), 3: "E", 4: (2.0, 17.0, 40.2)}


def taken(tags, exif=None, gps=None):
    wanted = dict(tags)
    if exif:
        wanted[0x8769] = exif
    if gps:
        wanted[0x8825] = gps
    time = contents_of(picture("JPEG", tags=wanted)).taken
    return None if time is None else format_time(time)


def test_a_time_whose_zone_nobody_knows_is_marked_so():
    assert taken({0x132: SHOWN}) == "2015-06-07T10:20:30-00:01"


def test_the_time_of_the_shot_goes_before_that_of_the_file():
    assert taken({0x132: SHOWN}, {0x9003: "2014:01:01 00:00:00"}) == "2014-01-01T00:00:00-00:01"


def test_a_time_that_is_none_gives_way_to_the_other():
    assert taken({0x132: SHOWN}, {0x9003: "0000:00:00 00:00:00"}) == "2015-06-07T10:20:30-00:01"


def test_a_zone_that_is_said_counts():
    exif = {0x9003: SHOWN, 0x9011: "-03:30"}
    assert taken({}, exif) == "2015-06-07T13:50:30Z"
    assert taken({}, exif, PARIS) == "2015-06-07T13:50:30Z"
    assert taken({0x132: SHOWN}, {0x9010: "+02:00"}) == "2015-06-07T08:20:30Z"


def test_the_place_says_the_zone_with_its_summer_time():
    assert taken({0x132: SHOWN}, gps=PARIS) == "2015-06-07T08:20:30Z"
    assert taken({0x132: "2015:12:07 10:20:30"}, gps=PARIS) == "2015-12-07T09:20:30Z"


def test_far_out_at_sea_the_satellites_say_the_zone():
    sea = {1: "S", 2: (40.0, 0.0, 0.0), 3: "W", 4: (130.0, 0.0, 0.0)}
    clock = {0x1D: "2015:06:07", 7: (19.0, 20.0, 5.0)}
    assert taken({0x132: SHOWN}, gps=sea) == "2015-06-07T10:20:30-00:01"
    assert taken({0x132: SHOWN}, gps=sea | clock) == "2015-06-07T19:20:30Z"
    stale = {0x1D: "2015:06:07", 7: (19.0, 27.0, 5.0)}
    assert taken({0x132: SHOWN}, gps=sea | stale) == "2015-06-07T10:20:30-00:01"


@pytest.mark.parametrize(
    "text", ["", "2015:06:07", "2015-06-07 10:20:30", "2015:13:07 10:20:30", "x"]
)
def test_what_is_no_date_is_none(text):
    assert taken({0x132: text or " "}) is None


def test_a_position_has_its_sides():
    gps = {1: "S", 2: (33.0, 51.0, 0.0), 3: "W", 4: (70.0, 30.0, 36.0)}
    place = contents_of(picture("JPEG", tags={0x8825: gps})).place
    assert (round(place.latitude, 7), round(place.longitude, 7)) == (-33.85, -70.51)


@pytest.mark.parametrize(
    "change", [{2: (91.0, 0.0, 0.0)}, {4: (180.0, 0.0, 1.0)}, {1: None}, {2: (1.0, 2.0)}]
)
def test_a_position_that_is_none_is_none(change):
    gps = {tag: value for tag, value in (PARIS | change).items() if value is not None}
    assert contents_of(picture("JPEG", tags={0x8825: gps})).place is None


def tiff(tags, gps=()):
    """A big-endian TIFF structure; values are a type, a count and the bytes."""

    def directory(start, entries):
        head, tail = len(entries).to_bytes(2, "big"), b""
        for tag, (kind, count, data) in entries:
            where = start + 2 + 12 * len(entries) + 4 + len(tail)
            if len(data) > 4:
                tail += data
                data = where.to_bytes(4, "big")
            head += struct.pack(">HHI", tag, kind, count) + data.ljust(4, b"\0")
        return head + bytes(4) + tail

    entries = [*tags, (0x8825, (4, 1, bytes(4)))] if gps else list(tags)
    start = 8 + len(directory(8, entries))
    if gps:
        entries[-1] = (0x8825, (4, 1, start.to_bytes(4, "big")))
    return b"MM\0*\0\0\0\x08" + directory(8, entries) + (directory(start, gps) if gps else b"")


def exif_of(data):
    return read_exif(View.of_bytes(data), find_zone)


@pytest.mark.parametrize("text", [b"48;51;30\0", b"48,1;51,1;30,1\0"])
def test_degrees_may_be_text(text):
    gps = [
        (1, (2, 2, b"N\0")),
        (2, (2, len(text), text)),
        (3, (2, 2, b"E\0")),
        (4, (2, len(text), text)),
    ]
    assert exif_of(tiff([], gps)).place == Place(48.858333333333334, 48.858333333333334)


def test_degrees_divided_by_nothing_are_none():
    angle = (5, 3, struct.pack(">6I", 48, 0, 0, 1, 0, 1))
    gps = [(1, (2, 2, b"N\0")), (2, angle), (3, (2, 2, b"E\0")), (4, angle)]
    assert exif_of(tiff([], gps)).place is None


def test_the_camera_says_how_it_took_the_picture():
    exif = {
        0x829A: IFDRational(1, 250),
        0x829D: IFDRational(28, 10),
        0x8827: 400,
        0x920A: IFDRational(35),
        0xA434: "A lens",
    }
    tags = {0x10F: "Maker ", 0x110: "Model", 0x8769: exif}
    found = contents_of(picture("JPEG", tags=tags)).exif
    assert (found.make, found.model, found.lens, found.iso) == ("Maker", "Model", "A lens", 400)
    assert found.exposure == 1 / 250
    assert (found.f_number, found.focal_length) == (2.8, 35.0)


def test_rows_have_the_form_of_the_reference():
    data = tiff(
        [
            (0x10F, (2, 9, b"100% z+\0x")),
            (0x110, (2, 4, b"ab\0c")),
            (0x112, (3, 1, b"\0\6")),
            (0x11A, (5, 1, struct.pack(">2I", 72, 1))),
            (0x9204, (10, 1, struct.pack(">2i", -1, 3))),
            (0x8828, (7, 4, b"abcd")),
            (0x9286, (11, 2, struct.pack(">2f", 1, 0.5))),
            (0x5000, (3, 1, b"\0\1")),
        ]
    )
    assert exif_of(data).tags == (
        (0x10F, "string|1|100%25+z%2B"),
        (0x110, "string|1|ab"),
        (0x112, "int|1|6"),
        (0x11A, "rat|1|72/1"),
        (0x9204, "rat|1|-1/3"),
        (0x9286, "float|2|1|0.5"),
    )


def test_directories_that_lead_in_circles_end():
    looped = bytearray(tiff([(0x8769, (4, 1, number4(8))), (0x8825, (4, 1, number4(8)))]))
    looped[8 + 2 + 2 * 12 : 8 + 2 + 2 * 12 + 4] = number4(8)
    assert exif_of(bytes(looped)) is not None


def number4(value):
    return value.to_bytes(4, "big")


def test_counts_beyond_all_bounds_are_passed_over():
    data = tiff([(0x10F, (2, 0xFFFFFFFF, b"\0\0\0\x08")), (0x112, (3, 1, b"\0\3"))])
    assert exif_of(data).orientation == 3


def test_the_zone_is_asked_for_with_the_place():
    asked = []

    def zone(place):
        asked.append(place)
        return timezone(timedelta(hours=5, minutes=45))

    gps = [
        (1, (2, 2, b"N\0")),
        (2, (5, 3, struct.pack(">6I", 27, 1, 30, 1, 0, 1))),
        (3, (2, 2, b"E\0")),
        (4, (5, 3, struct.pack(">6I", 85, 1, 0, 1, 0, 1))),
    ]
    data = tiff([(0x132, (2, 20, SHOWN.encode() + b"\0"))], gps)
    found = read_exif(View.of_bytes(data), zone)
    assert format_time(found.taken) == "2015-06-07T04:35:30Z"
    assert asked == [Place(27.5, 85.0)]
