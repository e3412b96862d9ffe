"""Uploads to a real server that is killed, loses its peers or runs out of disk; and changes."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast.blobstore.ref import Ref

from .server_process import Answer, RunningServer, give_key

MIB = 1 << 20
PIECE = 4 * MIB
DATA = random.Random(7).randbytes(10 * MIB)

SMALL_DISK = """
mount -t tmpfs -o size=40m tmpfs "$0" || exit 99
head -c 30m /dev/zero > "$0/ballast"
exec "$@"
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunningServer]]:
    give_key(tmp_path)
    running: list[RunningServer] = []

    def begin(**how: Any) -> RunningServer:
        running.append(RunningServer(tmp_path, **how))
        return running[-1].start()

    yield begin
    for server in running:
        server.stop()


def post(server: RunningServer, call: str, **document: object) -> Answer:
    return server.ask("POST", f"/ui/api/{call}", json.dumps(document))


def begin(server: RunningServer, size: int = len(DATA)) -> str:
    answer = post(server, "upload", name="film.mp4", size=size, modified="2024-07-01T12:00:00Z")
    assert answer.status == 200, answer.body
    return str(answer.json["upload"])


def put(server: RunningServer, upload: str, offset: int, *, piece: int = PIECE) -> Answer:
    body = DATA[offset : offset + piece]
    return server.ask("PUT", f"/ui/api/upload/{upload}?offset={offset}", body)


def tell(server: RunningServer, upload: str) -> Any:
    return server.ask("GET", f"/ui/api/upload/{upload}").json


def finish(server: RunningServer, upload: str) -> Any:
    """Send whatever is missing; what it became."""
    state = tell(server, upload)
    while not state["done"]:
        answer = put(server, upload, state["offset"])
        assert answer.status == 200, answer.body
        state = answer.json
    return state["done"]


def contents(server: RunningServer, file: str) -> bytes:
    return b"".join(
        contents(server, part["bytesRef"])
        if "bytesRef" in part
        else server.ask("GET", part["blobRef"]).body
        for part in server.ask("GET", file).json["parts"]
    )


def refs(server: RunningServer) -> list[str]:
    found = server.ask("GET", "enumerate-blobs?limit=1000").json["blobs"]
    return [blob["blobRef"] for blob in found]


def test_after_a_crash_an_upload_begins_anew_and_nothing_is_stored_twice(
    start: Callable[..., RunningServer], tmp_path: Path
) -> None:
    server = start()
    upload = begin(server)
    assert put(server, upload, 0).json == {"offset": PIECE, "done": None}
    before = set(refs(server))
    (worker,) = children(server.process.pid)
    os.kill(server.process.pid, signal.SIGKILL)
    os.kill(worker, signal.SIGKILL)
    server.process.wait(20)
    packs = sum(path.stat().st_size for path in (tmp_path / "blobs").glob("pack-*.blobs"))

    server = start()
    assert before <= set(refs(server))
    assert server.ask("GET", f"/ui/api/upload/{upload}").status == 404
    done = finish(server, begin(server))
    assert contents(server, done["content"]) == DATA
    grown = sum(path.stat().st_size for path in (tmp_path / "blobs").glob("pack-*.blobs")) - packs
    assert grown < len(DATA) - PIECE + 2 * MIB


def children(parent: int) -> list[int]:
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(pid) for pid in text.split()]


def test_what_came_before_a_peer_hung_up_need_not_be_sent_again(
    start: Callable[..., RunningServer],
) -> None:
    server = start()
    upload = begin(server)
    head = (
        f"PUT /ui/api/upload/{upload}?offset=0 HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: {server.credentials['Authorization']}\r\n"
        f"Content-Length: {PIECE}\r\n\r\n"
    )
    with server.socket() as sock:
        sock.sendall(head.encode() + DATA[: 3 * MIB])
        while tell(server, upload)["offset"] < 2 * MIB:
            pass
    # The next request has its turn when the server has seen that the first is gone.
    done = None
    while done is None:
        offset = tell(server, upload)["offset"]
        assert offset >= 2 * MIB or offset == 3 * MIB
        answer = put(server, upload, offset)
        assert answer.status in (200, 409)
        done = answer.json.get("done")
    assert contents(server, done["content"]) == DATA
    assert "unexpected" not in server.log_text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk")
def test_a_full_disk_is_said_and_the_upload_goes_on_when_there_is_room(
    start: Callable[..., RunningServer], tmp_path: Path
) -> None:
    try:
        server = start(within=("unshare", "-m", "sh", "-c", SMALL_DISK, str(tmp_path / "blobs")))
    except AssertionError:
        pytest.skip("nothing can be mounted here")
    node = post(server, "create", attributes=[["title", "before"]]).json["ref"]
    upload = begin(server)
    statuses = []
    while not statuses or statuses[-1] == 200:
        answer = put(server, upload, tell(server, upload)["offset"])
        statuses.append(answer.status)
    assert statuses[-1] == 507
    assert "full" in answer.json["error"]
    # Some of these would fit, and none of them may count.
    claims = [
        {"permanode": node, "act": "add", "attribute": "tag", "value": f"{n:04}" * 2500}
        for n in range(1000)
    ]
    refused = post(server, "claims", claims=claims)
    assert refused.status == 507, refused.body
    (tmp_room(server, tmp_path) / "ballast").unlink()
    attributes = server.ask("GET", f"/ui/api/items?q=ref:{node}").json["items"][0]
    assert (attributes["title"], attributes["tags"]) == ("before", [])
    done = finish(server, upload)
    assert contents(server, done["content"]) == DATA
    assert post(server, "claims", claims=claims[:10]).status == 200


def tmp_room(server: RunningServer, tmp_path: Path) -> Path:
    """The small disk, as the server sees it."""
    return Path(f"/proc/{server.process.pid}/root{tmp_path}/blobs")


def test_pages_hear_of_changes_until_the_server_ends(
    start: Callable[..., RunningServer],
) -> None:
    server = start()
    head = (
        "GET /ui/api/changes HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: {server.credentials['Authorization']}\r\n\r\n"
    )
    with server.socket() as sock, sock.makefile("rb") as heard:
        sock.sendall(head.encode())

        def next_of(name: bytes) -> bytes:
            while heard.readline() != b"event: %b\n" % name:
                pass
            return heard.readline()

        first = next_of(b"change")
        next_of(b"state")
        made = post(server, "create", attributes=[["title", "x"]])
        assert Ref.parse(made.json["ref"])
        assert next_of(b"change") != first
        assert server.stop() == 0
        assert heard.read().endswith(b"0\r\n\r\n")
    assert "unexpected" not in server.log_text
