"""Whether two trees are the same: each way to differ is noticed, and nothing else."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.tools.sametree import Tally, differences, tally


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    one = tmp_path / "one"
    (one / "folder").mkdir(parents=True)
    (one / "folder" / "file").write_bytes(b"x" * 3_000_000)
    (one / "link").symlink_to("folder/file")
    os.mkfifo(one / "pipe")
    for path in (one / "folder" / "file", one / "folder", one):
        os.utime(path, ns=(1, 1_600_000_000_123_456_789))
    other = tmp_path / "other"
    shutil.copytree(one, other, symlinks=True, ignore=shutil.ignore_patterns("pipe"))
    os.mkfifo(other / "pipe")
    for name in ("pipe", "."):
        times = (one / name).stat()
        os.utime(other / name, ns=(times.st_atime_ns, times.st_mtime_ns))
    return one, other


def keeping_time(path: Path, change: Callable[[], object]) -> None:
    times = path.stat()
    change()
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_copy_differs_in_nothing(trees: tuple[Path, Path]) -> None:
    assert list(differences(*trees)) == []


def test_the_last_byte_counts(trees: tuple[Path, Path]) -> None:
    one, other = trees
    file = other / "folder" / "file"
    keeping_time(file, lambda: file.write_bytes(b"x" * 2_999_999 + b"y"))
    assert list(differences(one, other)) == ["'one/folder/file' has other bytes"]


def test_a_nanosecond_counts(trees: tuple[Path, Path]) -> None:
    one, other = trees
    os.utime(other / "folder", ns=(1, 1_600_000_000_123_456_788))
    (said,) = differences(one, other)
    assert "'one/folder' changed at" in said


def test_permissions_count(trees: tuple[Path, Path]) -> None:
    one, other = trees
    (other / "folder" / "file").chmod(0o600)
    (said,) = differences(one, other)
    assert "has mode 100600" in said


def test_where_a_link_leads_counts(trees: tuple[Path, Path]) -> None:
    one, other = trees
    link = other / "link"
    times = link.lstat()
    keeping_time(other, lambda: (link.unlink(), link.symlink_to("folder")))
    os.utime(link, ns=(1, times.st_mtime_ns), follow_symlinks=False)
    assert list(differences(one, other)) == ["'one/link' leads elsewhere"]


@pytest.mark.parametrize("name", ["pipe", "link", "folder"])
def test_a_file_in_the_place_of_something_else_counts(trees: tuple[Path, Path], name: str) -> None:
    one, other = trees

    def replace() -> None:
        shutil.rmtree(other / name) if name == "folder" else (other / name).unlink()
        (other / name).write_text("")

    keeping_time(other, replace)
    assert list(differences(one, other)) == [f"'one/{name}' is of another kind"]


def test_what_is_missing_and_what_is_new_counts(trees: tuple[Path, Path]) -> None:
    one, other = trees
    keeping_time(other, lambda: (other / "pipe").rename(other / "tube"))
    assert list(differences(one, other)) == [
        "'one/pipe' is missing",
        "'one/tube' was not there before",
    ]


def test_a_tally_counts_without_following_links(trees: tuple[Path, Path]) -> None:
    assert tally(trees[0]) == Tally(files=1, folders=2, links=1, others=1, size=3_000_000)
