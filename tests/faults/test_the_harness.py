"""The harness notices a storage that lies, and lets one that does not pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.blobstore.testkit.faults.crashes import kill_rounds
from holdfast.blobstore.testkit.faults.failures import failing_rounds
from holdfast.blobstore.testkit.faults.fulldisk import full_disk_rounds
from holdfast.blobstore.testkit.faults.nursery import JobFailed, Nursery
from holdfast.blobstore.testkit.faults.powercut import KINDS, power_cut_rounds

TINY = str(Path(__file__).with_name("tiny.py"))


@pytest.mark.serial  # as much as the disk takes within a time
def test_an_honest_storage_survives_kills(nursery: Nursery, tmp_path: Path) -> None:
    outcome = kill_rounds(nursery, f"{TINY}:Tiny", tmp_path / "store", rounds=4, seed=1)
    assert not outcome.findings, str(outcome)
    assert outcome.rounds == 4
    assert outcome.acknowledged > 20


@pytest.mark.parametrize("liar", ["PromisesFirst", "WritesInPlace"])
def test_kills_find_a_storage_that_lies(nursery: Nursery, liar: str, tmp_path: Path) -> None:
    outcome = kill_rounds(nursery, f"{TINY}:{liar}", tmp_path / "store", rounds=40, seed=1)
    assert outcome.findings, str(outcome)


@pytest.mark.serial  # as much as the disk takes within a time
@pytest.mark.parametrize("kind", KINDS)
def test_an_honest_storage_survives_power_cuts(
    mounting: Nursery, kind: str, tmp_path: Path
) -> None:
    outcome = power_cut_rounds(mounting, f"{TINY}:Tiny", kind, tmp_path, rounds=2, seed=1)
    assert not outcome.findings, str(outcome)
    assert outcome.rounds == 2
    assert outcome.acknowledged > 20


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("liar", ["NeverSyncs", "ForgetsFolder", "ForgetsRemovals"])
def test_power_cuts_find_a_storage_that_lies(
    mounting: Nursery, liar: str, kind: str, tmp_path: Path
) -> None:
    outcome = power_cut_rounds(mounting, f"{TINY}:{liar}", kind, tmp_path, rounds=60, seed=1)
    assert outcome.findings, str(outcome)


@pytest.mark.parametrize("kind", KINDS)
def test_kills_alone_do_not_find_what_power_cuts_do(
    mounting: Nursery, nursery: Nursery, kind: str, tmp_path: Path
) -> None:
    liar = f"{TINY}:NeverSyncs"
    assert not kill_rounds(nursery, liar, tmp_path / "store", rounds=3, seed=1).findings
    assert power_cut_rounds(mounting, liar, kind, tmp_path, rounds=3, seed=1).findings


@pytest.mark.parametrize("liar", ["TriesAgain", "IgnoresErrors"])
def test_failing_syncs_find_a_storage_that_lies(
    nursery: Nursery, liar: str, tmp_path: Path
) -> None:
    outcome = failing_rounds(
        nursery, f"{TINY}:{liar}", tmp_path / "store", rounds=12, seed=1, kinds=["sync"]
    )
    assert any("lost" in finding or "fetched" in finding for finding in outcome.findings), str(
        outcome
    )


def test_failing_calls_find_a_storage_that_raises_errors_of_the_system(
    nursery: Nursery, tmp_path: Path
) -> None:
    outcome = failing_rounds(
        nursery, f"{TINY}:NamesTheOs", tmp_path / "store", rounds=12, seed=1, kinds=["write"]
    )
    assert any("instead of StoreFailed" in finding for finding in outcome.findings), str(outcome)


def test_an_honest_storage_survives_failing_calls(nursery: Nursery, tmp_path: Path) -> None:
    outcome = failing_rounds(nursery, f"{TINY}:Tiny", tmp_path / "store", rounds=6, seed=1)
    assert not outcome.findings, str(outcome)


def test_an_honest_storage_survives_a_full_disk(mounting: Nursery, tmp_path: Path) -> None:
    outcome = full_disk_rounds(mounting, f"{TINY}:Tiny", tmp_path, rounds=3, seed=1)
    assert not outcome.findings, str(outcome)


def test_a_full_disk_finds_a_storage_that_leaves_half_a_blob(
    mounting: Nursery, tmp_path: Path
) -> None:
    outcome = full_disk_rounds(mounting, f"{TINY}:LeavesHalf", tmp_path, rounds=3, seed=1)
    assert outcome.findings, str(outcome)


def test_a_storage_that_does_not_open_is_a_finding(nursery: Nursery, tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"a file, where a folder should be")
    outcome = kill_rounds(nursery, f"{TINY}:Tiny", tmp_path / "store", rounds=10, seed=1)
    assert outcome.findings, str(outcome)


def test_mounts_are_seen_by_the_children_alone_and_go_with_the_nursery(tmp_path: Path) -> None:
    from holdfast.blobstore.testkit.faults.powercut import missing_for_power_cuts

    missing = missing_for_power_cuts()
    if missing is not None:
        pytest.skip(missing)
    with Nursery(mounts=True) as made:
        made.command("mount", "-t", "tmpfs", "tmpfs", tmp_path)
        (made.seen(tmp_path) / "inside").touch()
        assert not (tmp_path / "inside").exists()
    assert str(tmp_path) not in Path("/proc/mounts").read_text()


def test_a_command_that_fails_says_why(nursery: Nursery) -> None:
    with pytest.raises(JobFailed, match="no-such-folder"):
        nursery.command("ls", "/no-such-folder")
