"""Downloads of a real server: what is damaged, readers that are slow, readers that leave."""

from __future__ import annotations

import http.client
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlencode

import pytest

from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.claims import Share, claim_text
from holdfast.schema.directories import write_directory
from holdfast.schema.filewriter import write_file
from holdfast.schema.identity import read_identity
from holdfast.schema.signing import sign
from holdfast.schema.timestamps import NANOSECONDS, Timestamp

from ...end_to_end.server_process import RING, RunningServer, give_key
from .planting import TIME, facts

NOISE = [random.Random(seed).randbytes(16 << 20) for seed in range(2)]
STATUS = "/status/status.json"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    home = tmp_path_factory.mktemp("server")
    give_key(home)
    running = RunningServer(home).start()
    yield running
    assert running.stop() == 0
    assert "unexpected" not in running.log_text


@pytest.fixture(scope="module")
def folder(server: RunningServer) -> Ref:
    """Two files of 16 MiB in a folder."""
    blobs: list[Blob] = []
    names = (b"first", b"second")
    files = [
        write_file(facts(name), data, blobs.append) for name, data in zip(names, NOISE, strict=True)
    ]
    top = write_directory(facts("top"), files, blobs.append)
    for start in range(0, len(blobs), 100):
        server.upload([(ref, data) for ref, data in blobs[start : start + 100]])
    return top


def asked(server: RunningServer, folder: Ref) -> http.client.HTTPResponse:
    """The beginning of a zip."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.connect()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    form = urlencode({"files": folder})
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/ui/download/", form, {**server.credentials, **kind})
    return connection.getresponse()


def worker_memory(server: RunningServer) -> int:
    """Bytes of memory the process has that serves."""
    (worker,) = (
        Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    )
    lines = Path(f"/proc/{worker}/status").read_text().splitlines()
    (resident,) = (line.split()[1] for line in lines if line.startswith("VmRSS:"))
    return int(resident) * 1024


def in_flight(server: RunningServer) -> int:
    return int(server.ask("GET", STATUS).json["holdfast"]["bytesInFlight"])


def test_slow_readers_cost_little_and_those_who_leave_nothing(
    server: RunningServer, folder: Ref
) -> None:
    with asked(server, folder) as once:
        assert len(once.read()) == int(once.headers["content-length"])
    before = worker_memory(server)
    readers = [asked(server, folder) for _ in range(8)]
    for reader in readers:
        assert len(reader.read(1000)) == 1000
    sleep(0.3)  # to let it read ahead, if it did
    assert worker_memory(server) - before < 40 << 20
    assert 0 < in_flight(server) <= 8 * (3 << 20)
    for reader in readers:
        reader.close()
    deadline = monotonic() + 10
    while in_flight(server):
        assert monotonic() < deadline
        sleep(0.05)


def test_what_it_shares_is_imported_by_another(
    server: RunningServer, folder: Ref, tmp_path: Path
) -> None:
    key = read_identity(RING.read_bytes())
    says = Share(target=folder, is_transitive=True)
    text = claim_text(Ref.of(key.public.blob), Timestamp(TIME * NANOSECONDS), says)
    share = server.put(sign(text, key, time=TIME))
    address = f"http://127.0.0.1:{server.port}/share/{share}"
    other = RunningServer(tmp_path).start()
    try:
        deadline = monotonic() + 20
        while server.ask("GET", f"/share/{share}", anonymous=True).status == 503:
            assert monotonic() < deadline
            sleep(0.05)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode({"shareurl": address})
        assert other.ask("POST", "/ui/importshare/", body, form).status == 200
        while (document := other.ask("GET", "/ui/importshare").json)["Running"]:
            assert monotonic() < deadline
            sleep(0.02)
        assert (document["Error"], document["BlobRef"]) == ("", folder)
        with asked(server, folder) as here, asked(other, folder) as there:
            assert here.read() == there.read()
    finally:
        assert other.stop() == 0


def test_what_turns_out_to_be_damaged_breaks_the_connection(
    server: RunningServer, folder: Ref
) -> None:
    chunk = NOISE[1][-40_000:-39_900]
    (pack,) = (
        path
        for path in server.home.glob("blobs/**/*")
        if path.is_file() and chunk in path.read_bytes()
    )
    at = pack.read_bytes().index(chunk)
    with pack.open("r+b") as file:
        file.seek(at)
        file.write(bytes(100))
    with asked(server, folder) as answer:
        assert answer.status == 200
        with pytest.raises((http.client.IncompleteRead, ConnectionError)) as caught:
            answer.read()
    if isinstance(caught.value, http.client.IncompleteRead):
        assert NOISE[0][:1000] in caught.value.partial
    assert "cannot be read at byte" in server.log_text
