"""Killed or without power at any moment, a table keeps what was synced, and writes whole."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.blobstore.testkit.faults.nursery import Nursery
from holdfast.blobstore.testkit.faults.powercut import KINDS, missing_for_power_cuts
from holdfast.blobstore.testkit.tablecrashes import table_kill_rounds, table_power_cut_rounds

OPENERS = Path(__file__).with_name("openers.py")
JOBS = Path(__file__).with_name("jobs.py")
NAMES = ("leveldb", "sqlite", "buffered_leveldb", "largely_buffered_leveldb", "buffered_sqlite")
PRELOAD = ("holdfast.blobstore.testkit.tablecrashes:churn", f"{OPENERS}:leveldb")

each_table = pytest.mark.parametrize(
    "opening", [pytest.param(f"{OPENERS}:{name}", id=name) for name in NAMES]
)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery(preload=PRELOAD) as made:
        yield made


@pytest.fixture(scope="module")
def mounting() -> Iterator[Nursery]:
    missing = missing_for_power_cuts()
    if missing is not None:
        pytest.skip(missing)
    with Nursery(mounts=True, preload=PRELOAD) as made:
        yield made


@each_table
def test_kills_lose_nothing_synced(nursery: Nursery, opening: str, tmp_path: Path) -> None:
    outcome = table_kill_rounds(nursery, opening, tmp_path / "table", rounds=10, seed=1)
    assert not outcome.findings, str(outcome)
    assert outcome.acknowledged


@each_table
def test_power_cuts_lose_nothing_synced(mounting: Nursery, opening: str, tmp_path: Path) -> None:
    outcome = table_power_cut_rounds(mounting, opening, "ext4", tmp_path, rounds=3, seed=1)
    assert not outcome.findings, str(outcome)
    assert outcome.acknowledged


@each_table
def test_a_disk_that_takes_no_more_refuses_and_what_was_synced_stays(
    nursery: Nursery, opening: str, tmp_path: Path
) -> None:
    table = {"opening": opening, "folder": str(tmp_path / "table")}
    said = nursery.run(f"{JOBS}:fill", **table)
    assert [word for word, _, _ in said] == ["refused", "synced", "read", "refused"]
    synced, read = said[1].content, said[2].content
    assert synced > 10
    assert read in (synced, synced + 1)
    (counted,) = nursery.run(f"{JOBS}:count", **table)
    assert counted.content in (synced, synced + 1)


@pytest.mark.long
@pytest.mark.timeout(1800)
@each_table
def test_a_thousand_kills_lose_nothing_synced(
    nursery: Nursery, opening: str, tmp_path: Path
) -> None:
    seed = random.randrange(10**6)
    outcome = table_kill_rounds(nursery, opening, tmp_path / "table", rounds=1000, seed=seed)
    assert not outcome.findings, str(outcome)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", KINDS)
@each_table
def test_two_hundred_power_cuts_lose_nothing_synced(
    mounting: Nursery, opening: str, kind: str, tmp_path: Path
) -> None:
    seed = random.randrange(10**6)
    outcome = table_power_cut_rounds(mounting, opening, kind, tmp_path, rounds=200, seed=seed)
    assert not outcome.findings, str(outcome)
