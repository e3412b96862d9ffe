"""Whose the other end of a connection is."""

from __future__ import annotations

import os
import socket

import pytest

from holdfast.blobstore.handlers.peers import Peer, is_loopback, owner_of


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_our_own_connections_are_ours(family: socket.AddressFamily, host: str) -> None:
    with socket.socket(family) as listener:
        try:
            listener.bind((host, 0))
        except OSError:
            pytest.skip(f"no {host} here")
        listener.listen()
        with socket.create_connection(listener.getsockname()[:2]) as client:
            served, remote = listener.accept()
            with served:
                peer = Peer(remote[:2], served.getsockname()[:2])
                assert peer.owner() == os.getuid()
                assert owner_of(("127.0.0.1", 1), client.getpeername()[:2]) is None


def test_a_client_that_speaks_ipv6_to_an_ipv4_server_is_found() -> None:
    with socket.socket() as listener, socket.socket(socket.AF_INET6) as client:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        try:
            client.connect(("::ffff:127.0.0.1", listener.getsockname()[1]))
        except OSError:
            pytest.skip("no IPv6 here")
        served, remote = listener.accept()
        with served:
            assert owner_of(remote, served.getsockname()) == os.getuid()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("x.localhost", True),
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("", False),
        ("0.0.0.0", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("notlocalhost", False),
        ("2130706433", False),
        ("0x7f.1", False),
    ],
)
def test_names_that_can_only_be_this_machine(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
