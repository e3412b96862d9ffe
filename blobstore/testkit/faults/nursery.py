"""A process that forks others quickly, so that a thousand of them can be killed.

Starting Python takes a tenth of a second, most of it imports. The nursery has imported
everything once and forks in a few milliseconds. Optionally it lives in a mount namespace of its
own: whatever it mounted is gone, loop devices too, once it and its children have ended, however
they or their parent ended.
"""
# ruff: noqa: S603 (what is started is named by the tests)

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

_LENGTH = struct.Struct("<Q")


class Message(NamedTuple):
    """What a child reported: a word, what belongs to it, and when (`time.monotonic`)."""

    word: str
    content: Any
    at: float


class Report:
    """The child's end: words to the parent, whole or not at all as seen from any thread."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._lock = threading.Lock()

    def say(self, word: str, content: object = None) -> None:
        """Send one message; it has reached the parent's socket when this returns."""
        line = json.dumps([word, content, time.monotonic()]).encode() + b"\n"
        # `send`, not `write`: tests may make every `write` of this process fail.
        with self._lock:
            self._channel.sendall(line)


Job = Callable[..., None]
"""What a child does: a function of a `Report` and keyword arguments that survive JSON."""


@lru_cache
def named(text: str) -> Any:
    """The object `MODULE:NAME` or `FILE.py:NAME` names."""
    place, _, name = text.rpartition(":")
    if not place.endswith(".py"):
        return getattr(importlib.import_module(place), name)
    # Loaded once under a name of its own, so that a test folder need be no package.
    label = f"_holdfast_faults_{place.encode().hex()}"
    module = sys.modules.get(label)
    if module is None:
        spec = importlib.util.spec_from_file_location(label, place)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[label] = module
        spec.loader.exec_module(module)
    return getattr(module, name)


class Child:
    """A forked process, from the parent's side."""

    def __init__(self, channel: socket.socket, process: int) -> None:
        self._channel = channel
        self._process = process
        self._rest = b""
        self.is_closed = False

    def messages(self, *, timeout: float) -> Iterator[Message]:
        """What the child says, until it has ended or `timeout` seconds have passed."""
        deadline = time.monotonic() + timeout
        while True:
            while b"\n" in self._rest:
                line, self._rest = self._rest.split(b"\n", 1)
                yield Message(*json.loads(line))
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._channel], [], [], left)[0]:
                return
            piece = self._channel.recv(1 << 16)
            if not piece:
                return
            self._rest += piece

    def kill(self) -> None:
        """Send SIGKILL and wait until the kernel has let go of all the child had."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._process, signal.SIGKILL)
        select.select([self._process], [], [])

    def close(self) -> None:
        """Let go of a child, which goes on by itself if it was not killed."""
        if not self.is_closed:
            self.is_closed = True
            self._channel.close()
            os.close(self._process)


class JobFailed(Exception):
    """A child's job raised, or the child died by itself; the text has its traceback."""


class Nursery:
    """Use as a context manager. Not safe for many threads.

    With `mounts` (needs root and util-linux) it can mount file systems only its children see.
    """

    def __init__(self, *, mounts: bool = False, preload: Sequence[str] = ()) -> None:
        """`preload` names (see `named`) what children need, to be imported once."""
        self._mounts = mounts
        self._preload = list(preload)

    def __enter__(self) -> Nursery:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", __name__, str(theirs.fileno()), *self._preload]
        if self._mounts:
            unshare = shutil.which("unshare")
            assert unshare is not None
            command = [unshare, "--mount", "--propagation", "private", *command]
        # The child must see the same packages, whether installed or on a path of the test runner.
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], env={**os.environ, "PYTHONPATH": paths}
        )
        theirs.close()
        self._channel = ours
        self._children: list[Child] = []
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in self._children:
            if not child.is_closed:
                child.kill()
                child.close()
        self._channel.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def start(self, job: str, **arguments: object) -> Child:
        """Fork a child that does `job` (see `named`)."""
        ours, theirs = socket.socketpair()
        with theirs:
            request = json.dumps({"job": job, "arguments": arguments}).encode()
            socket.send_fds(self._channel, [_LENGTH.pack(len(request))], [theirs.fileno()])
            self._channel.sendall(request)
        _, descriptors, _, _ = socket.recv_fds(self._channel, 1, 1)
        if not descriptors:
            ours.close()
            raise JobFailed("the nursery has ended")
        child = Child(ours, descriptors[0])
        self._children = [other for other in self._children if not other.is_closed]
        self._children.append(child)
        return child

    def run(self, job: str, *, timeout: float = 60, **arguments: object) -> list[Message]:
        """Do `job` in a child to its end; all it said. Raises `JobFailed`."""
        child = self.start(job, **arguments)
        try:
            said = list(child.messages(timeout=timeout))
            child.kill()
        finally:
            child.close()
        last = said[-1] if said else Message("nothing", None, 0)
        if last.word == "raised":
            raise JobFailed(last.content)
        if last.word != "done":
            raise JobFailed(f"{job} ended, or hung, after saying {last.word!r}")
        return said[:-1]

    def command(self, *words: str | Path) -> None:
        """Run a system command where the mounts are. Raises `JobFailed`."""
        self.run(f"{__name__}:run_command", words=[str(word) for word in words])

    def seen(self, path: Path) -> Path:
        """How this process reaches a path of the children, mounts included."""
        if not self._mounts:
            return path
        return Path(f"/proc/{self._process.pid}/root{path.absolute()}")


def run_command(report: Report, *, words: list[str]) -> None:
    """The job of `Nursery.command`."""
    del report
    found = shutil.which(words[0], path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    done = subprocess.run(
        [found or words[0], *words[1:]], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise OSError(f"{' '.join(words)}: {done.stderr.strip()}")


def _serve(channel: socket.socket, preload: Sequence[str]) -> None:
    for name in preload:
        named(name)
    while True:
        length, descriptors, _, _ = socket.recv_fds(channel, _LENGTH.size, 1)
        if not length:
            return
        (left,) = _LENGTH.unpack(length)
        request = b""
        while len(request) < left:
            request += channel.recv(left - len(request))
        asked = json.loads(request)
        process = os.fork()
        if process == 0:
            channel.close()
            _live(socket.socket(fileno=descriptors[0]), asked["job"], asked["arguments"])
        # Before anyone could reap the process: its number may mean another one afterwards.
        handle = os.pidfd_open(process)
        socket.send_fds(channel, [b"+"], [handle])
        os.close(handle)
        os.close(descriptors[0])
        _reap()


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _live(channel: socket.socket, job: str, arguments: dict[str, Any]) -> None:
    report = Report(channel)
    try:
        named(job)(report, **arguments)
        report.say("done")
    except BaseException:
        report.say("raised", traceback.format_exc())
    # At once, as a crash would: what a storage leaves to the interpreter's end is not done.
    os._exit(0)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
