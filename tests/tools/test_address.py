from __future__ import annotations

import pytest

from holdfast.tools.client.address import Address, authorization
from holdfast.tools.client.errors import BadCredentials, BadServerAddress


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://localhost:3179", "http://localhost:3179"),
        ("http://localhost:3179/", "http://localhost:3179"),
        ("example.org", "https://example.org"),
        ("example.org:3179", "https://example.org:3179"),
        ("http://h/bs/", "http://h/bs"),
        ("http://[::1]:80/", "http://[::1]"),
        ("https://h:443", "https://h"),
    ],
)
def test_addresses_as_people_write_them(text: str, url: str) -> None:
    assert str(Address.parse(text)) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://",
        "ftp://h",
        "http://u:p@h",
        "http://h?x",
        "http://h#x",
        "http://h:x",
        "a b",
        "http://a..b",
    ],
)
def test_no_addresses(text: str) -> None:
    with pytest.raises(BadServerAddress):
        Address.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://me:opensesame@h",
        "me:opensesame@h:5",
        "ftp://me:opensesame@h",
        "http://me:opensesame@h:x",
    ],
)
def test_a_password_in_an_address_is_not_shown(text: str) -> None:
    with pytest.raises(BadServerAddress) as caught:
        Address.parse(text)
    assert "opensesame" not in str(caught.value)
    assert "@h" in str(caught.value)


def test_paths_in_a_discovery_document_are_resolved_against_the_address() -> None:
    base = Address.parse("http://h:5/pre")
    assert base.resolve("/bs/").path == "/bs"
    assert base.resolve("bs/").path == "/pre/bs"
    assert str(base.resolve("https://other/bs")) == "https://other/bs"


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        (None, None),
        ("none", None),
        ("localhost", None),
        ("userpass:u:p", "Basic dTpw"),
        ("basic:u:p", "Basic dTpw"),
        ("userpass:u:p:+localhost:vivify=x", "Basic dTpw"),
        ("devauth:p", "Basic OnA="),
        ("token:t", "Token t"),
    ],
)
def test_what_is_sent_to_show_who_one_is(auth: str | None, header: str | None) -> None:
    assert authorization(auth) == header


@pytest.mark.parametrize(
    "auth", ["userpass:hidden", "userpass:u:hidden:q", "token:hidden\n", "what:hidden"]
)
def test_credentials_that_cannot_be_used_are_refused_and_not_shown(auth: str) -> None:
    with pytest.raises(BadCredentials) as caught:
        authorization(auth)
    assert "hidden" not in str(caught.value)
