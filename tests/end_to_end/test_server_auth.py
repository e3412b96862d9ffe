"""Who may do what, over real connections."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.blobstore.ref import Ref

from .server_process import RunningServer, basic, form

FULL = basic("u", "sekret-p")
VIVIFY = basic("u", "sekret-viv")
DISCOVERY = {"Accept": "text/x-camli-configuration"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    home = tmp_path_factory.mktemp("server")
    auth = "userpass:u:sekret-p:vivify=sekret-viv"
    running = RunningServer(home, auth=auth, credentials=FULL).start()
    yield running
    assert running.stop() == 0
    for secret in ("sekret", FULL["Authorization"][6:], VIVIFY["Authorization"][6:]):
        assert secret not in running.log_text


REF = Ref.of(b"blob")
BODY, KIND = form([(REF, b"blob")])
CALLS = [
    # method, path, body, and whether nobody, vivify and full may
    ("GET", "/", None, "401", DISCOVERY),
    ("GET", f"camli:{REF}", None, "404/200", {}),
    ("HEAD", f"camli:{REF}", None, "get", {}),
    ("GET", "camli:enumerate-blobs", None, "get", {}),
    ("POST", "camli:stat?camliversion=1", b"", "get", {}),
    ("GET", "camli:stat?camliversion=1", None, "all", {}),
    ("POST", "camli:upload", BODY, "get", {"Content-Type": KIND}),
    ("PUT", f"camli:{REF}", b"blob", "get", {}),
    ("POST", "camli:batch-upload", b"", "get", {}),
    ("POST", "camli:batch-fetch", b"", "get", {}),
    ("POST", "camli:missing", b"", "get", {}),
    ("GET", "camli:stream-blobs", None, "get", {}),
    ("POST", "camli:sync", b"", "get", {}),
    ("POST", "camli:remove", b"", "all", {}),
    ("DELETE", f"camli:{REF}", None, "all", {}),
    ("GET", "/status/", None, "all", {}),
    ("GET", "/status/status.json", None, "all", {}),
    ("GET", "/help/", None, "all", {}),
    ("GET", "/sighelper/", None, "all", {}),
    ("POST", "/sighelper/camli/sig/sign", b"", "all", {}),
    ("GET", "/claims/shares", None, "all", {}),
]


@pytest.mark.parametrize(("method", "path", "body", "needs", "headers"), CALLS)
def test_every_call_asks_for_its_rights(
    server: RunningServer,
    method: str,
    path: str,
    body: bytes | None,
    needs: str,
    headers: dict[str, str],
) -> None:
    target = path.removeprefix("camli:")

    def status(credentials: dict[str, str]) -> int:
        sent = {**headers, **credentials}
        return server.ask(method, target, body, sent, anonymous=True).status

    assert status(FULL) != 401
    assert (status(VIVIFY) == 401) == (needs == "all")
    assert status({}) == 401
    # Refused callers with credentials are counted, so each test may make only a few of them.


@pytest.mark.parametrize("path", ["/", "/nonexistent", "/favicon.ico", "/healthz"])
def test_what_needs_no_rights(server: RunningServer, path: str) -> None:
    assert server.ask("GET", path, anonymous=True).status in (200, 404)


def test_a_refusal_asks_for_a_password(server: RunningServer) -> None:
    answer = server.ask("GET", "enumerate-blobs", anonymous=True)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Basic realm=""'
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.body == b"<html><body><h1>Unauthorized</h1>"


def test_the_token_of_discovery_grants_what_its_reader_had(server: RunningServer) -> None:
    for credentials, may_see_status in ((FULL, True), (VIVIFY, False)):
        found = server.ask("GET", "/", None, {**DISCOVERY, **credentials}, anonymous=True).json
        token = {"Authorization": f"Token {found['authToken']}"}
        assert server.ask("GET", "enumerate-blobs", None, token, anonymous=True).status == 200
        status = server.ask("GET", "/status/", None, token, anonymous=True).status
        assert (status == 200) == may_see_status
        query = f"enumerate-blobs?authtoken={found['authToken']}"
        assert server.ask("GET", query, anonymous=True).status == 401, "only for websockets"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_site_cannot_use_a_remembered_password(
    server: RunningServer, origin: str
) -> None:
    headers = {**FULL, "Origin": origin, "Content-Type": KIND}
    assert server.ask("POST", "upload", BODY, headers, anonymous=True).status == 401
    own = {**FULL, "Origin": f"http://127.0.0.1:{server.port}", "Content-Type": KIND}
    assert server.ask("POST", "upload", BODY, own, anonymous=True).status == 200


def test_guessing_is_slowed_down(tmp_path: Path) -> None:
    server = RunningServer(tmp_path).start()
    try:
        guesses = [
            server.ask("GET", "enumerate-blobs", None, basic("u", str(n)), anonymous=True)
            for n in range(12)
        ]
        assert [guess.status for guess in guesses[:10]] == [401] * 10
        assert guesses[-1].status == 429
        assert 0 < int(guesses[-1].headers["retry-after"]) <= 7
        assert server.ask("GET", "enumerate-blobs").status == 429, "a lucky guess is not told"
        assert server.ask("GET", "enumerate-blobs", anonymous=True).status == 401
        assert server.ask("GET", "/healthz", anonymous=True).status == 200
    finally:
        server.stop()


def test_token_mode_takes_its_secret_and_the_token_of_discovery(tmp_path: Path) -> None:
    server = RunningServer(
        tmp_path, auth="token:sesame", credentials={"Authorization": "Token sesame"}
    ).start()
    try:
        found = server.ask("GET", "/", None, DISCOVERY).json
        other = {"Authorization": f"Token {found['authToken']}"}
        assert server.ask("GET", "enumerate-blobs", None, other, anonymous=True).status == 200
        wrong = {"Authorization": "Token wrong"}
        assert server.ask("GET", "enumerate-blobs", None, wrong, anonymous=True).status == 401
    finally:
        server.stop()


@pytest.mark.parametrize("auth", ["localhost", "userpass:u:p:+localhost", "devauth:p"])
def test_localhost_mode_trusts_our_own_user_under_our_own_names(tmp_path: Path, auth: str) -> None:
    server = RunningServer(tmp_path, auth=auth, credentials={}).start()
    try:
        for host in (f"127.0.0.1:{server.port}", "localhost", "localhost:99", "[::1]:80"):
            answer = server.ask("GET", "enumerate-blobs", None, {"Host": host})
            assert answer.status == 200, host
        for headers in (
            {"Host": "evil.example"},
            {"Host": "127.0.0.1.evil.example"},
            {"Host": "localhost.evil.example"},
            {"Origin": "https://evil.example"},
            {"X-Forwarded-For": "203.0.113.7"},
            {"Forwarded": "for=203.0.113.7"},
        ):
            assert server.ask("GET", "enumerate-blobs", None, headers).status == 401, headers
            blob = server.ask("GET", Ref.of(b"none"), None, headers)
            assert blob.status == 401, "the quick way asks too"
    finally:
        server.stop()


@pytest.mark.skipif(os.getuid() != 0, reason="takes root to become somebody else")
def test_localhost_mode_refuses_other_users(tmp_path: Path) -> None:
    server = RunningServer(tmp_path, auth="localhost", credentials={}).start()
    script = (
        "import encodings.idna, http.client, os, sys; os.setuid(65534);"
        "c = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]));"
        "c.request('GET', '/bs/camli/enumerate-blobs'); print(c.getresponse().status)"
    )
    try:
        ran = subprocess.run(
            [sys.executable, "-c", script, str(server.port)], capture_output=True, check=True
        )
        assert ran.stdout.strip() == b"401"
    finally:
        server.stop()


def test_mode_none_needs_nothing_and_says_so(tmp_path: Path) -> None:
    server = RunningServer(tmp_path, auth="none", credentials={}).start()
    try:
        assert server.ask("GET", "enumerate-blobs").status == 200
        assert server.ask("GET", "/", None, DISCOVERY).json["authToken"] == "OmitAuthToken"
        foreign = {"Origin": "https://evil.example"}
        assert server.ask("POST", "upload", b"", foreign).status == 401
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("auth", "listen"),
    [("none", "0.0.0.0:0"), ("nonsense", "127.0.0.1:0"), ("userpass:sekret", "127.0.0.1:0")],
)
def test_a_server_that_would_be_open_to_all_does_not_start(
    tmp_path: Path, auth: str, listen: str
) -> None:
    server = RunningServer(tmp_path, auth=auth)
    process = server.launch(listen, stderr=tmp_path / "log")
    said, _ = process.communicate(timeout=30)
    assert process.returncode != 0
    assert said == b"", "it never announced itself"
    log = (tmp_path / "log").read_text()
    assert "server.auth" in log
    assert "sekret" not in log
