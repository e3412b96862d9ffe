"""How many small blobs a server takes in and gives out in a second."""

from __future__ import annotations

import json
import random
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection
from pathlib import Path

from ...blobstore import records
from ...blobstore.ref import Blob, Ref
from ..throwaway import Server

BLOB_SIZE = 500
BATCH_SIZE = 8 << 20
"""About how many bytes one request carries."""

_HEADER_SIZE = 70
_CONNECTIONS = 32


class TrafficFailed(RuntimeError):
    """The server answered something else than it should have."""


def make_blobs(count: int, *, seed: int) -> list[Blob]:
    """Blobs of 500 bytes, all different."""
    chance = random.Random(seed)
    contents = (chance.randbytes(BLOB_SIZE) for _ in range(count))
    return [Blob(Ref.of(data), data) for data in contents]


def receive_rate(server: Server, blobs: Sequence[Blob]) -> float:
    """Blobs a second the server takes in by batch upload, each request durable when answered.

    See `upload`.
    """
    return len(blobs) / upload(server, blobs)


def upload(server: Server, blobs: Sequence[Blob]) -> float:
    """The seconds until the server has taken in blobs, each request durable when answered.

    One connection, one request after the other. Making the records is not counted. Raises
    `TrafficFailed` unless every blob is new and stored.
    """
    bodies = list(_bodies(blobs))
    path = f"{_blob_root(server)}camli/batch-upload"
    headers = {"Content-Type": records.MEDIA_TYPE}
    connection = HTTPConnection("127.0.0.1", server.port, timeout=120)
    answers = []
    started = time.perf_counter()
    for body in bodies:
        connection.request("POST", path, body, headers)
        answers.append(_answer(connection))
    seconds = time.perf_counter() - started
    connection.close()
    stored = "".join(answer["results"] for answer in answers)
    if stored != "N" * len(blobs) or not all(answer["durable"] for answer in answers):
        raise TrafficFailed(f"{stored.count('N')} of {len(blobs)} blobs were stored as new")
    return seconds


def get_rate(server: Server, refs: Sequence[Ref], *, seconds: int, folder: Path) -> float:
    """Blobs a second the server gives out, as `answer_rate`."""
    root = _blob_root(server)
    paths = [f"{root}camli/{ref}" for ref in refs]
    return answer_rate(server, paths, seconds=seconds, folder=folder)


def answer_rate(server: Server, paths: Sequence[str], *, seconds: int, folder: Path) -> float:
    """Answers a second to GETs of the paths in turn; load by one thread of wrk.

    Raises `TrafficFailed` when an answer is no success.
    """
    script = folder / "requests.lua"
    listed = ",\n".join(f'"{path}"' for path in paths)
    script.write_text(f"""\
local paths = {{ {listed} }}
local requests, at = {{}}, 0
function init(arguments)
    for number, path in ipairs(paths) do requests[number] = wrk.format("GET", path) end
end
function request()
    at = at % #requests + 1
    return requests[at]
end
""")
    said = subprocess.run(
        ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{seconds}s", "-s", str(script), server.url],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if rate is None or "Non-2xx" in said or "Socket errors" in said:
        raise TrafficFailed(f"wrk said: {said}")
    return float(rate[1])


def _bodies(blobs: Sequence[Blob]) -> Iterator[bytes]:
    """What requests carry: records of about `BATCH_SIZE` bytes."""
    batch: list[Blob] = []
    size = 0
    for blob in blobs:
        batch.append(blob)
        size += len(blob.data) + _HEADER_SIZE
        if size >= BATCH_SIZE:
            yield records.encode(batch)
            batch, size = [], 0
    if batch:
        yield records.encode(batch)


def _blob_root(server: Server) -> str:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/", headers={"Accept": "text/x-camli-configuration"})
    root = _answer(connection)["blobRoot"]
    connection.close()
    return str(root)


def _answer(connection: HTTPConnection) -> dict[str, str]:
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise TrafficFailed(f"{response.status}: {body[:300]!r}")
    found: dict[str, str] = json.loads(body)
    return found
