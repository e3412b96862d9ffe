"""Crash loops: a writer is killed again and again, and the store must be right each time."""
# ruff: noqa: S311 (randomness is to be repeatable here)

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from . import load
from .checking import check
from .ledger import Ledger
from .nursery import Child, Nursery

OPENING = 60.0
"""Seconds a store may take to open before it counts as hung."""


@dataclass
class Outcome:
    """What a loop of faults found. `str` says how to see it again."""

    what: str
    seed: int
    rounds: int = 0
    acknowledged: int = 0
    findings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        head = (
            f"{self.what}, seed {self.seed}: {self.rounds} rounds, "
            f"{self.acknowledged} writes and removals acknowledged"
        )
        return "\n- ".join([head, *self.findings])


def kill_rounds(
    nursery: Nursery,
    opening: str,
    folder: Path,
    *,
    rounds: int,
    seed: int,
    between: Callable[[Path, random.Random], None] | None = None,
) -> Outcome:
    """Kill a writer `rounds` times with SIGKILL, while it opens or works, on the same store.

    `opening` names (see `nursery.named`) a function from a folder to an open storage. Ends at
    the first round that finds anything. `between` may do to the closed store, before each
    round, what it must be able to mend.
    """
    outcome = Outcome(f"killing {opening} in {folder}", seed)
    ledger = Ledger()
    for round_ in range(1, rounds + 1):
        chance = random.Random(f"kill/{seed}/{round_}")
        if between is not None:
            between(folder, chance)
        child = start_writer(nursery, opening, folder, seed, round_, ledger, chance)
        try:
            # One in five is killed while it opens the store, and so mends what the last left.
            if chance.random() < 0.2:
                outcome.findings += listen(child, ledger, chance.uniform(0, 0.02))
            else:
                outcome.findings += listen(child, ledger, OPENING, until_open=True)
                outcome.findings += listen(child, ledger, chance.uniform(0, 0.08))
            child.kill()
            outcome.findings += listen(child, ledger, 10)
        finally:
            child.close()
        outcome.findings += check(nursery, opening, folder, seed, ledger)
        outcome.rounds, outcome.acknowledged = round_, ledger.acknowledged
        if outcome.findings:
            break
        forget_old_removals(ledger, chance)
    return outcome


def start_writer(
    nursery: Nursery,
    opening: str,
    folder: Path,
    seed: int,
    round_: int,
    ledger: Ledger,
    chance: random.Random,
    **more: object,
) -> Child:
    """Start `load.write` with what the ledger knows, and `more` arguments."""
    return nursery.start(
        f"{load.__name__}:write",
        opening=opening,
        folder=str(folder),
        seed=seed,
        round_=round_,
        threads=chance.choice((1, 2, 4)),
        have=sorted(ledger.have),
        maybe=sorted(ledger.maybe),
        **more,
    )


def listen(
    child: Child, ledger: Ledger, seconds: float, *, until_open: bool = False
) -> Iterator[str]:
    """Enter what a writer says for `seconds`, or until its store is open; tell if it stops."""
    for message in child.messages(timeout=seconds):
        if message.word in ("maybe", "have", "gone"):
            ledger.note(message.word, message.content)
        elif message.word == "open":
            if until_open:
                return
        else:
            yield f"the writer stopped: {message.word}: {message.content}"
            return
    if until_open:
        yield f"the store did not open within {seconds} s, or the writer died"


def forget_old_removals(ledger: Ledger, chance: random.Random, *, most: int = 300) -> None:
    """Keep some removed blobs to look for; all of a long loop's would take too long."""
    if len(ledger.gone) > most:
        ledger.gone = set(chance.sample(sorted(ledger.gone), most))
