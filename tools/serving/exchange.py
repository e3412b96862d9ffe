"""One request and its answer, on the way between a connection and the application."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import Iterable
from time import monotonic
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from ...blobstore.handlers.problems import ClientGone

if TYPE_CHECKING:
    from .connections import Connection

_log = logging.getLogger(__name__)
_requests = logging.getLogger("holdfast.requests")

WORTH_A_STEP = 32 * 1024
"""Bytes from which on a piece of a body is handed on alone, rather than joined to others."""

MAX_BUFFERED = 512 * 1024
"""Bytes of a body that wait for the application before the connection is read no further."""

MAX_WRITE = 256 * 1024
"""Bytes handed to the transport at once."""

_UNKNOWN = 1 << 62

_LONG_DIGITS = re.compile(r"([0-9A-Fa-f]{13})[0-9A-Fa-f]+")


class Exchange(RequestResponseCycle):
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
        # All of a ref, wherever it stands in a path, may be that of a share and open it.
        _LONG_DIGITS.sub(r"\1...", scope["path"]),
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
