"""The pool: quick ones go on whatever comes, and what waits is bounded and may be taken back."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress

import pytest

from holdfast.blobstore.ref import Ref
from holdfast.ui.thumbs import pool as pool_module
from holdfast.ui.thumbs.looking import Look
from holdfast.ui.thumbs.pool import Job, Pool
from holdfast.ui.thumbs.refusals import NoThumbnail, Reason
from holdfast.ui.thumbs.thumbnail import Box

from .pictures import cornered, encoded, opened, shows_corners
from .test_decoder import File

DATA = encoded(cornered(), "JPEG", quality=95)
QUICK = Look(len(DATA), "jpeg", is_film=False, is_slow=False)
SLOW = Look(len(DATA), "jpeg", is_film=False, is_slow=True)
FILM = Look(len(DATA), "mov", is_film=True, is_slow=True)
SECONDS = 60


def job(look: Look = QUICK, before: Callable[[int], None] | None = None) -> Job:
    return Job(Ref.of(DATA), look, lambda: File(DATA, before), Box(2000, 64))


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool(threads=2, new_films=None)
    yield made
    made.close()


def submitted(pool: Pool, new: Job) -> Job:
    pool.submit(new)
    return new


def test_what_is_submitted_is_drawn(pool: Pool) -> None:
    jobs = [submitted(pool, job(look)) for look in (QUICK, SLOW) * 20]
    for each in jobs:
        assert shows_corners(opened(each.drawn.result(SECONDS)))
    assert 1 <= len(pool.processes) <= 2


def test_quick_ones_do_not_wait_for_slow_ones(pool: Pool) -> None:
    go = threading.Event()
    slow = [submitted(pool, job(SLOW, lambda _: go.wait(SECONDS) and None)) for _ in range(100)]
    quick = [submitted(pool, job()) for _ in range(10)]
    for each in quick:
        assert each.drawn.result(SECONDS)
    assert not any(each.drawn.done() for each in slow)
    go.set()
    for each in slow:
        assert each.drawn.result(SECONDS)


def test_slow_ones_do_not_wait_for_all_quick_ones(pool: Pool) -> None:
    begun, go = threading.Event(), threading.Event()

    def hold(_: int) -> None:
        begun.set()
        go.wait(SECONDS)

    held = submitted(pool, job(SLOW, hold))
    assert begun.wait(SECONDS)
    slow = submitted(pool, job(SLOW))
    later = threading.Event()
    quick = [submitted(pool, job(QUICK, lambda _: later.wait(SECONDS) and None)) for _ in range(20)]
    go.set()
    assert slow.drawn.result(SECONDS)
    assert held.drawn.done()
    assert not any(each.drawn.done() for each in quick)
    later.set()
    for each in quick:
        assert each.drawn.result(SECONDS)


def test_what_waits_is_bounded(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "MOST_SLOW", 3)
    begun, go = threading.Event(), threading.Event()

    def hold(_: int) -> None:
        begun.set()
        go.wait(SECONDS)

    first = submitted(pool, job(SLOW, hold))
    assert begun.wait(SECONDS)
    waiting = [submitted(pool, job(SLOW)) for _ in range(3)]
    with pytest.raises(NoThumbnail) as refused:
        pool.submit(job(SLOW))
    assert refused.value.reason is Reason.BUSY
    pool.submit(job())
    go.set()
    for each in (first, *waiting):
        assert each.drawn.result(SECONDS)


def test_what_is_taken_back_leaves_room_and_is_not_drawn(pool: Pool) -> None:
    begun, go = threading.Event(), threading.Event()
    read: list[int] = []

    def hold(_: int) -> None:
        begun.set()
        go.wait(SECONDS)

    held = submitted(pool, job(SLOW, hold))
    assert begun.wait(SECONDS)
    unwanted = [submitted(pool, job(SLOW, read.append)) for _ in range(50)]
    last = submitted(pool, job(SLOW))
    for each in unwanted:
        assert each.drawn.cancel()
    assert pool.waiting == 1
    assert not held.drawn.cancel()
    go.set()
    assert last.drawn.result(SECONDS)
    assert read == []


def test_it_goes_on_when_its_processes_are_killed(pool: Pool) -> None:
    assert submitted(pool, job()).drawn.result(SECONDS)
    for _ in range(5):
        for process in pool.processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        for each in [submitted(pool, job()) for _ in range(10)]:
            assert each.drawn.result(SECONDS)


def test_processes_nobody_needs_are_ended() -> None:
    pool = Pool(threads=2, new_films=None, idle_seconds=0.05)
    try:
        assert submitted(pool, job()).drawn.result(SECONDS)
        ended = threading.Event()
        while pool.processes:
            ended.wait(0.01)
        assert submitted(pool, job()).drawn.result(SECONDS)
    finally:
        pool.close()


def test_closing_ends_what_is_drawn_and_what_waits() -> None:
    pool = Pool(threads=2, new_films=None)
    begun = threading.Event()

    def stick(_: int) -> None:
        for process in pool.processes:
            os.kill(process, signal.SIGSTOP)
        begun.set()

    stuck = submitted(pool, job(SLOW, stick))
    assert begun.wait(SECONDS)
    waiting = submitted(pool, job(SLOW))
    pool.close()
    with pytest.raises(NoThumbnail) as refused:
        stuck.drawn.result(0)
    assert refused.value.reason is Reason.BUSY
    with pytest.raises(CancelledError):
        waiting.drawn.result(0)
    with pytest.raises(NoThumbnail):
        pool.submit(job())
    assert pool.processes == []


def test_films_need_a_program_that_reads_them(pool: Pool) -> None:
    with pytest.raises(NoThumbnail) as refused:
        pool.submit(job(FILM))
    assert refused.value.reason is Reason.NO_PICTURE


def test_what_fails_unexpectedly_fails_alone(pool: Pool, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: int) -> None:
        raise RuntimeError("surprise")

    failed = submitted(pool, job(QUICK, fail))
    with pytest.raises(NoThumbnail) as refused:
        failed.drawn.result(SECONDS)
    assert refused.value.reason is Reason.FAILED
    assert "surprise" in caplog.text
    assert submitted(pool, job()).drawn.result(SECONDS)
