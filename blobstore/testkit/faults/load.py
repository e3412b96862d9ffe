"""The writer that gets killed: random work on a storage, each step reported as it is done."""
# ruff: noqa: S311 (randomness is to be repeatable here)

from __future__ import annotations

import random
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ...errors import HoldfastError
from ...hub import Hub
from ...storage import Storage
from .contents import EMPTY, blob_at
from .failing import Faults
from .nursery import Report, named

ROOM = 500
"""Blobs the writer lets a store grow to before it removes more than it adds, about."""

_STUBBORN = 40
"""Failed writes a thread takes before it gives up, where writes are made to fail."""

_PER_ROUND = 1_000_000
_PER_THREAD = 100_000
_SHARED = 900_000

_Step = Callable[[], None]


def write(
    report: Report,
    *,
    opening: str,
    folder: str,
    seed: int,
    round_: int,
    threads: int,
    have: Sequence[int],
    maybe: Sequence[int],
    faults: Mapping[str, Any] | None = None,
) -> None:
    """Work on the store in `folder` from several threads until killed, or a write fails.

    With `faults`, the arguments of `failing.Faults`, the system begins to fail once the store
    is open, and the threads go on after a write has failed, a number of times.

    Reports `open`, then the words of `Ledger`, each `maybe` before what it announces and each
    `have` or `gone` after the storage has promised it; `failed` when the opening or a thread got
    a `HoldfastError`, `wrong` with a traceback when it got anything else.
    """
    failing = None if faults is None else Faults(report, **faults)
    if failing is not None:
        failing.watch()
    try:
        storage: Storage = named(opening)(Path(folder))
    except HoldfastError as error:
        report.say("failed", f"opening: {error}")
        return
    except Exception:
        report.say("wrong", traceback.format_exc())
        return
    report.say("open")
    hub = Hub(storage)
    if failing is not None:
        failing.begin()

    def work(number: int) -> None:
        mine = [index for index in have if index % threads == number]
        writer = _Writer(report, hub, seed, round_, number, mine)
        # What a crash left in doubt is put again first of all: it may be found to be here
        # already, and must be durable all the same.
        doubtful = sorted(maybe)[:100] if number == 0 else []
        for _ in range(1 if failing is None else _STUBBORN):
            try:
                writer.put(doubtful)
                while True:
                    writer.step()
            except HoldfastError as error:
                report.say("failed", str(error))
            except Exception:
                report.say("wrong", traceback.format_exc())
                return

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


class _Writer:
    """One thread's work. Blobs it removes are its own, so that no two threads disagree."""

    def __init__(
        self, report: Report, hub: Hub, seed: int, round_: int, number: int, mine: list[int]
    ) -> None:
        self._report = report
        self._hub = hub
        self._seed = seed
        self._chance = random.Random(f"{seed}/{round_}/{number}")
        self._mine = [index for index in mine if index != EMPTY]
        self._gone: list[int] = []
        self._next = round_ * _PER_ROUND + number * _PER_THREAD
        self._shared = round_ * _PER_ROUND + _SHARED

    def step(self) -> None:
        """One random thing a client may do."""
        chance = self._chance
        if len(self._mine) > ROOM and chance.random() < 0.5:
            self._remove(chance.randrange(1, 100))
            return
        steps: dict[_Step, int] = {
            partial(self._put_fresh, 1, 2): 35,
            partial(self._put_fresh, 2, 20): 20,
            partial(self._put_fresh, 100, 400): 1,
            self._defer: 10,
            self._defer_and_hurry: 5,
            self._put_shared: 8,
            self._put_again: 8,
            partial(self._remove, 5): 10,
            self._put_back: 3,
        }
        (step,) = chance.choices(list(steps), list(steps.values()))
        step()

    def _put_fresh(self, least: int, most: int) -> None:
        self.put(self._fresh(self._chance.randrange(least, most)))

    def put(self, indexes: Sequence[int]) -> None:
        """Store durably; blobs known to be here stay so whatever happens."""
        if indexes:
            self._report.say("maybe", indexes)
            self._receive(indexes)
            self._report.say("have", indexes)

    def _defer(self) -> None:
        """Several puts that may wait, then the sync that makes them safe together."""
        taken: list[int] = []
        for _ in range(self._chance.randrange(1, 4)):
            fresh = self._fresh(self._chance.randrange(1, 10))
            self._report.say("maybe", fresh)
            self._receive(fresh, durable=False)
            taken += fresh
        self._hub.sync()
        self._report.say("have", taken)

    def _defer_and_hurry(self) -> None:
        """A blob that was only deferred is put again in earnest: "here already" is not enough."""
        fresh = self._fresh(self._chance.randrange(1, 4))
        self._report.say("maybe", fresh)
        self._receive(fresh, durable=False)
        self._receive(fresh)
        self._report.say("have", fresh)

    def _put_shared(self) -> None:
        """Blobs all threads put, often at once: whoever comes second must wait for the first."""
        indexes = list(range(self._shared, self._shared + self._chance.randrange(1, 5)))
        self._shared += len(indexes)
        # No `maybe`: another thread may have been promised them already.
        self._receive(indexes)
        self._report.say("have", [EMPTY, *indexes] if self._put_empty() else indexes)

    def _put_empty(self) -> bool:
        if self._chance.random() < 0.8:
            return False
        self._receive([EMPTY])
        return True

    def _put_again(self) -> None:
        """Blobs that are here for sure must stay so while they are put once more."""
        if self._mine:
            indexes = self._chance.sample(self._mine, min(len(self._mine), 3))
            self._receive(indexes)
            self._report.say("have", indexes)

    def _remove(self, count: int) -> None:
        indexes = self._chance.sample(self._mine, min(len(self._mine), count))
        if not indexes:
            return
        self._report.say("maybe", indexes)
        self._hub.storage.remove([blob_at(self._seed, index).ref for index in indexes])
        self._report.say("gone", indexes)
        dead = set(indexes)
        self._mine = [index for index in self._mine if index not in dead]
        self._gone += indexes

    def _put_back(self) -> None:
        """Removed blobs may return."""
        indexes = self._chance.sample(self._gone, min(len(self._gone), 2))
        dead = set(indexes)
        self._gone = [index for index in self._gone if index not in dead]
        self.put(indexes)
        self._mine += indexes

    def _fresh(self, count: int) -> list[int]:
        indexes = list(range(self._next, self._next + count))
        self._next += count
        self._mine += indexes
        return indexes

    def _receive(self, indexes: Sequence[int], *, durable: bool = True) -> None:
        blobs = [blob_at(self._seed, index) for index in indexes]
        for receipt in self._hub.receive(blobs, durable=durable):
            if receipt.error is not None:
                raise receipt.error
