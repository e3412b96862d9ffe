"""When the system fails, nothing is acknowledged that a later crash could take away."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from holdfast.blobstore.testkit.faults.failures import failing_rounds
from holdfast.blobstore.testkit.faults.nursery import Nursery

from .openers import each_storage


@each_storage
def test_what_is_acknowledged_survives_failing_calls(
    nursery: Nursery, opening: str, tmp_path: Path
) -> None:
    outcome = failing_rounds(nursery, opening, tmp_path / "store", rounds=18, seed=1)
    assert not outcome.findings, str(outcome)


@pytest.mark.long
@pytest.mark.timeout(1800)
@each_storage
def test_what_is_acknowledged_survives_a_thousand_failing_calls(
    nursery: Nursery, opening: str, tmp_path: Path
) -> None:
    for part in range(20):
        seed = random.randrange(10**6)
        folder = tmp_path / str(part)
        outcome = failing_rounds(nursery, opening, folder, rounds=50, seed=seed)
        assert not outcome.findings, str(outcome)
