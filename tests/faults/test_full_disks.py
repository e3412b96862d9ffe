"""A full disk is said so, harms nothing, and is over when there is room again."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from holdfast.blobstore.testkit.faults.fulldisk import full_disk_rounds
from holdfast.blobstore.testkit.faults.nursery import Nursery

from .openers import each_storage


@each_storage
def test_a_full_disk_refuses_writes_and_harms_nothing(
    mounting: Nursery, opening: str, tmp_path: Path
) -> None:
    outcome = full_disk_rounds(mounting, opening, tmp_path, rounds=10, seed=1)
    assert not outcome.findings, str(outcome)


@pytest.mark.long
@pytest.mark.timeout(900)
@each_storage
def test_disks_that_fill_up_at_many_points_harm_nothing(
    mounting: Nursery, opening: str, tmp_path: Path
) -> None:
    for _ in range(20):
        seed = random.randrange(10**6)
        outcome = full_disk_rounds(mounting, opening, tmp_path, rounds=10, seed=seed)
        assert not outcome.findings, str(outcome)
