"""Files that are wholly there or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from holdfast.blobstore.durable import make_folder, replacing, write_new


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was synced and renamed, in order."""
    seen: list[tuple[str, str]] = []
    real_sync, real_replace = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        seen.append(("sync", Path(f"/proc/self/fd/{descriptor}").readlink().name))
        real_sync(descriptor)

    def replace(path: Path, target: Path) -> Path:
        seen.append(("rename", target.name))
        return real_replace(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    return seen


def test_the_new_content_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"old", b"new and longer", b""):
        with replacing(path) as file:
            file.write(content)
            assert not path.exists() or path.read_bytes() != content
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_content_then_name_then_folder_reach_the_disk(
    tmp_path: Path, steps: list[tuple[str, str]]
) -> None:
    with replacing(tmp_path / "file") as file:
        file.write(b"content")
    assert [step for step, _ in steps] == ["sync", "rename", "sync"]
    assert steps[0][1].startswith("file.tmp")
    assert steps[1:] == [("rename", "file"), ("sync", tmp_path.name)]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(LookupError), replacing(path) as file:  # noqa: PT012 (both are meant)
        file.write(b"half of the n")
        raise LookupError
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failing_sync_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="Input/output"), replacing(path) as file:
            file.write(b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_mode_is_as_asked(tmp_path: Path) -> None:
    with replacing(tmp_path / "secret") as file:
        file.write(b"")
    with replacing(tmp_path / "public", mode=0o644) as file:
        file.write(b"")
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "public").stat().st_mode & 0o777 == 0o644


def test_folders_are_made_with_their_parents_durably(
    tmp_path: Path, steps: list[tuple[str, str]]
) -> None:
    make_folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").stat().st_mode & 0o777 == 0o700
    assert steps == [("sync", tmp_path.name), ("sync", "a"), ("sync", "b")]
    steps.clear()
    make_folder(tmp_path / "a" / "b" / "c")
    assert steps == []


def test_a_new_file_is_there_with_all_that_is_in_it_or_not_at_all(
    tmp_path: Path, steps: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    real_link = Path.hardlink_to

    def link(path: Path, target: Path) -> None:
        steps.append(("link", path.name))
        real_link(path, target)

    monkeypatch.setattr(Path, "hardlink_to", link)
    path = tmp_path / "file"
    write_new(path, b"content")
    assert path.read_bytes() == b"content"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
    assert steps[0][1].startswith("file.tmp")
    assert steps[1:] == [("link", "file"), ("sync", tmp_path.name)]


def test_a_new_file_never_takes_the_place_of_another(tmp_path: Path) -> None:
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_bytes(b"old")
    link.symlink_to("nowhere")
    for taken in (path, link):
        with pytest.raises(FileExistsError):
            write_new(taken, b"new")
    assert path.read_bytes() == b"old"
    assert set(tmp_path.iterdir()) == {path, link}
