"""The benchmark measures what it says, and says what it measured."""

import sys
from pathlib import Path

import pytest

from holdfast.tools.benchmarks.results import Results, tables
from holdfast.tools.benchmarks.running import RunFailed, clear, run
from holdfast.tools.benchmarks.works import make_file, make_tree
from holdfast.tools.sametree import differences, tally


def test_works_are_the_same_every_time(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        make_tree(tmp_path / name / "tree", files=160, size=1_000_000)
        make_file(tmp_path / name / "file", size=3_000_000)
    assert list(differences(tmp_path / "one" / "tree", tmp_path / "other" / "tree")) == []
    assert list(differences(tmp_path / "one" / "file", tmp_path / "other" / "file")) == []


def test_a_tree_has_the_files_and_the_size_asked_for_and_some_copies(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", files=800, size=5_000_000)
    there = tally(tree)
    assert (there.files, there.size) == (800, 5_000_000)
    assert there.folders > 30
    contents = {path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    assert 20 < 800 - len(contents) < 200


def test_a_run_has_its_own_peak_memory_and_not_ours(tmp_path: Path) -> None:
    ours = bytearray(b"x" * 200_000_000)
    small = run([sys.executable, "-S", "-c", ""], folder=tmp_path, environ={})
    large = run([sys.executable, "-S", "-c", "x = b'x' * 100_000_000"], folder=tmp_path, environ={})
    assert len(ours) > large.peak > 100_000_000 > 50_000_000 > small.peak > 1_000_000


def test_a_run_is_timed_from_start_to_end(tmp_path: Path) -> None:
    script = "import time; time.sleep(0.3); print('done')"
    ran = run([sys.executable, "-c", script], folder=tmp_path, environ={})
    assert 0.3 < ran.seconds < 5
    assert ran.processor < ran.seconds
    assert ran.output == "done\n"


def test_a_run_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match="ended with 3: no room"):
        run(
            [sys.executable, "-c", "import sys; print('no room', file=sys.stderr); sys.exit(3)"],
            folder=tmp_path,
            environ={},
        )


def test_clearing_gives_space_back_and_removes_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "large").write_bytes(b"x" * 100_000)
    (tmp_path / "folder" / "large").chmod(0o400)
    (tmp_path / "small").write_bytes(b"x" * 100)
    (tmp_path / "link").symlink_to("folder/large")
    clear(tmp_path)
    assert (tmp_path / "folder" / "large").stat().st_size == 0
    assert (tmp_path / "small").stat().st_size == 100
    assert (tmp_path / "link").is_symlink()


@pytest.fixture
def results() -> Results:
    made = Results()
    made.seconds["put tree", "holdfast"] += [1.0, 2.0, 9.0]
    made.seconds["put tree", "borg"] += [2.0, 2.0, 10.0]
    made.seconds["put tree", "restic"] += [1.0, 2.0, 9.0]
    return made


def test_ratios_are_taken_pair_by_pair(results: Results) -> None:
    # The ratio of the medians would be 1.0.
    assert results.ratio("put tree", "borg") == 0.9
    assert results.ratio("put tree", "nobody") is None


def test_a_goal_that_is_missed_stands_in_the_table(results: Results) -> None:
    results.rates["GET 500-byte blobs"] += [14_000, 14_500, 30_000]
    said = tables(results, ["holdfast", "borg", "restic"])
    assert (
        "| put tree | 2.00 | 2.00 | 2.00 | 0.90 | 1.00 "
        "| at most 1.0 borg met; at most 0.6 restic **missed** |" in said
    )
    assert "| GET 500-byte blobs | 14,500 | at least 15,000 **missed** |" in said
