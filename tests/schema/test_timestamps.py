"""Times as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.schema.errors import BadTimestamp
from holdfast.schema.timestamps import Timestamp, format_ns, format_time, parse_time

FIRST_NS = -62135596800 * 10**9  # the beginning of year 1
LAST_NS = 253402300800 * 10**9  # the beginning of year 10000


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (500_000_000, "1970-01-01T00:00:00.5Z"),
        (120_000_000, "1970-01-01T00:00:00.12Z"),
        (123_456_789, "1970-01-01T00:00:00.123456789Z"),
        (-5_500_000_000, "1969-12-31T23:59:54.5Z"),
        (951_782_400_000_000_001, "2000-02-29T00:00:00.000000001Z"),
        (1_500_432_000_123_456_789, "2017-07-19T02:40:00.123456789Z"),
    ],
)
def test_times_are_written_in_utc_without_the_zeros_a_fraction_ends_in(ns, text):
    assert format_ns(ns) == text
    assert parse_time(text) == Timestamp(ns)


@given(st.integers(FIRST_NS + 1, LAST_NS - 1))
def test_every_time_reads_back_as_itself(ns):
    assert parse_time(format_ns(ns)) == Timestamp(ns)


@given(st.integers(FIRST_NS + 60 * 10**9, LAST_NS - 1))
def test_the_mark_for_an_unknown_zone_survives_the_round_trip(ns):
    time = Timestamp(ns, is_zone_unknown=True)
    assert format_time(time).endswith("-00:01")
    assert parse_time(format_time(time)) == time


def test_an_unknown_zone_counts_as_one_minute_west():
    time = parse_time("2020-01-10T02:00:00.5-00:01")
    assert time is not None
    assert format_ns(time.ns) == "2020-01-10T02:01:00.5Z"


def test_zones_and_long_fractions_are_read():
    assert parse_time("2020-01-01T00:30:00.1234567899+05:30") == parse_time(
        "2019-12-31T19:00:00.123456789Z"
    )


@pytest.mark.parametrize(
    "text", ["", "0000-00-00T00:00:00Z", "0000-00-00T00:00:00", "0001-01-01T00:00:00Z"]
)
def test_some_texts_are_no_time(text):
    assert parse_time(text) is None


def test_the_first_second_of_1970_is_any_zero():
    assert Timestamp(0).is_any_zero
    assert Timestamp(999_999_999).is_any_zero
    assert not Timestamp(-1).is_any_zero
    assert not Timestamp(10**9).is_any_zero


@pytest.mark.parametrize(
    "text",
    [
        "2020",
        "2020-01-01",
        "2020-01-01T00:00:00",
        "2020-01-01 00:00:00Z",
        "2020-13-01T00:00:00Z",
        "2021-02-29T00:00:00Z",
        "2020-01-01T24:00:00Z",
        "2020-01-01T00:60:00Z",
        "2020-01-01T00:00:00+24:00",
        "2020-01-01T00:00:00.Z",
        "\uff12020-01-01T00:00:00Z",
        " 2020-01-01T00:00:00Z",
        "2020-01-01T00:00:00Z\n",
    ],
)
def test_what_is_no_rfc_3339_is_refused(text):
    with pytest.raises(BadTimestamp, match="RFC 3339"):
        parse_time(text)


def test_years_beyond_four_digits_cannot_be_written():
    for ns in (LAST_NS, FIRST_NS - 1):
        with pytest.raises(BadTimestamp):
            format_ns(ns)
