"""When the power goes, every acknowledged blob is there once it is back, with nothing to do."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from holdfast.blobstore.testkit.faults.nursery import Nursery
from holdfast.blobstore.testkit.faults.powercut import KINDS, power_cut_rounds

from .openers import each_storage


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
