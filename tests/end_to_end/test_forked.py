"""Commands that are forked end, answer and read as those that are started."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from holdfast.tools.throwaway import command, environment

from . import forked


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (["version"], ""),
        (["put", "--no-such-option"], ""),
        (["stat", "nonsense"], ""),
        (["cat", b"\xff\xfe"], ""),
        (["put", "-"], "Zürich\n"),
        (["config"], ""),
    ],
)
def test_both_ways_say_the_same(tmp_path: Path, arguments: list[str | bytes], given: str) -> None:
    (tmp_path / "config.toml").write_text('[server]\nlisten = "127.0.0.1:1"\n')
    environ = environment(tmp_path) | {"TZ": "Asia/Tokyo"}
    started = subprocess.run(
        [*command(), *arguments], env=environ, input=given, capture_output=True, text=True
    )
    ended = forked.run(arguments, env=environ, input=given)
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        started.returncode,
        started.stdout,
        started.stderr,
    )
