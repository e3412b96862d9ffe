"""The websocket: uploads and fetches at once, many in flight."""

from __future__ import annotations

from falcon.asgi.ws import WebSocket

from .service import BlobService


async def feed(service: BlobService, ws: WebSocket, has: int, action: str) -> None:
    await ws.close(1000)
