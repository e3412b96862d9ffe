"""One owner of a store at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.blobstore.errors import StoreBusy
from holdfast.blobstore.ownership import FILE_NAME, Ownership

CHILD = """
import sys
from pathlib import Path
from holdfast.blobstore.ownership import Ownership
owner = Ownership(Path(sys.argv[1]))
print("owned", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def child(tmp_path: Path) -> subprocess.Popen[bytes]:
    """Another process that owns the folder until its input ends."""
    source = Path(__file__).parents[2] / ".src"
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(source)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"owned\n"
        yield process
        process.kill()


def test_a_second_owner_is_refused_even_in_one_process(tmp_path: Path) -> None:
    first = Ownership(tmp_path)
    with pytest.raises(StoreBusy) as caught:
        Ownership(tmp_path)
    assert caught.value.path == str(tmp_path)
    assert f"process {os.getpid()}" in str(caught.value)
    first.release()
    Ownership(tmp_path).release()


def test_releasing_twice_is_fine(tmp_path: Path) -> None:
    first = Ownership(tmp_path)
    first.release()
    second = Ownership(tmp_path)
    first.release()
    with pytest.raises(StoreBusy):
        Ownership(tmp_path)
    second.release()


def test_the_other_process_is_named(tmp_path: Path, child: subprocess.Popen[bytes]) -> None:
    with pytest.raises(StoreBusy, match=f"process {child.pid};"):
        Ownership(tmp_path)


def test_a_killed_owner_leaves_nothing_to_clean_up(
    tmp_path: Path, child: subprocess.Popen[bytes]
) -> None:
    child.kill()
    child.wait()
    assert (tmp_path / FILE_NAME).exists()
    Ownership(tmp_path).release()


def test_children_do_not_inherit_the_lock(tmp_path: Path) -> None:
    first = Ownership(tmp_path)
    with subprocess.Popen(["sleep", "30"], close_fds=False) as sleeper:
        first.release()
        Ownership(tmp_path).release()
        sleeper.kill()


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    first = Ownership(tmp_path)
    path = tmp_path / FILE_NAME
    assert path.read_text() == f"{os.getpid()}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    first.release()
