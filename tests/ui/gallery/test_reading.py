"""How calls that read are run: kept while nothing changes, reckoned once, given up in time."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from falcon.asgi import App, Request, Response

from holdfast.index.search.service import SearchService
from holdfast.ui.gallery.api import Document
from holdfast.ui.gallery.reading import Reading, Shared
from holdfast.ui.gallery.stamps import Stamp
from holdfast.ui.searchcalls import Parameters
from holdfast.ui.searches import Searches

from ...search.world import World


@pytest.fixture
def reading(world: World) -> Iterator[Reading]:
    with ThreadPoolExecutor(4) as threads:
        searches = Searches(world.index.search, threads)
        yield Reading(searches, Stamp(world.index.watching))


def app_of(reading: Reading, call: Callable[..., Document], *, stays: bool) -> App[Any, Any]:
    handler = reading.handler(call, stays=(lambda _: True) if stays else None)

    async def sink(req: Request, resp: Response) -> None:
        await handler(req, resp, "")

    app = App()
    app.add_sink(sink, "/")
    return app


async def ask(app: App[Any, Any], query: str = "", *, hangs_up: asyncio.Event | None = None) -> Any:
    """One request, whose caller waits for the answer, or hangs up before."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/",
        "query_string": query.encode(),
        "headers": [],
    }
    parts: list[bytes] = []
    begun = False

    async def receive() -> dict[str, object]:
        nonlocal begun
        if not begun:
            begun = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await (hangs_up or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(event: Any) -> None:
        parts.append(event.get("body", b""))

    await app(scope, receive, send)
    return json.loads(b"".join(parts)) if parts else None


class Counting:
    """A call that counts how often it is made."""

    def __init__(self) -> None:
        self.made = 0
        self.may_end = threading.Event()
        self.may_end.set()

    def __call__(self, _search: SearchService, asked: Parameters, shared: Shared) -> Document:
        self.made += 1
        stamp = shared.stamp()
        assert self.may_end.wait(20)
        return {"asked": asked.text("q"), "stamp": stamp}


def test_an_answer_that_stays_is_reckoned_once_for_all_who_ask(reading: Reading) -> None:
    call = Counting()
    app = app_of(reading, call, stays=True)

    async def run() -> None:
        call.may_end.clear()
        asking = [asyncio.ensure_future(ask(app, "q=a")) for _ in range(5)]
        while not call.made:
            await asyncio.sleep(0)
        call.may_end.set()
        answers = await asyncio.gather(*asking)
        assert all(answer == answers[0] for answer in answers)
        assert call.made == 1
        await ask(app, "q=b")
        assert call.made == 2
        await ask(app, "q=a")
        assert call.made == 2

    asyncio.run(run())


def test_after_a_change_it_is_reckoned_again(reading: Reading, world: World) -> None:
    call = Counting()
    app = app_of(reading, call, stays=True)

    async def run() -> None:
        first = await ask(app)
        world.thing("a", "2020-01-01", title="a")
        second = await ask(app)
        assert (call.made, first["stamp"] == second["stamp"]) == (2, False)

    asyncio.run(run())


def test_only_the_latest_answers_are_kept(reading: Reading) -> None:
    call = Counting()
    app = app_of(reading, call, stays=True)

    async def run() -> None:
        for number in range(9):
            await ask(app, f"q={number}")
        await ask(app, "q=8")
        assert call.made == 9
        await ask(app, "q=0")
        assert call.made == 10

    asyncio.run(run())


def test_what_does_not_stay_is_reckoned_each_time(reading: Reading) -> None:
    call = Counting()
    app = app_of(reading, call, stays=False)

    async def run() -> None:
        await ask(app)
        await ask(app)
        assert call.made == 2

    asyncio.run(run())


def test_whoever_hangs_up_ends_what_was_reckoned_for_him_alone(
    reading: Reading, world: World
) -> None:
    world.thing("a", "2020-01-01", title="a")
    ended = threading.Event()
    begun = threading.Event()

    def call(search: SearchService, _asked: Parameters, _shared: Shared) -> Document:
        begun.set()

        def walk(desk: Any) -> Document:
            try:
                while True:  # until the reader is told that nobody waits
                    desk.reader.count()
            finally:
                ended.set()

        return search.answer(walk)

    app = app_of(reading, call, stays=True)

    async def run() -> None:
        gone = asyncio.Event()
        asking = asyncio.ensure_future(ask(app, hangs_up=gone))
        while not begun.is_set():
            await asyncio.sleep(0)
        gone.set()
        await asyncio.gather(asking, return_exceptions=True)
        assert await asyncio.to_thread(ended.wait, 20)

    asyncio.run(run())
