"""The sessions of a server, and the file they are kept in."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from holdfast.blobstore.errors import StoreFailed
from holdfast.ui.login.sessions import MOST, Sessions

NOW = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Errands:
    """What is left to be done later."""

    calls: list[Callable[[], None]] = field(default_factory=list)

    def __call__(self, call: Callable[[], None]) -> None:
        self.calls.append(call)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "sessions.json"


@pytest.fixture
def sessions(path: Path, clock: Clock) -> Sessions:
    return Sessions(path, auth_text="userpass:u:p", clock=clock)


def begun(sessions: Sessions, agent: str = "") -> dict[str, Any]:
    """A new session: a request that belongs to it."""
    return request(sessions, sessions.begin(agent=agent, address="192.0.2.1"))


def request(sessions: Sessions, secret: str) -> dict[str, Any]:
    return {"headers": [(b"cookie", f"a=b; {sessions.cookie_name}={secret}; c".encode())]}


def test_of_what_a_browser_holds_only_a_hash_is_kept(sessions: Sessions, path: Path) -> None:
    secret = sessions.begin(agent="Firefox", address="192.0.2.1")
    kept = path.read_text()
    assert "Firefox" in kept
    assert secret not in kept
    assert len(secret) >= 40
    assert sessions.knows(request(sessions, secret))
    (digest,) = (one["sha256"] for one in json.loads(kept)["sessions"])
    assert not sessions.knows(request(sessions, digest)), "who reads the file is not in"


def test_the_file_is_its_owners_alone(sessions: Sessions, path: Path) -> None:
    begun(sessions)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["sessions.json"]


def test_sessions_outlive_the_server(sessions: Sessions, path: Path, clock: Clock) -> None:
    scope = begun(sessions, "Firefox")
    clock.now += DAY
    later = Sessions(path, auth_text="userpass:u:p", clock=clock)
    assert later.knows(scope)
    assert later.key == sessions.key
    (one,) = later.listed()
    assert (one.agent, one.address, one.created) == ("Firefox", "192.0.2.1", NOW)


def test_who_was_let_in_by_another_password_is_out(
    sessions: Sessions, path: Path, clock: Clock
) -> None:
    scope = begun(sessions)
    assert not Sessions(path, auth_text="userpass:u:changed", clock=clock).knows(scope)
    again = Sessions(path, auth_text="userpass:u:p", clock=clock)
    assert not again.knows(scope), "and stays out when the old one comes back"


def test_the_file_helps_nobody_to_find_the_password(sessions: Sessions, path: Path) -> None:
    begun(sessions)
    assert "userpass" not in path.read_text()


def test_one_nobody_uses_ends_after_thirty_days(sessions: Sessions, clock: Clock) -> None:
    scope, other = begun(sessions), begun(sessions)
    clock.now += 29 * DAY
    assert sessions.knows(scope)
    clock.now += 2 * DAY
    assert sessions.knows(scope), "use counts"
    assert not sessions.knows(other)
    assert len(sessions.listed()) == 1


def test_each_ends_after_a_year(sessions: Sessions, clock: Clock) -> None:
    scope = begun(sessions)
    for _ in range(73):
        clock.now += 5 * DAY
        assert sessions.knows(scope)
    clock.now += 5 * DAY
    assert not sessions.knows(scope)


def test_use_is_written_down_now_and_then_and_by_somebody_else(path: Path, clock: Clock) -> None:
    errands = Errands()
    sessions = Sessions(path, clock=clock, later=errands)
    scope = begun(sessions)
    before = path.read_bytes()
    for _ in range(100):
        clock.now += timedelta(minutes=2)
        assert sessions.knows(scope)
    assert path.read_bytes() == before
    assert len(errands.calls) == 3, "once an hour"
    errands.calls[-1]()
    assert Sessions(path, clock=clock).listed()[0].seen == clock.now


def test_use_is_written_down_at_the_end(sessions: Sessions, path: Path, clock: Clock) -> None:
    scope = begun(sessions)
    clock.now += timedelta(minutes=5)
    assert sessions.knows(scope)
    sessions.close()
    assert Sessions(path, auth_text="userpass:u:p", clock=clock).listed()[0].seen == clock.now


def test_one_that_is_ended_is_out_at_once_and_for_good(
    sessions: Sessions, path: Path, clock: Clock
) -> None:
    scope, other = begun(sessions), begun(sessions)
    assert sessions.end([sessions.name_of(scope), "unknown"]) == 1
    assert not sessions.knows(scope)
    assert sessions.knows(other)
    later = Sessions(path, auth_text="userpass:u:p", clock=clock)
    assert not later.knows(scope)
    assert later.knows(other)


def test_there_are_only_so_many_and_the_least_lately_used_goes(
    sessions: Sessions, clock: Clock
) -> None:
    scopes = []
    for _ in range(MOST):
        scopes.append(begun(sessions))
        clock.now += timedelta(minutes=2)
    assert sessions.knows(scopes[0])
    begun(sessions)
    assert len(sessions.listed()) == MOST
    assert sessions.knows(scopes[0])
    assert not sessions.knows(scopes[1])


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 1}', '{"version": 1, "key": "zz", "sessions": [1]}']
)
def test_a_file_that_makes_no_sense_signs_all_out_and_is_mended(
    path: Path, text: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_text(text)
    with caplog.at_level(logging.WARNING):
        sessions = Sessions(path, clock=clock)
    assert "all are signed out" in caplog.text
    scope = begun(sessions)
    assert Sessions(path, clock=clock).knows(scope)


def test_on_a_full_disk_people_come_in_and_are_told_that_no_end_is_for_good(
    sessions: Sessions, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.unlink()
    path.parent.rmdir()
    path.parent.write_text("no folder")
    scope = begun(sessions)
    assert sessions.knows(scope)
    assert "could not be written" in caplog.text
    with pytest.raises(StoreFailed):
        sessions.end([sessions.name_of(scope)])
    assert not sessions.knows(scope)


def test_nothing_is_kept_of_a_store_that_is_not(clock: Clock) -> None:
    sessions = Sessions(None, clock=clock)
    scope = begun(sessions)
    assert sessions.knows(scope)
    sessions.close()


def test_each_server_of_a_host_has_a_cookie_of_its_own(tmp_path: Path) -> None:
    one, two = Sessions(tmp_path / "one"), Sessions(tmp_path / "two")
    assert one.cookie_name != two.cookie_name
    assert Sessions(tmp_path / "one").cookie_name == one.cookie_name


def test_a_cookie_somebody_else_put_beside_it_does_no_harm(sessions: Sessions) -> None:
    scope = begun(sessions)
    name = sessions.cookie_name.encode()
    (_, own), *_ = scope["headers"]
    for value in (name + b"=x; " + own, own + b"; " + name + b"="):
        assert sessions.knows({"headers": [(b"cookie", value)]})
    many = b"; ".join([name + b"=x"] * 1000)
    assert not sessions.knows({"headers": [(b"cookie", many + b"; " + own)]})
    assert not sessions.knows({"headers": [(b"cookie", name + b"=\xff\xfe")]})
