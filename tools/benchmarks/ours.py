"""Holdfast as a contender: its command line against its own server process, durable as always."""

from __future__ import annotations

from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..throwaway import Server, command, environment, serving
from .contenders import Contender
from .running import Ran, run, size_on_disk


class Holdfast(Contender):
    """The command line and a server process on the same machine, each with a home of its own."""

    name = "holdfast"
    note = "through its server, everything durable when acknowledged, nothing compressed"

    def version(self) -> str:
        try:
            return f"holdfast {version('holdfast')}"
        except PackageNotFoundError:
            return "holdfast (not installed)"

    def open(self, room: Path) -> None:
        self._client = room / "client"
        self._client.mkdir()
        self._running = ExitStack()
        (room / "server").mkdir()
        self.server: Server = self._running.enter_context(
            serving(room / "server", log=room / "server.log")
        )
        self._environ = {**environment(self._client), "HOLDFAST_SERVER": self.server.url}

    def put(self, source: Path) -> Ran:
        ran = run(command("put", source.name), folder=source.parent, environ=self._environ)
        self._root, self._name = ran.output.split()[0], source.name
        return ran

    def restore(self, target: Path) -> Ran:
        get = command("get", self._root, str(target / self._name))
        return run(get, folder=target, environ=self._environ)

    def stored(self) -> int:
        return size_on_disk(self.server.home)

    def server_peak(self) -> int:
        return self.server.peak_memory()

    def close(self) -> None:
        self._running.close()
