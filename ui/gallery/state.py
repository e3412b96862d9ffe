"""How the server is, for the corner of every page."""

from __future__ import annotations

import asyncio
from time import monotonic

from falcon.asgi import Request, Response

from ...index.claims import ClaimIndex
from ...schema.claims import Share
from ...schema.timestamps import NANOSECONDS
from ..services import Services
from ..status import status_document
from .api import Document, answer_document
from .stamps import Stamp
from .uploads import Uploads

LOOK_SECONDS = 1.0
"""How old the state may be that is told: it is looked at once, however many ask."""

COUNT_SECONDS = 10.0
"""How old the number of shares may be, for which all share claims are read."""


class State:
    """Knows how the server is, as of a moment ago."""

    def __init__(self, services: Services, uploads: Uploads, stamp: Stamp) -> None:
        self._services = services
        self._uploads = uploads
        self._stamp = stamp
        self._looking = asyncio.Lock()
        self._looked = self._counted = float("-inf")
        self._document: Document = {}
        self._shares = 0
        self._shares_of = ""
        """The state of the index of which the shares were counted."""

    async def answer(self, _req: Request, resp: Response, _rest: str) -> None:
        """Answer `GET state`."""
        answer_document(resp, await self.document())

    async def document(self) -> Document:
        """What is to be told."""
        async with self._looking:
            if monotonic() - self._looked >= LOOK_SECONDS:
                self._document = await self._look()
                self._looked = monotonic()
        return self._document

    async def _look(self) -> Document:
        own = (await status_document(self._services))["holdfast"]
        assert isinstance(own, dict)
        return {
            "index": own.get("index"),
            "uploading": self._uploads.active,
            "sync": [],
            "shares": await self._count_shares(),
        }

    async def _count_shares(self) -> int:
        claims, stamp = self._services.claims, self._stamp.text
        is_due = monotonic() - self._counted >= COUNT_SECONDS
        if claims is not None and claims.is_complete and is_due and stamp != self._shares_of:
            now = int(self._services.clock().timestamp()) * NANOSECONDS
            self._shares = await self._services.blobs.read(open_shares, claims, now)
            self._counted, self._shares_of = monotonic(), stamp
        return self._shares


def open_shares(claims: ClaimIndex, now_ns: int) -> int:
    """How many shares are neither revoked nor expired."""
    found = claims.shares()
    deleted = found.deleted
    return sum(
        claim.signer in found.trusted
        and claim.ref not in deleted
        and (claim.says.expires is None or claim.says.expires.ns > now_ns)
        for claim in found.claims
        if isinstance(claim.says, Share)
    )
