"""How the server is, for the corner of every page."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import monotonic

from falcon.asgi import Request, Response

from ...blobstore.errors import StoreFailed
from ...schema.folding import ClaimSet
from ...schema.sharelist import State as ShareState
from ...schema.sharelist import all_shares, counted_shares
from ...schema.timestamps import NANOSECONDS, Timestamp
from ..services import Services
from ..shares.tally import Tally
from ..status import status_document
from .api import Document, answer_document
from .stamps import Stamp
from .uploads import Uploads

LOOK_SECONDS = 1.0
"""How old the state may be that is told: it is looked at once, however many ask."""

COUNT_SECONDS = 10.0
"""How old the number of shares may be; all share claims are read for it if any may have come."""


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
        self._claims = ClaimSet((), frozenset())
        self._claims_of = ""
        """The state of the index that the share claims are of."""

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
            "shares": await self._count_shares(),
        }

    async def _count_shares(self) -> int:
        claims, stamp = self._services.claims, self._stamp.text
        is_due = monotonic() - self._counted >= COUNT_SECONDS
        if claims is not None and claims.is_complete and is_due:
            if stamp != self._claims_of:
                self._claims = await self._services.blobs.read(claims.shares)
                self._claims_of = stamp
            # Shares end by themselves too, and by being used.
            now = Timestamp(int(self._services.clock().timestamp()) * NANOSECONDS)
            tally = self._services.share_records.tally
            with suppress(StoreFailed):  # it stays what it was until the counts can be read
                self._shares = await self._services.blobs.read(
                    open_shares, self._claims, tally, now
                )
            self._counted = monotonic()
        return self._shares


def open_shares(claims: ClaimSet, tally: Tally, now: Timestamp) -> int:
    """How many shares open something now."""
    used = tally.used(counted_shares(claims))
    return sum(one.state is ShareState.OPEN for one in all_shares(claims, now=now, used=used))
