"""Shares of a real server: opened, revoked, kept over restarts, and read by the slow."""

from __future__ import annotations

import http.client
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep

import pytest

from holdfast.blobstore.records import encode
from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.claims import Delete, Share, Statement, claim_text
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file
from holdfast.schema.identity import read_identity
from holdfast.schema.signing import sign, signing_second
from holdfast.schema.timestamps import Timestamp

from .server_process import RING, Answer, RunningServer, give_key

KEY = read_identity(RING.read_bytes())
DATE = Timestamp(1_800_000_000_000_000_000)
DATA = random.Random(5).randbytes(24 << 20)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    home = tmp_path_factory.mktemp("server")
    give_key(home)
    running = RunningServer(home, remove=True).start()
    assert running.put(KEY.public.blob)
    yield running
    assert running.stop() == 0


def claim(server: RunningServer, says: Statement) -> Ref:
    text = claim_text(Ref.of(KEY.public.blob), DATE, says)
    return server.put(sign(text, KEY, time=signing_second(DATE.ns)))


def visit(server: RunningServer, *chain: Ref, query: str = "") -> Answer:
    """What a stranger gets, when the index is ready to answer."""
    *via, ref = chain
    path = f"/share/{ref}?via={','.join(via)}{query}"
    end = monotonic() + 30
    while (answer := server.ask("GET", path, anonymous=True)).status == 503:
        assert monotonic() < end
        sleep(0.05)
    return answer


@pytest.fixture(scope="module")
def file(server: RunningServer) -> Ref:
    blobs: list[Blob] = []
    ref = write_file(FileFacts(name=b"film"), DATA, blobs.append)
    for start in range(0, len(blobs), 20):
        body = encode(blobs[start : start + 20])
        assert server.ask("POST", "batch-upload", body).status == 200
    return ref


def test_a_share_lives_and_ends_over_restarts(server: RunningServer, file: Ref) -> None:
    share = claim(server, Share(target=file))
    assert visit(server, share, file).status == 200
    server.stop()
    server.start()
    assert visit(server, share, file).status == 200
    claim(server, Delete(share))
    assert visit(server, share, file).status == 401
    server.stop()
    server.start()
    assert visit(server, share, file).status == 401
    assert "the share is deleted" in server.log_text
    assert f"share {share} refused" not in server.log_text


def test_refusals_take_their_time_and_hold_nobody_up(server: RunningServer, file: Ref) -> None:
    share = claim(server, Share(target=file))

    def refused(number: int) -> float:
        chain = [(Ref.of(b"%d" % number), file), (share, Ref.of(b"%d" % number))][number % 2]
        began = monotonic()
        assert visit(server, *chain).status == 401
        return monotonic() - began

    began = monotonic()
    with ThreadPoolExecutor(60) as strangers:
        times = list(strangers.map(refused, range(120)))
    # One after the other they would take 24 s; with a thread for each that waits, 3 s.
    assert monotonic() - began < 2.5
    assert min(times) >= 0.2


def test_a_whole_file_comes_back_in_whole_and_in_part(server: RunningServer, file: Ref) -> None:
    share = claim(server, Share(target=file, is_transitive=True))
    whole = visit(server, share, file, query="&assemble=1")
    assert whole.body == DATA
    assert whole.headers["content-length"] == str(len(DATA))
    path = f"/share/{file}?via={share}&assemble=1"
    part = server.ask("GET", path, None, {"Range": "bytes=20000000-"}, anonymous=True)
    assert (part.status, part.body) == (206, DATA[20_000_000:])


def test_an_answer_breaks_off_where_a_chunk_is_lost(server: RunningServer) -> None:
    blobs: list[Blob] = []
    lost = write_file(FileFacts(name=b"lost"), DATA[: 8 << 20][::-1], blobs.append)
    chunk = [ref for ref, data in blobs if not data.startswith(b"{")][-1]
    assert server.ask("POST", "batch-upload", encode(blobs)).status == 200
    share = claim(server, Share(target=lost, is_transitive=True))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert server.ask("POST", "remove", f"blob1={chunk}", form).status == 200
    with pytest.raises(http.client.IncompleteRead) as broken:
        visit(server, share, lost, query="&assemble=1")
    sent = broken.value.partial
    assert 0 < len(sent) < 8 << 20
    assert sent == DATA[: 8 << 20][::-1][: len(sent)]


def test_readers_that_stand_still_cost_a_piece_each(server: RunningServer, file: Ref) -> None:
    share = claim(server, Share(target=file, is_transitive=True))
    request = f"GET /share/{file}?via={share}&assemble=1 HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    before = server_memory(server)
    sockets = [server.socket() for _ in range(40)]
    try:
        for sock in sockets:
            sock.sendall(request)
            assert sock.recv(100).startswith(b"HTTP/1.1 200")
        assert visit(server, share, file).status == 200
        # The file would take 960 MiB, and two pieces for each of them 80.
        assert server_memory(server) - before < 140 << 20
    finally:
        for sock in sockets:
            sock.close()


def server_memory(server: RunningServer) -> int:
    """Bytes the serving process holds now."""
    parent = server.process.pid
    (worker,) = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    lines = Path(f"/proc/{worker}/status").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))
