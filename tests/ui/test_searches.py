"""Searches at work: so many at a time, and none for who has gone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from holdfast.blobstore.handlers.problems import ClientGone
from holdfast.index.query.reading import parse_query
from holdfast.index.search.service import SearchService
from holdfast.ui.searches import Searches

from .served import Site

PATIENCE = 10


@pytest.fixture
def searches(site: Site) -> Iterator[Searches]:
    """Two at a time."""
    assert site.services.index is not None
    with ThreadPoolExecutor(2) as threads:
        yield Searches(site.services.index.search, threads)


def test_no_more_run_at_a_time_than_there_are_threads(searches: Searches) -> None:
    running = most = 0
    lock = threading.Lock()
    full = threading.Barrier(2)

    def search(_service: SearchService) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        full.wait(PATIENCE)
        with lock:
            running -= 1

    async def ask_often() -> None:
        asked = [asyncio.ensure_future(searches.ask(search)) for _ in range(20)]
        await asyncio.sleep(0)
        assert searches.waiting == 20
        await asyncio.gather(*asked)

    asyncio.run(ask_often())
    assert most == 2
    assert (searches.waiting, searches.answered) == (0, 20)


def test_what_nobody_waits_for_is_not_begun(searches: Searches) -> None:
    begun: list[int] = []
    may_end = threading.Event()

    async def ask_and_go() -> None:
        hung_up = asyncio.Event()

        def search(_service: SearchService) -> None:
            begun.append(1)
            assert may_end.wait(PATIENCE)

        asked = [asyncio.ensure_future(searches.ask(search, gone=hung_up.wait)) for _ in range(20)]
        while len(begun) < 2:
            await asyncio.sleep(0.001)
        hung_up.set()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(answer, ClientGone) for answer in answers)
        may_end.set()
        assert await searches.ask(lambda _service: "next") == "next"

    asyncio.run(ask_and_go())
    assert len(begun) == 2
    assert searches.waiting == 0


def test_a_search_ends_when_its_caller_has_gone(site: Site, searches: Searches) -> None:
    for number in range(150):
        site.put_file(b"%d" % number)
    everything = parse_query(b'{"constraint": {"anyCamliType": true}, "limit": -1}')
    begun = threading.Barrier(3)

    def search(service: SearchService) -> None:
        begun.wait(PATIENCE)
        while True:
            assert service.query(everything)["blobs"]

    async def ask_and_go() -> None:
        asked = [asyncio.ensure_future(searches.ask(search)) for _ in range(2)]
        await asyncio.to_thread(begun.wait, PATIENCE)
        for one in asked:
            one.cancel()
        assert await asyncio.wait_for(searches.ask(lambda _service: "next"), PATIENCE) == "next"

    asyncio.run(ask_and_go())
    assert searches.waiting == 0


def test_what_a_search_raises_reaches_who_asked(searches: Searches) -> None:
    def search(_service: SearchService) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(searches.ask(search))
    assert searches.waiting == 0
