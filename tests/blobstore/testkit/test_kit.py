"""The kit itself: it finds out what is wrong, and leaves out what does not apply."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.storage import ReadsRanges, Storage
from holdfast.blobstore.testkit.storagesuite import StorageSuite

HERE = Path(__file__).parent
TRIALS = [
    f"Test{name}::{test}"
    for test, name in re.findall(
        r'^@caught_by\("(\w+)"\)\nclass (\w+)', (HERE / "wrong.py").read_text(), re.MULTILINE
    )
]


@pytest.fixture(scope="module")
def verdict() -> str:
    """What pytest says of every storage on trial."""
    trials = [f"{HERE / 'wrong.py'}::{trial}" for trial in TRIALS]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=no", "-rf", "-p", "no:cacheprovider", *trials],
        cwd=HERE.parents[2],
        capture_output=True,
        text=True,
        check=False,
    ).stdout


@pytest.mark.parametrize("trial", TRIALS)
def test_every_wrong_storage_is_found_out(verdict: str, trial: str) -> None:
    assert re.search(rf"^FAILED \S+::{trial}\b", verdict, re.MULTILINE)


def test_there_are_enough_wrong_storages() -> None:
    assert len(TRIALS) > 20


class Bare(StorageSuite):
    abilities = frozenset({ReadsRanges})
    is_persistent = False
    is_exclusive = False

    def open(self, folder: Path) -> Storage:  # noqa: ARG002
        return MemoryStorage()


class WithMore(Bare):
    is_persistent = True

    def room_taken(self, folder: Path) -> int:  # noqa: ARG002
        return 0


def names_of(suite: type[StorageSuite]) -> set[str]:
    return {name for name in dir(suite) if name.startswith("test_") and getattr(suite, name)}


def test_what_a_storage_cannot_do_is_not_collected() -> None:
    assert "test_a_range_is_part_of_a_blob" in names_of(Bare)
    assert "test_any_token_resumes_right_behind_it" not in names_of(Bare)
    assert "test_everything_is_there_again" not in names_of(Bare)
    assert "test_removing_gives_the_space_back" not in names_of(Bare)


def test_a_suite_may_say_more_than_the_one_it_comes_from() -> None:
    gained = names_of(WithMore) - names_of(Bare)
    assert "test_everything_is_there_again" in gained
    assert "test_removing_gives_the_space_back" in gained
    assert names_of(Bare) < names_of(WithMore) < names_of(StorageSuite)
