"""HTTP connections with limits: of size, of time, and of how many one address may have."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, cast
from urllib.parse import unquote

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from ..blobstore.handlers.auth import PEER
from ..blobstore.handlers.peers import Peer
from ..blobstore.handlers.problems import ClientGone

_log = logging.getLogger(__name__)
_requests = logging.getLogger("holdfast.requests")

_UNKNOWN = 1 << 62

WORTH_A_STEP = 32 * 1024
"""Bytes from which on a piece of a body is handed on alone, rather than joined to others."""

MAX_WRITE = 256 * 1024
"""Bytes handed to the transport at once."""

REFUSED_TIME = 2.0
"""Seconds a peer has to read why it was refused."""

_BETWEEN, _HEADERS, _BODY, _REFUSED = object(), object(), object(), object()
"""Where in the stream of requests a connection is."""

MAX_BUFFERED = 512 * 1024
"""Bytes of a body that wait for the application before the connection is read no further."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a connection may take. Sizes are bytes, times seconds."""

    header_bytes: int = 64 * 1024
    headers: int = 200
    header_time: float = 15.0
    """From the first byte of a request (or the connection) to the end of its headers."""
    idle_time: float = 75.0
    """Between requests."""
    stall_time: float = 30.0
    """Without a byte of a body that is waited for, or without room for a byte of an answer."""
    min_rate: int = 1024
    """Bytes a second a body must come with on the average, once `stall_time` has passed."""
    linger_time: float = 30.0
    """For the rest of a body nobody wants any more."""
    per_address: int = 512
    in_all: int = 4096


@dataclass(slots=True)
class Door:
    """All connections of this process together."""

    limits: Limits = field(default_factory=Limits)
    open: Counter[str] = field(default_factory=Counter)
    count: int = 0
    log_requests: bool = False

    def enter(self, address: str) -> bool:
        """Count a connection in; False if there are too many, and it should be sent away."""
        self.open[address] += 1
        self.count += 1
        return self.count <= self.limits.in_all and self.open[address] <= self.limits.per_address

    def leave(self, address: str) -> None:
        self.count -= 1
        self.open[address] -= 1
        if self.open[address] <= 0:
            del self.open[address]


def raise_file_limit() -> int:
    """Allow this process as many open files as it may have; how many that are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 1_000_000


class Connection(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 connection, that puts up with less.

    Time limits are kept by `sweep`, one task for all connections, so that a quick request
    costs no timer.
    """

    door: Door
    """Set on the subclass a server uses, see `connection_class`."""

    cycle: Cycle

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
        self.cycle = Cycle(
            self,
            version != "1.0" and self.parser.should_keep_alive(),
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _answer_now(self, before: Cycle | None) -> bool:
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


class FeedConnection(WebSocketsSansIOProtocol):
    """A connection that has become a websocket; it keeps its place at the door."""

    peer: Peer
    door: Door
    is_refused = False

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.handshake_initiated and hasattr(self, "scope"):
            cast(Any, self.scope)[PEER] = self.peer

    def shutdown(self) -> None:
        # The application sees that the server stops, finishes what it has acknowledged by then,
        # and closes; uvicorn would cut it off.
        if not self.handshake_complete:
            super().shutdown()

    def data_received(self, data: bytes) -> None:
        if not self.is_refused:
            super().data_received(data)

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text":
            # Text is against the rules whatever it says, so nobody needs to decode it.
            self.frames = []
        super().send_receive_event_to_app()

    async def send(self, message: Any) -> None:
        await super().send(message)
        # Done means that the peer took it, or nobody would know how much is held for it.
        if len(message.get("bytes") or b"") > MAX_WRITE:
            await self.writable.wait()

    def handle_parser_exception(self) -> None:
        """Say why, then wait for the peer to go: see `Connection._refuse`."""
        self.is_refused = True
        assert self.conn.close_sent is not None
        code = self.conn.close_sent.code
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.write_eof()
        self.close_timer = self.loop.call_later(REFUSED_TIME, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self.door.leave(self.peer.address)
        super().connection_lost(exc)


class _Refused(Exception):
    """A request that breaks a limit; carried out of the parser's callbacks."""

    def __init__(self, status: int, text: str) -> None:
        self.status, self.text = status, text
        super().__init__(text)


class Cycle(RequestResponseCycle):
    """One request and its answer; the body is handed on in the pieces it came in."""

    def __init__(self, connection: Connection, keep_alive: bool) -> None:
        super().__init__(
            scope=connection.scope,
            transport=connection.transport,
            flow=connection.flow,
            logger=_log,
            access_logger=_requests,
            access_log=False,
            default_headers=connection.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=connection.expect_100_continue,
            keep_alive=keep_alive,
            on_response=connection.on_response_complete,
        )
        self.connection = connection
        self.since = connection.moved
        self.is_waiting_for_body = False
        self.waited = 0.0
        """Seconds spent waiting for the body so far."""
        self._pieces: deque[bytes] = deque()
        self._buffered = 0
        self._head = b""
        self._is_bodiless = False

    def hang_up(self) -> None:
        """Let the application find that nobody wants its answer any more."""
        self.disconnected = True
        self.message_event.set()

    def take(self, piece: bytes) -> None:
        """Another piece of the body. Copies nothing."""
        self._pieces.append(piece)
        self._buffered += len(piece)
        if self._buffered > MAX_BUFFERED:
            self.flow.pause_reading()
        self.message_event.set()

    async def receive(self) -> Any:
        if self.waiting_for_100_continue and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.waiting_for_100_continue = False
        if not self.disconnected and not self.response_complete and not self._pieces:
            self.flow.resume_reading()
            self.is_waiting_for_body = self.more_body
            # The time the application took to come back for more is not the peer's.
            began = self.connection.moved = monotonic()
            try:
                await self.message_event.wait()
            finally:
                self.is_waiting_for_body = False
                self.waited += monotonic() - began
            self.message_event.clear()
        if self._pieces and not self.disconnected:
            if self._buffered >= len(self._pieces) * WORTH_A_STEP:
                body = self._pieces.popleft()
            else:
                body = b"".join(self._pieces)
                self._pieces.clear()
            self._buffered -= len(body)
            is_more = self.more_body or bool(self._pieces)
            return {"type": "http.request", "body": body, "more_body": is_more}
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"", "more_body": self.more_body}

    async def send(self, message: Any) -> None:
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            # uvicorn would take the rest of the answer and throw it away.
            raise ClientGone("the client hung up")
        if message["type"] == "http.response.start":
            assert not self.response_started
            self._head = self._headers(message["status"], message.get("headers", ()))
            self.response_started = True
            return
        assert self.response_started
        assert not self.response_complete
        body = message.get("body", b"")
        is_last = not message.get("more_body", False)
        if self._is_bodiless:
            body = b""
        elif not self.chunked_encoding:
            self.expected_content_length -= len(body)
            if self.expected_content_length < 0:
                raise RuntimeError("the answer is longer than its Content-Length")
        if len(body) > MAX_WRITE:
            # Never more at once than the peer takes: what is written is held.
            view = memoryview(body)
            for start in range(0, len(body), MAX_WRITE):
                self._write(bytes(view[start : start + MAX_WRITE]), is_last=False)
                if self.flow.write_paused:
                    await self.flow.drain()
                if self.disconnected:
                    raise ClientGone("the client hung up")
            body = b""
        self._write(body, is_last=is_last)
        if is_last:
            if 0 < self.expected_content_length < _UNKNOWN // 2 and not self._is_bodiless:
                raise RuntimeError("the answer is shorter than its Content-Length")
            self.response_complete = True
            self.message_event.set()
            if not self.keep_alive:
                self.transport.close()
            self.on_response()

    def _write(self, body: bytes, *, is_last: bool) -> None:
        """Write a piece of the answer, behind the head if that still waits.

        One write for both: each is a system call, and those are the most expensive part of
        answering with a small blob.
        """
        if self.chunked_encoding and not self._is_bodiless:
            body = _chunk(body, is_last)
        if self._head or body:
            self.transport.write(self._head + body if self._head else body)
            self._head = b""

    def _headers(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """The head of the answer, with the framing of its body settled."""
        self.waiting_for_100_continue = False
        method = self.scope["method"]
        self._is_bodiless = method == "HEAD" or status in (204, 304)
        lines = [STATUS_LINE[status]]
        for name, value in self.connection.server_state.default_headers:
            lines += (name, b": ", value, b"\r\n")
        is_closing = False
        self.chunked_encoding = None
        for name, value in headers:
            if b"\n" in value or b"\r" in value:
                raise RuntimeError("a header has one line")
            if name == b"content-length":
                self.expected_content_length = int(value)
                self.chunked_encoding = False
            elif name == b"connection":
                is_closing = value.lower() == b"close"
            lines += (name, b": ", value, b"\r\n")
        if is_closing:
            self.keep_alive = False
        elif not self.keep_alive:
            lines.append(b"connection: close\r\n")
        if self.chunked_encoding is None and not self._is_bodiless:
            if self.scope["http_version"] == "1.0":
                # The end of such an answer is the end of the connection.
                self.keep_alive = False
                self.expected_content_length = _UNKNOWN
            else:
                self.chunked_encoding = True
                lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    async def run_asgi(self, app: Any) -> None:
        try:
            await app(self.scope, self.receive, self.send)
            if not self.response_complete and not self.disconnected:
                _log.error("a request was left without a whole answer")
                self.transport.abort()
        except ClientGone:
            self.transport.abort()
        except Exception as error:
            _log.error("unexpected %s in an answer", type(error).__name__, exc_info=error)
            if self.response_started:
                self.transport.abort()
            else:
                await self.send_500_response()
        finally:
            if self.connection.door.log_requests:
                took = monotonic() - self.since
                log_request(self.connection, self.scope, took, is_complete=self.response_complete)
            self.on_response = _nothing


def log_request(connection: Connection, scope: Any, seconds: float, *, is_complete: bool) -> None:
    """One line for one request. Never its query or its headers: secrets are in those."""
    _requests.info(
        "%s %s",
        scope["method"],
        scope["path"],
        extra={
            "client": connection.peer.address,
            "complete": is_complete,
            "milliseconds": round(seconds * 1000, 1),
            "received": connection.body_bytes,
        },
    )


def _chunk(body: bytes, is_last: bool) -> bytes:
    """A piece of an answer of unknown length, as HTTP/1.1 frames it."""
    framed = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    return framed + b"0\r\n\r\n" if is_last else framed


def _nothing() -> None:
    return


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
