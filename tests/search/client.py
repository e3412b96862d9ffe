"""Requests to an application without a network.

Like falcon's own client, but for one thing: whoever asks here does not hang up before the answer
comes, and a server may well give up on those who do.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One application and the loop it runs in."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        self._loop.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """One request. `params` are those of the URL, as text or by their names."""
        query = params if isinstance(params, str) else urlencode(params)
        sent = {"host": "here", **(headers or {})}
        if method == "POST":
            sent["content-length"] = str(len(body))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 40000),
            "server": ("127.0.0.1", 80),
        }
        return self._loop.run_until_complete(self._answered(scope, body))

    async def _answered(self, scope: dict[str, Any], body: bytes) -> Answer:
        unsent = [{"type": "http.request", "body": body, "more_body": False}]
        status, found = 0, {}
        pieces: list[bytes] = []

        async def receive() -> dict[str, Any]:
            if unsent:
                return unsent.pop()
            await asyncio.Event().wait()
            raise AssertionError

        async def send(event: dict[str, Any]) -> None:
            nonlocal status, found
            if event["type"] == "http.response.start":
                status = event["status"]
                found = {name.decode().lower(): value.decode() for name, value in event["headers"]}
            else:
                pieces.append(event.get("body", b""))

        await self._app(scope, receive, send)
        return Answer(status, found, b"".join(pieces))
