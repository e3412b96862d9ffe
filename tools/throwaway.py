"""A real server process on a store that is thrown away: for the demo and the benchmark."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import holdfast

_START_SECONDS = 30
_STOP_SECONDS = 30


class ServerDidNotStart(RuntimeError):
    """The server ended, or said nothing, before it answered its first request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """Memory in bytes: what is a program's own, and that together with mapped files and code."""

    anonymous: int
    resident: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A running server: where it is, and what it runs on."""

    port: int
    home: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def peak_memory(self) -> int:
        """The most memory its processes had, together, in bytes. Processes that ended are not
        counted."""
        return self._memory("VmHWM")

    def memory(self) -> Memory:
        """The memory its processes have now, together."""
        return Memory(anonymous=self._memory("RssAnon"), resident=self._memory("VmRSS"))

    def _memory(self, field: str) -> int:
        return sum(_memory(pid, field) for pid in _with_children(self.process.pid))


def command(*arguments: str) -> list[str]:
    """The command line of this very Holdfast, installed or not; run it in `environment`."""
    start = "import sys; from holdfast.tools.cli import main; sys.exit(main())"
    return [sys.executable, "-P", "-c", start, *arguments]


def environment(home: Path) -> dict[str, str]:
    """What a Holdfast process needs of the environment, and nothing of the person's own."""
    assert holdfast.__file__ is not None
    return {
        "PATH": os.defpath,
        "HOME": str(home),
        "HOLDFAST_HOME": str(home),
        "PYTHONPATH": str(Path(holdfast.__file__).absolute().parent.parent),
        "LANG": "C.UTF-8",
    }


@contextmanager
def serving(home: Path, *, log: Path) -> Iterator[Server]:
    """Serve the store below `home` on a free port until the block ends.

    The server's own words go to the file `log`. Raises `ServerDidNotStart`.
    """
    port = _free_port()
    with log.open("wb") as words:
        process = subprocess.Popen(
            command("serve", "--listen", f"127.0.0.1:{port}"),
            env=environment(home),
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            # Ctrl-C is for the one who started us; the server is stopped by name.
            start_new_session=True,
        )
    server = Server(port=port, home=home, process=process)
    try:
        _await_answer(server, log)
        yield server
    finally:
        _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_answer(server: Server, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            connection = HTTPConnection("127.0.0.1", server.port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            pass
        time.sleep(0.02)
    words = log.read_text(errors="replace").strip()[-2000:]
    raise ServerDidNotStart(f"the server did not start; it said:\n{words or '(nothing)'}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _with_children(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(found for child in children for found in _with_children(int(child)))]


def _memory(pid: int, field: str) -> int:
    """One of the fields of `/proc/PID/status` that say how much memory there is, in bytes."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    # "VmHWM:    123456 kB", see proc(5).
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))
