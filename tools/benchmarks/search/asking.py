"""Asking a server over HTTP: one question after the other on one connection, each answer timed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from http.client import HTTPConnection
from types import TracebackType
from typing import Any, NamedTuple

from ...throwaway import Server
from .questions import Question

_JSON = {"Content-Type": "application/json"}
_SECONDS = 120


class AskFailed(RuntimeError):
    """A server answered something else than it should have."""

    def __init__(self, path: str, status: int, answer: bytes) -> None:
        self.path, self.status = path, status
        super().__init__(f"{path}: {status} {answer[:300]!r}")


class Asked(NamedTuple):
    """What came of some questions: how long each took, in milliseconds, and which went wrong."""

    times: list[float]
    wrong: list[Question]


class Asker:
    """A client that keeps its connection, and is closed when its block ends."""

    def __init__(self, server: Server) -> None:
        self._connection = HTTPConnection("127.0.0.1", server.port, timeout=_SECONDS)
        self.root = str(self._get("/", Accept="text/x-camli-configuration")["searchRoot"])

    def __enter__(self) -> Asker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def ask_all(self, questions: Iterable[Question]) -> Asked:
        """Ask and compare. Raises `AskFailed` for what is no answer at all."""
        asked = Asked([], [])
        for question in questions:
            path = f"{self.root}camli/search/{question.path}"
            started = time.perf_counter()
            answer = self._send("GET" if question.body is None else "POST", path, question.body)
            asked.times.append((time.perf_counter() - started) * 1000)
            if refs_in(json.loads(answer)) != question.answer:
                asked.wrong.append(question)
        return asked

    def find(self, expression: str, *, limit: int) -> tuple[str, ...]:
        """What a search finds. Raises `AskFailed`."""
        body = json.dumps({"expression": expression, "limit": limit}).encode()
        return refs_in(json.loads(self._send("POST", f"{self.root}camli/search/query", body)))

    def _get(self, path: str, **headers: str) -> dict[str, Any]:
        self._connection.request("GET", path, headers=headers)
        found: dict[str, Any] = json.loads(self._answer(path))
        return found

    def _send(self, method: str, path: str, body: bytes | None) -> bytes:
        self._connection.request(method, path, body, {} if body is None else _JSON)
        return self._answer(path)

    def _answer(self, path: str) -> bytes:
        response = self._connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise AskFailed(path, response.status, body)
        return body


def refs_in(answer: dict[str, Any]) -> tuple[str, ...]:
    """The refs of a page of results, or of changes."""
    if "recent" in answer:
        return tuple(entry["blobref"] for entry in answer["recent"] or ())
    return tuple(entry["blob"] for entry in answer.get("blobs") or ())
