"""Requests to one server: connections that are kept, and failures in our own words.

`http.client` rather than a larger library: it is in memory three times sooner, and what a
client of blobs needs beyond it is what stands here.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.parse import quote

from .address import Address
from .errors import BadAnswer, ServerFailed, Unauthorised, Unreachable

TIMEOUT = 300.0
"""Seconds without a byte after which a server counts as gone: a sync may take long."""

CONNECT_TIMEOUT = 20.0
READ_AT_ONCE = 1 << 20

_WORDS = 1 << 16
"""Bytes of an error that are read."""


class Transport:
    """Connections to one server, as many as are used at once. Safe for many threads."""

    def __init__(self, address: Address, *, authorization: str | None = None) -> None:
        self.address = address
        self._authorization = authorization
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def get(self, path: str, *, headers: Mapping[str, str] | None = None) -> bytes:
        """The body of a 200 answer. Raises as `streaming`."""
        with self.streaming("GET", path, headers=headers) as pieces:
            return b"".join(pieces)

    def post(self, path: str, body: bytes | Sequence[bytes], media_type: str) -> bytes:
        """The body of the 200 answer to a POST. Raises as `streaming`."""
        with self.streaming("POST", path, body=body, headers={"Content-Type": media_type}) as it:
            return b"".join(it)

    @contextmanager
    def streaming(
        self,
        method: str,
        path: str,
        *,
        body: bytes | Sequence[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[Iterator[bytes]]:
        """The body of a 200 answer in pieces as they come; leaving early drops the connection.

        Raises `Unreachable`, `Unauthorised`, and `ServerFailed` for any other status. The
        request is sent a second time when a kept connection turns out to be closed.
        """
        wanted = dict(headers or {})
        if self._authorization is not None:
            wanted["Authorization"] = self._authorization
        if body is not None:
            size = len(body) if isinstance(body, bytes) else sum(map(len, body))
            wanted["Content-Length"] = str(size)
        connection, answer = self._ask(method, path, body, wanted)
        keep = False
        try:
            if answer.status != 200:
                said = self._bounded(path, answer)
                if answer.status == 401:
                    raise Unauthorised(self._url(path))
                raise ServerFailed(self._url(path), answer.status, said)
            yield self._pieces(path, answer)
            keep = answer.isclosed() and not answer.will_close
        finally:
            if keep:
                with self._lock:
                    self._idle.append(connection)
            else:
                answer.close()
                connection.close()

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | Sequence[bytes] | None,
        headers: Mapping[str, str],
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        target = quote(path, safe="/?&=:,%+~-._")
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            kept = connection is not None
            if connection is None:
                connection = self._connect(path)
            try:
                connection.request(method, target, body=body, headers=headers)
                return connection, connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                # The server may close a kept connection at any time; everything asked of a
                # store may be asked twice.
                if not kept or isinstance(error, TimeoutError):
                    raise self._broken(path, error) from error

    def _connect(self, path: str) -> http.client.HTTPConnection:
        scheme, host, port = self.address.origin
        connection: http.client.HTTPConnection
        if scheme == "https":
            connection = http.client.HTTPSConnection(
                host, port, timeout=CONNECT_TIMEOUT, context=ssl.create_default_context()
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=CONNECT_TIMEOUT)
        try:
            connection.connect()
        except OSError as error:
            raise self._broken(path, error) from error
        assert connection.sock is not None
        connection.sock.settimeout(TIMEOUT)
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _pieces(self, path: str, answer: http.client.HTTPResponse) -> Iterator[bytes]:
        try:
            while piece := answer.read1(READ_AT_ONCE):
                yield piece
            # A closed chunked answer reads as empty; one with a length may have been cut short.
            if answer.length:
                raise Unreachable(self._url(path), f"{answer.length} bytes of the answer missing")
            # Before Python 3.11.8 `read1` does not notice that it has read the last byte, and
            # the connection could not be kept.
            answer.close()
        except (OSError, http.client.HTTPException) as error:
            raise self._broken(path, error) from error

    def _bounded(self, path: str, answer: http.client.HTTPResponse) -> bytes:
        try:
            return answer.read(_WORDS)
        except (OSError, http.client.HTTPException) as error:
            raise self._broken(path, error) from error

    def _broken(self, path: str, error: Exception) -> Unreachable | BadAnswer:
        url = self._url(path)
        if isinstance(error, ConnectionRefusedError):
            return Unreachable(url, "connection refused", refused=True)
        if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
            plain = Address("http", self.address.host, self.address.port, self.address.path)
            return BadAnswer(url, f"it answers without TLS; over plain HTTP it is {plain}")
        if isinstance(error, http.client.HTTPException) and not isinstance(
            error, http.client.RemoteDisconnected | http.client.IncompleteRead
        ):
            return BadAnswer(url, f"no HTTP answer ({type(error).__name__})")
        return Unreachable(url, str(error) or type(error).__name__)

    def _url(self, path: str) -> str:
        scheme, host, port = self.address.origin
        return f"{Address(scheme, host, port, '')}{path}"
