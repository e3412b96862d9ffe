"""Authentication modes, without a network."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from holdfast.blobstore.handlers import rights
from holdfast.blobstore.handlers.auth import PEER, Auth, BadAuth, TooManyFailures
from holdfast.blobstore.handlers.limiter import FailureLimiter
from holdfast.blobstore.handlers.peers import Peer

TOKEN, VIVIFY_TOKEN = "a" * 40, "b" * 40


def made(text: str, **options: Any) -> Auth:
    return Auth(text, process_token=TOKEN, vivify_token=VIVIFY_TOKEN, **options)


def scope(query: str = "", **headers: str) -> dict[str, Any]:
    found = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    # Nobody listens there, so the kernel knows of no such connection.
    peer = Peer(("127.0.0.1", 1), ("127.0.0.1", 1))
    return {"type": "http", "headers": found, "query_string": query.encode(), PEER: peer}


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("mode", "credentials", "expected"),
    [
        ("userpass:u:p", "u:p", rights.ALL),
        ("userpass:u:p", "u:x", rights.NOTHING),
        ("userpass:u:p", "x:p", rights.NOTHING),
        ("userpass:u:p", "u:", rights.NOTHING),
        ("userpass:u:p", ":p", rights.NOTHING),
        ("userpass:u:p:vivify=v", "u:v", rights.VIVIFY),
        ("userpass:u:p:vivify=v", "u:p", rights.ALL),
        ("userpass:u:p:vivify=v", "x:v", rights.NOTHING),
        ("userpass:u:p:+localhost:vivify=v", "u:v", rights.VIVIFY),
        ("basic:u:p", "u:p", rights.ALL),
        ("devauth:p", "anybody:p", rights.ALL),
        ("devauth:p", ":p", rights.ALL),
        ("devauth:p", ":vivip", rights.VIVIFY),
        ("devauth:p", ":x", rights.NOTHING),
        ("userpass:ü:ß", "ü:ß", rights.ALL),
        ("token:t", "t:t", rights.NOTHING),
        ("localhost", "u:p", rights.NOTHING),
        ("none", "u:p", rights.ALL),
    ],
)
def test_passwords(mode: str, credentials: str, expected: int) -> None:
    assert made(mode).rights_of(scope(authorization=basic(credentials))) == expected


@pytest.mark.parametrize(
    ("mode", "header", "expected"),
    [
        ("token:t", "Token t", rights.ALL),
        ("token:t", f"Token {TOKEN}", rights.ALL),
        ("token:t", "Token x", rights.NOTHING),
        ("token:t", "token t", rights.NOTHING),
        ("userpass:u:p", f"Token {TOKEN}", rights.ALL),
        ("userpass:u:p", f"Token {VIVIFY_TOKEN}", rights.VIVIFY),
        ("userpass:u:p", "Token", rights.NOTHING),
        ("userpass:u:p", "Basic !!!", rights.NOTHING),
        ("userpass:u:p", basic("u:p").replace("Basic", "basic"), rights.NOTHING),
        ("localhost", f"Token {TOKEN}", rights.NOTHING),
    ],
)
def test_headers(mode: str, header: str, expected: int) -> None:
    assert made(mode).rights_of(scope(authorization=header)) == expected


def test_the_token_in_the_address_counts_for_websockets_only() -> None:
    auth = made("userpass:u:p")
    assert auth.rights_of(scope(f"authtoken={TOKEN}", upgrade="websocket")) == rights.ALL
    assert auth.rights_of(scope(f"authtoken={TOKEN}")) == rights.NOTHING
    assert auth.rights_of(scope("authtoken=x", upgrade="websocket")) == rights.NOTHING


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "userpass",
        "userpass:u",
        "userpass::p",
        "userpass:u:",
        "userpass:u:sekret:more",
        "userpass:u:sekret:vivify=",
        "basic:u:sekret:+localhost",
        "token:",
        "devauth:",
        "none:sekret",
        "localhost:sekret",
    ],
)
def test_settings_that_make_no_sense_are_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(BadAuth, match=r"server\.auth") as refused:
        made(text)
    assert "sekret" not in str(refused.value)


def test_none_listens_to_loopback_unless_everyone_is_meant() -> None:
    for host in ("127.0.0.1", "::1", "localhost", "127.9.9.9"):
        made("none").check_listen(host)
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        made("none:everyone").check_listen(host)
        made("userpass:u:p").check_listen(host)
        made("localhost").check_listen(host)
        with pytest.raises(BadAuth):
            made("none").check_listen(host)


def test_one_request_counts_as_one_failure() -> None:
    auth = made("userpass:u:p", limiter=FailureLimiter(burst=2, clock=lambda: 0.0))
    request = scope(authorization=basic("u:wrong"))
    for _ in range(5):
        assert auth.rights_of(request) == rights.NOTHING
    assert auth.rights_of(scope(authorization=basic("u:p"))) == rights.ALL
    auth.rights_of(scope(authorization=basic("u:wrong")))
    with pytest.raises(TooManyFailures):
        auth.rights_of(scope(authorization=basic("u:p")))
    assert auth.rights_of(scope()) == rights.NOTHING, "who sends nothing guesses nothing"


def by_proxy(address: str, password: str) -> dict[str, Any]:
    return scope(authorization=basic(f"u:{password}"), x_forwarded_for=f"192.0.2.1, {address}")


def test_who_guesses_by_way_of_a_proxy_slows_nobody_else() -> None:
    auth = made("userpass:u:p")
    for _ in range(10):
        assert auth.rights_of(by_proxy("203.0.113.1", "wrong")) == rights.NOTHING
    with pytest.raises(TooManyFailures):
        auth.rights_of(by_proxy("203.0.113.1", "p"))
    assert auth.rights_of(by_proxy("203.0.113.2", "p")) == rights.ALL
    assert auth.rights_of(scope(authorization=basic("u:p"))) == rights.ALL


def test_addresses_that_are_made_up_help_only_so_far() -> None:
    auth = made("userpass:u:p")
    for number in range(200):
        assert auth.rights_of(by_proxy(f"203.0.113.{number}", "wrong")) == rights.NOTHING
    with pytest.raises(TooManyFailures):
        auth.rights_of(by_proxy("203.0.113.200", "p"))


def test_uploading_asks_for_the_whole_vivify_set() -> None:
    assert rights.allows(rights.VIVIFY, rights.UPLOAD)
    assert not rights.allows(rights.UPLOAD, rights.UPLOAD)
    assert not rights.allows(rights.VIVIFY, rights.ALL)
    assert not rights.allows(rights.READ, rights.UPLOAD)
