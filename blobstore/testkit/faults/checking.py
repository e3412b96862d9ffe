"""The reader that comes after a fault: is everything owed there, and is nothing half there?"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from ...errors import BlobNotFound, HoldfastError
from ...ref import Blob, Ref, SizedRef
from ...storage import ReadsRanges, Storage, capability, fetch_one
from .contents import blob_at
from .ledger import Ledger
from .nursery import Nursery, Report, named

CHECK_TIMEOUT = 60.0
"""Seconds opening and checking a store may take before it counts as hung."""

_MOST = 8
"""Findings worth telling; more of the same help nobody."""


def check(
    nursery: Nursery,
    opening: str,
    folder: Path,
    seed: int,
    ledger: Ledger,
) -> list[str]:
    """Open the store in a new process, as after a restart, and tell what is wrong with it."""
    child = nursery.start(
        f"{__name__}:look",
        opening=opening,
        folder=str(folder),
        seed=seed,
        have=sorted(ledger.have),
        gone=sorted(ledger.gone),
    )
    findings: list[str] = []
    last = "nothing"
    try:
        for message in child.messages(timeout=CHECK_TIMEOUT):
            last = message.word
            if last == "finding":
                findings.append(message.content)
            elif last == "raised":
                findings.append(f"reading the store: {message.content}")
            elif last == "looked":
                return findings
        if last not in ("looked", "done", "raised"):
            findings.append(f"the check ended, or hung for {CHECK_TIMEOUT} s, at {last!r}")
        return findings
    finally:
        child.kill()
        child.close()


def look(
    report: Report,
    *,
    opening: str,
    folder: str,
    seed: int,
    have: Sequence[int],
    gone: Sequence[int],
) -> None:
    """The job of `check`: reports findings, then `looked`; the store is left without closing."""
    try:
        storage: Storage = named(opening)(Path(folder))
    except Exception:
        report.say("finding", f"the store does not open: {traceback.format_exc()}")
        return
    report.say("open")
    found = _findings(storage, seed, have, gone)
    for _, finding in zip(range(_MOST), found, strict=False):
        report.say("finding", finding)
    report.say("looked")


def _findings(
    storage: Storage, seed: int, have: Sequence[int], gone: Sequence[int]
) -> Iterator[str]:
    listed = list(storage.enumerate())
    sizes = dict(listed)
    refs = [ref for ref, _ in listed]
    if any(one >= other for one, other in pairwise(refs)):
        yield "enumerate is not strictly ascending"
    owed = {index: blob_at(seed, index) for index in have}
    for index, blob in owed.items():
        yield from _owed(storage, index, blob, sizes)
    dead = {index: blob_at(seed, index).ref for index in gone}
    for index, ref in dead.items():
        if ref in sizes:
            yield f"removed blob {index} ({ref}) is listed again"
        if _is_there(storage, ref):
            yield f"removed blob {index} ({ref}) can be fetched again"
    told = dict(storage.stat([blob.ref for blob in owed.values()]))
    for index, blob in owed.items():
        if told.get(blob.ref) != len(blob.data):
            yield f"stat does not know acknowledged blob {index} ({blob.ref})"
    for found in storage.stat(dead.values()):
        yield f"stat knows a removed blob ({found.ref})"
    known = {blob.ref for blob in owed.values()}
    for stranger in listed:
        if stranger.ref not in known:
            yield from _whole(storage, stranger)


def _owed(storage: Storage, index: int, blob: Blob, sizes: dict[Ref, int]) -> Iterator[str]:
    name = f"acknowledged blob {index} ({blob.ref}, {len(blob.data)} bytes)"
    if sizes.get(blob.ref) != len(blob.data):
        yield f"{name} is listed with size {sizes.get(blob.ref)}"
    try:
        if fetch_one(storage, blob.ref) != blob.data:
            yield f"{name} has other bytes"
    except HoldfastError as error:
        yield f"{name} is lost: {type(error).__name__}: {error}"


def _whole(storage: Storage, listed: SizedRef) -> Iterator[str]:
    """A blob nobody was promised may be here, but then all of it."""
    try:
        data = fetch_one(storage, listed.ref)
    except HoldfastError as error:
        yield f"{listed.ref} is listed but cannot be fetched: {type(error).__name__}: {error}"
        return
    if len(data) != listed.size or not listed.ref.matches(data):
        yield f"{listed.ref} is listed with size {listed.size} but has {len(data)} other bytes"
    ranged = capability(storage, ReadsRanges)
    if ranged is not None and ranged.fetch_range(listed.ref, 0, listed.size + 1) != data:
        yield f"{listed.ref} reads differently by range"


def _is_there(storage: Storage, ref: Ref) -> bool:
    try:
        fetch_one(storage, ref)
    except BlobNotFound:
        return False
    return True
