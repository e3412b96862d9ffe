"""The part of the benchmark that is about searching."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ....schema.identity import Algorithm
from ...throwaway import command, environment, serving
from ..running import run, size_on_disk
from .asking import Asker, AskFailed
from .claiming import claims_rate
from .figures import (
    ANONYMOUS,
    BLOBS,
    CLAIMS,
    ED25519_CLAIMS,
    INDEX,
    REINDEX,
    REINDEX_PEAK,
    RESIDENT,
    START,
    Figure,
    SearchResults,
)
from .ledger import Ledger, open_ledger
from .questions import SORTS, Question, questions
from .stores import LEAST, Store, kept_store

MIB = 1 << 20

_SEED = 1
_START_SECONDS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is to be measured: where stores are kept, how large the large one is, and how much."""

    folder: Path
    things: int
    questions: int
    """Of each sort."""

    claims: int
    """Things whose claims are uploaded, three times for each kind of key."""

    keeps_index: bool
    """Whether an index that is there is not made anew."""


def measure(plan: Plan, results: SearchResults, *, room: Path, tell: Callable[[str], None]) -> None:
    """Measure a large and a small store, and what a new one takes in, in the empty folder `room`.

    Raises `AskFailed` and what running a program raises. Wrong answers are counted.
    """
    for things in dict.fromkeys((max(plan.things, LEAST), LEAST)):
        store = kept_store(plan.folder, things, tell=tell)
        with open_ledger(store.ledger) as ledger:
            if not (plan.keeps_index and store.has_index):
                _reindex(store, ledger, results, tell)
            results.figures[BLOBS, things] = ledger.store()[0]
            _ask(store, ledger, results, plan.questions, tell)
    algorithms: dict[Figure, Algorithm] = {CLAIMS: "rsa", ED25519_CLAIMS: "ed25519"}
    for figure, algorithm in algorithms.items():
        for number in range(3):
            folder = room / f"{algorithm} claims {number}"
            folder.mkdir()
            rate = claims_rate(folder, plan.claims, algorithm=algorithm)
            results.claims[figure].append(rate)
            tell(f"  {algorithm} claims until they are found: {rate:,.0f} a second")


def _reindex(
    store: Store, ledger: Ledger, results: SearchResults, tell: Callable[[str], None]
) -> None:
    store.note_index(is_whole=False)
    tell(f"indexing {store.things:,} things anew")
    ran = run(command("reindex", "--anew"), folder=store.home, environ=environment(store.home))
    store.note_index(is_whole=True)
    rate = ledger.store()[0] / ran.seconds
    results.figures[REINDEX, store.things] = rate
    results.figures[REINDEX_PEAK, store.things] = ran.peak / MIB
    tell(f"  indexed anew in {ran.seconds:.0f} s, {rate:,.0f} blobs/s, {ran.peak >> 20} MiB")


def _ask(
    store: Store,
    ledger: Ledger,
    results: SearchResults,
    count: int,
    tell: Callable[[str], None],
) -> None:
    tell(f"asking {store.things:,} things")
    asked = {sort.name: questions(sort, ledger, count, seed=_SEED) for sort in SORTS}
    started = time.perf_counter()
    with serving(store.home, log=store.home / "server.log") as server, Asker(server) as asker:
        _first_answer(asker, asked[SORTS[0].name][0])
        results.figures[START, store.things] = time.perf_counter() - started
        for name, some in asked.items():
            times, wrong = asker.ask_all(some)
            results.times[name, store.things] = times
            results.wrong[name, store.things] = len(wrong)
            middle = sorted(times)[len(times) // 2]
            tell(f"  {name}: {middle:.1f} ms, {len(wrong)} of {len(times)} wrong")
            for question in wrong[:1]:
                tell(f"    for example {question.path} {question.body!r}")
        memory = server.memory()
    results.figures[ANONYMOUS, store.things] = memory.anonymous / MIB
    results.figures[RESIDENT, store.things] = memory.resident / MIB
    results.figures[INDEX, store.things] = size_on_disk(store.home / "data" / "index") / MIB
    tell(f"  memory: {memory.anonymous >> 20} MiB of its own, {memory.resident >> 20} MiB in all")


def _first_answer(asker: Asker, question: Question) -> None:
    """Ask until there is an answer: an index that is catching up gives none."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            asker.ask_all([question])
        except AskFailed:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
