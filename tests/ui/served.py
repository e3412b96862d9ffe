"""A server without a network, over a store and an index in memory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from falcon.testing import Result, TestClient

from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob, Ref
from holdfast.schema.claims import Delete, Statement, claim_text
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file
from holdfast.schema.permanodes import planned_permanode_text
from holdfast.schema.signing import Signer, sign, signing_second
from holdfast.schema.timestamps import NANOSECONDS, Timestamp
from holdfast.ui.app import create_app
from holdfast.ui.services import Services

NOW = datetime(2026, 11, 21, 4, 30, 0, 250000, tzinfo=UTC)
NOW_NS = int(NOW.timestamp()) * NANOSECONDS + 250_000_000

OWNER = {"Authorization": "Basic dTpw"}
VIVIFY = {"Authorization": "Basic dTp2"}


@dataclass
class World:
    """What changes around a server."""

    now: datetime = NOW
    is_indexed: bool = True
    is_indexed_next: list[bool] = field(default_factory=list)
    """What to answer first to whoever asks."""

    def is_complete(self) -> bool:
        return self.is_indexed_next.pop(0) if self.is_indexed_next else self.is_indexed


@dataclass
class Site:
    """One server, its blobs and its clock."""

    hub: Hub
    services: Services
    signer: Signer | None
    world: World

    def __post_init__(self) -> None:
        app = self.app = create_app(self.services)

        async def serve(scope: Any, receive: Any, send: Any) -> None:
            # Servers give lists; falcon's test client gives what can be read but once.
            if "headers" in scope:
                scope["headers"] = [tuple(pair) for pair in scope["headers"]]
                # Nobody listens there, so the kernel knows of no such connection.
                scope["client"] = scope["server"] = ("127.0.0.1", 1)

            async def patiently() -> Any:
                event = await receive()
                if event["type"] == "http.disconnect":
                    # It hangs up before it has its answer, which those who want one do not.
                    await asyncio.Event().wait()
                return event

            await app(scope, patiently, send)

        self.served = serve
        self.client = TestClient(serve)

    def ask(self, method: str, path: str, **options: object) -> Result:
        """A request by the owner, unless `headers` say otherwise."""
        options.setdefault("headers", OWNER)
        return self.client.simulate_request(method, path, **options)

    def get(self, path: str, **options: object) -> Result:
        return self.ask("GET", path, **options)

    def put(self, data: bytes) -> Ref:
        ref = Ref.of(data)
        self.hub.receive_one(ref, data)
        return ref

    def put_blob(self, blob: Blob) -> None:
        self.hub.receive_one(*blob)

    def put_file(self, data: bytes, *, mtime_ns: int | None = NOW_NS) -> Ref:
        facts = FileFacts(name=b"file", mtime_ns=mtime_ns)
        return write_file(facts, data, self.put_blob)

    def permanode(self, name: str) -> Ref:
        """The owner's permanode of that name, the same each time."""
        assert self.signer is not None
        key = self.put(self.signer.public.blob)
        text = planned_permanode_text(key, Timestamp(NOW_NS), key=name)
        return self.put(sign(text, self.signer, time=signing_second(NOW_NS)))

    def claim(self, says: Statement, *, signer: Signer | None = None, date_ns: int = NOW_NS) -> Ref:
        """A claim by the owner, or by `signer`, as any client may upload it."""
        signer = signer or self.signer
        assert signer is not None
        key = self.put(signer.public.blob)
        text = claim_text(key, Timestamp(date_ns), says)
        return self.put(sign(text, signer, time=signing_second(date_ns)))

    def delete(self, ref: Ref, *, signer: Signer | None = None) -> Ref:
        return self.claim(Delete(ref), signer=signer)
