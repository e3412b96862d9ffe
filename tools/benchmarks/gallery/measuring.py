"""The part of the benchmark that is about the gallery, as somebody sees it in a browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen

from playwright.sync_api import Browser

from ...chromium import browsing
from ...throwaway import Server, command, environment, serving
from ..running import run
from ..search.ledger import open_ledger
from ..search.stores import LEAST, Store, kept_store
from .album import PHOTOS
from .figures import (
    DRAWN,
    FRAMES,
    HEAP,
    KNOWN,
    LONG,
    LONGEST,
    NODES,
    SERVER,
    UNDRAWN,
    GalleryResults,
)
from .looking import Sight, looking
from .steps import JUMP, STEPS, Step, searching, settle

MIB = 1 << 20

_GALLERY = "/ui/"
_WARM = (_GALLERY, "/ui/api/timeline")


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is to be measured: where the store is kept, how large it is, and how much."""

    folder: Path
    photos: int
    rounds: int
    seconds: int
    """How long it takes to scroll through everything."""


def measure_gallery(
    plan: Plan,
    results: GalleryResults,
    *,
    tell: Callable[[str], None],
    steps: Iterable[Step] = STEPS,
) -> None:
    """Measure a store of so many photos in a browser.

    Raises what running a program and what driving a browser raises.
    """
    store = kept_store(plan.folder, max(plan.photos, LEAST), tell=tell, kind=PHOTOS)
    if not store.has_index:
        tell(f"indexing {store.things:,} photos")
        run(command("reindex", "--anew"), folder=store.home, environ=environment(store.home))
        store.note_index(is_whole=True)
    results.photos, results.seconds = store.things, plan.seconds
    with browsing() as browser:
        for _ in range(plan.rounds):
            _forget_thumbnails(store)
            with _serving(store) as server:
                _view(browser, server, results, UNDRAWN)
        _tell_times(tell, UNDRAWN, results.views[UNDRAWN])
        with _serving(store) as server:
            _measure(browser, server, store, plan, results, tell, steps)


def _measure(
    browser: Browser,
    server: Server,
    store: Store,
    plan: Plan,
    results: GalleryResults,
    tell: Callable[[str], None],
    steps: Iterable[Step],
) -> None:
    """What is measured on a server that goes on."""
    _view(browser, server, GalleryResults(), DRAWN)
    for _ in range(plan.rounds):
        _view(browser, server, results, DRAWN, KNOWN)
    _tell_times(tell, DRAWN, results.views[DRAWN])
    undrawn = replace(JUMP, name=f"{JUMP.name}, thumbnails never drawn")
    # The second time it goes to the same dates.
    for step in (undrawn, JUMP, *steps, searching(_expressions(store, plan.rounds))):
        with looking(browser, server) as sight:
            _arrive(sight)
            for number in range(plan.rounds):
                results.note(step, *sight.take(step, number))
        _tell_times(tell, step.name, results.answers[step.name])
    with looking(browser, server) as sight:
        _arrive(sight)
        way = sight.travel(plan.seconds)
        for figure, name in ((FRAMES, "count"), (LONG, "long"), (LONGEST, "longest")):
            results.figures[figure] = way[name]
        results.figures[NODES] = way["nodes"]
        results.figures[HEAP] = sight.heap() / MIB
    tell(f"  through everything: {way['long']:.0f} of {way['count']:.0f} frames were long")
    results.figures[SERVER] = server.peak_memory() / MIB


def _serving(store: Store) -> AbstractContextManager[Server]:
    return serving(store.home, log=store.home / "server.log")


def _arrive(sight: Sight) -> None:
    sight.arrive(_GALLERY)
    settle(sight.page)


def _view(browser: Browser, server: Server, results: GalleryResults, *names: str) -> None:
    """Look at the gallery in a browser that knows nothing; the server was asked for it before."""
    for path in _WARM:
        urlopen(Request(server.url.rstrip("/") + path), timeout=60).close()  # noqa: S310 - ours
    with looking(browser, server) as sight:
        for name, time in zip(names, sight.arrive(_GALLERY), strict=False):
            results.views[name].append(time)


def _forget_thumbnails(store: Store) -> None:
    shutil.rmtree(store.home / "cache", ignore_errors=True)


def _expressions(store: Store, count: int) -> list[str]:
    """Searches for tags, common ones first."""
    query = "SELECT tag FROM tags GROUP BY tag ORDER BY count(*) DESC, tag LIMIT ?"
    with open_ledger(store.ledger) as ledger:
        return [f"tag:{tag}" for tag in ledger.column(query, count)]


def _tell_times(tell: Callable[[str], None], name: str, times: list[float]) -> None:
    tell(f"  {name}: {median(times):,.0f} ms")
