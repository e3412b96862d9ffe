"""The client against servers that behave badly: real sockets, scripted answers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from holdfast.blobstore.errors import BlobNotFound, CorruptBlob
from holdfast.blobstore.records import encode, encode_control
from holdfast.blobstore.ref import Blob, Ref
from holdfast.tools.client.address import Address
from holdfast.tools.client.discovery import Discovery, discover
from holdfast.tools.client.errors import (
    BadAnswer,
    DeferredLost,
    Refused,
    ServerFailed,
    StoreReplaced,
    Unauthorised,
    Unreachable,
)
from holdfast.tools.client.holdfast import HoldfastStore
from holdfast.tools.client.opening import connect
from holdfast.tools.client.perkeep import PerkeepStore
from holdfast.tools.client.transport import Transport

Answer = Callable[[bytes], bytes]
"""Given a request, head and body, what to send back; empty closes the connection."""


@contextmanager
def answering(
    *answers: bytes | Answer, close: bool = False
) -> Iterator[tuple[Address, list[bytes]]]:
    """A server that gives these answers, one a request, over as many connections as come."""
    requests: list[bytes] = []
    left = list(answers)
    lock = threading.Lock()

    def serve(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            while True:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    line = stream.readline()
                    if not line:
                        return
                    head += line
                size = 0
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        size = int(line.partition(b":")[2])
                body = stream.read(size)
                with lock:
                    requests.append(head + body)
                    answer = left.pop(0) if left else b""
                said = answer if isinstance(answer, bytes) else answer(head + body)
                with suppress(ConnectionError):  # the client may have had enough
                    connection.sendall(said)
                if not said or close or b"Connection: close" in said:
                    return

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        port = listener.getsockname()[1]
        yield Address("http", "127.0.0.1", port, ""), requests
        listener.shutdown(socket.SHUT_RDWR)


def ok(body: bytes, *, status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def document(**fields: object) -> bytes:
    return ok(json.dumps({"blobRoot": "/bs/", "storageGeneration": "g1", **fields}).encode())


OURS = {"holdfast": {"protocol": 1, "epoch": "e1"}}


def ours(address: Address) -> HoldfastStore:
    return HoldfastStore(Transport(address), Discovery(address.resolve("/bs/"), "g1", 1, "e1"))


def theirs(address: Address) -> PerkeepStore:
    return PerkeepStore(Transport(address), Discovery(address.resolve("/bs/"), "g1", 0, ""))


def test_credentials_go_out_with_the_first_request_and_every_other() -> None:
    with answering(document(), ok(b'{"stat": []}')) as (address, requests):
        connect(address, auth="userpass:u:p").missing([Ref.of(b"x")])
    assert all(b"Authorization: Basic dTpw\r\n" in request for request in requests)
    assert b"Accept: text/x-camli-configuration\r\n" in requests[0]


def test_credentials_do_not_go_to_another_server_it_points_to() -> None:
    with answering(ok(b'{"stat": []}')) as (other, others):
        pointing = document(blobRoot=f"{other}/bs/")
        with answering(pointing) as (address, _):
            connect(address, auth="userpass:u:p").missing([Ref.of(b"x")])
    assert b"POST /bs/camli/stat" in others[0]
    assert b"Authorization" not in others[0]


def test_an_address_with_a_path_is_the_blob_root() -> None:
    with answering(document(), ok(b'{"stat": []}')) as (address, requests):
        connect(Address.parse(f"{address}/own/place/"), auth=None).missing([Ref.of(b"x")])
    assert requests[0].startswith(b"GET /own/place/ ")
    assert requests[1].startswith(b"POST /own/place/camli/stat ")


@pytest.mark.parametrize(
    ("own", "kind"),
    [
        ({}, PerkeepStore),
        (OURS, HoldfastStore),
        ({"holdfast": {"protocol": 2, "epoch": "e"}}, PerkeepStore),
        ({"holdfast": "yes"}, PerkeepStore),
    ],
)
def test_the_protocol_is_what_discovery_says(own: dict[str, object], kind: type) -> None:
    with answering(document(**own)) as (address, _):
        assert type(connect(address, auth=None)) is kind


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (ok(b"<html>"), BadAnswer),
        (ok(b"[]"), BadAnswer),
        (ok(b"{}"), BadAnswer),
        (ok(b"no", status="401 Unauthorized"), Unauthorised),
        (ok(b"no", status="404 Not Found"), ServerFailed),
        (ok(b"", status="301 Moved", headers="Location: /ui/\r\n"), ServerFailed),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", BadAnswer),
        (b"", Unreachable),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{", Unreachable),
    ],
)
def test_what_is_no_blob_server_is_said_to_be_none(answer: bytes, error: type) -> None:
    with answering(answer, answer) as (address, _), pytest.raises(error) as caught:
        discover(Transport(address))
    assert str(address) in str(caught.value)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"results": "", "error": "the server failed; its log says more"}', "the server failed"),
        (b'{"results": ""}', '{"results": ""}'),
        (b"[" * 4000, "[[["),
        (b"plain words\n", "plain words"),
    ],
)
def test_what_a_failing_server_says_is_told_in_its_words(body: bytes, said: str) -> None:
    failure = ok(body, status="500 Internal Server Error")
    with answering(failure) as (address, _), pytest.raises(ServerFailed) as caught:
        Transport(address).get("/a")
    assert f"answered 500: {said}" in str(caught.value)


def test_nobody_listening_is_told_from_a_broken_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable) as caught:
        discover(Transport(Address("http", "127.0.0.1", port, "")))
    assert caught.value.refused
    with answering(b"") as (address, _), pytest.raises(Unreachable) as caught:
        discover(Transport(address))
    assert not caught.value.refused


def test_a_server_without_tls_is_told_from_one_that_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        meant = Address.parse(f"127.0.0.1:{listener.getsockname()[1]}")

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        server = threading.Thread(target=answer)
        server.start()
        with pytest.raises(
            BadAnswer, match=f"over plain HTTP it is http://127.0.0.1:{meant.port};"
        ):
            discover(Transport(meant))
        server.join()


def test_a_connection_is_kept_and_one_that_was_closed_meanwhile_is_replaced() -> None:
    with answering(ok(b"1"), ok(b"2"), close=True) as (address, requests):
        transport = Transport(address)
        assert transport.get("/a") == b"1"
        assert len(transport._idle) == 1
        assert transport.get("/b") == b"2"
    assert [request.split()[1] for request in requests] == [b"/a", b"/b"]


def test_an_answer_left_early_does_not_spoil_the_next() -> None:
    with answering(ok(b"x" * 5_000_000), ok(b"2")) as (address, _):
        transport = Transport(address)
        with transport.streaming("GET", "/a") as pieces:
            next(pieces)
        assert transport.get("/b") == b"2"


def blobs(*datas: bytes) -> list[Blob]:
    return [Blob(Ref.of(data), data) for data in datas]


def test_fetched_blobs_are_verified_and_those_absent_are_told() -> None:
    good, bad, gone, corrupt = blobs(b"good", b"bad", b"gone", b"corrupt")
    said = (
        encode([good, Blob(bad.ref, b"BAD")])
        + encode_control("missing", gone.ref)
        + encode_control("corrupt", corrupt.ref)
        + encode_control("end")
    )
    with answering(ok(said)) as (address, _):
        found = list(ours(address).fetch([good.ref, bad.ref, gone.ref, corrupt.ref]))
    assert found[0] == good
    assert [type(one) for one in found[1:]] == [CorruptBlob, BlobNotFound, CorruptBlob]


@pytest.mark.parametrize(
    "said",
    [
        b"",
        encode(blobs(b"a", b"b")),
        encode(blobs(b"a")) + encode_control("end"),
        encode(blobs(b"b", b"a")) + encode_control("end"),
        encode(blobs(b"a", b"b", b"c")) + encode_control("end"),
        encode_control("missing", Ref.of(b"b")) + encode_control("end"),
        encode_control("missing") + encode_control("end"),
        encode_control("strange", Ref.of(b"a")) + encode_control("end"),
        encode(blobs(b"a", b"b"))[:-3],
        b"no records at all",
    ],
)
def test_an_answer_that_is_cut_short_or_of_other_blobs_is_no_answer(said: bytes) -> None:
    with answering(ok(said)) as (address, _), pytest.raises(BadAnswer):
        list(ours(address).fetch([Ref.of(b"a"), Ref.of(b"b")]))


def test_a_refused_blob_is_named_with_the_reason() -> None:
    one, two = blobs(b"1", b"2")
    answer = {"results": "NR", "refused": [{"index": 1, "error": "no room"}], "epoch": "e1"}
    with (
        answering(ok(json.dumps(answer).encode())) as (address, _),
        pytest.raises(Refused, match="no room") as caught,
    ):
        ours(address).send([one, two])
    assert caught.value.ref == two.ref


def test_another_epoch_means_that_what_was_deferred_may_be_lost() -> None:
    answer = ok(json.dumps({"results": "N", "epoch": "e2"}).encode())
    later = document(holdfast={"protocol": 1, "epoch": "e2"})
    with answering(answer, later, answer) as (address, _):
        store = ours(address)
        with pytest.raises(DeferredLost):
            store.send(blobs(b"1"))
        store.send(blobs(b"1"))
    with (
        answering(ok(b"{}", status="409 Conflict"), later) as (address, _),
        pytest.raises(DeferredLost),
    ):
        ours(address).sync()


def test_another_store_at_the_same_address_is_noticed() -> None:
    later = document(storageGeneration="g2", holdfast={"protocol": 1, "epoch": "e2"})
    with (
        answering(ok(b"{}", status="409 Conflict"), later) as (address, _),
        pytest.raises(StoreReplaced),
    ):
        ours(address).sync()


@pytest.mark.parametrize("answer", [b"[]", b"{}", b"", b'{"results": "NN"}', b'{"results": 1}'])
def test_an_upload_without_a_letter_for_each_blob_is_none(answer: bytes) -> None:
    with answering(ok(answer)) as (address, _), pytest.raises(BadAnswer):
        ours(address).send(blobs(b"1"))


def test_a_perkeep_upload_is_believed_only_with_ref_and_size() -> None:
    (one,) = blobs(b"1")
    for received in (None, [], [{"blobRef": one.ref, "size": 2}]):
        said = {"received": received, "errorText": "disk on fire"}
        answers = (ok(b'{"stat": null}'), ok(json.dumps(said).encode()))
        with (
            answering(*answers) as (address, requests),
            pytest.raises(Refused, match="disk on fire"),
        ):
            theirs(address).send([one])
        assert f'name="{one.ref}"; filename="{one.ref}"'.encode() in requests[1]


def test_a_perkeep_store_is_asked_and_then_sent_only_what_it_lacks() -> None:
    one, two = blobs(b"1", b"2")
    there = {"stat": [{"blobRef": one.ref, "size": 1}], "canLongPoll": True}
    got = {"received": [{"blobRef": two.ref, "size": 1}]}
    answers = (ok(json.dumps(there).encode()), ok(json.dumps(got).encode()))
    with answering(*answers) as (address, requests):
        theirs(address).send([one, two])
    assert f"blob1={one.ref}&blob2={two.ref}".encode() in requests[0]
    assert one.ref.encode() not in requests[1]


def test_an_enumeration_that_goes_in_circles_is_ended() -> None:
    (one,) = blobs(b"1")
    page = json.dumps(
        {"blobs": [{"blobRef": one.ref, "size": 1}], "continueAfter": one.ref}
    ).encode()
    with answering(*[ok(page)] * 5) as (address, _), pytest.raises(BadAnswer):
        list(theirs(address).enumerate())
