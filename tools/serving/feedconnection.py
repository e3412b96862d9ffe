"""A connection that has become a websocket."""

from __future__ import annotations

from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from ...blobstore.handlers.auth import PEER
from ...blobstore.handlers.peers import Peer
from .exchange import MAX_WRITE
from .limits import REFUSED_TIME, Door

TEXT_PING_INTERVAL = 54.0
TEXT_PING_TIMEOUT = 60.0
"""Seconds between pings, and until one must be answered, where messages are text."""


class FeedConnection(WebSocketsSansIOProtocol):
    """uvicorn's websocket, that keeps its place at the door."""

    peer: Peer
    door: Door
    is_refused = False
    most_text = 0
    """Bytes a text message may have; 0 where messages are binary."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if not (self.handshake_initiated and hasattr(self, "scope")):
            return
        scope = cast(Any, self.scope)
        scope[PEER] = self.peer
        self.most_text = cast(Any, self.app).most_text(scope["path"])
        if self.most_text:
            self.conn.max_message_size = self.most_text
            # Those who listen may be on a slow line behind a large answer.
            self.ping_interval, self.ping_timeout = TEXT_PING_INTERVAL, TEXT_PING_TIMEOUT

    def shutdown(self) -> None:
        # The application sees that the server stops, finishes what it has acknowledged by then,
        # and closes; uvicorn would cut it off.
        if not self.handshake_complete:
            super().shutdown()

    def data_received(self, data: bytes) -> None:
        if not self.is_refused:
            super().data_received(data)

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not self.most_text:
            # Text is against the rules whatever it says, so nobody needs to decode it.
            self.frames = []
        super().send_receive_event_to_app()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True  # uvicorn takes it for unfinished, and complains
        # Done means that the peer took it, or nobody would know how much is held for it.
        if len(message.get("bytes") or message.get("text") or b"") > MAX_WRITE:
            await self.writable.wait()

    def handle_parser_exception(self) -> None:
        """Say why, then wait for the peer to go: see `Connection._refuse`."""
        self.is_refused = True
        assert self.conn.close_sent is not None
        code = self.conn.close_sent.code
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.write_eof()
        self.close_timer = self.loop.call_later(REFUSED_TIME, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self.door.leave(self.peer.address)
        super().connection_lost(exc)
