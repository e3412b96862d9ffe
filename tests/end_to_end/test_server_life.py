"""How a server starts, ends, and meets another one."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from websockets.sync.client import connect

from holdfast.blobstore.records import encode, encode_control
from holdfast.blobstore.ref import Blob, Ref
from holdfast.tools.throwaway import command, environment

from .server_process import RunningServer, read_all


def blob(size: int) -> Blob:
    data = os.urandom(size)
    return Blob(Ref.of(data), data)


def test_a_second_server_on_the_same_store_says_so_once_and_ends(tmp_path: Path) -> None:
    first = RunningServer(tmp_path).start()
    try:
        second = first.launch("127.0.0.1:0", stderr=tmp_path / "second")
        said, _ = second.communicate(timeout=30)
        assert second.returncode == 3
        assert said == b""
        (complaint,) = (tmp_path / "second").read_text().splitlines()
        assert "is in use by process" in complaint
        first.put(b"the first one still works")
    finally:
        assert first.stop() == 0


def test_a_port_that_is_taken_is_an_error(tmp_path: Path) -> None:
    first = RunningServer(tmp_path / "one").start()
    try:
        taken = f"127.0.0.1:{first.port}"
        other = subprocess.run(
            command("serve", "--listen", taken),
            env=environment(tmp_path / "two"),
            capture_output=True,
            timeout=30,
        )
        assert other.returncode == 3
        assert other.stdout == b""
        (complaint,) = other.stderr.decode().splitlines()
        assert f"{taken} is in use" in complaint
    finally:
        first.stop()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_stopping_finishes_what_is_in_flight(tmp_path: Path, how: signal.Signals) -> None:
    server = RunningServer(tmp_path).start()
    blobs = [blob(100_000) for _ in range(20)]
    body = encode(blobs)
    sock = server.socket()
    sock.sendall(
        b"POST /bs/camli/batch-upload HTTP/1.1\r\nHost: x\r\nAuthorization: %b\r\n"
        b"Content-Length: %d\r\n\r\n"
        % (server.credentials["Authorization"].encode(), len(body))
        + body[:1_000_000]
    )
    time.sleep(0.3)
    server.process.send_signal(how)
    time.sleep(0.5)
    with pytest.raises(OSError, match=r"refused|reset|timed out"):
        server.ask("GET", "/healthz", timeout=1)
    sock.sendall(body[1_000_000:])
    answer = read_all(sock)
    sock.close()
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["results"] == "N" * 20
    assert server.process.wait(timeout=20) == 0
    again = RunningServer(tmp_path).start()
    try:
        for ref, data in blobs:
            assert again.ask("GET", ref).body == data
    finally:
        again.stop()


def test_stopping_does_not_wait_for_those_who_only_wait(tmp_path: Path) -> None:
    server = RunningServer(tmp_path).start()
    absent = Ref.of(b"never")
    idle = server.socket()
    idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    idle.recv(1000)
    poll = threading.Thread(
        target=server.ask, args=("POST", f"stat?camliversion=1&blob1={absent}&maxwaitsec=30")
    )
    poll.start()
    with connect(
        f"ws://127.0.0.1:{server.port}/bs/camli/ws", additional_headers=server.credentials
    ) as ws:
        ws.send(encode_control("put", "1") + encode([blob(5_000_000)]))
        time.sleep(0.2)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        found = list(ws)
        assert found == [b"[!ack 1 N]"], "what was sent before is acknowledged"
        assert ws.protocol.close_rcvd is not None
        assert ws.protocol.close_rcvd.code == 1001
    assert server.stop() == 0
    assert time.monotonic() - began < 5
    poll.join()
    idle.close()


def test_the_generation_survives_a_restart_and_the_epoch_does_not(tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        server = RunningServer(tmp_path).start()
        found.append(server.ask("GET", "/?camli.mode=config").json)
        server.stop()
    one, two = found
    assert one["storageGeneration"] == two["storageGeneration"]
    assert one["storageInitTime"] == two["storageInitTime"]
    assert one["holdfast"]["epoch"] != two["holdfast"]["epoch"]
    assert one["authToken"] != two["authToken"]


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    server = RunningServer(tmp_path).start()
    try:
        ref = server.put(b"kept")
        pid = server.process.pid
        (worker,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        os.kill(int(worker), signal.SIGKILL)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                assert server.ask("GET", ref, timeout=2).body == b"kept"
                break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("no new worker answered")
    finally:
        server.stop()


def test_a_worker_whose_parent_is_killed_gives_the_store_free(tmp_path: Path) -> None:
    server = RunningServer(tmp_path).start()
    ref = server.put(b"kept")
    server.process.kill()
    server.stop()
    end = time.monotonic() + 20
    while True:
        try:
            again = RunningServer(tmp_path).start()
            break
        except AssertionError:
            assert time.monotonic() < end, "the store stayed locked"
            time.sleep(0.5)
    try:
        assert again.ask("GET", ref).body == b"kept"
    finally:
        again.stop()


def test_signals_that_would_make_a_second_worker_are_declined(tmp_path: Path) -> None:
    server = RunningServer(tmp_path).start()
    try:
        for how in (signal.SIGHUP, signal.SIGTTIN, signal.SIGUSR2):
            server.process.send_signal(how)
        time.sleep(1.5)
        assert server.ask("GET", "/healthz").status == 200
        assert "is in use" not in server.log_text
    finally:
        assert server.stop() == 0


def test_a_small_answer_is_not_held_back_by_the_network(tmp_path: Path) -> None:
    server = RunningServer(tmp_path).start()
    try:
        with server.socket() as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            began = time.monotonic()
            for _ in range(50):
                sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                sock.recv(1000)
            assert time.monotonic() - began < 1.5
    finally:
        server.stop()


def test_every_line_of_the_log_is_json_and_requests_are_in_it(tmp_path: Path) -> None:
    server = RunningServer(tmp_path).start()
    try:
        ref = server.put(b"logged")
        server.ask("GET", ref)
        server.ask("GET", f"/x/../share/{ref}/name?via={ref}")
        server.ask("GET", "/?authtoken=sekret&camli.mode=config")
        server.raw(b"nonsense\r\n\r\n")
    finally:
        server.stop()
    lines = [json.loads(line) for line in server.log_text.splitlines()]
    assert all(line.keys() >= {"time", "level", "logger", "message"} for line in lines)
    requests = [line for line in lines if line["logger"] == "holdfast.requests"]
    assert [line["message"] for line in requests] == [
        f"PUT /bs/camli/{ref[:20]}...",
        f"GET /bs/camli/{ref[:20]}...",
        f"GET /x/../share/{ref[:20]}.../name",
        "GET /",
    ]
    assert all(line["client"] == "127.0.0.1" for line in requests)
    assert "sekret" not in server.log_text
    # Who reads the log must not be able to open shares.
    assert ref[:21] not in server.log_text
