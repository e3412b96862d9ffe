"""The file that names one life of a store."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from holdfast.blobstore.generation import FILE_NAME, ensure_generation, read_generation


def test_a_store_without_one_gets_one_and_keeps_it(tmp_path: Path) -> None:
    assert read_generation(tmp_path) is None
    made = ensure_generation(tmp_path)
    assert len(made.token) == 40
    assert ensure_generation(tmp_path) == made
    assert read_generation(tmp_path) == made
    assert abs((datetime.now(UTC) - made.created).total_seconds()) < 60


def test_every_store_gets_another(tmp_path: Path) -> None:
    tokens = set()
    for number in range(5):
        (tmp_path / f"{number}").mkdir()
        tokens.add(ensure_generation(tmp_path / f"{number}").token)
    assert len(tokens) == 5


def test_perkeeps_file_is_understood_and_left_alone(tmp_path: Path) -> None:
    token = "1526a727598e694c6c9c9579147df1171d30b9b5"
    content = f"{token}\nThis file's random string on the first line is\n".encode()
    (tmp_path / FILE_NAME).write_bytes(content)
    os.utime(tmp_path / FILE_NAME, (1_500_000_000, 1_500_000_000))
    found = ensure_generation(tmp_path)
    assert found.token == token
    assert found.created == datetime.fromtimestamp(1_500_000_000, UTC)
    assert (tmp_path / FILE_NAME).read_bytes() == content


def test_one_line_without_an_end_is_enough(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"abc")
    assert ensure_generation(tmp_path).token == "abc"


def test_deleting_it_begins_a_new_life(tmp_path: Path) -> None:
    before = ensure_generation(tmp_path)
    (tmp_path / FILE_NAME).unlink()
    assert ensure_generation(tmp_path).token != before.token
