"""Chains: a share as programs use it, blob by blob, each by the way that leads to it."""

from __future__ import annotations

from time import monotonic

from falcon.asgi import Request, Response

from ...blobstore.errors import BadRef
from ...blobstore.handlers.answers import bad_request, unauthorized
from ...blobstore.handlers.form import BadForm, query
from ...blobstore.handlers.get import get_blob
from ...blobstore.handlers.service import BlobService
from ...blobstore.ref import Ref
from ...index.search.errors import IndexBehind
from ...schema.sharing import Denial, way_denial
from ..claims import answer_catching_up
from ..contents import answer_contents
from .counting import count_answer
from .door import Door, Visit
from .refusals import Refusals, note, until_next_step

MAX_VIA = 100
"""Refs a chain may have before the blob asked for; `bytes` blobs nest up to 64 deep."""

CACHE = "private, no-cache"
"""Not even the reader's own browser may open a revoked share without asking."""

_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))


class Chains:
    """Answers GET and HEAD of what a chain leads to, and of the share claim itself."""

    def __init__(self, blobs: BlobService, door: Door, refusals: Refusals) -> None:
        self._blobs = blobs
        self._door = door
        self._refusals = refusals

    async def answer(self, req: Request, resp: Response, name: str) -> None:
        """Answer for the ref that `name` should be."""
        began = monotonic()
        try:
            ref = Ref.parse(name)
        except BadRef as error:
            bad_request(resp, str(error))
            return
        if req.method not in ("GET", "HEAD"):
            bad_request(resp, f"{req.method} of a share")
            return
        resp.set_header("access-control-allow-origin", "*")
        asked = query(req)
        try:
            chain = [*_refs(asked.get("via", "")), ref]
        except (BadRef, BadForm) as error:
            await until_next_step(began)
            bad_request(resp, str(error))
            return
        wants_contents = asked.get("assemble", "") in _TRUE
        goes_on_with = ref if wants_contents and req.get_header("range") else ""
        try:
            found = await self._door.enter(req, chain[0], goes_on_with=goes_on_with)
            if isinstance(found, Visit):
                why = await self._blobs.read(self._denial, found, chain[1:], wants_contents)
            else:
                why = found
        except IndexBehind:
            answer_catching_up(resp)
            return
        if isinstance(found, Visit) and why is None:
            if not wants_contents:
                await get_blob(self._blobs, req, resp, ref)
            else:
                await answer_contents(self._blobs, req, resp, ref)
                if not await count_answer(self._door, found, req, resp, file=ref):
                    resp.set_header("access-control-allow-origin", "*")
                    why = Denial.SHARE_USED_UP
        if why is not None:
            note(chain[0], why)
            await self._refusals.until_due(req, began)
            unauthorized(resp)
        resp.set_header("cache-control", CACHE)

    def _denial(self, visit: Visit, path: list[Ref], wants_contents: bool) -> Denial | None:
        return way_denial(visit.share, path, read=self._door.read, is_whole_file=wants_contents)


def _refs(via: str) -> list[Ref]:
    texts = via.split(",") if via else []
    if len(texts) > MAX_VIA:
        raise BadForm(f"{len(texts)} refs in via; at most {MAX_VIA}")
    return [Ref.parse(text) for text in texts]
