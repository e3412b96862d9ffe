"""A real server with things in it, and what its owner asks of it beside the browser."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from holdfast.tools.throwaway import Server, command, environment, serving


@dataclass(frozen=True)
class Site:
    """A server on a store of its own, which trusts whoever is on this machine."""

    server: Server

    @property
    def url(self) -> str:
        """Without the last slash."""
        return self.server.url.rstrip("/")

    def run(self, *arguments: str | Path) -> str:
        """What a command of ours says."""
        environ = {**environment(self.server.home), "HOLDFAST_SERVER": self.server.url}
        ended = subprocess.run(
            command(*map(str, arguments)), env=environ, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def put(self, paths: Sequence[Path], *, tag: str = "") -> list[str]:
        """Store files or folders; the permanode of each."""
        tags = ("--tag", tag) if tag else ()
        said = self.run("put", "--quiet", "--permanode", *tags, *paths)
        return said.split()[1::2]

    def get(self, call: str, **parameters: object) -> Any:
        """What a call of the pages answers."""
        with urlopen(f"{self.url}/ui/api/{call}?{urlencode(parameters)}") as answer:
            return json.load(answer)

    def post(self, call: str, document: object) -> Any:
        """Ask for a change, as a program does that signs in for itself."""
        with urlopen(self.url + "/ui/") as page:
            csrf = page.read().decode().partition('name="csrf" content="')[2].partition('"')[0]
        request = Request(
            f"{self.url}/ui/api/{call}",
            json.dumps(document).encode(),
            {
                "Content-Type": "application/json",
                "Origin": self.url,
                "X-Holdfast-CSRF": csrf,
            },
        )
        with urlopen(request) as answer:
            return json.load(answer)


@contextmanager
def running(folder: Path, *, settings: str = "") -> Iterator[Site]:
    """A server with a key and nothing else, on a store in the new folder `folder`."""
    home = folder / "server"
    home.mkdir(parents=True)
    (home / "config.toml").write_text(settings)
    subprocess.run(command("init"), env=environment(home), check=True, capture_output=True)
    with serving(home, log=folder / "server.log") as server:
        yield Site(server)


@contextmanager
def started_again(site: Site) -> Iterator[None]:
    """The server at its address again, on its store."""
    process = subprocess.Popen(
        command("serve", "--listen", f"127.0.0.1:{site.server.port}"),
        env=environment(site.server.home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)
