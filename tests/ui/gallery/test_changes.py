"""What an open page hears: soon, not too often, and only while it may."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

import pytest

from holdfast.blobstore.handlers.auth import Auth
from holdfast.schema.claims import SetAttribute
from holdfast.ui.app import create_app
from holdfast.ui.gallery import changes
from holdfast.ui.login.sessions import Sessions

from ..served import OWNER, Site


@dataclass
class Listener:
    """A browser that has asked for events, and takes them when it is made to."""

    task: asyncio.Future[None]
    received: asyncio.Queue[bytes]
    events: asyncio.Queue[dict[str, object]]
    status: list[int] = field(default_factory=list)
    rest: bytes = b""

    async def next(self) -> tuple[str, str]:
        """The next event: its name and data; a heartbeat is named `:`."""
        while b"\n\n" not in self.rest:
            self.rest += await asyncio.wait_for(self.received.get(), 20)
        text, _, self.rest = self.rest.partition(b"\n\n")
        if text == b":":
            return ":", ""
        name, data = text.decode().split("\n")
        return name.removeprefix("event: "), data.removeprefix("data: ")

    async def next_named(self, name: str) -> str:
        while (event := await self.next())[0] != name:
            pass
        return event[1]

    async def hang_up(self) -> None:
        await self.events.put({"type": "http.disconnect"})


def scope(headers: dict[str, str], path: str) -> dict[str, object]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.1"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"here"),
            *((name.lower().encode(), value.encode()) for name, value in headers.items()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }


@asynccontextmanager
async def listening(
    app: Any, headers: dict[str, str] = OWNER, *, path: str = "/ui/api/changes"
) -> AsyncIterator[Listener]:
    events: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    received: asyncio.Queue[bytes] = asyncio.Queue()
    status: list[int] = []
    await events.put({"type": "http.request", "body": b"", "more_body": False})

    async def take(event: Any) -> None:
        if event["type"] == "http.response.start":
            status.append(event["status"])
        elif event.get("body"):
            received.put_nowait(event["body"])

    task = asyncio.ensure_future(app(scope(headers, path), events.get, take))
    listener = Listener(task, received, events, status)
    try:
        yield listener
    finally:
        await listener.hang_up()
        await asyncio.wait_for(task, 20)


def hear(site: Site, does: Callable[[Any], Awaitable[None]]) -> None:
    app = create_app(site.services)
    asyncio.run(asyncio.wait_for(does(app), 60))


def title(site: Site, text: str) -> None:
    site.claim(SetAttribute(site.permanode("one"), "title", text))


def test_the_first_that_one_hears_is_how_things_are(site: Site) -> None:
    async def first(app: Any) -> None:
        async with listening(app) as listener:
            assert (await listener.next())[0] == "change"
            name, data = await listener.next()
            assert name == "state"
            assert json.loads(data)["index"]["complete"] is True
            assert listener.status == [200]

    hear(site, first)


def test_changes_are_told_soon_and_many_of_them_as_one(site: Site) -> None:
    async def many(app: Any) -> None:
        async with listening(app) as listener:
            stamps = [await listener.next_named("change")]
            began = monotonic()
            title(site, "a")
            stamps.append(await listener.next_named("change"))
            assert monotonic() - began < 2
            began = monotonic()
            for number in range(200):
                title(site, f"{number}")
                if not number % 50:
                    await asyncio.sleep(0)
            stamps.append(await listener.next_named("change"))
            assert monotonic() - began >= changes.INTERVAL
            assert listener.received.empty()
            assert len(set(stamps)) == 3

    hear(site, many)


def test_the_stamp_is_that_of_the_timeline(site: Site) -> None:
    async def same(app: Any) -> None:
        async with listening(app) as listener:
            await listener.next_named("change")
            title(site, "a")
            stamp = await listener.next_named("change")
            async with listening(app, path="/ui/api/timeline") as timeline:
                await asyncio.wait_for(asyncio.shield(timeline.task), 10)
                assert json.loads(timeline.received.get_nowait())["stamp"] == stamp

    hear(site, same)


def test_a_state_is_told_when_it_is_another_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "LOOK_SECONDS", 0.01)

    async def state(app: Any) -> None:
        async with listening(app) as listener:
            before = json.loads(await listener.next_named("state"))
            site.world.is_indexed = False
            file = b'{"camliVersion": 1,\n  "camliType": "file",\n  "parts": [{"blobRef": "%b"}]}'
            site.put(file.replace(b"%b", b"sha224-" + b"0" * 56).replace(b"}]", b', "size": 3}]'))
            after = json.loads(await listener.next_named("state"))
            assert before["index"] != after["index"]

    hear(site, state)


def test_a_heart_beats(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(changes, "HEARTBEAT_SECONDS", 0.0)

    async def beats(app: Any) -> None:
        async with listening(app) as listener:
            await listener.next_named(":")
            await listener.next_named(":")

    hear(site, beats)


@pytest.mark.parametrize("is_news", [False, True])
def test_it_ends_with_the_session_and_tells_nothing_more(site: Site, *, is_news: bool) -> None:
    sessions = Sessions(None)
    auth = Auth("userpass:u:p", process_token="t" * 40, sessions=sessions)
    services = replace(site.services, auth=auth, sessions=sessions)
    cookie = {"Cookie": f"{sessions.cookie_name}={sessions.begin(agent='b', address='')}"}

    async def ends() -> None:
        async with listening(create_app(services), cookie) as listener:
            await listener.next_named("state")
            sessions.end(one.name for one in sessions.listed())
            began = monotonic()
            if is_news:
                title(site, "secret")
            await asyncio.wait_for(asyncio.shield(listener.task), 10)
            assert monotonic() - began < 1.5
            assert listener.received.empty()

    asyncio.run(asyncio.wait_for(ends(), 60))


def test_who_hangs_up_is_not_told_any_more_and_makes_room(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MOST_LISTENERS", 2)

    async def crowd(app: Any) -> None:
        async with listening(app) as first, listening(app) as second:
            await first.next()
            await second.next()
            async with listening(app) as third:
                await asyncio.wait_for(asyncio.shield(third.task), 10)
                assert third.status == [503]
            await first.hang_up()
            await asyncio.wait_for(asyncio.shield(first.task), 10)
            async with listening(app) as fourth:
                await fourth.next()
                assert fourth.status == [200]

    hear(site, crowd)


def test_it_ends_when_the_server_does(site: Site) -> None:
    async def stop(app: Any) -> None:
        async with listening(app) as listener:
            await listener.next()
            site.services.blobs.stopping.set()
            await asyncio.wait_for(asyncio.shield(listener.task), 10)

    hear(site, stop)
