"""When the power goes, every acknowledged blob is there once it is back, with nothing to do."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from holdfast.blobstore.testkit.faults.contents import blob_at
from holdfast.blobstore.testkit.faults.nursery import Nursery
from holdfast.blobstore.testkit.faults.powercut import KINDS, disk, power_cut_rounds

from .openers import PACKED, each_storage


@pytest.mark.serial  # as much as the disk takes within a time
@pytest.mark.parametrize("kind", KINDS)
@each_storage
def test_nothing_acknowledged_is_lost_to_power_cuts(
    mounting: Nursery, opening: str, kind: str, tmp_path: Path
) -> None:
    outcome = power_cut_rounds(mounting, opening, kind, tmp_path, rounds=4, seed=1)
    assert not outcome.findings, str(outcome)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", KINDS)
@each_storage
def test_nothing_acknowledged_is_lost_to_two_hundred_power_cuts(
    mounting: Nursery, opening: str, kind: str, tmp_path: Path
) -> None:
    seed = random.randrange(10**6)
    outcome = power_cut_rounds(mounting, opening, kind, tmp_path, rounds=200, seed=seed)
    assert not outcome.findings, str(outcome)


def test_a_removal_killed_half_way_and_done_again_is_not_undone_by_a_power_cut(
    mounting: Nursery, tmp_path: Path
) -> None:
    """A removal's erased header that is only in the page cache is seen after a kill, when the
    table is made again, and must be on the disk before anything relies on it."""
    here = str(Path(__file__).with_name("jobs.py"))
    with disk(mounting, "ext4", tmp_path) as device:
        store = {"opening": PACKED, "folder": str(device.point / "store")}
        # Enough for several packs, so that the blob is not in the last one.
        mounting.run(f"{here}:put", numbers=list(range(1, 1200)), **store)
        assert len(list(mounting.seen(device.point / "store").glob("pack-*.blobs"))) > 1
        ref = blob_at(1, 7).ref
        mounting.run(f"{here}:remove_and_die", ref=ref, **store)
        mounting.run(f"{here}:put", numbers=[7], **store)
        device.cut()
        device.unmount()
        device.mount()
        mounting.run(f"{here}:remove", ref=ref, **store)
        (listed,) = mounting.run(f"{here}:list_anew", **store)
        assert len(listed.content) == 1198
        assert ref not in listed.content
