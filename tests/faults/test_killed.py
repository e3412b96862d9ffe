"""Killed at any moment, a storage loses nothing it acknowledged."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from holdfast.blobstore.testkit.faults.crashes import kill_rounds
from holdfast.blobstore.testkit.faults.nursery import Nursery

from .openers import each_storage


@each_storage
def test_nothing_acknowledged_is_lost_to_kills(
    nursery: Nursery, opening: str, tmp_path: Path
) -> None:
    outcome = kill_rounds(nursery, opening, tmp_path / "store", rounds=30, seed=1)
    assert not outcome.findings, str(outcome)


@pytest.mark.long
@pytest.mark.timeout(1800)
@each_storage
def test_nothing_acknowledged_is_lost_to_a_thousand_kills(
    nursery: Nursery, opening: str, tmp_path: Path
) -> None:
    seed = random.randrange(10**6)
    outcome = kill_rounds(nursery, opening, tmp_path / "store", rounds=1000, seed=seed)
    assert not outcome.findings, str(outcome)
