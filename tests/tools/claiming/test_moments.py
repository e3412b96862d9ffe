"""Moments as people write them."""

import time
from collections.abc import Iterator

import pytest

from holdfast.schema.timestamps import Timestamp, format_time
from holdfast.tools.claiming.errors import BadMoment
from holdfast.tools.claiming.moments import local_text, parse_expiry, parse_moment

NOW = Timestamp(1_700_000_000 * 10**9)


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One hour east of Greenwich, two in summer, whatever tables of zones the machine has."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-21T14:30:05Z", "2026-11-21T14:30:05Z"),
        ("2026-11-21t14:30:05.123456789z", "2026-11-21T14:30:05.123456789Z"),
        ("2026-11-21 14:30:05+02:00", "2026-11-21T12:30:05Z"),
        ("2026-11-21T14:30Z", "2026-11-21T14:30:00Z"),
        ("2026-11-21", "2026-11-20T23:00:00Z"),
        ("2026-07-21", "2026-07-20T22:00:00Z"),
        (" 2026-11-21 14:30 ", "2026-11-21T13:30:00Z"),
        ("2026-11-21T14:30:05.5", "2026-11-21T13:30:05.5Z"),
        ("1969-07-20 20:17:40", "1969-07-20T19:17:40Z"),
        ("1800-01-01T00:00:00Z", "1800-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ("2026-11-21T14:30:05-00:01", "2026-11-21T14:30:05-00:01"),
    ],
)
def test_moments_are_in_local_time_unless_they_say_another(text: str, utc: str) -> None:
    assert format_time(parse_moment(text)) == utc


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "tomorrow",
        "2026",
        "2026-13-01",
        "2026-02-30",
        "2026-11-21T25:00:00Z",
        "2026-11-21T14:30:05X",
        "2026-11-21T14:30:05+25:00",
        "0001-01-01T00:00:00Z",
        "0000-01-01",
        "0001-01-01",
        "10000-01-01",
        "1700000000",
        "\uff12\uff10\uff12\uff16-11-21",
        "2026-11-21T14:30:05\x1b[31m",
    ],
)
def test_what_is_no_moment_is_refused_with_examples(text: str) -> None:
    with pytest.raises(BadMoment, match="2026-11-21 14:30:05") as refused:
        parse_moment(text)
    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30d", 30 * 86400), ("12h", 43200), ("1h30m", 5400), ("2w", 14 * 86400), ("1D2H3M4S", 93784)],
)
def test_an_expiry_is_a_duration_from_now(text: str, seconds: int) -> None:
    assert parse_expiry(text, now=NOW).ns == NOW.ns + seconds * 10**9


def test_an_expiry_is_a_moment_to_come() -> None:
    assert parse_expiry("2030-01-01", now=NOW) == parse_moment("2030-01-01")
    for past in ("2020-01-01", "0s", "1970-01-01T00:00:00Z"):
        with pytest.raises(BadMoment, match="a time to come"):
            parse_expiry(past, now=NOW)


@pytest.mark.parametrize("text", ["", " ", "d", "30", "-1d", "1.5h", "1m1h", "999999999w", "1d!"])
def test_what_is_no_expiry_is_refused_with_examples(text: str) -> None:
    with pytest.raises(BadMoment, match="30d, 12h"):
        parse_expiry(text, now=NOW)


def test_moments_are_shown_in_local_time() -> None:
    assert local_text(parse_moment("2026-11-21 14:30:05")) == "2026-11-21 14:30:05"
    assert local_text(parse_moment("1800-01-01T00:00:00Z")).startswith("1800-01-01")
    last = parse_moment("9999-12-31T23:59:59Z")
    assert local_text(last) == "9999-12-31T23:59:59Z"  # beyond the years of local time
