"""A store is generated: things are said by several processes, and taken in by one."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from ....blobstore.hub import Hub
from ....blobstore.ref import Blob, Ref
from ...config import DEFAULT_RING, StorageConfig
from ...founding import keep_key
from ...wiring import open_hub
from .ledger import Ledger, Line, line_of, new_ledger
from .pictures import Picture, jpeg
from .saying import Said, Voice, seeded_key
from .things import World

LEDGER = "ledger.sqlite"

_KEY_SEED = "holdfast benchmark"
_AHEAD = 4
"""How many pieces of work wait for each process."""

_Job = TypeVar("_Job")
_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a store is full of."""

    name: str
    version: int
    """Another number means that what is made has changed, and is to be made again."""

    world: Callable[[int], World] = World
    """The things, by how many there are. This and `draw` go by name to other processes."""

    draw: Callable[[Picture], bytes] = jpeg
    """The file of a picture."""


THINGS = Kind("things", 1)


def make_store(home: Path, count: int, *, tell: Callable[[str], None], kind: Kind = THINGS) -> None:
    """Make a home for `count` things in the empty folder `home`: key, blobs and ledger.

    `tell` hears now and then how far it is.
    """
    key = seeded_key(_KEY_SEED)
    keep_key(key, home / DEFAULT_RING)
    world = kind.world(count)
    storage = StorageConfig(path=home / "data" / "blobs")
    processes = os.cpu_count() or 1
    # Threads of the store must not be copied half into the other processes.
    context = multiprocessing.get_context("spawn")
    with (
        open_hub(storage) as hub,
        new_ledger(home / LEDGER) as ledger,
        ProcessPoolExecutor(
            processes, mp_context=context, initializer=_start, initargs=(kind, count)
        ) as pool,
    ):
        hub.receive([Voice(key).signer])
        for number, (blobs, lines) in enumerate(
            _in_order(pool, _say_block, world.blocks, ahead=processes * _AHEAD)
        ):
            ledger.put(lines, **_take_in(hub, blobs))
            if (number + 1) % 200 == 0:
                tell(f"{(number + 1) / len(world.blocks):.0%} of {count:,} {kind.name}")
        _add_members(world, hub, ledger, pool)
        hub.sync()
        tell("sorting what the right answers are")
        ledger.finish()


def _add_members(world: World, hub: Hub, ledger: Ledger, pool: ProcessPoolExecutor) -> None:
    owners = [thing for block in world.blocks for thing in world.block(block) if thing.members]
    members = {thing.number: world.members(thing) for thing in owners}
    jobs = (ledger.said_of([owner, *members[owner]]) for owner in members)
    for owner, said in zip(members, _in_order(pool, _add, jobs, ahead=4), strict=True):
        ledger.put_members(owner, members[owner], said.modified, **_take_in(hub, said.blobs))


def _take_in(hub: Hub, blobs: list[Blob]) -> dict[str, int]:
    """Store blobs; how many are new, and of how many bytes."""
    receipts = hub.receive(blobs, durable=False)
    return {
        "blobs": sum(receipt.is_new for receipt in receipts),
        "size": sum(receipt.size for receipt in receipts if receipt.is_new),
    }


def _in_order(
    pool: ProcessPoolExecutor,
    work: Callable[[_Job], _Done],
    jobs: Iterable[_Job],
    *,
    ahead: int,
) -> Iterator[_Done]:
    """What is made of each job, in order; only so many are begun before they are asked for."""
    left = iter(jobs)
    begun: deque[Future[_Done]] = deque(pool.submit(work, job) for job in islice(left, ahead))
    while begun:
        done = begun.popleft().result()
        begun += (pool.submit(work, job) for job in islice(left, 1))
        yield done


# In the other processes ---------------------------------------------------------------------

_world: World
_voice: Voice


def _start(kind: Kind, count: int) -> None:
    global _world, _voice
    _world, _voice = kind.world(count), Voice(seeded_key(_KEY_SEED), kind.draw)


def _say_block(number: int) -> tuple[list[Blob], list[Line]]:
    blobs: list[Blob] = []
    lines: list[Line] = []
    for thing in _world.block(number):
        said = _voice.say(thing)
        blobs += said.blobs
        lines.append(line_of(thing, said))
    return blobs, lines


def _add(things: list[tuple[str, int]]) -> Said:
    (owner, modified), *members = things
    return _voice.add_members(modified, Ref(owner), [Ref(ref) for ref, _ in members])
