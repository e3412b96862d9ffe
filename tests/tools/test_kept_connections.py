"""Requests that follow each other go over one connection, whatever form the answers have."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from holdfast.tools.client.address import Address
from holdfast.tools.client.transport import Transport


class Answers(BaseHTTPRequestHandler):
    """Answers every GET with ten bytes; counts the connections it is used over."""

    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self) -> None:
        super().setup()
        type(self).connections += 1

    def do_GET(self) -> None:
        self.send_response(200)
        if self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"a\r\n0123456789\r\n0\r\n\r\n")
        else:
            self.send_header("Content-Length", "10")
            self.end_headers()
            self.wfile.write(b"0123456789")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def transport() -> Iterator[Transport]:
    Answers.connections = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made = Transport(Address("http", "127.0.0.1", server.server_port, ""))
        yield made
        made.close()
        server.shutdown()


@pytest.mark.parametrize("path", ["/with-a-length", "/chunked"])
def test_one_connection_serves_many_requests(transport: Transport, path: str) -> None:
    for _ in range(5):
        assert transport.get(path) == b"0123456789"
    assert Answers.connections == 1


def test_an_answer_left_early_costs_its_connection(transport: Transport) -> None:
    with transport.streaming("GET", "/with-a-length"):
        pass
    assert transport.get("/with-a-length") == b"0123456789"
    assert Answers.connections == 2
