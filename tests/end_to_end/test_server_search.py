"""Search by a real server process: what is acknowledged is found, by whoever asks, however."""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from holdfast.blobstore.ref import Ref
from holdfast.schema.claims import (
    AddAttribute,
    Delete,
    SetAttribute,
    Share,
    Statement,
    claim_text,
)
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file
from holdfast.schema.identity import read_identity
from holdfast.schema.openpgp.secretkey import SecretKey
from holdfast.schema.permanodes import planned_permanode_text
from holdfast.schema.signing import sign, signing_second
from holdfast.schema.timestamps import Timestamp

from .server_process import RING, Answer, RunningServer, basic, give_key

ROOT = "/my-search/camli/search/"
DATE_NS = 1_750_000_000_000_000_000
MOMENTS = count(DATE_NS)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    home = tmp_path_factory.mktemp("server")
    give_key(home)
    running = RunningServer(home, auth="userpass:u:p:vivify=v", remove=True).start()
    yield running
    assert running.stop() == 0
    assert "unexpected" not in running.log_text
    assert [line for line in running.log_text.splitlines() if '"level": "error"' in line] == []


class Owner:
    """A client of the owner's, that signs by itself and uploads over HTTP."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.key: SecretKey = read_identity(RING.read_bytes())
        self.signer = Ref.of(self.key.public.blob)

    def permanode(self, name: str) -> Ref:
        return self.server.put(self.permanode_blob(name))

    def permanode_blob(self, name: str) -> bytes:
        text = planned_permanode_text(self.signer, Timestamp(DATE_NS), key=name)
        return sign(text, self.key, time=signing_second(DATE_NS))

    def claim(self, says: Statement) -> Ref:
        return self.server.put(self.claim_blob(says))

    def claim_blob(self, says: Statement) -> bytes:
        """A claim later than all before."""
        date = Timestamp(next(MOMENTS))
        return sign(claim_text(self.signer, date, says), self.key, time=signing_second(date.ns))

    def titled(self, title: str) -> Ref:
        permanode = self.permanode(title)
        self.claim(SetAttribute(permanode, "title", title))
        return permanode

    def query(self, **query: object) -> Answer:
        return self.server.ask("POST", ROOT + "query", json.dumps(query))

    def find(self, expression: str, **more: object) -> list[Ref]:
        """What an expression finds."""
        answer = self.query(expression=expression, **more)
        assert answer.status == 200, answer.body
        return [Ref(one["blob"]) for one in answer.json["blobs"] or ()]

    def get(self, path: str) -> Any:
        answer = self.server.ask("GET", ROOT + path)
        assert answer.status == 200, answer.body
        return answer.json


@pytest.fixture
def owner(server: RunningServer) -> Owner:
    return Owner(server)


def socket_url(server: RunningServer, path: str = ROOT + "ws") -> str:
    return f"ws://127.0.0.1:{server.port}{path}"


def listen(server: RunningServer, **options: Any) -> ClientConnection:
    """A websocket of the owner's."""
    options.setdefault("additional_headers", server.credentials)
    return connect(socket_url(server), compression=None, max_size=None, **options)


def hear(ws: ClientConnection, tag: str, *, timeout: float = 10) -> Any:
    """What the next message says that is about `tag`."""
    while True:
        message = json.loads(ws.recv(timeout=timeout))
        if message["tag"] == tag:
            return message


def found(message: Any) -> list[str]:
    return [one["blob"] for one in message["result"]["blobs"] or ()]


# Reading what was written


def test_what_was_acknowledged_is_found_at_once(owner: Owner) -> None:
    for number in range(20):
        title = f"acknowledged{number}"
        permanode = owner.titled(title)
        assert owner.find(f"title:{title}") == [permanode]
        owner.claim(SetAttribute(permanode, "title", "changed"))
        assert owner.find(f"title:{title}") == []


def test_a_file_is_described_as_soon_as_it_is_uploaded(owner: Owner, server: RunningServer) -> None:
    blobs = []
    data = b"what a file says " * 1000
    file = write_file(FileFacts(name=b"said.txt"), data, blobs.append)
    server.upload(list(blobs))
    meta = owner.get(f"describe?blobref={file}")["meta"]
    assert meta[file]["file"]["fileName"] == "said.txt"
    assert meta[file]["file"]["size"] == len(data)
    assert meta[file]["file"]["wholeRef"] == Ref.of(data)
    assert owner.get(f"files?wholedigest={Ref.of(data)}")["files"] == {Ref.of(data): [file]}


def test_the_calls_of_perkeeps_clients_are_answered(owner: Owner) -> None:
    root = owner.permanode("a root")
    owner.claim(SetAttribute(root, "camliRoot", "home"))
    child = owner.titled("a child")
    path = owner.claim(SetAttribute(root, "camliPath:there", child))
    member = owner.claim(AddAttribute(root, "camliMember", child))
    recent = owner.get("recent?n=100")
    assert recent["recent"][0]["blobref"] == root
    assert recent["recent"][0]["owner"] == owner.signer
    assert root in recent["meta"]
    with_attr = owner.get(f"permanodeattr?signer={owner.signer}&attr=camliRoot&value=home&max=1")
    assert with_attr["withAttr"] == [{"permanode": root}]
    claims = owner.get(f"claims?permanode={root}&attrFilter=camliMember")["claims"]
    assert [one["blobref"] for one in claims] == [member]
    assert owner.get(f"edgesto?blobref={child}")["edgesTo"] == [
        {"from": root, "fromType": "permanode"}
    ]
    paths = owner.get(f"signerpaths?signer={owner.signer}&target={child}")["paths"]
    assert paths == [{"claimRef": path, "baseRef": root, "suffix": "there"}]
    value = owner.get(f"signerattrvalue?signer={owner.signer}&attr=camliRoot&value=home")
    assert value["permanode"] == root


def test_a_mount_may_send_a_signer_that_is_none_as_it_stands(
    owner: Owner, server: RunningServer
) -> None:
    root = owner.permanode("another root")
    owner.claim(SetAttribute(root, "camliRoot", "mounted"))
    path = "permanodeattr?signer=<invalid-blob.Ref>&value=mounted&fuzzy=false&attr=camliRoot&max=1"
    request = f"GET {ROOT}{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    request += f"Authorization: {server.credentials['Authorization']}\r\n\r\n"
    head, _, body = server.raw(request.encode()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert json.loads(body)["withAttr"] == [{"permanode": root}]


def test_all_is_as_it_was_after_a_restart(tmp_path: Path) -> None:
    give_key(tmp_path)
    server = RunningServer(tmp_path, remove=True).start()
    try:
        owner = Owner(server)
        kept, gone = owner.titled("kept"), owner.titled("gone")
        owner.claim(Delete(gone))
        secret = server.put(b"a secret")
        share = owner.claim(Share(target=secret, is_transitive=False))
        open_share = owner.claim(Share(target=secret, is_transitive=False))
        way = f"/share/{secret}?via={{}}"
        assert server.ask("GET", way.format(share), anonymous=True).status == 200
        owner.claim(Delete(share))
        before = [owner.query(expression=text).body for text in ("", "title:kept", "title:gone")]
        recent = server.ask("GET", ROOT + "recent").body
        for is_last in (False, True):
            assert server.ask("GET", way.format(share), anonymous=True).status == 401
            assert server.ask("GET", way.format(open_share), anonymous=True).status == 200
            after = [owner.query(expression=text).body for text in ("", "title:kept", "title:gone")]
            assert after == before
            assert server.ask("GET", ROOT + "recent").body == recent
            assert owner.find("title:kept") == [kept]
            assert owner.find("title:gone") == []
            if not is_last:
                assert server.stop() == 0
                server.start()
    finally:
        server.stop()


# What goes wrong


def test_a_bad_query_is_told_where_it_is_bad(owner: Owner) -> None:
    answer = owner.query(expression="tag:a is:imge")
    assert answer.status == 400
    assert answer.headers["content-type"] == "text/javascript"
    assert answer.json["position"] == 6
    assert answer.json["errorType"] == "Bad Request"
    for body in (b"", b"{", b"\xff", b"[" * 100_000, b'{"limit":1e999}'):
        bad = owner.server.ask("POST", ROOT + "query", body)
        assert (bad.status, bad.json["errorType"]) == (400, "Bad Request")


def test_a_query_that_is_too_large_is_refused_and_the_connection_goes_on(owner: Owner) -> None:
    answer = owner.server.ask("POST", ROOT + "query", b"{" + b" " * (8 << 20) + b"}")
    assert answer.status == 400
    assert "1048576" in answer.json["error"]


def test_bytes_that_are_no_text_are_no_parameters(server: RunningServer) -> None:
    for target in (b"describe?blobref=\xff\xfe", b"describe?blobref=%ff%fe", b"recent?\xff=\xff"):
        request = b"GET %b%b HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: %b\r\n\r\n"
        sent = request % (ROOT.encode(), target, server.credentials["Authorization"].encode())
        status = server.raw(sent)[:12]
        assert status in (b"HTTP/1.1 400", b"HTTP/1.1 200"), (target, status)


def test_no_pattern_keeps_the_server(owner: Owner) -> None:
    permanode = owner.permanode("long")
    owner.claim(SetAttribute(permanode, "long", "a" * 100_000))
    for pattern in ("(a*)*b", "(a|aa)+$b", "((a+)+)+b", "(?:a{0,900}){0,1}b"):
        began = time.monotonic()
        constraint = {"permanode": {"attr": "long", "valueMatches": {"regexp": pattern}}}
        answer = owner.query(constraint=constraint)
        assert answer.status in (200, 400)
        assert time.monotonic() - began < 5


def test_random_queries_get_an_answer(owner: Owner) -> None:
    rng = random.Random(11)
    words = ['tag:"', "title:", "and", "or", "-", "(", ")", "is:image", "a", "after:2", " ", "ü:"]
    for _ in range(150):
        text = "".join(rng.choice(words) for _ in range(rng.randrange(12)))
        answer = owner.query(expression=text)
        assert answer.status in (200, 400), text
        assert ("position" in answer.json) == (answer.status == 400), text


def test_fifty_ask_while_others_upload(owner: Owner, server: RunningServer) -> None:
    tagged = owner.titled("crowd")
    owner.claim(AddAttribute(tagged, "tag", "crowd"))
    is_over = threading.Event()

    def upload(number: int) -> int:
        mine, done = Owner(server), 0
        while not is_over.is_set():
            permanode = mine.titled(f"uploader {number} {done}")
            assert permanode in mine.find(f'title:"uploader {number} {done}"')
            done += 1
        return done

    def ask(_number: int) -> None:
        for text in ("tag:crowd", "title:crowd", "", "-tag:crowd is:image or tag:crowd"):
            refs = owner.find(text, limit=-1)
            assert tagged in refs
            assert len(refs) == len(set(refs))

    with ThreadPoolExecutor(52) as threads:
        uploads = [threads.submit(upload, number) for number in range(2)]
        try:
            list(threads.map(ask, range(50)))
        finally:
            is_over.set()
        assert all(upload.result() > 0 for upload in uploads)


def test_who_hangs_up_leaves_nothing_behind(owner: Owner, server: RunningServer) -> None:
    body = b'{"expression": "title:nothing-is-called-so"}'
    head = (
        f"POST {ROOT}query HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        f"Authorization: {server.credentials['Authorization']}\r\n\r\n"
    ).encode()
    for _ in range(50):
        with server.socket() as sock:
            sock.sendall(head + body)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    deadline = time.monotonic() + 10
    while True:
        state = server.ask("GET", "/status/status.json").json["holdfast"]["searches"]
        if state["waiting"] == 0:
            break
        assert time.monotonic() < deadline
    assert owner.query().status == 200


# The websocket


def test_another_clients_upload_is_heard_of(owner: Owner, server: RunningServer) -> None:
    with listen(server) as ws:
        assert json.loads(ws.recv(timeout=10))["tag"] == "_status"
        ws.send(json.dumps({"tag": "q", "query": {"expression": "tag:pushed"}}))
        assert found(hear(ws, "q")) == []
        permanode = owner.permanode("pushed")
        owner.claim(AddAttribute(permanode, "tag", "pushed"))
        assert found(hear(ws, "q")) == [permanode]
        owner.claim(Delete(permanode))
        assert found(hear(ws, "q")) == []


def test_a_websocket_may_bring_the_token_of_discovery(server: RunningServer) -> None:
    token = server.ask("GET", "/?camli.mode=config").json["authToken"]
    page = f"http://127.0.0.1:{server.port}"
    for path in ("/my-search/ws", ROOT + "ws"):
        with connect(socket_url(server, f"{path}?authtoken={token}"), origin=page) as ws:
            assert json.loads(ws.recv(timeout=10))["tag"] == "_status"
    assert token not in server.log_text


def test_a_websocket_is_for_who_may_search(server: RunningServer) -> None:
    token = server.ask("GET", "/?camli.mode=config").json["authToken"]
    for headers in ({}, basic("u", "v")):
        with pytest.raises(InvalidStatus) as caught:
            connect(socket_url(server), additional_headers=headers)
        assert caught.value.response.status_code == 401
        assert caught.value.response.headers["www-authenticate"] == 'Basic realm=""'
    with pytest.raises(InvalidStatus) as caught:
        connect(socket_url(server, f"{ROOT}ws?authtoken={token}"), origin="https://evil.example")
    assert caught.value.response.status_code == 403
    with pytest.raises(InvalidStatus) as caught:
        connect(socket_url(server, ROOT + "query"), additional_headers=server.credentials)
    assert caught.value.response.status_code == 403
    answer = server.ask("GET", ROOT + "ws")
    assert (answer.status, answer.json["error"]) == (400, "Not a websocket handshake")


def test_a_message_has_ten_kibibytes(server: RunningServer) -> None:
    def message(size: int) -> str:
        text = json.dumps({"tag": "q", "query": {"expression": "title:x"}})
        return text + " " * (size - len(text))

    with listen(server) as ws:
        ws.send(message(10 * 1024))
        assert found(hear(ws, "q")) == []
        ws.send([message(10 * 1024)[:9000], message(10 * 1024)[9000:]])
        assert found(hear(ws, "q")) == []
        ws.send(message(10 * 1024 + 1))
        with pytest.raises(ConnectionClosed) as caught:
            hear(ws, "q")
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1009


def test_pings_are_answered(server: RunningServer) -> None:
    with listen(server) as ws:
        assert ws.ping().wait(10)


def test_a_listener_who_takes_nothing_delays_nobody(owner: Owner, server: RunningServer) -> None:
    permanode = owner.permanode("deaf")
    owner.claim(AddAttribute(permanode, "tag", "deaf"))
    with ExitStack() as held:
        for _ in range(10):
            deaf = held.enter_context(server.socket())
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.sendall(handshake(server))
            assert deaf.recv(12) == b"HTTP/1.1 101"
            deaf.sendall(frame(b'{"tag":"q","query":{"expression":"tag:deaf","describe":{}}}'))
        with listen(server) as ws:
            ws.send(json.dumps({"tag": "q", "query": {"expression": "tag:deaf"}}))
            assert found(hear(ws, "q")) == [permanode]
            for number in range(30):
                owner.claim(SetAttribute(permanode, "text", f"{number}" * 100_000))
            other = owner.permanode("deaf too")
            owner.claim(AddAttribute(other, "tag", "deaf"))
            assert set(found(hear(ws, "q"))) == {permanode, other}
    assert server.ask("GET", "/healthz", timeout=5).status == 200


def handshake(server: RunningServer) -> bytes:
    return (
        f"GET {ROOT}ws HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Authorization: {server.credentials['Authorization']}\r\n\r\n"
    ).encode()


def frame(text: bytes) -> bytes:
    """One masked text frame (RFC 6455, section 5.2); the mask is zero."""
    assert len(text) < 126
    return struct.pack(">BB", 0x81, 0x80 | len(text)) + bytes(4) + text


def test_a_server_that_stops_tells_who_listens(tmp_path: Path) -> None:
    give_key(tmp_path)
    server = RunningServer(tmp_path).start()
    try:
        with listen(server) as ws:
            ws.send('{"tag":"q","query":{}}')
            hear(ws, "q")
            began = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - began < 10
            with pytest.raises(ConnectionClosed) as caught:
                hear(ws, "q")
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 1001
    finally:
        server.stop()


# The status


def test_what_counts_for_nothing_is_told_with_its_reason(
    owner: Owner, server: RunningServer
) -> None:
    permanode = owner.permanode("told")
    good = owner.claim_blob(SetAttribute(permanode, "title", "told"))
    bad = good.replace(b'"told"', b'"lied"')
    with listen(server) as ws:
        hear(ws, "_status")
        before = server.ask("GET", "/status/status.json").json["holdfast"]["index"]
        ref = server.put(bad)
        state = server.ask("GET", "/status/status.json").json["holdfast"]["index"]
        assert state["refused"] == before["refused"] + 1
        reasons = {one["blob"]: one["reason"] for one in state["someRefused"]}
        assert "signature" in reasons[ref]
        assert owner.find("title:lied") == []
        page = server.ask("GET", "/status/").body.decode()
        assert ref in page
        assert reasons[ref].split(":")[0] in page
        while hear(ws, "_status")["status"]["holdfast"]["index"] != state:
            pass


def test_what_waits_for_others_is_told_with_what_it_needs(server: RunningServer) -> None:
    blobs = []
    file = write_file(FileFacts(name=b"waits.bin"), b"waits" * 500_000, blobs.append)
    chunk, *rest = blobs
    server.upload(list(rest))
    deadline = time.monotonic() + 20
    waiting: dict[str, str] = {}
    while file not in waiting:
        assert time.monotonic() < deadline
        state = server.ask("GET", "/status/status.json").json["holdfast"]["index"]
        waiting = {one["blob"]: one["needs"] for one in state["someWaiting"]}
    assert waiting[file] == chunk.ref
    assert chunk.ref in server.ask("GET", "/status/").body.decode()
    server.upload([chunk])
    while file in waiting:
        assert time.monotonic() < deadline
        state = server.ask("GET", "/status/status.json").json["holdfast"]["index"]
        waiting = {one["blob"]: one["needs"] for one in state["someWaiting"]}
