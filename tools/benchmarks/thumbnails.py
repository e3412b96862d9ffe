"""The part of the benchmark that is about thumbnails."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterable
from http.client import HTTPConnection
from pathlib import Path

from ..throwaway import Server, command, environment, serving
from .photos import make_photos
from .results import markdown
from .running import clear, run
from .search.figures import Figure
from .traffic import answer_rate

PHOTOS = 200
HEIGHT = 256

CONNECTIONS = 6
"""As many as a browser has."""

COLD = Figure(f"seconds for {PHOTOS} thumbnails that are drawn", "{:.1f}", most=12)
WARM = Figure("thumbnails a second that are at hand", least=2_000)
CACHED = Figure("thumbnails a second out of the cache on disk, by one after the other")
MEMORY = Figure("memory of the server and what draws, at its peak, MiB")
FIGURES = (COLD, WARM, CACHED, MEMORY)

_PLACE = "/ui/thumbnail/"


class NotDrawn(RuntimeError):
    """The server answered something else than a thumbnail."""


class ThumbnailResults:
    """What was measured."""

    def __init__(self) -> None:
        self.figures: dict[Figure, float] = {}

    def as_dict(self) -> dict[str, object]:
        """Every figure, for JSON."""
        return {figure.name: value for figure, value in self.figures.items()}


def thumbnail_table(results: ThumbnailResults) -> str:
    """The results as Markdown."""
    rows = [
        [figure.name, figure.form.format(value), figure.verdict(value)]
        for figure in FIGURES
        if (value := results.figures.get(figure)) is not None
    ]
    return markdown(["photos of 12 megapixels", f"{HEIGHT} pixels high", "goal"], rows)


def measure_thumbnails(
    results: ThumbnailResults,
    *,
    room: Path,
    seconds: int,
    tell: Callable[[str], None],
    count: int = PHOTOS,
) -> None:
    """Measure `count` photos in the empty folder `room`, for `seconds` where it is about a rate.

    Raises `NotDrawn`, and what running programs raises.
    """
    tell(f"making {count} photos")
    photos, home = room / "photos", room / "server"
    home.mkdir()
    paths = make_photos(photos, count)
    with serving(home, log=room / "server.log") as server:
        environ = {**environment(home), "HOLDFAST_SERVER": server.url}
        put = run(command("put", *map(str, paths)), folder=room, environ=environ)
    places = [f"{_PLACE}{line.split()[0]}/t?mh={HEIGHT}&tv=3" for line in put.output.splitlines()]
    assert len(set(places)) == count
    clear(photos)
    _forget(home)
    with serving(home, log=room / "server.log") as server:
        results.figures[COLD] = _seconds(server, places, CONNECTIONS)
        tell(f"  drawn: {results.figures[COLD]:.1f} s")
        results.figures[MEMORY] = server.peak_memory() / (1 << 20)
        results.figures[WARM] = answer_rate(server, places, seconds=seconds, folder=room)
        tell(f"  at hand: {results.figures[WARM]:,.0f} a second")
    with serving(home, log=room / "server.log") as server:
        results.figures[CACHED] = count / _seconds(server, places, 1)
        tell(f"  out of the cache: {results.figures[CACHED]:,.0f} a second")
    clear(home)


def _forget(folder: Path) -> None:
    """Have the machine forget what it knows of files, so that they come from the disk."""
    os.sync()
    for top, _, files in os.walk(folder):
        for name in files:
            with (Path(top) / name).open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _seconds(server: Server, places: Iterable[str], connections: int) -> float:
    """How long it takes to get all of them over so many connections."""
    left: queue.SimpleQueue[str] = queue.SimpleQueue()
    for place in places:
        left.put(place)
    wrong: list[str] = []
    threads = [
        threading.Thread(target=_get_all, args=(server, left, wrong)) for _ in range(connections)
    ]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    if wrong or not left.empty():
        raise NotDrawn(wrong[0] if wrong else "a connection was lost")
    return seconds


def _get_all(server: Server, left: queue.SimpleQueue[str], wrong: list[str]) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=120)
    try:
        while True:
            place = left.get_nowait()
            connection.request("GET", place)
            answer = connection.getresponse()
            body = answer.read()
            if answer.getheader("content-type") != "image/jpeg":
                wrong.append(f"{place}: {answer.status} {body[:300]!r}")
    except queue.Empty:
        connection.close()
