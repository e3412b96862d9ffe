"""What single processes do to a store in the tests of the packed storage; see `Nursery.run`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Ref
from holdfast.blobstore.testkit.faults.contents import blob_at
from holdfast.blobstore.testkit.faults.nursery import Report, named


def remove_and_die(report: Report, *, opening: str, folder: str, ref: str) -> None:
    """Die when the pack's header is erased in the page cache, and nowhere else."""
    storage = named(opening)(Path(folder))
    real = os.fdatasync

    def sync(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().suffix == ".blobs":
            report.say("done")
            os._exit(0)
        real(descriptor)

    os.fdatasync = sync
    storage.remove([Ref(ref)])


def put(report: Report, *, opening: str, folder: str, numbers: list[int]) -> None:
    del report
    storage = named(opening)(Path(folder))
    for start in range(0, len(numbers), 100):
        Hub(storage).receive([blob_at(1, number) for number in numbers[start : start + 100]])


def remove(report: Report, *, opening: str, folder: str, ref: str) -> None:
    del report
    named(opening)(Path(folder)).remove([Ref(ref)])


def list_anew(report: Report, *, opening: str, folder: str) -> None:
    shutil.rmtree(Path(folder) / "index.leveldb")
    report.say("listed", [ref for ref, _ in named(opening)(Path(folder)).enumerate()])
