"""A server of somebody else's that shares blobs, and does as a test wants it to."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from holdfast.blobstore.ref import Ref

Odd = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Sharer:
    """Gives any blob to whoever names some way to it."""

    url: str
    blobs: dict[Ref, bytes] = field(default_factory=dict)
    odd: dict[str, Odd] = field(default_factory=dict)
    """Paths answered in another way."""
    asked: Counter[str] = field(default_factory=Counter)
    """How often each blob was asked for."""
    via: dict[str, list[str]] = field(default_factory=dict)
    """By which way, the last time."""
    patience: int = 1 << 30
    """How many more blobs it gives."""
    gate: threading.Event = field(default_factory=threading.Event)
    """Nothing is answered before it is set, as it is unless a test clears it."""


@contextmanager
def a_sharer() -> Iterator[Sharer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            sharer.gate.wait(20)
            parts = urlsplit(self.path)
            if parts.path in sharer.odd:
                sharer.odd[parts.path](self)
                return
            sharer.patience -= 1
            if sharer.patience < 0:
                refuse(503)(self)
                return
            name = parts.path.removeprefix("/share/")
            sharer.asked[name] += 1
            sharer.via[name] = parse_qs(parts.query).get("via", [""])[0].split(",")
            say(self, sharer.blobs.get(Ref(name)))

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            return  # a caller who hangs up is none of a test's concern

    server = Server(("127.0.0.1", 0), Handler)
    sharer = Sharer(f"http://127.0.0.1:{server.server_port}")
    sharer.gate.set()
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield sharer
    finally:
        sharer.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()


def say(handler: BaseHTTPRequestHandler, body: bytes | None, **headers: str) -> None:
    """Answer with a body, or with 404."""
    handler.send_response(404 if body is None else 200)
    for name, value in {"Content-Length": str(len(body or b"")), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.close_connection = bool(headers)
    with suppress(OSError):
        handler.wfile.write(body or b"")


def redirect_to(location: str) -> Odd:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def refuse(status: int) -> Odd:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer
