"""Full disks: a small file system fills up under a writer, which must say so and harm nothing."""
# ruff: noqa: S311 (randomness is to be repeatable here)

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ...errors import BlobNotFound, StoreFailed
from ...hub import Hub
from ...ref import Blob
from ...storage import Storage, fetch_one
from .checking import check
from .contents import blob_at
from .crashes import Outcome
from .ledger import Ledger
from .nursery import JobFailed, Nursery, Report, named

_SIZE = 64 << 20
"""Bytes of the disk. A store may put aside some of it to work in."""

_FAILURES = 12
"""Writes refused before the disk counts as full in every way."""

_ROOMS = (0, 4 << 10, 12 << 10, 100 << 10, 1 << 20)
"""Bytes left when the filling up begins: it fails at different points of a write."""

_FILLER = "filler"
_PER_ROUND = 1_000_000
_AFTER = 500_000


@contextmanager
def small_disk(nursery: Nursery, scratch: Path) -> Iterator[Path]:
    """A tmpfs for the children of `nursery` (made with `mounts=True`); `scratch` is an empty
    folder of the caller's."""
    nursery.command("mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", scratch)
    try:
        yield scratch
    finally:
        with suppress(JobFailed):
            nursery.command("umount", "--lazy", scratch)


def full_disk_rounds(
    nursery: Nursery, opening: str, scratch: Path, *, rounds: int, seed: int
) -> Outcome:
    """Fill the disk under a writer, look, look again after a restart, make room, go on.

    As `kill_rounds`. In every other round the writer that met the full disk goes on when there
    is room again; in the others it is killed, and the next one opens the store while it is full.
    """
    outcome = Outcome(f"filling the disk of {opening}", seed)
    ledger = Ledger()
    with small_disk(nursery, scratch) as disk:
        for round_ in range(1, rounds + 1):
            room = _ROOMS[(round_ // 2) % len(_ROOMS)]
            goes_on = bool(round_ % 2)
            for job in ("fill",) if goes_on else ("fill", "open_full"):
                found = _do(
                    nursery,
                    ledger,
                    job,
                    opening=opening,
                    disk=str(disk),
                    seed=seed,
                    round_=round_,
                    room=room,
                    goes_on=goes_on,
                )
                found += check(nursery, opening, disk / "store", seed, ledger)
                outcome.findings += [f"with {room} bytes left, {job}: {text}" for text in found]
            outcome.rounds, outcome.acknowledged = round_, ledger.acknowledged
            if outcome.findings:
                break
    return outcome


def _do(nursery: Nursery, ledger: Ledger, job: str, **arguments: object) -> list[str]:
    findings = []
    try:
        for message in nursery.run(
            f"{__name__}:{job}", have=sorted(ledger.have), timeout=90, **arguments
        ):
            if message.word == "finding":
                findings.append(message.content)
            else:
                ledger.note(message.word, message.content)
    except JobFailed as error:
        findings.append(str(error))
    return findings


def fill(
    report: Report,
    *,
    opening: str,
    disk: str,
    seed: int,
    round_: int,
    room: int,
    goes_on: bool,
    have: Sequence[int],
) -> None:
    """Write until nothing goes any more; then, if it `goes_on`, make room and write again."""
    client = _Client(report, opening, Path(disk), seed, round_, have)
    client.put(1)
    client.put(20)
    client.fill_up(room)
    refused = 0
    for _ in range(100_000):
        refused += not client.put(client.chance.choice((1, 1, 3, 50)))
        if refused >= _FAILURES:
            break
    else:
        report.say("finding", "the disk is full, but no write ever failed")
    client.look("while the disk is full")
    client.remove_some()
    client.look("after removing on a full disk")
    if goes_on:
        client.make_room()
        client.go_on("once there is room again")


def open_full(
    report: Report,
    *,
    opening: str,
    disk: str,
    seed: int,
    round_: int,
    room: int,
    goes_on: bool,
    have: Sequence[int],
) -> None:
    """Open the store while the disk is full, then make room and write."""
    del room, goes_on
    client = _Client(report, opening, Path(disk), seed, round_, have)
    client.next += _AFTER
    client.look("after opening on a full disk")
    client.put(3)
    client.make_room()
    client.go_on("once there is room again, opened while there was none")


class _Client:
    def __init__(
        self,
        report: Report,
        opening: str,
        disk: Path,
        seed: int,
        round_: int,
        have: Sequence[int],
    ) -> None:
        self.chance = random.Random(f"full/{seed}/{round_}")
        self.next = round_ * _PER_ROUND
        self._report = report
        self._disk = disk
        self._seed = seed
        self._have = list(have)
        self._storage: Storage = named(opening)(disk / "store")
        self._hub = Hub(self._storage)

    def put(self, count: int, *, must: bool = False) -> bool:
        """Store new blobs, sometimes deferred; whether that went well."""
        indexes = list(range(self.next, self.next + count))
        self.next += count
        blobs = [blob_at(self._seed, index) for index in indexes]
        durable = self.chance.random() < 0.7
        self._report.say("maybe", indexes)
        try:
            self._hub.receive(blobs, durable=durable)
            if not durable:
                self._hub.sync()
        except StoreFailed as error:
            if must:
                self._report.say("finding", f"writing does not go on: {error}")
            if not any(word in str(error) for word in ("free", "room")):
                self._report.say("finding", f"the error does not say what to do: {error}")
            self._look_at_refused(blobs)
            return False
        self._report.say("have", indexes)
        self._have += indexes
        return True

    def _look_at_refused(self, blobs: Sequence[Blob]) -> None:
        """What was refused may be here in part; each blob then all of it."""
        for ref, data in blobs:
            try:
                if fetch_one(self._storage, ref) != data:
                    self._report.say("finding", f"refused blob {ref} is here with other bytes")
            except BlobNotFound:
                continue

    def look(self, when: str) -> None:
        """Every acknowledged blob must be had."""
        for index in self._have:
            blob = blob_at(self._seed, index)
            try:
                if fetch_one(self._storage, blob.ref) != blob.data:
                    self._report.say("finding", f"blob {index} has other bytes {when}")
            except BlobNotFound:
                self._report.say("finding", f"blob {index} ({blob.ref}) is lost {when}")
        listed = {ref for ref, _ in self._storage.enumerate()}
        lacking = [i for i in self._have if blob_at(self._seed, i).ref not in listed]
        if lacking:
            self._report.say("finding", f"blobs {lacking[:5]} are not listed {when}")

    def remove_some(self) -> None:
        """Removing may need room, too; if it says it did, it did."""
        indexes = self.chance.sample(self._have, 3)
        self._report.say("maybe", indexes)
        self._have = [index for index in self._have if index not in indexes]
        try:
            self._storage.remove([blob_at(self._seed, index).ref for index in indexes])
        except StoreFailed:
            return
        self._report.say("gone", indexes)

    def go_on(self, when: str) -> None:
        for count in (1, 20, 1):
            self.put(count, must=True)
        self.look(when)

    def fill_up(self, room: int) -> None:
        """Leave `room` bytes of the disk."""
        about = os.statvfs(self._disk)
        size = max(0, about.f_bavail * about.f_frsize - room)
        with (self._disk / _FILLER).open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, size))

    def make_room(self) -> None:
        (self._disk / _FILLER).unlink()
