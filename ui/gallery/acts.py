"""What people do to things from a page: claims, new permanodes, and undoing either."""

from __future__ import annotations

from functools import partial

from falcon.asgi import Request, Response

from ...blobstore.handlers.auth import peer_of
from ...blobstore.handlers.budget import Lease
from ...blobstore.handlers.service import BlobService
from ...blobstore.ref import Ref
from ...schema.claims import Delete
from ..searches import Searches
from .api import Refused, answer_document, read_document
from .keyedturns import KeyedTurns
from .scribe import Scribe
from .statements import (
    demand_permanodes,
    first_claims,
    held_against,
    read_claims,
    read_pairs,
    read_refs,
    subject,
    undoing,
)

MOST_BYTES = 16 << 20
"""Of the body of a request that has claims made."""

NO_KEY = "this server has no key, so nothing can be changed here"
NO_KEY_REMEDY = "make or import a key with `holdfast init`, then restart the server"


def no_key() -> Refused:
    """What is said where there is nobody to sign."""
    return Refused(NO_KEY, status=409, remedy=NO_KEY_REMEDY)


class Acts:
    """Answers the calls that have something claimed."""

    def __init__(self, scribe: Scribe | None, blobs: BlobService, searches: Searches) -> None:
        """Without a `scribe` every act is refused."""
        self._scribe = scribe
        self._blobs = blobs
        self._searches = searches
        self._turns = KeyedTurns[Ref]()

    async def claims(self, req: Request, resp: Response, _rest: str) -> None:
        """Answer `POST claims`."""
        scribe = self.scribe()
        says = read_claims(await read_document(req, self._blobs, most=MOST_BYTES))
        # Or two pages would both find missing, and add, what is to be there once.
        async with self._turns.of(map(subject, says)):
            saying = await self._searches.answer(partial(held_against, says))
            with self._lease(req) as lease:
                refs = await scribe.say(saying.says, lease, changed=saying.changed)
        answer_document(resp, {"claims": refs})

    async def create(self, req: Request, resp: Response, _rest: str) -> None:
        """Answer `POST create`."""
        scribe = self.scribe()
        document = await read_document(req, self._blobs, most=MOST_BYTES)
        pairs, members = read_pairs(document), read_refs(document, "members")
        if not (pairs or members):
            raise Refused("nobody could find a permanode without attributes")
        if members:
            await self._searches.answer(partial(demand_permanodes, members))
        with self._lease(req) as lease:
            permanode, claims = await scribe.new(
                lambda ref: first_claims(ref, pairs, members), lease
            )
        answer_document(resp, {"ref": permanode, "claims": claims})

    async def undo(self, req: Request, resp: Response, _rest: str) -> None:
        """Answer `POST undo`."""
        scribe = self.scribe()
        refs = read_refs(await read_document(req, self._blobs, most=MOST_BYTES), "claims")
        parts = (await self._searches.answer(partial(undoing, refs))).parts
        new = [part for part in parts if isinstance(part, Delete)]
        with self._lease(req) as lease:
            made = iter(await scribe.say(new, lease))
        undone = [next(made) if isinstance(part, Delete) else part for part in parts]
        answer_document(resp, {"claims": undone})

    def scribe(self) -> Scribe:
        """Who signs. Raises `Refused` where nobody does."""
        if self._scribe is None:
            raise no_key()
        return self._scribe

    def _lease(self, req: Request) -> Lease:
        return self._blobs.memory.lease(peer_of(req.scope).abort)
