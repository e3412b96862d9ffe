"""Batches, streams and the websocket: the protocol for our own clients, over real sockets."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Close
from websockets.sync.client import ClientConnection, connect

from holdfast.blobstore.records import Control, Decoder, encode, encode_control
from holdfast.blobstore.ref import MAX_BLOB_SIZE, Blob, Ref

from .server_process import RunningServer

ABSENT = Ref.of(b"nobody ever stored this")
RECORDS = {"Content-Type": "application/x-holdfast-records"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path_factory.mktemp("server")).start()
    yield running
    assert running.stop() == 0


def blob(data: bytes) -> Blob:
    return Blob(Ref.of(data), data)


def some(count: int, size: int = 100) -> list[Blob]:
    return [blob(os.urandom(size)) for _ in range(count)]


def decoded(body: bytes) -> list[Blob | Control]:
    decoder = Decoder()
    records = list(decoder.feed(body))
    assert decoder.is_between_records
    return records


# Batch upload


def test_a_batch_is_stored_with_a_letter_for_each(server: RunningServer) -> None:
    blobs = some(10)
    wrong = Blob(blobs[0].ref, b"something else")
    unknown = Blob(Ref("foo-abcd"), b"x")
    answer = server.ask("POST", "batch-upload", encode([*blobs, wrong, unknown, *blobs]), RECORDS)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    found = answer.json
    assert found["results"] == "N" * 10 + "RR" + "P" * 10
    assert [(one["index"], one["blobRef"]) for one in found["refused"]] == [
        (10, wrong.ref),
        (11, "foo-abcd"),
    ]
    assert "digest" in found["refused"][0]["error"]
    assert found["durable"] is True
    for ref, data in blobs:
        assert server.ask("GET", ref).body == data


def test_a_batch_of_any_length_comes_in_groups(server: RunningServer) -> None:
    blobs = some(9000, 20) + some(3, 5_000_000) + some(1, MAX_BLOB_SIZE)
    body = encode(blobs)
    pieces = iter([body[i : i + 1_000_003] for i in range(0, len(body), 1_000_003)])
    assert server.ask("POST", "batch-upload", pieces, RECORDS).json["results"] == "N" * len(blobs)
    wanted = "".join(f"{ref}\n" for ref, _ in blobs)
    assert server.ask("POST", "missing", wanted[: 65 * 9000]).body == b""


def test_an_empty_batch_is_fine(server: RunningServer) -> None:
    assert server.ask("POST", "batch-upload", b"", RECORDS).json["results"] == ""


@pytest.mark.parametrize(
    "tail",
    [
        b"garbage",
        b"[nonsense 5]12345",
        b"[%b 99999999]" % ABSENT.encode(),
        b"[%b -1]" % ABSENT.encode(),
        b"[" + b"x" * 500,
        b"[!missing x]",
        b"[%b 10]short" % ABSENT.encode(),
        b"[%b 16777217]" % ABSENT.encode() + b"x" * 100,
    ],
)
def test_a_batch_that_breaks_keeps_what_came_before(server: RunningServer, tail: bytes) -> None:
    blobs = some(3)
    answer = server.ask("POST", "batch-upload", encode(blobs) + tail, RECORDS)
    assert answer.status == 400
    assert answer.json["results"] == "NNN"
    assert "byte" in answer.json["error"]
    for ref, data in blobs:
        assert server.ask("GET", ref).body == data
    assert server.ask("GET", ABSENT).status == 404


def test_deferred_blobs_are_durable_after_a_sync(server: RunningServer) -> None:
    (one,) = some(1)
    answer = server.ask("POST", "batch-upload?deferred=1", encode([one]), RECORDS).json
    assert answer["durable"] is False
    assert server.ask("GET", one.ref).body == one.data, "visible at once"
    synced = server.ask("POST", f"sync?epoch={answer['epoch']}")
    assert (synced.status, synced.json) == (200, {"epoch": answer["epoch"]})


def test_a_sync_of_another_life_is_a_conflict(server: RunningServer) -> None:
    for query in ("?epoch=other", ""):
        answer = server.ask("POST", f"sync{query}")
        assert answer.status == 409
        epoch = server.ask("GET", "/?camli.mode=config").json["holdfast"]["epoch"]
        assert answer.json == {"epoch": epoch}


# Batch fetch, missing, stream


def test_a_batch_fetch_answers_in_order(server: RunningServer) -> None:
    blobs = some(300) + some(3, 3_000_000)
    server.ask("POST", "batch-upload", encode(blobs), RECORDS)
    asked = [blobs[5].ref, ABSENT, *(one.ref for one in blobs), Ref("foo-ab"), blobs[5].ref]
    answer = server.ask("POST", "batch-fetch", "\n".join(asked))
    assert answer.headers["content-type"] == "application/x-holdfast-records"
    assert decoded(answer.body) == [
        blobs[5],
        Control("missing", (ABSENT,)),
        *blobs,
        Control("missing", ("foo-ab",)),
        blobs[5],
        Control("end"),
    ]


def test_nothing_asked_is_nothing_fetched(server: RunningServer) -> None:
    assert decoded(server.ask("POST", "batch-fetch", "").body) == [Control("end")]
    assert server.ask("POST", "missing", "").body == b""


def test_missing_tells_what_is_not_here_in_the_order_asked(server: RunningServer) -> None:
    here = some(3)
    server.ask("POST", "batch-upload", encode(here), RECORDS)
    absent = [Ref.of(os.urandom(9)) for _ in range(3)]
    mixed = [absent[0], here[0].ref, absent[1], here[1].ref, absent[2], absent[0], here[2].ref]
    answer = server.ask("POST", "missing", "".join(f"{ref}\n" for ref in mixed))
    assert answer.body.decode().split() == [absent[0], absent[1], absent[2], absent[0]]
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("call", ["batch-fetch", "missing"])
@pytest.mark.parametrize(
    "body",
    [f"{ABSENT}\n\n{ABSENT}", "nonsense\n", "\xff", f"{ABSENT}\n" * 10_001],
    ids=["empty line", "no ref", "no text", "too many"],
)
def test_lists_that_make_no_sense_are_refused(server: RunningServer, call: str, body: str) -> None:
    assert server.ask("POST", call, body.encode("latin-1")).status == 400


def test_the_stream_has_every_blob_and_goes_on_from_any_token(tmp_path: Path) -> None:
    server = RunningServer(tmp_path).start()
    try:
        blobs = some(50, 400_000) + some(500, 50)
        server.ask("POST", "batch-upload", encode(blobs), RECORDS)
        records = decoded(server.ask("GET", "stream-blobs").body)
        assert records[-1] == Control("end")
        assert sorted(r for r in records if isinstance(r, Blob)) == sorted(blobs)
        tokens = [i for i, r in enumerate(records) if isinstance(r, Control) and r.word == "token"]
        assert len(tokens) >= 2
        for position in tokens:
            token = records[position].arguments[0]  # type: ignore[union-attr]
            rest = decoded(server.ask("GET", f"stream-blobs?after={token}").body)
            assert [r for r in rest if isinstance(r, Blob)] == [
                r for r in records[position:] if isinstance(r, Blob)
            ]
        assert server.ask("GET", "stream-blobs?after=nonsense").status == 400
    finally:
        server.stop()


def test_damaged_blobs_are_named_in_every_answer(tmp_path: Path) -> None:
    server = RunningServer(tmp_path).start()
    try:
        good = [some(5) for _ in range(5)]
        bad = [blob(b"number %d will be damaged" % n) for n in range(4)]
        for before, one in zip(good, [*bad, None], strict=True):
            server.ask("POST", "batch-upload", encode([*before, one] if one else before), RECORDS)
    finally:
        server.stop()
    (pack,) = (tmp_path / "blobs").glob("pack-*")
    pack.write_bytes(pack.read_bytes().replace(b"damaged", b"DAMAGED"))
    server = RunningServer(tmp_path).start()
    try:
        asked = [good[0][0].ref, bad[0].ref, good[1][0].ref]
        assert decoded(server.ask("POST", "batch-fetch", "\n".join(asked)).body) == [
            good[0][0],
            Control("corrupt", (bad[0].ref,)),
            good[1][0],
            Control("end"),
        ]
        answer = server.ask("GET", bad[1].ref)
        assert answer.status == 500
        assert bad[1].ref.encode() in answer.body
        assert str(tmp_path).encode() not in answer.body
        with open_feed(server) as ws:
            ws.send(encode_control("get", "1", bad[2].ref))
            assert messages(ws) == [Control("corrupt", ("1", bad[2].ref))]
        records = decoded(server.ask("GET", "stream-blobs").body)
        assert Control("corrupt", (bad[3].ref,)) in records
        assert records[-1] == Control("end")
        assert sorted(r for r in records if isinstance(r, Blob)) == sorted(
            one for group in good for one in group
        )
        for one in bad:
            assert server.upload([one])["received"], "the same content heals it"
            assert server.ask("GET", one.ref).body == one.data
    finally:
        server.stop()


# The websocket


def open_feed(server: RunningServer, **options: Any) -> ClientConnection:
    return connect(
        f"ws://127.0.0.1:{server.port}/bs/camli/ws",
        additional_headers=options.pop("headers", server.credentials),
        subprotocols=options.pop("subprotocols", ["holdfast.1"]),  # type: ignore[arg-type]
        max_size=None,
        compression=None,
        open_timeout=20,
        **options,
    )


def messages(ws: ClientConnection, timeout: float = 20) -> list[Blob | Control]:
    data = ws.recv(timeout)
    assert isinstance(data, bytes)
    return decoded(data)


def everything(ws: ClientConnection, words: int) -> list[Blob | Control]:
    """Records up to so many that answer a number."""
    found: list[Blob | Control] = []
    final = ("ack", "blob", "missing", "synced", "cancelled", "failed", "corrupt")
    while sum(isinstance(r, Control) and r.word in final for r in found) < words:
        found += messages(ws)
    return found


def end_of(ws: ClientConnection) -> Close:
    """Why the server closed it."""
    with suppress(ConnectionClosed):
        while True:
            ws.recv(20)
    closed = ws.protocol.close_rcvd
    assert closed is not None
    return closed


def test_blobs_go_in_and_come_back_on_one_websocket(server: RunningServer) -> None:
    blobs = some(5)
    with open_feed(server) as ws:
        assert ws.subprotocol == "holdfast.1"
        ws.send(encode_control("put", "1") + encode(blobs))
        assert messages(ws) == [Control("ack", ("1", "NNNNN"))]
        ws.send(encode_control("put", "2", "deferred") + encode([*blobs, *some(1)]))
        assert messages(ws) == [Control("ack", ("2", "PPPPPN"))]
        ws.send(encode_control("barrier", "3"))
        assert messages(ws) == [Control("synced", ("3",))]
        asked = b"".join(encode_control("get", str(n), one.ref) for n, one in enumerate(blobs, 10))
        ws.send(asked + encode_control("get", "99", ABSENT))
        found = everything(ws, 6)
        pairs = [
            (found[i].arguments[0], found[i + 1])  # type: ignore[union-attr]
            for i, record in enumerate(found)
            if isinstance(record, Control) and record.word == "blob"
        ]
        assert sorted(pairs) == [(str(n), one) for n, one in enumerate(blobs, 10)]
        assert Control("missing", ("99", ABSENT)) in found


def test_refused_blobs_are_explained_before_the_ack(server: RunningServer) -> None:
    good = some(1)[0]
    with open_feed(server) as ws:
        ws.send(encode_control("put", "7") + encode([good, Blob(good.ref, b"wrong"), good]))
        first, last = messages(ws)
        assert isinstance(first, Control)
        assert (first.word, first.arguments[:2]) == ("refused", ("7", "1"))
        assert "digest" in " ".join(first.arguments)
        assert last == Control("ack", ("7", "NRP")) or last == Control("ack", ("7", "NRN"))


def test_results_of_a_long_put_come_in_pieces(server: RunningServer) -> None:
    with open_feed(server) as ws:
        ws.send(encode_control("put", "1") + encode(some(1000, 10)))
        records = messages(ws)
        assert [r.word for r in records if isinstance(r, Control)] == ["results"] * 3 + ["ack"]
        letters = "".join(r.arguments[1] for r in records if isinstance(r, Control))
        assert letters == "N" * 1000


def test_puts_and_gets_go_on_at_once(server: RunningServer) -> None:
    stored = some(40, 200_000)
    server.ask("POST", "batch-upload", encode(stored), RECORDS)
    with open_feed(server) as ws:
        for number, one in enumerate(stored):
            ws.send(encode_control("get", str(number), one.ref))
            ws.send(encode_control("put", str(1000 + number)) + encode(some(3, 50_000)))
        found = everything(ws, 80)
    blobs = [record for record in found if isinstance(record, Blob)]
    assert sorted(blobs) == sorted(stored)
    acks = [r.arguments for r in found if isinstance(r, Control) and r.word == "ack"]
    assert sorted(acks) == sorted((str(1000 + n), "NNN") for n in range(40))


def test_a_fetch_that_waits_can_be_cancelled(server: RunningServer) -> None:
    large = some(6, 16_000_000)
    server.ask("POST", "batch-upload", encode(large), RECORDS)
    with open_feed(server) as ws:
        ask = b"".join(encode_control("get", str(n), one.ref) for n, one in enumerate(large))
        ws.send(ask + encode_control("cancel", "5") + encode_control("cancel", "77"))
        found = everything(ws, 6)
        assert Control("cancelled", ("5",)) in found
        assert len([r for r in found if isinstance(r, Blob)]) == 5
        ws.send(encode_control("get", "5", large[0].ref))  # the number is free again
        assert Control("blob", ("5",)) in everything(ws, 1)
        ws.send(encode_control("cancel", "5") + encode_control("barrier", "6"))
        assert everything(ws, 1) == [Control("synced", ("6",))], "too late to cancel"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"garbage", 1007),
        (b"[", 1007),
        (b"[%b 10]short" % ABSENT.encode(), 1007),
        (encode_control("put", "1") + b"[%b 10]short" % ABSENT.encode(), 1007),
        (encode_control("frobnicate", "1"), 1008),
        (encode_control("put"), 1008),
        (encode_control("put", "x"), 1008),
        (encode_control("put", "1", "later"), 1008),
        (encode_control("put", "-1"), 1008),
        (encode_control("get", "1", "nonsense"), 1008),
        (encode_control("put", "9" * 30), 1008),
        (encode_control("put", "1") + encode_control("get", "2", ABSENT), 1008),
        (encode([blob(b"no put before")]), 1008),
        (b"".join(encode_control("get", str(n), ABSENT) for n in range(1001)), 1008),
        ("text", 1008),
    ],
)
def test_a_message_that_breaks_the_rules_closes_the_websocket(
    server: RunningServer, message: bytes | str, code: int
) -> None:
    with open_feed(server) as ws:
        ws.send(message)
        closed = end_of(ws)
        assert closed.code == code
        assert closed.reason


def test_a_number_in_flight_cannot_be_used_again(server: RunningServer) -> None:
    with open_feed(server) as ws:
        ws.send(encode_control("put", "1") + encode(some(1, 5_000_000)))
        ws.send(encode_control("barrier", "1"))
        assert end_of(ws).code == 1008


def test_messages_have_at_most_32_mib(server: RunningServer) -> None:
    with open_feed(server) as ws:
        ws.send(encode_control("put", "1") + encode(some(1, MAX_BLOB_SIZE) + some(1, 16_000_000)))
        assert messages(ws) == [Control("ack", ("1", "NN"))]
        with suppress(ConnectionClosed):
            ws.send(b"x" * (32 * 1024 * 1024 + 1))
        assert end_of(ws).code == 1009


def test_a_websocket_needs_rights_and_the_right_path(server: RunningServer) -> None:
    with pytest.raises(InvalidStatus) as refused:
        open_feed(server, headers={})
    assert refused.value.response.status_code == 403
    for path in ("/bs/camli/wss", "/", "/status/", "/healthz"):
        with pytest.raises(InvalidStatus) as refused:
            connect(f"ws://127.0.0.1:{server.port}{path}", additional_headers=server.credentials)
        assert 400 <= refused.value.response.status_code < 500, path


def test_a_websocket_may_bring_its_token_in_the_address(server: RunningServer) -> None:
    token = server.ask("GET", "/?camli.mode=config").json["authToken"]
    address = f"ws://127.0.0.1:{server.port}/bs/camli/ws?authtoken="
    with connect(address + token) as ws:
        ws.send(encode_control("barrier", "1"))
        assert messages(ws) == [Control("synced", ("1",))]
    with pytest.raises(InvalidStatus):
        connect(address + "0" * 40)
    assert token not in server.log_text


def test_a_plain_get_of_the_websocket_is_malformed(server: RunningServer) -> None:
    assert server.ask("GET", "ws").status == 400


def test_a_slow_reader_of_a_websocket_delays_nobody(server: RunningServer) -> None:
    large = some(8, 8_000_000)
    server.ask("POST", "batch-upload", encode(large), RECORDS)
    with open_feed(server, close_timeout=0.5) as slow:
        for n, one in enumerate(large * 10):
            slow.send(encode_control("get", str(n), one.ref))
        time.sleep(0.5)
        began = time.monotonic()
        assert server.ask("GET", large[0].ref).status == 200
        assert time.monotonic() - began < 2
