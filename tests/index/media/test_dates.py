"""Dates in file names, and what only looks like one."""

from __future__ import annotations

import pytest

from holdfast.index.media.dates import date_in_name
from holdfast.schema.timestamps import format_time


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("IMG_20130218_131058.jpg", "2013-02-18T13:10:58-00:01"),
        ("IMG_20130218_131058_1.jpg", "2013-02-18T13:10:58-00:01"),
        ("IMG20130218131058.jpg", "2013-02-18T13:10:58-00:01"),
        ("20130218_131058.mp4", "2013-02-18T13:10:58-00:01"),
        ("VID_20130218_131058123.mp4", "2013-02-18T13:10:58-00:01"),
        ("2013-02-18 13.10.58.jpg", "2013-02-18T13:10:58-00:01"),
        ("photo_2013-02-18_13-10-58.jpg", "2013-02-18T13:10:58-00:01"),
        ("signal-2013-02-18-131058.jpg", "2013-02-18T13:10:58-00:01"),
        ("signal-2013-02-18-13-10-58-123.jpg", "2013-02-18T13:10:58-00:01"),
        ("Screenshot_20130218-131058.png", "2013-02-18T13:10:58-00:01"),
        ("Screenshot_2013-02-18-13-10-58.png", "2013-02-18T13:10:58-00:01"),
        ("Screenshot 2013-02-18 at 13.10.58.png", "2013-02-18T13:10:58-00:01"),
        ("Screen Shot 2013-02-18 at 1.10.58 PM.png", "2013-02-18T13:10:58-00:01"),
        ("Screen Shot 2013-02-18 at 1.10.58\u202fPM.png", "2013-02-18T13:10:58-00:01"),
        ("Screen Shot 2013-02-18 at 12.10.58 AM.png", "2013-02-18T00:10:58-00:01"),
        ("WhatsApp Image 2013-02-18 at 13.10.58 (1).jpeg", "2013-02-18T13:10:58-00:01"),
        ("PXL_20130218_131058123.jpg", "2013-02-18T13:10:58Z"),
        ("PXL_20130218_131058123.MP.jpg", "2013-02-18T13:10:58Z"),
        ("2013-02-18T13:10:58Z.log", "2013-02-18T13:10:58Z"),
    ],
)
def test_a_date_with_a_time_is_read(name, time):
    found = date_in_name(name)
    assert (format_time(found.time), found.has_time) == (time, True)


@pytest.mark.parametrize(
    "name",
    [
        "IMG-20130218-WA0001.jpg",
        "VID-20130218-WA0001.mp4",
        "2013-02-18-Foo.txt",
        "2013-02-18.txt",
        "2013.02.18 party",
        "2013_02_18",
        "20130218.pdf",
        "20130218 letter.pdf",
        "report 2013-02-18.pdf",
        "2013-02-18 25.10.58.jpg",
        "2013-02-18 at 13.10.58 PM.jpg",
        "2013-02-18-31058.txt",
    ],
)
def test_a_date_alone_is_the_beginning_of_the_day(name):
    found = date_in_name(name)
    assert (format_time(found.time), found.has_time) == ("2013-02-18T00:00:00-00:01", False)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "IMG_1234.jpg",
        "invoice 20130218.pdf",
        "a20130218_131058.jpg",
        "20131318.jpg",
        "2013-02-30.txt",
        "2013-2-18.txt",
        "2013-02_18.txt",
        "2013-02-181.txt",
        "v2013-02-18.txt",
        "1-2013-02-18.txt",
        "192.168.2013.02.18",
        "2013.02.18.77",
        "2013-02-18-2014",
        "1234-5678-9012-3456.txt",
        "550e8400-e29b-41d4-a716-446655440000",
        "20130218131058123456.jpg",
        "20130218_991058.jpg",
        "20130218-12345.jpg",
        "9780201314526.epub",
        "1799-02-18.txt",
        "2013-02-18" + "x" * 1000,
    ],
)
def test_what_only_looks_like_a_date_is_none(name):
    assert date_in_name(name) is None
