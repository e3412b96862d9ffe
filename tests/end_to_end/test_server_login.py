"""Sessions of a server process: over its connections, its websocket and its restarts."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from holdfast.blobstore.records import encode_control
from holdfast.blobstore.ref import Ref

from .server_process import Answer, RunningServer

FEED = "/my-search/camli/search/ws"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path).start()
    try:
        yield running
    finally:
        running.stop()


def sign_in(server: RunningServer, secret: str = "p") -> str:
    """The cookie of a new session."""
    answer = post(server, "/ui/login", {"name": "u", "secret": secret})
    assert answer.status == 303
    return answer.headers["set-cookie"].partition(";")[0]


def post(server: RunningServer, path: str, form: dict[str, str], **headers: str) -> Answer:
    headers["Origin"] = f"http://127.0.0.1:{server.port}"
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return server.ask("POST", path, urlencode(form), headers, anonymous=True)


def csrf(server: RunningServer, cookie: str) -> str:
    page = server.ask("GET", "/ui/sessions", None, {"Cookie": cookie}, anonymous=True)
    return page.body.decode().partition('name="csrf" content="')[2].partition('"')[0]


class Line:
    """A connection that is kept."""

    def __init__(self, server: RunningServer, cookie: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        self._cookie = cookie

    def get(self, path: str) -> int:
        self._connection.request("GET", path, headers={"Cookie": self._cookie})
        answer = self._connection.getresponse()
        answer.read()
        assert self._connection.sock is not None, "it was kept"
        return answer.status

    def close(self) -> None:
        self._connection.close()


def test_a_session_that_is_ended_is_out_with_the_next_request_of_an_open_connection(
    server: RunningServer,
) -> None:
    blob = f"/bs/camli/{server.put(b'a blob')}"
    own, other = sign_in(server), sign_in(server)
    line = Line(server, other)
    try:
        for path in (blob, "/ui/sessions"):
            assert line.get(path) == 200
        form = {"csrf": csrf(server, own), "others": "1"}
        assert post(server, "/ui/sessions", form, Cookie=own).status == 303
        for path in (blob, "/ui/sessions"):
            assert line.get(path) == 401
        assert server.ask("GET", blob, None, {"Cookie": own}, anonymous=True).status == 200
    finally:
        line.close()


def test_sessions_outlive_the_server_but_not_its_password(server: RunningServer) -> None:
    cookie = sign_in(server)
    kept = (server.home / "sessions.json").read_text()
    assert cookie.partition("=")[2] not in kept

    def status() -> int:
        return server.ask("GET", "/ui/sessions", None, {"Cookie": cookie}, anonymous=True).status

    for auth, expected in (("userpass:u:p", 200), ("userpass:u:new", 401), ("userpass:u:p", 401)):
        server.stop()
        server.auth = auth
        server.start()
        assert status() == expected


def test_a_page_of_ours_may_listen_by_its_session_and_no_other_page(server: RunningServer) -> None:
    cookie = sign_in(server)
    url = f"ws://127.0.0.1:{server.port}{FEED}"

    def listen(origin: str) -> int:
        try:
            with connect(url, additional_headers={"Cookie": cookie, "Origin": origin}):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    assert listen(f"http://127.0.0.1:{server.port}") == 101
    for origin in ("http://evil.example", f"http://127.0.0.1:{server.port + 1}", "null"):
        assert listen(origin) == 401


def test_who_is_signed_out_hears_no_more_and_says_no_more(server: RunningServer) -> None:
    own, other = sign_in(server), sign_in(server)
    origin = f"http://127.0.0.1:{server.port}"
    headers = {"Cookie": other, "Origin": origin}
    socket = origin.replace("http", "ws")
    with (
        connect(socket + FEED, additional_headers=headers) as line,
        connect(socket + "/bs/camli/ws", additional_headers=headers) as blobs,
    ):
        assert "_status" in str(line.recv(timeout=20))
        blobs.send(encode_control("barrier", "1"))
        assert b"synced" in bytes(blobs.recv(timeout=20))  # type: ignore[arg-type]
        form = {"csrf": csrf(server, own), "others": "1"}
        assert post(server, "/ui/sessions", form, Cookie=own).status == 303
        blobs.send(encode_control("barrier", "2"))
        for one in (line, blobs):
            with suppress(ConnectionClosed):
                while True:
                    one.recv(timeout=20)
            assert one.close_code == 1008


def test_no_log_line_holds_a_secret_of_a_session(server: RunningServer) -> None:
    cookie = sign_in(server)
    token = csrf(server, cookie)
    post(server, "/ui/login", {"name": "u", "secret": "a wrong guess", "next": "/ui/?q=private"})
    server.ask("GET", Ref.of(b"none"), None, {"Cookie": cookie}, anonymous=True)
    server.stop()
    assert "/ui/login" in server.log_text
    for secret in (cookie.partition("=")[2], token, "a wrong guess", "private"):
        assert secret not in server.log_text
