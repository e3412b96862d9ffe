"""Commands as processes of their own, forked from one that has their modules already.

Most of what a short command costs is Python's start and imports. What a command does, and what it
leaves behind, is the same here; how it starts is for tests that call `subprocess`.
"""

from __future__ import annotations

import array
import atexit
import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock

from holdfast.tools.throwaway import environment

_PARENT = f"""
import sys
sys.path.append({str(Path(__file__).parent)!r})
import forking
forking.serve(int(sys.argv[1]))
"""


class _Parent:
    """The process that forks; ends when this one does."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _PARENT, str(theirs.fileno())],
                env=environment(Path(os.devnull)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self._end)

    def _end(self) -> None:
        self._socket.close()
        self._process.wait()

    def start(self, order: bytes, files: Sequence[int]) -> None:
        with self._lock:
            self._socket.sendmsg(
                [order], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))]
            )


_parent = cache(_Parent)


def run(
    arguments: Sequence[str | bytes],
    *,
    env: dict[str, str],
    input: str = "",  # noqa: A002  # as subprocess has it
) -> subprocess.CompletedProcess[str]:
    """Like `subprocess.run` of a command, with text captured; killed after a minute."""
    said = [os.fsdecode(argument) for argument in arguments]
    ours, theirs = socket.socketpair()
    with ours, theirs, TemporaryFile() as stdin, TemporaryFile() as out, TemporaryFile() as err:
        stdin.write(input.encode())
        stdin.seek(0)
        files = [file.fileno() for file in (stdin, out, err, theirs)]
        order = {"arguments": said, "env": env, "cwd": str(Path.cwd())}
        _parent().start(json.dumps(order).encode(), files)
        theirs.close()
        ended = ours.recv(16)
        assert ended, "the process that forks is gone"
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(said, int(ended), _text(out.read()), _text(err.read()))


def _text(read: bytes) -> str:
    return read.decode().replace("\r\n", "\n").replace("\r", "\n")
