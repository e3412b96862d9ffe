"""Power cuts: a file system is shut down under a writer, mounted again, and must hold all.

Linux can make a mounted file system forget, at once, everything that is not on its device: what
`xfs_io -x -c shutdown` asks for (the ioctl of `xfs_io.c` with `XFS_FSOP_GOING_FLAGS_NOLOGFLUSH`;
ext4 has the same one). Neither dirty pages nor the journal's last entries are written, every
later write and sync fails with EIO, and mounting again replays the journal, as after a cut.
What this does not imitate is a disk that loses what it said it had flushed.
"""
# ruff: noqa: S311, S603 (randomness is to be repeatable here; what is started is known)

from __future__ import annotations

import fcntl
import os
import random
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .checking import check
from .crashes import OPENING, Outcome, forget_old_removals, listen, start_writer
from .ledger import Ledger
from .nursery import Child, JobFailed, Nursery

KINDS = ("ext4", "xfs")
"""File systems that can be shut down."""

_IMAGE = 400 << 20
"""Bytes of an image, sparse; xfs wants at least 300 MiB."""

_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32): XFS_IOC_GOINGDOWN and EXT4_IOC_SHUTDOWN
_NO_LOG_FLUSH = 2


def missing_for_power_cuts() -> str | None:
    """What this machine lacks for `PowerCuts`, as a sentence; None if nothing."""
    if os.geteuid():
        return "power cuts need root, to mount; run the tests as root"
    paths = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    tools = ("unshare", "mount", "umount", "mkfs.ext4", "mkfs.xfs")
    lacking = [tool for tool in tools if shutil.which(tool, path=paths) is None]
    if lacking:
        return f"no {', '.join(lacking)}: apt install util-linux e2fsprogs xfsprogs"
    if not Path("/dev/loop-control").exists():
        return "power cuts need loop devices (modprobe loop; in a container, --privileged)"
    unshare = shutil.which("unshare", path=paths) or "unshare"
    tried = subprocess.run(
        [unshare, "--mount", "--propagation", "private", "true"], capture_output=True, check=False
    )
    if tried.returncode:
        return "power cuts need the right to mount; in a container, --privileged"
    return None


class Disk:
    """A file system in an image file, whose power can be cut. Made by `disk`."""

    def __init__(self, nursery: Nursery, image: Path, point: Path) -> None:
        self._nursery = nursery
        self._image = image
        self.point = point
        self._descriptor = -1

    def mount(self) -> None:
        """Put the power on."""
        self._nursery.command("mount", "-o", "loop", self._image, self.point)
        self._descriptor = os.open(self._nursery.seen(self.point), os.O_RDONLY | os.O_DIRECTORY)

    def cut(self) -> None:
        """Cut the power. Processes that use the disk must be killed before `unmount`."""
        fcntl.ioctl(self._descriptor, _SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))

    def unmount(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self._nursery.command("umount", self.point)


@contextmanager
def disk(nursery: Nursery, kind: str, scratch: Path) -> Iterator[Disk]:
    """A new disk of a kind, mounted for the children of `nursery` (made with `mounts=True`).

    `scratch` is an empty folder of the caller's. Mount and loop device go with the nursery, if
    not before: they are in its mount namespace alone.
    """
    image = scratch / f"{kind}.image"
    point = scratch / f"{kind}.mounted"
    point.mkdir()
    with image.open("wb") as file:
        file.truncate(_IMAGE)
    nursery.command(f"mkfs.{kind}", "-q", image)
    made = Disk(nursery, image, point)
    made.mount()
    try:
        yield made
    finally:
        try:
            made.unmount()
        except JobFailed:
            with suppress(JobFailed):
                nursery.command("umount", "--lazy", point)
        image.unlink()


def power_cut_rounds(
    nursery: Nursery, opening: str, kind: str, scratch: Path, *, rounds: int, seed: int
) -> Outcome:
    """Cut the power `rounds` times under a writer, always of the same store.

    As `kill_rounds`. The moment is right behind an acknowledgement, when least had time to
    reach the disk by itself. In some rounds the writer had been killed before and another has
    found what it left: being here already must mean being durable.
    """
    outcome = Outcome(f"cutting the power of {opening} on {kind}", seed)
    ledger = Ledger()
    with disk(nursery, kind, scratch) as device:
        folder = device.point / "store"
        for round_ in range(1, rounds + 1):
            chance = random.Random(f"cut/{seed}/{round_}")
            if chance.random() < 0.25:
                child = start_writer(nursery, opening, folder, seed, 2 * round_, ledger, chance)
                with _ended(child):
                    outcome.findings += listen(child, ledger, OPENING, until_open=True)
                    outcome.findings += listen(child, ledger, chance.uniform(0, 0.1))
                outcome.findings += listen(child, ledger, 10)
            child = start_writer(nursery, opening, folder, seed, 2 * round_ + 1, ledger, chance)
            with _ended(child):
                outcome.findings += _work_until_cut(child, ledger, device, chance)
            child.close()
            device.unmount()
            device.mount()
            outcome.findings += check(nursery, opening, folder, seed, ledger)
            outcome.rounds, outcome.acknowledged = round_, ledger.acknowledged
            if outcome.findings:
                break
            forget_old_removals(ledger, chance)
    return outcome


@contextmanager
def _ended(child: Child) -> Iterator[None]:
    try:
        yield
    finally:
        child.kill()


def _work_until_cut(
    child: Child, ledger: Ledger, device: Disk, chance: random.Random
) -> Iterator[str]:
    # Sometimes right away, while the store is being opened and mended.
    if chance.random() < 0.15:
        yield from listen(child, ledger, chance.uniform(0, 0.02))
    else:
        yield from listen(child, ledger, OPENING, until_open=True)
        yield from listen(child, ledger, chance.uniform(0, 0.3))
        wanted = chance.choice(("have", "have", "gone"))
        for message in child.messages(timeout=0.2):
            if message.word not in ("maybe", "have", "gone"):
                yield f"the writer stopped: {message.word}: {message.content}"
                return
            ledger.note(message.word, message.content)
            if message.word == wanted:
                break
    moment = time.monotonic()
    device.cut()
    yield from _after_cut(child, ledger, moment)


def _after_cut(child: Child, ledger: Ledger, moment: float) -> Iterator[str]:
    """What the writer still says: promises made before, then that it cannot write.

    No promise made after the cut counts: the machine would not have lived to make it. xfs even
    says yes to the sync of a folder then, having thrown away what was to be synced.
    """
    for message in child.messages(timeout=0.05):
        if message.word == "maybe" or (message.word in ("have", "gone") and message.at < moment):
            ledger.note(message.word, message.content)
        elif message.word == "wrong":
            yield f"without a disk, not StoreFailed but {message.content}"
