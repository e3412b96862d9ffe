"""A real server process for tests, on a port of its own."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import holdfast
from holdfast.blobstore.ref import Ref

CHILD = """
import json, sys
from pathlib import Path
from holdfast.tools.config import (
    ClientConfig, Config, Folders, IdentityConfig, IndexConfig, ServerConfig, StorageConfig
)
from holdfast.tools.serving.limits import Limits
from holdfast.tools.serving.process import serve
asked = json.loads(sys.argv[1])
home = Path(asked["home"])
config = Config(
    folders=Folders(config=home, data=home, cache=home),
    server=ServerConfig(listen=asked["listen"], auth=asked["auth"], allow_remove=asked["remove"]),
    storage=StorageConfig(kind=asked["kind"], path=home / "blobs"),
    index=IndexConfig(path=home / "index"),
    identity=IdentityConfig(ring=home / "identity-secring.gpg"),
    client=ClientConfig(),
)
sys.exit(serve(
    config,
    announce=lambda url: print(url, flush=True),
    log_requests=True,
    limits=Limits(**asked["limits"]),
))
"""


RING = Path(__file__).parents[1] / "data" / "schema" / "identity-secring.gpg"


def give_key(home: Path, *, mode: int = 0o600) -> None:
    """Let the server that will live in `home` have the key of `RING`."""
    ring = home / RING.name
    ring.write_bytes(RING.read_bytes())
    ring.chmod(mode)


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def basic(name: str, password: str) -> dict[str, str]:
    """The header that says who one is."""
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


def form(parts: list[tuple[str, bytes]], *, boundary: str = "xyzzy") -> tuple[bytes, str]:
    """A multipart form as Perkeep's clients send it, and its Content-Type."""
    body = b""
    for name, data in parts:
        body += (
            f"--{boundary}\r\nContent-Disposition: form-data; "
            f'name="{name}"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        body += data + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


@dataclass
class RunningServer:
    """A server and how to talk to it. `roots` is what `camli/` follows."""

    home: Path
    auth: str = "userpass:u:p"
    kind: str = "packed"
    remove: bool = False
    limits: dict[str, float] = field(default_factory=dict)
    credentials: dict[str, str] = field(default_factory=lambda: basic("u", "p"))
    root: str = "/bs/"
    within: tuple[str, ...] = ()
    """A command that runs the server, as its last arguments, in surroundings of its own."""

    def start(self) -> RunningServer:
        self.log = self.home / "log"
        self.process = self.launch("127.0.0.1:0", stderr=self.log)
        assert self.process.stdout is not None
        url = self.process.stdout.readline().decode().strip()
        assert url, f"the server did not start: {self.log.read_text()}"
        self.port = int(url.rstrip("/").rpartition(":")[2])
        return self

    def launch(self, listen: str, *, stderr: Path) -> subprocess.Popen[bytes]:
        (self.home / "blobs").mkdir(parents=True, exist_ok=True)
        asked = {
            "home": str(self.home),
            "listen": listen,
            "auth": self.auth,
            "kind": self.kind,
            "remove": self.remove,
            "limits": self.limits,
        }
        package = Path(holdfast.__file__).absolute().parent.parent
        with stderr.open("ab") as log:
            return subprocess.Popen(
                [*self.within, sys.executable, "-P", "-c", CHILD, json.dumps(asked)],
                stdout=subprocess.PIPE,
                stderr=log,
                env={"PATH": os.defpath, "PYTHONPATH": str(package), "HOME": str(self.home)},
            )

    def stop(self) -> int:
        """Ask it to end, and wait until it has; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=70)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        anonymous: bool = False,
        timeout: float = 40,
    ) -> Answer:
        """One request on a connection of its own. A path without `/` is below `camli/`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        target = path if path.startswith("/") else f"{self.root}camli/{path}"
        sent = {} if anonymous else dict(self.credentials)
        sent.update(headers or {})
        try:
            connection.request(method, target, body, sent)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def put(self, data: bytes) -> Ref:
        """Store a blob."""
        ref = Ref.of(data)
        assert self.ask("PUT", ref, data).status == 204
        return ref

    def upload(self, parts: list[tuple[str, bytes]], headers: dict[str, str] | None = None) -> Any:
        """What the answer to a multipart upload says."""
        body, kind = form(parts)
        answer = self.ask("POST", "upload", body, {"Content-Type": kind, **(headers or {})})
        assert answer.status == 200
        return answer.json

    def socket(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def raw(self, request: bytes) -> bytes:
        """Everything the server says to some bytes, until it hangs up."""
        with self.socket() as sock:
            sock.sendall(request)
            return read_all(sock)

    @property
    def log_text(self) -> str:
        return self.log.read_text()


def read_all(sock: socket.socket) -> bytes:
    """What comes until the other side closes, or resets."""
    found: list[bytes] = []
    with suppress(ConnectionResetError):
        while piece := sock.recv(65536):
            found.append(piece)
    return b"".join(found)
