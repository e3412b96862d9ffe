"""Shares of a real server: opened, revoked, kept over restarts, and read by the slow."""

from __future__ import annotations

import http.client
import random
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep

import pytest

from holdfast.blobstore.records import encode
from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.build import file_text
from holdfast.schema.claims import Delete, Share, Statement, claim_text, locked
from holdfast.schema.directories import write_directory
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file
from holdfast.schema.identity import read_identity
from holdfast.schema.sharelocks import password_hash
from holdfast.schema.signing import sign, signing_second
from holdfast.schema.timestamps import Timestamp

from .server_process import RING, Answer, RunningServer, basic, give_key

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


def browse(server: RunningServer, path: str, **headers: str) -> Answer:
    """What a browser gets that goes there, when the index is ready to answer."""
    end = monotonic() + 30
    wanted = {"Accept": "text/html", **headers}
    while (answer := server.ask("GET", path, None, wanted, anonymous=True)).status == 503:
        assert monotonic() < end
        sleep(0.05)
    return answer


def test_passwords_and_counts_outlive_the_server(server: RunningServer, file: Ref) -> None:
    whole = Share(target=file, is_transitive=True)
    hashed = password_hash("sesame", salt=bytes(16))
    secret = claim(server, locked(whole, password_hash=hashed))
    counted = claim(server, locked(whole, most_downloads=2))
    form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
    right = server.ask("POST", f"/share/{secret}", "password=sesame", form, anonymous=True)
    assert right.status == 303
    shown = {"Cookie": right.headers["set-cookie"].partition(";")[0]}
    assert browse(server, f"/share/{secret}", **shown).status == 200
    begun = {"Range": "bytes=0-9", "User-Agent": "one"}
    path = f"/share/{counted}/file/{file}/film"
    assert server.ask("GET", path, None, begun, anonymous=True).status == 206
    assert server.ask("GET", path, None, {"User-Agent": "other"}, anonymous=True).status == 200
    server.stop()
    server.start()
    assert browse(server, f"/share/{secret}", **shown).status == 200
    assert browse(server, f"/share/{secret}").status == 403
    assert browse(server, f"/share/{counted}").status == 403
    begun["Range"] = "bytes=10-"
    rest = server.ask("GET", path, None, begun, anonymous=True)
    assert (rest.status, rest.body) == (206, DATA[10:])
    assert server.ask("GET", path, None, {"User-Agent": "third"}, anonymous=True).status == 401
    # An index that is lost makes no download undone.
    server.stop()
    shutil.rmtree(server.home / "index")
    server.start()
    assert browse(server, f"/share/{counted}").status == 403
    # The file of counts does, as its documentation says.
    server.stop()
    (server.home / "shares" / "downloads.sqlite").unlink()
    server.start()
    assert browse(server, f"/share/{counted}").status == 200


def test_of_many_who_come_at_once_no_more_are_served_than_may(
    server: RunningServer, file: Ref
) -> None:
    share = claim(server, locked(Share(target=file, is_transitive=True), most_downloads=5))
    path = f"/share/{share}/file/{file}/film"

    def fetched(_: int) -> int:
        return len(server.ask("GET", path, anonymous=True).body)

    with ThreadPoolExecutor(40) as visitors:
        sizes = list(visitors.map(fetched, range(40)))
    assert sizes.count(len(DATA)) == 5
    assert max(size for size in sizes if size != len(DATA)) < 1000


def test_guessing_a_password_holds_nobody_up(server: RunningServer, file: Ref) -> None:
    hashed = password_hash("sesame", salt=bytes(16))
    secret = claim(server, locked(Share(target=file), password_hash=hashed))
    open_share = claim(server, Share(target=file, is_transitive=True))
    done = threading.Event()

    def guess(number: int) -> list[int]:
        seen = []
        while not done.is_set():
            guessed = basic("x", f"{number}")
            seen.append(server.ask("GET", f"/share/{secret}", None, guessed).status)
        return seen

    with ThreadPoolExecutor(20) as guessers:
        guesses = [guessers.submit(guess, number) for number in range(20)]
        times = []
        try:
            for _ in range(30):
                began = monotonic()
                assert visit(server, open_share, file).status == 200
                times.append(monotonic() - began)
        finally:
            done.set()
        statuses = {status for guess in guesses for status in guess.result()}
    assert statuses <= {401, 429}
    assert 429 in statuses
    assert max(times) < 1


def test_a_share_of_very_many_files_is_paged_through(server: RunningServer) -> None:
    count = 20_000
    files = []
    for start in range(0, count, 2000):
        blobs = []
        for number in range(start, start + 2000):
            facts = FileFacts(name=b"%06d.txt" % number, mtime_ns=DATE.ns)
            text = file_text(facts, [])
            blobs.append(Blob(Ref.of(text), text))
        assert server.ask("POST", "batch-upload", encode(blobs)).status == 200
        files += [blob.ref for blob in blobs]
    blobs = []
    folder = write_directory(FileFacts(name=b"very many"), files, blobs.append)
    assert server.ask("POST", "batch-upload", encode(blobs)).status == 200
    share = claim(server, Share(target=folder, is_transitive=True))
    end = monotonic() + 100
    while b'"layout":"folder"' not in (page := browse(server, f"/share/{share}")).body:
        assert monotonic() < end
        sleep(0.2)
    assert b"20,000 items" in page.body
    began = monotonic()
    browse(server, f"/share/{share}")
    following = f"/share/{share}/items?limit=200&from=at:10000"
    items = server.ask("GET", following, anonymous=True).json["items"]
    assert [item["title"] for item in items[:2]] == ["010000.txt", "010001.txt"]
    assert server.ask("GET", f"/share/{share}/timeline", anonymous=True).json["total"] == count
    for item in items[:20]:
        path = f"/share/{share}/file/{item['ref']}/x"
        assert server.ask("HEAD", path, anonymous=True).status == 200
    assert monotonic() - began < 3


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
