"""Crash loops for sorted tables: a writer is killed, or its power cut, again and again.

Each thread of the writer has rows of its own. Its write number N gives them all the value N,
puts `trail N` and deletes `trail N-1`, so that a reader sees which writes are there, and whether
any is there in part.
"""
# ruff: noqa: S311 (randomness is to be repeatable here)

from __future__ import annotations

import random
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

from ..table import Table
from .faults.crashes import OPENING, Outcome
from .faults.nursery import Child, Nursery, Report, named
from .faults.powercut import disk
from .samples import noise

THREADS = 3

_LARGEST = 200_000
_SLOTS = 5


class TableLedger:
    """For every thread of the writer, its last synced write and its last begun one."""

    def __init__(self) -> None:
        self.have = [0] * THREADS
        self.maybe = [0] * THREADS
        self.acknowledged = 0

    def listen(self, child: Child, seconds: float, *, until: str = "") -> Iterator[str]:
        """Enter what a writer says for `seconds`, or until it says a word; tell if it stops."""
        for word, content, _ in child.messages(timeout=seconds):
            if word == "maybe":
                thread, number = content
                self.maybe[thread] = number
            elif word == "have":
                thread, number = content
                self.have[thread] = number
                self.acknowledged += 1
            elif word != "open":
                yield f"the writer stopped: {word}: {content}"
                return
            if word == until:
                return
        if until == "open":
            yield f"the table did not open within {seconds} s, or the writer died"


def table_kill_rounds(
    nursery: Nursery, opening: str, folder: Path, *, rounds: int, seed: int
) -> Outcome:
    """Kill a writer `rounds` times with SIGKILL, while it opens or works, on the same table.

    `opening` names (see `nursery.named`) a function from a folder to an open table. Ends at the
    first round that finds anything.
    """
    outcome = Outcome(f"killing {opening} in {folder}", seed)
    ledger = TableLedger()
    for round_ in range(1, rounds + 1):
        chance = random.Random(f"kill/{seed}/{round_}")
        child = _start(nursery, opening, folder, seed, ledger)
        try:
            if chance.random() < 0.2:
                outcome.findings += ledger.listen(child, chance.uniform(0, 0.02))
            else:
                outcome.findings += ledger.listen(child, OPENING, until="open")
                outcome.findings += ledger.listen(child, chance.uniform(0, 0.15))
            child.kill()
            outcome.findings += ledger.listen(child, 10)
        finally:
            child.close()
        _check(nursery, opening, folder, ledger, outcome, round_)
        if outcome.findings:
            break
    return outcome


def table_power_cut_rounds(
    nursery: Nursery, opening: str, kind: str, scratch: Path, *, rounds: int, seed: int
) -> Outcome:
    """Cut the power `rounds` times under a writer, right behind an acknowledgement.

    As `table_kill_rounds`, on a file system of its own (`faults/powercut.py`).
    """
    outcome = Outcome(f"cutting the power of {opening} on {kind}", seed)
    ledger = TableLedger()
    with disk(nursery, kind, scratch) as device:
        folder = device.point / "table"
        for round_ in range(1, rounds + 1):
            chance = random.Random(f"cut/{seed}/{round_}")
            child = _start(nursery, opening, folder, seed, ledger)
            try:
                outcome.findings += ledger.listen(child, OPENING, until="open")
                outcome.findings += ledger.listen(child, chance.uniform(0, 0.3))
                outcome.findings += ledger.listen(child, 5, until="have")
                # What it says from here on is heard no more: it may not be so.
                device.cut()
            finally:
                child.kill()
            for word, content, _ in child.messages(timeout=5):
                if word == "maybe":
                    ledger.maybe[content[0]] = content[1]
            child.close()
            device.unmount()
            device.mount()
            _check(nursery, opening, folder, ledger, outcome, round_)
            if outcome.findings:
                break
    return outcome


def churn(report: Report, *, opening: str, folder: str, seed: int, begin: list[int]) -> None:
    """The writer: works on the table until killed."""
    table: Table = named(opening)(Path(folder))
    report.say("open")

    def work(thread: int) -> None:
        chance = random.Random(f"{seed}/{thread}/{begin[thread]}")
        number = begin[thread]
        try:
            while True:
                number += 1
                report.say("maybe", [thread, number])
                table.write(*_write(thread, number, chance))
                if chance.random() < 0.2:
                    table.sync()
                    report.say("have", [thread, number])
        except Exception:
            report.say("wrong", traceback.format_exc())

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _write(
    thread: int, number: int, chance: random.Random
) -> tuple[list[tuple[bytes, bytes]], list[bytes]]:
    size = int(_LARGEST ** chance.random())
    puts = [(b"%d/slot %d" % (thread, slot), b"%d" % number) for slot in range(_SLOTS)]
    puts.append((b"%d/trail %09d" % (thread, number), b""))
    puts.append((b"%d/fill %03d" % (thread, number % 100), b"%d " % size + noise(size, seed=size)))
    return puts, [b"%d/trail %09d" % (thread, number - 1)]


def look(report: Report, *, opening: str, folder: str, have: list[int], maybe: list[int]) -> None:
    """The reader: says `looked` and, for every thread, up to which write its rows go."""
    table: Table = named(opening)(Path(folder))
    rows = dict(table.scan())
    numbers = []
    for thread in range(THREADS):
        slots = {rows.get(b"%d/slot %d" % (thread, slot), b"0") for slot in range(_SLOTS)}
        numbers.append(max(int(slot) for slot in slots))
        if len(slots) > 1:
            report.say("finding", f"thread {thread}: a write is there in part: {slots}")
        if not have[thread] <= numbers[-1] <= maybe[thread]:
            range_ = f"{have[thread]} to {maybe[thread]}"
            report.say("finding", f"thread {thread}: write {numbers[-1]} is there, not {range_}")
        trails = [key for key in rows if key.startswith(b"%d/trail" % thread)]
        if trails != [b"%d/trail %09d" % (thread, numbers[-1])][: numbers[-1]]:
            report.say("finding", f"thread {thread}: {numbers[-1]} left {trails[:9]}")
    for key, value in rows.items():
        if b"/fill" in key:
            size, _, content = value.partition(b" ")
            if content != noise(int(size), seed=int(size)):
                report.say("finding", f"{key!r} has a wrong value")
        if table.get(key) != value:
            report.say("finding", f"{key!r} is scanned but not got")
    report.say("looked", numbers)


def _start(nursery: Nursery, opening: str, folder: Path, seed: int, ledger: TableLedger) -> Child:
    return nursery.start(
        f"{__name__}:churn", opening=opening, folder=str(folder), seed=seed, begin=ledger.maybe
    )


def _check(
    nursery: Nursery,
    opening: str,
    folder: Path,
    ledger: TableLedger,
    outcome: Outcome,
    round_: int,
) -> None:
    """Open the table in a new process, and enter what is there and what is wrong with it."""
    child = nursery.start(
        f"{__name__}:look",
        opening=opening,
        folder=str(folder),
        have=ledger.have,
        maybe=ledger.maybe,
    )
    looked: list[int] | None = None
    try:
        for word, content, _ in child.messages(timeout=OPENING):
            if word in ("finding", "raised"):
                outcome.findings.append(content)
            elif word == "looked":
                looked = content
                break
    finally:
        child.kill()
        child.close()
    if looked is None:
        outcome.findings.append("the table could not be read")
    else:
        # The next writer goes on from here, and what was seen stays.
        ledger.have, ledger.maybe = list(looked), list(looked)
    outcome.rounds, outcome.acknowledged = round_, ledger.acknowledged
