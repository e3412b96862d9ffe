"""The tour in README.md, run as it is written there."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import holdfast

ROOT = Path(__file__).absolute().parent.parent.parent
TITLES = ("## Name it, change it, share it", "## Find it again")
ADDRESS = "127.0.0.1:3179"
MARK = "-- done:"


class Tour:
    """The lines of the sections that are typed, each with the answer shown below it."""

    def __init__(self, text: str) -> None:
        sections = [text.split(f"\n{title}\n", 1)[1].split("\n## ", 1)[0] for title in TITLES]
        self.lines: list[tuple[str, str]] = []
        for line in "\n".join(sections).splitlines():
            if line.startswith("    $ "):
                self.lines.append((line[6:], ""))
            elif line.startswith("    "):
                typed, answer = self.lines[-1]
                self.lines[-1] = (typed, f"{answer}{line[4:]}\n")


@pytest.fixture(scope="module")
def tour() -> Tour:
    return Tour((ROOT / "README.md").read_text())


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of a person who has just installed it.

    Their server has a port of its own, so that the tour can run beside other servers.
    """
    assert holdfast.__file__ is not None
    package = Path(holdfast.__file__).absolute().parent.parent
    start = f"PYTHONPATH={shlex.quote(str(package))} exec {shlex.quote(sys.executable)} -P"
    shim = tmp_path / "bin" / "holdfast"
    shim.parent.mkdir()
    shim.write_text(
        "#!/bin/sh\n"
        f'[ "$1" = init ] && set -- "$@" --listen 127.0.0.1:{_free_port()}\n'
        f'{start} -m holdfast.tools.cli "$@"\n'
    )
    shim.chmod(0o755)
    (tmp_path / "sunset.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 2000)
    return {"HOME": str(tmp_path), "PATH": f"{shim.parent}:/usr/bin:/bin", "LANG": "C.UTF-8"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def terminal_that_stays(line: str, environ: dict[str, str]) -> Iterator[str]:
    """A terminal where a line runs until its end is asked for, and what it says first."""
    with subprocess.Popen(
        ["bash", "-c", f"exec {line}"],
        env=environ,
        cwd=environ["HOME"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def answers(lines: list[str], environ: dict[str, str]) -> list[str]:
    """What one shell says to each line, errors and all."""
    script = "".join(f"{line}\necho {MARK} $?\n" for line in lines)
    said = subprocess.run(
        ["bash"],
        input=script,
        env=environ,
        cwd=environ["HOME"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    ).stdout
    *found, rest = re.split(rf"{MARK} 0\n", said)
    assert rest == ""
    return found


def shape(text: str, environ: dict[str, str] | None = None) -> str:
    """A text with all that differs each time put alike; the words stay."""
    if environ is not None:
        text = text.replace(environ["HOME"], "~")
    text = re.sub(r"127\.0\.0\.1:\d+", ADDRESS, text)
    text = re.sub(r"sha224-[0-9a-f]{56}", "sha224-...", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?", "DATE", text)
    return re.sub(r"\b[0-9A-F]{16}\b", "KEY", text)


def fits(shown: str, said: str) -> bool:
    """Whether what was said is what is shown, where `...` alone stands for any lines."""
    pattern = "".join(
        r"(?:.*\n)*" if line == "...\n" else re.escape(line) for line in shown.splitlines(True)
    )
    return re.fullmatch(pattern, said) is not None


def test_the_tour_goes_as_it_is_written(tour: Tour, machine: dict[str, str]) -> None:
    serve = next(at for at, (typed, _) in enumerate(tour.lines) if typed == "holdfast serve")
    before, after = tour.lines[:serve], tour.lines[serve + 1 :]
    said = answers([typed for typed, _ in before], machine)
    with terminal_that_stays(tour.lines[serve][0], machine) as first:
        said.append(first)
        said += answers([typed for typed, _ in after], machine)
    assert len(said) == len(tour.lines)
    for (typed, shown), found in zip(tour.lines, said, strict=True):
        assert fits(shape(shown), shape(found, machine)), f"{typed}\n{found}"


def test_the_tour_shows_all_that_it_should(tour: Tour) -> None:
    typed = "\n".join(line for line, _ in tour.lines)
    for step in (
        *("init", "serve", "put", "permanode", "attr show", "title", "tag", "claims"),
        *("delete", "undelete", "share create", "share revoke", "share list"),
        *("search --save", "search named:", "files --same-as", "why", "largest", "recent"),
        *("describe",),
    ):
        assert f"holdfast {step}" in typed
    assert typed.count("curl ") == 2


@pytest.mark.parametrize("said", ["", "one\n", "one\nthree\n", "one\ntwo\nthree\nfour\n"])
def test_an_answer_that_is_not_the_one_shown_is_noticed(said: str) -> None:
    assert not fits("one\ntwo\nthree\n", said)
    assert fits("one\n...\n", "one\ntwo\nthree\n")
