"""HTTP connections with limits: of size, of time, and of how many one address may have."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from time import monotonic
from typing import Any, cast
from urllib.parse import unquote

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from ...blobstore.handlers.auth import PEER
from ...blobstore.handlers.peers import Peer
from .exchange import Exchange, log_request
from .feedconnection import FeedConnection
from .limits import REFUSED_TIME, Door

_BETWEEN, _HEADERS, _BODY, _REFUSED = object(), object(), object(), object()
"""Where in the stream of requests a connection is."""


class Connection(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 connection, that puts up with less.

    Time limits are kept by `sweep`, one task for all connections, so that a quick request
    costs no timer.
    """

    door: Door
    """Set on the subclass a server uses, see `connection_class`."""

    cycle: Exchange

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.peer = Peer(None, None)
        self.is_admitted = False
        self.stage = _BETWEEN
        self.requests = 0
        self.header_bytes = 0
        """Of the request that is being read, as far as they were told apart."""
        self.raw_bytes = 0
        """Of the same, as they came; the parser keeps an unfinished header to itself."""
        self.body_bytes = 0
        self.since = monotonic()
        self.moved = self.since
        self.is_write_stuck = False
        self.unsent = 0
        self.is_answered = False
        """Whether the request that is being read has its answer already."""

    # The life of a connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.peer = Peer(self.client, cast(Any, self.server), abort=transport.abort)
        self.is_admitted = self.door.enter(self.peer.address)
        if not self.is_admitted:
            self._refuse(503, "too many connections")

    def connection_lost(self, exc: Exception | None) -> None:
        self.door.leave(self.peer.address)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        self.is_write_stuck = True
        self.moved = monotonic()
        self.unsent = self.transport.get_write_buffer_size()
        super().pause_writing()

    def resume_writing(self) -> None:
        self.is_write_stuck = False
        self.moved = monotonic()
        super().resume_writing()

    # What comes in

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing() or self.stage is _REFUSED:
            return
        self.moved = monotonic()
        was_in_headers = self.stage is _HEADERS
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError as error:
            reason = error.__context__
            if isinstance(reason, _Refused):
                self._refuse(reason.status, reason.text)
            else:
                self._refuse(400, "this is no HTTP request")
            return
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
            elif self.scope["method"] == "CONNECT":
                self._refuse(400, "this is no proxy")
            else:
                # Other upgrades are declined by answering as if nobody had asked, and hanging
                # up: what comes next may already be in the other protocol.
                self.cycle.keep_alive = False
            return
        if self.stage is _HEADERS:
            # Of the piece a request begins in, only what is behind the end of the one before.
            before = 0 if was_in_headers else data.rfind(b"\r\n\r\n") + 1
            self.raw_bytes += len(data) - before
            if self.raw_bytes > self.door.limits.header_bytes:
                self._refuse(431, "the headers are too large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.stage = _HEADERS
        self.since = self.moved
        self.header_bytes = self.raw_bytes = 0
        self.body_bytes = 0
        cast(Any, self.scope)[PEER] = self.peer

    def handle_websocket_upgrade(self) -> None:
        self.connections.discard(self)
        target = [self.scope["method"].encode(), b" ", self.url, b" HTTP/1.1\r\n"]
        for name, value in self.headers:
            target += (name, b": ", value, b"\r\n")
        target.append(b"\r\n")
        feed = FeedConnection(self.config, self.server_state, self.app_state)
        feed.peer = self.peer
        feed.door = self.door
        feed.connection_made(self.transport)
        feed.data_received(b"".join(target))
        self.transport.set_protocol(feed)

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 4)
        if len(self.headers) >= self.door.limits.headers:
            raise _Refused(431, "too many headers")
        super().on_header(name, value)

    def _count(self, size: int) -> None:
        self.header_bytes += size
        if self.header_bytes > self.door.limits.header_bytes:
            raise _Refused(431, "the headers are too large")

    def on_headers_complete(self) -> None:
        self.stage = _BODY
        self.requests += 1
        version = self.parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise _Refused(505, "HTTP/1.1 is spoken here")
        hosts = 0
        for name, value in self.headers:
            if name == b"host":
                hosts += 1
            elif name == b"transfer-encoding" and value.lower() != b"chunked":
                raise _Refused(501, "the only transfer encoding is chunked")
        # RFC 9112, section 3.2: anything else is somebody playing tricks on us or on a proxy.
        if hosts > 1 or (hosts == 0 and version != "1.0"):
            raise _Refused(400, "a request has one Host header")
        scope = cast(Any, self.scope)
        scope["method"] = self.parser.get_method().decode("ascii")
        if version != "1.1":
            scope["http_version"] = version
        if self.parser.should_upgrade() and self._should_upgrade():
            return
        parsed = httptools.parse_url(self.url)
        path = parsed.path.decode("ascii", "replace")
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = parsed.path
        scope["query_string"] = parsed.query or b""
        before = self.cycle
        is_plain = scope["method"] == "GET" and not self.parser.should_upgrade()
        if is_plain and self._answer_now(before):
            return
        self.cycle = Exchange(
            self,
            version != "1.0" and self.parser.should_keep_alive(),
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _answer_now(self, before: Exchange | None) -> bool:
        """Answer a GET on the spot, if it is one of those that can be; see `QuickReader`."""
        if (
            not (before is None or before.response_complete)
            or self.flow.write_paused
            or not self.is_admitted
            or not self.parser.should_keep_alive()
        ):
            return False
        for name, _ in self.headers:
            if name in (b"content-length", b"transfer-encoding"):
                return False
        ask = getattr(self.app, "answer_now", None)
        answer: tuple[int, bytes] | None = ask(self.scope) if ask is not None else None
        if answer is None:
            return False
        lines = [STATUS_LINE[answer[0]]]
        for name, value in self.server_state.default_headers:
            lines += (name, b": ", value, b"\r\n")
        lines.append(answer[1])
        # One write for all: each is a system call, the most expensive part of a quick answer.
        self.transport.write(b"".join(lines))
        self.server_state.total_requests += 1
        if self.door.log_requests:
            log_request(self, self.scope, 0.0, is_complete=True)
        self.is_answered = True
        return True

    def on_body(self, body: bytes) -> None:
        self.body_bytes += len(body)
        if not self.cycle.response_complete:
            self.cycle.take(body)

    def on_message_complete(self) -> None:
        self.stage = _BETWEEN
        if self.is_answered:
            self.is_answered = False
        else:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        # In place of uvicorn's timer for each answer: `sweep` ends what is idle for long.
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.moved = monotonic()
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)

    # What goes wrong

    def _refuse(self, status: int, why: str) -> None:
        """Answer a request that never came to be one, and hang up."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if cycle.response_started or self.pipeline:
                # In the middle of an answer another one would be taken for a part of it.
                self.transport.abort()
                return
            cycle.hang_up()
        text = f"{why}\n".encode()
        self.transport.write(
            STATUS_LINE[status]
            + b"content-type: text/plain; charset=utf-8\r\nx-content-type-options: nosniff\r\n"
            + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(text)
            + text
        )
        # Closing with bytes unread would reset the connection, and the peer might never see the
        # answer (RFC 9112, section 9.6): say goodbye, then wait for the peer to go.
        self.transport.write_eof()
        self.stage = _REFUSED
        self.since = monotonic()

    def check_time(self, now: float) -> None:
        """Hang up if this connection has taken too long over something."""
        limits = self.door.limits
        idle = now - self.moved
        cycle = self.cycle
        if self.transport.is_closing():
            # Closing waits for the peer to read what was written; not for ever.
            if idle > limits.stall_time:
                self.transport.abort()
        elif self.stage is _REFUSED:
            if now - self.since > REFUSED_TIME:
                self.transport.abort()
        elif self.stage is _HEADERS and now - self.since > limits.header_time:
            self._refuse(408, "the headers took too long")
        elif self.is_write_stuck:
            self._check_reader(now)
        elif cycle is None or cycle.response_complete:
            if self.stage is _BETWEEN:
                if idle > (limits.idle_time if self.requests else limits.header_time):
                    self.transport.close()
            elif self.stage is _BODY and now - self.since > limits.linger_time:
                # The rest of a body nobody wants; it was answered already.
                self.transport.abort()
        elif cycle.is_waiting_for_body:
            took = cycle.waited + idle
            is_slow = took > limits.stall_time and self.body_bytes < took * limits.min_rate
            if idle > limits.stall_time or is_slow:
                self.transport.abort()

    def _check_reader(self, now: float) -> None:
        """Hang up on a peer that does not take enough of what it asked for."""
        limits = self.door.limits
        unsent = self.transport.get_write_buffer_size()
        if self.unsent - unsent > limits.min_rate * limits.stall_time or unsent > self.unsent:
            self.unsent, self.moved = unsent, now
        elif now - self.moved > limits.stall_time:
            self.transport.abort()


class _Refused(Exception):
    """A request that breaks a limit; carried out of the parser's callbacks."""

    def __init__(self, status: int, text: str) -> None:
        self.status, self.text = status, text
        super().__init__(text)


async def sweep(connections: Iterable[Any], *, every: float = 1.0) -> None:
    """Look after the time limits of all connections, until cancelled."""
    while True:
        await asyncio.sleep(every)
        now = monotonic()
        for connection in list(connections):
            check = getattr(connection, "check_time", None)
            if check is not None:
                check(now)


def connection_class(door: Door) -> type[Connection]:
    """A kind of connection that goes through `door`."""
    return cast("type[Connection]", type("Connection", (Connection,), {"door": door}))
