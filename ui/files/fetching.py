"""GETs from other servers, for imports: http and https, few redirects, bounded answers."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from ...blobstore.errors import Blame, HoldfastError

MOST_REDIRECTS = 5
CONNECT_SECONDS = 20.0
SILENCE_SECONDS = 60.0
"""Without a byte for so long a server counts as gone."""

READ_AT_ONCE = 1 << 20

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_PORTS = {"http": 80, "https": 443}
_HEADERS = {"Accept": "*/*", "User-Agent": "holdfast"}


class BadAddress(HoldfastError):
    """An address that nothing is fetched from."""

    blame = Blame.CALLER

    def __init__(self, url: str, why: str) -> None:
        self.url, self.why = url, why
        super().__init__(f"{url[:200]}: {why}")


class NotFetched(HoldfastError):
    """An answer that another server did not give, or not as it should."""

    blame = Blame.CALLER

    def __init__(self, url: str, why: str) -> None:
        self.url, self.why = url, why
        super().__init__(f"cannot fetch {url[:200]}: {why}")


def checked(url: str) -> SplitResult:
    """The parts of an address that may be fetched from. Raises `BadAddress`."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise BadAddress(url, str(error)) from None
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise BadAddress(url, "it is no http or https address")
    if parts.username is not None or parts.password is not None:
        raise BadAddress(url, "leave out name and password; shares need none")
    return parts


class Fetcher:
    """Fetches, over connections that are kept. Safe for many threads.

    Every address is reached that this machine reaches, its own networks included: who asks has
    all rights here.
    """

    def __init__(self) -> None:
        self._idle: list[tuple[tuple[str, str, int], http.client.HTTPConnection]] = []
        self._busy: set[http.client.HTTPConnection] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def close(self) -> None:
        """Hang up everywhere: what is being fetched fails."""
        with self._lock:
            self._is_closed = True
            for _, connection in self._idle:
                connection.close()
            self._idle.clear()
            for connection in self._busy:
                # Closing would not wake the thread that waits for it to say something.
                if connection.sock is not None:
                    with suppress(OSError):
                        connection.sock.shutdown(socket.SHUT_RDWR)

    def fetch(self, url: str, *, most: int) -> bytes:
        """The body of a 200 answer of at most `most` bytes. Raises `BadAddress`, `NotFetched`."""
        pieces: list[bytes] = []
        size = 0
        with self.streaming(url) as answer:
            for piece in answer:
                size += len(piece)
                if size > most:
                    raise NotFetched(url, f"it has more than {most} bytes")
                pieces.append(piece)
        return b"".join(pieces)

    @contextmanager
    def streaming(self, url: str) -> Iterator[Iterator[bytes]]:
        """The body of a 200 answer, piece by piece. Raises as `fetch`."""
        here = url
        for _ in range(MOST_REDIRECTS + 1):
            parts = checked(here)
            place, connection, answer = self._ask(here, parts)
            is_whole = False
            try:
                if answer.status == 200:
                    yield _pieces(here, answer)
                    is_whole = answer.isclosed() and not answer.will_close
                    return
                if answer.status not in _REDIRECTS:
                    raise NotFetched(here, _refusal(answer))
                here = urljoin(here, answer.headers.get("location") or "/")
            finally:
                self._done(place, connection, keep=is_whole)
        raise NotFetched(url, f"more than {MOST_REDIRECTS} redirects")

    def _ask(
        self, url: str, parts: SplitResult
    ) -> tuple[tuple[str, str, int], http.client.HTTPConnection, http.client.HTTPResponse]:
        place = parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]
        target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
        if parts.query:
            target += "?" + quote(parts.query, safe="/?%:@!$&'()*+,;=~")
        while True:
            connection, is_kept = self._connection(url, place)
            try:
                connection.request("GET", target, headers=_HEADERS)
                return place, connection, connection.getresponse()
            except (OSError, http.client.HTTPException, UnicodeError) as error:
                self._done(place, connection, keep=False)
                # A server may close a connection at any time that nothing is asked on.
                if not is_kept or self._is_closed or isinstance(error, TimeoutError):
                    raise NotFetched(url, _said(error)) from error

    def _connection(
        self, url: str, place: tuple[str, str, int]
    ) -> tuple[http.client.HTTPConnection, bool]:
        with self._lock:
            if self._is_closed:
                raise _stopped(url)
            for index, (other, connection) in enumerate(self._idle):
                if other == place:
                    del self._idle[index]
                    self._busy.add(connection)
                    return connection, True
        scheme, host, port = place
        connection = (
            http.client.HTTPSConnection(
                host, port, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
            )
            if scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
        )
        try:
            connection.connect()
        except (OSError, UnicodeError) as error:
            raise NotFetched(url, _said(error)) from error
        connection.sock.settimeout(SILENCE_SECONDS)
        if not self._is_let_in(connection):
            connection.close()
            raise _stopped(url)
        return connection, False

    def _is_let_in(self, connection: http.client.HTTPConnection) -> bool:
        with self._lock:
            if self._is_closed:
                return False
            self._busy.add(connection)
            return True

    def _done(
        self, place: tuple[str, str, int], connection: http.client.HTTPConnection, *, keep: bool
    ) -> None:
        with self._lock:
            self._busy.discard(connection)
            if keep and not self._is_closed:
                self._idle.append((place, connection))
                return
        connection.close()


def _pieces(url: str, answer: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while piece := answer.read1(READ_AT_ONCE):
            yield piece
        # A closed chunked answer reads as empty; one with a length may have been cut short.
        if answer.length:
            raise NotFetched(url, f"{answer.length} bytes of the answer are missing")
        # Before Python 3.11.8 `read1` does not notice that it has read the last byte.
        answer.close()
    except (OSError, http.client.HTTPException) as error:
        raise NotFetched(url, _said(error)) from error


def _stopped(url: str) -> NotFetched:
    return NotFetched(url, "this server is being stopped")


def _refusal(answer: http.client.HTTPResponse) -> str:
    match answer.status:
        case 401 | 403:
            return "that server does not share it, or not any longer"
        case 404:
            return "that server does not have it"
        case 503:
            return "that server is not ready; try again later"
    return f"that server answers with status {answer.status}"


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "that server does not answer"
    return str(error) or type(error).__name__
