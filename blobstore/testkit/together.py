"""Tests of many threads at one storage."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from ..ref import Blob
from ..storage import DefersSync, Storage, fetch_one, has
from .samples import blob, listed, refs, sized, texts
from .subject import Subject, able, needs

_THREADS = 8


def _at_once(*jobs: Callable[[], object]) -> None:
    """Run all jobs at the same time; raises what the first failing one raised."""
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> None:
        start.wait()
        job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        for done in [pool.submit(run, job) for job in jobs]:
            done.result()


class Together(Subject):
    def test_threads_that_receive_lose_nothing(self, storage: Storage) -> None:
        shares = [[blob(f"{t} {i}") for i in range(60)] for t in range(_THREADS)]

        def receive(share: list[Blob]) -> None:
            for at in range(0, len(share), 4):
                assert storage.receive(share[at : at + 4]) == [True] * 4
                assert list(storage.fetch(refs(share[: at + 4]))) == share[: at + 4]

        _at_once(*(partial(receive, share) for share in shares))
        assert listed(storage) == sized(one for share in shares for one in share)

    def test_threads_that_receive_the_same_blobs_agree(self, storage: Storage) -> None:
        blobs = [blob(f"shared {number}" * 50) for number in range(80)]

        def receive() -> None:
            for at in range(0, len(blobs), 8):
                storage.receive(blobs[at : at + 8])

        _at_once(*[receive] * _THREADS)
        assert listed(storage) == sized(blobs)
        assert list(storage.fetch(refs(blobs))) == blobs
        assert storage.receive(blobs) == [False] * len(blobs)

    def test_listing_goes_on_while_thousands_arrive(self, storage: Storage) -> None:
        staying = texts()
        storage.receive(staying)
        arriving = [blob(f"arriving {number}") for number in range(2000)]
        is_done = threading.Event()

        def receive() -> None:
            try:
                for at in range(0, len(arriving), 40):
                    storage.receive(arriving[at : at + 40])
            finally:
                is_done.set()

        def read() -> None:
            while not is_done.is_set():
                found = listed(storage)
                assert found == sorted(set(found))
                assert set(sized(staying)) <= set(found)

        _at_once(receive, read, read)
        assert listed(storage) == sized(staying + arriving)

    def test_readers_never_see_half_a_blob(self, storage: Storage) -> None:
        blobs = [blob(bytes([number]) * 200_000) for number in range(40)]
        is_done = threading.Event()

        def write() -> None:
            try:
                for one in blobs:
                    storage.receive([one])
            finally:
                is_done.set()

        def read() -> None:
            while not is_done.is_set():
                for ref, size in storage.stat(refs(blobs)):
                    assert size == 200_000
                    assert len(fetch_one(storage, ref)) == 200_000

        _at_once(write, read, read)

    def test_removing_and_receiving_at_once_keeps_the_rest(self, storage: Storage) -> None:
        staying = texts()
        storage.receive(staying)
        shares = [[blob(f"mine {t} {i}") for i in range(30)] for t in range(4)]

        def churn(share: list[Blob]) -> None:
            for _ in range(3):
                storage.receive(share)
                storage.remove(refs(share[10:]))
                assert not any(has(storage, ref) for ref in refs(share[10:]))

        def read() -> None:
            for _ in range(20):
                assert list(storage.fetch(refs(staying))) == staying

        churns = [partial(churn, share) for share in shares]
        _at_once(*churns, read, read)
        assert listed(storage) == sized([*staying, *(b for s in shares for b in s[:10])])

    @needs(DefersSync)
    def test_deferring_threads_and_syncs_lose_nothing(self, storage: Storage) -> None:
        deferring = able(storage, DefersSync)
        shares = [[blob(f"later {t} {i}") for i in range(100)] for t in range(4)]

        def receive(share: list[Blob]) -> None:
            for at in range(0, len(share), 5):
                assert deferring.receive_deferred(share[at : at + 5]) == [True] * 5
                if at % 25 == 0:
                    deferring.sync()

        _at_once(*(partial(receive, share) for share in shares))
        deferring.sync()
        assert listed(storage) == sized(one for share in shares for one in share)
