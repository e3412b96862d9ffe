"""Failure loops: the system gives errors to a writer, which must promise nothing it cannot keep."""
# ruff: noqa: S311 (randomness is to be repeatable here)

from __future__ import annotations

import errno
import random
from collections.abc import Sequence
from pathlib import Path

from .checking import check
from .crashes import OPENING, Outcome, forget_old_removals, start_writer
from .failing import CALLS, Span, lose_pages
from .ledger import Ledger
from .nursery import Child, Nursery


def failing_rounds(
    nursery: Nursery,
    opening: str,
    folder: Path,
    *,
    rounds: int,
    seed: int,
    kinds: Sequence[str] = tuple(CALLS),
) -> Outcome:
    """Let calls of the system fail under a writer, kill it, take what syncs lost; `rounds` times.

    As `kill_rounds`. The kinds of calls (see `failing.CALLS`) take turns; some fail once, some
    a few times, some from then on.
    """
    outcome = Outcome(f"failing calls under {opening} in {folder}", seed)
    ledger = Ledger()
    for round_ in range(1, rounds + 1):
        chance = random.Random(f"fail/{seed}/{round_}")
        kind = kinds[round_ % len(kinds)]
        faults = {
            "kind": kind,
            "after": chance.choice((0, 1, chance.randrange(60))),
            "times": chance.choice((1, 1, 3, 1_000_000)),
            "error": chance.choice((errno.EIO, errno.EIO, errno.ENOSPC, errno.EDQUOT)),
        }
        child = start_writer(nursery, opening, folder, seed, round_, ledger, chance, faults=faults)
        lost: dict[int, Sequence[Span]] = {}
        try:
            outcome.findings += _watch(child, ledger, lost, OPENING, until_open=True)
            outcome.findings += _watch(child, ledger, lost, 0.15)
            child.kill()
            outcome.findings += _watch(child, ledger, lost, 10)
        finally:
            child.close()
        lose_pages(nursery.seen(folder), lost)
        found = check(nursery, opening, folder, seed, ledger)
        outcome.findings += [f"with {faults}: {finding}" for finding in found]
        outcome.rounds, outcome.acknowledged = round_, ledger.acknowledged
        if outcome.findings:
            break
        forget_old_removals(ledger, chance)
    return outcome


def _watch(
    child: Child,
    ledger: Ledger,
    lost: dict[int, Sequence[Span]],
    seconds: float,
    *,
    until_open: bool = False,
) -> list[str]:
    findings: list[str] = []
    for message in child.messages(timeout=seconds):
        if message.word in ("maybe", "have", "gone"):
            ledger.note(message.word, message.content)
        elif message.word == "pages":
            inode, spans = message.content
            lost[inode] = spans
        elif message.word == "open" and until_open:
            return findings
        elif message.word in ("wrong", "raised"):
            findings.append(f"the writer got, instead of StoreFailed: {message.content}")
        elif message.word == "failed" and until_open:
            findings.append(f"the store does not open: {message.content}")
    if until_open:
        findings.append("the store did not open, or the writer died")
    return findings
