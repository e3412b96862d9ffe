"""Processes of our own that do what would keep a server's threads from their work."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

_PROGRAM = Path(__file__).with_name("childmain.py")

_SECONDS_TO_END = 10


def start_child(
    module: str, connections: Sequence[Connection], *, package: str | None = __package__
) -> subprocess.Popen[bytes]:
    """Run `main` of a module of a package, this one, in a process of its own, at a low priority.

    `main` is given these connections, which are closed here. It must end when one of them does.
    Raises `OSError`.
    """
    numbers = [connection.fileno() for connection in connections]
    command = [
        sys.executable,
        "-I",
        str(_PROGRAM),
        f"{package}.{module}",
        ",".join(map(str, numbers)),
        *sys.path,
    ]
    try:
        return subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=numbers
        )
    finally:
        for connection in connections:
            connection.close()


def end_child(child: subprocess.Popen[bytes]) -> int:
    """Wait for a process that has been told to end, not for ever; its exit code."""
    with suppress(subprocess.TimeoutExpired):
        return child.wait(_SECONDS_TO_END)
    child.kill()
    return child.wait()
