"""The other side of `forked.py`: a process of one thread that forks one for each command."""

import json
import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module

MOST_SECONDS = 60

READY = (
    "concurrent.futures.thread",
    "encodings.idna",
    "email.parser",
    "holdfast.blobstore.opening",
    "holdfast.index.kv.leveldb",
    "holdfast.index.opening",
    "holdfast.schema.openpgp.arithmetic",
    "holdfast.tools.claiming.desk",
    "holdfast.tools.claiming.permanodes",
    "holdfast.tools.client.opening",
    "holdfast.tools.putting.putting",
    "holdfast.tools.searching.listing",
    "holdfast.tools.wiring",
)
"""What commands import on their way. Nothing that starts threads."""


def serve(control: int) -> None:
    """Run what is ordered until whoever orders is gone."""
    from holdfast.tools.cli import COMMANDS, main

    for command in COMMANDS:
        if command.name != "serve":
            import_module(f"holdfast.tools.commands.{command.module}")
    for name in READY:
        import_module(name)
    assert threading.active_count() == 1
    orders = socket.socket(fileno=control)
    while True:
        order, files, _, _ = socket.recv_fds(orders, 1 << 20, 4)
        if not order:
            return
        if os.fork() == 0:
            orders.close()
            os._exit(_attend(json.loads(order), files, main))
        for file in files:
            os.close(file)
        _reap()


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _attend(order, files, main) -> int:
    """Have one command run, and say how it ended."""
    *streams, answer = files
    child = os.fork()
    if child == 0:
        os.close(answer)
        _become(order, streams)
        sys.exit(main())
    for file in streams:
        os.close(file)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.alarm(MOST_SECONDS)
    _, status = os.waitpid(child, 0)
    os.write(answer, str(os.waitstatus_to_exitcode(status)).encode())
    return 0


def _become(order, streams) -> None:
    for place, file in enumerate(streams):
        os.dup2(file, place)
        os.close(file)
    os.environ.clear()
    os.environ.update(order["env"])
    time.tzset()
    os.chdir(order["cwd"])
    sys.argv[1:] = order["arguments"]
