"""Killed at any moment, a storage loses nothing it acknowledged."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from holdfast.blobstore.testkit.faults.crashes import kill_rounds
from holdfast.blobstore.testkit.faults.nursery import Nursery

from .openers import PACKED, each_storage


@each_storage
def test_nothing_acknowledged_is_lost_to_kills(
    nursery: Nursery, opening: str, tmp_path: Path
) -> None:
    outcome = kill_rounds(nursery, opening, tmp_path / "store", rounds=30, seed=1)
    assert not outcome.findings, str(outcome)


def _spoil_table(folder: Path, chance: random.Random) -> None:
    """Now the table is lost, now older than the packs, now what it says of itself is."""
    table, older = folder / "index.leveldb", folder.parent / "older"
    fate = chance.random()
    if not table.exists() or fate < 0.3:
        return
    if fate < 0.5 and older.exists():
        shutil.rmtree(table)
        older.rename(table)
    elif fate < 0.7:
        (table / "checkpoint").unlink(missing_ok=True)
    else:
        shutil.rmtree(older, ignore_errors=True)
        table.rename(older)


def test_kills_while_the_table_is_made_again_lose_nothing(nursery: Nursery, tmp_path: Path) -> None:
    outcome = kill_rounds(
        nursery, PACKED, tmp_path / "store", rounds=15, seed=1, between=_spoil_table
    )
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
