"""Shares: blobs and files for whoever knows the ref of a share claim, a refusal for all others."""

from __future__ import annotations

import asyncio
import logging
import math
from time import monotonic
from typing import Any

from falcon.asgi import App, Request, Response

from ..blobstore.errors import BadRef, BlobNotFound, HoldfastError
from ..blobstore.handlers.answers import bad_request, unauthorized
from ..blobstore.handlers.form import BadForm, query
from ..blobstore.handlers.get import get_blob
from ..blobstore.handlers.problems import report
from ..blobstore.ref import Ref
from ..blobstore.storage import fetch_one
from ..index.claims import ClaimIndex
from ..schema.blob import MAX_SCHEMA_SIZE
from ..schema.sharing import Denial, open_share, way_denial
from ..schema.timestamps import Timestamp
from .claims import answer_catching_up
from .contents import answer_contents
from .services import Services
from .sinks import add_sink

ROOT = "/share/"

MAX_VIA = 100
"""Refs a chain may have before the blob asked for; `bytes` blobs nest up to 64 deep."""

STEP = 0.2
"""Seconds: a refusal takes this long, or a multiple of it, so that its time tells nothing."""

CACHE = "private, no-cache"
"""Not even the reader's own browser may open a revoked share without asking."""

_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))

_log = logging.getLogger(__name__)


def add_shares(app: App[Any, Any], services: Services, claims: ClaimIndex) -> None:
    """Let `app` answer everything below `/share/`."""
    # Credentials are not looked at: the ref of the share is all it takes.
    add_sink(app, rf"{ROOT}(?P<rest>[^/]*)(?:/.*)?\Z", _ShareHandler(services, claims).answer)


class _ShareHandler:
    def __init__(self, services: Services, claims: ClaimIndex) -> None:
        self._services = services
        self._blobs = services.blobs
        self._claims = claims
        self._deleted = _Deleted(claims)

    async def answer(self, req: Request, resp: Response, name: str) -> None:
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
            await _until_next_step(began)
            bad_request(resp, str(error))
            return
        was_complete = self._claims.is_complete
        wants_contents = asked.get("assemble", "") in _TRUE
        why = await self._blobs.read(self._denial, chain, wants_contents)
        if not (was_complete and self._claims.is_complete):
            # What is not indexed yet, or not any more, may be the delete of this very share.
            answer_catching_up(resp)
            return
        if why is not None:
            # Only the beginning of the ref: all of it may still open something.
            _log.info("share %.20s refused: %s", chain[0], why.value)
            await _until_next_step(began)
            unauthorized(resp)
        elif wants_contents:
            await answer_contents(self._blobs, req, resp, ref)
        else:
            await get_blob(self._blobs, req, resp, ref)
        resp.set_header("cache-control", CACHE)

    def _denial(self, chain: list[Ref], wants_contents: bool) -> Denial | None:
        found = open_share(
            chain[0],
            read=self._read,
            deleted=self._deleted,
            trusts=self._claims.trusts,
            now=Timestamp(round(self._services.clock().timestamp() * 1e6) * 1000),
        )
        if isinstance(found, Denial):
            return found
        if found.share.password_hash:
            return Denial.SHARE_LOCKED
        if found.share.most_downloads is not None:
            return Denial.SHARE_USED_UP
        return way_denial(found.share, chain[1:], read=self._read, is_whole_file=wants_contents)

    def _read(self, ref: Ref) -> bytes | None:
        """A blob that may be a schema blob; of one that is too large for that, nothing."""
        storage = self._blobs.hub.storage
        try:
            for _, size in storage.stat((ref,)):
                return fetch_one(storage, ref) if size <= MAX_SCHEMA_SIZE else b""
        except BlobNotFound:
            return None
        except HoldfastError as error:
            # An answer of its own would tell strangers that the blob is here.
            report(error)
        return None


class _Deleted:
    """All that is deleted, as a container that is asked about one ref at a time."""

    def __init__(self, claims: ClaimIndex) -> None:
        self._claims = claims

    def __contains__(self, ref: object) -> bool:
        return isinstance(ref, Ref) and self._claims.is_deleted(ref)


def _refs(via: str) -> list[Ref]:
    texts = via.split(",") if via else []
    if len(texts) > MAX_VIA:
        raise BadForm(f"{len(texts)} refs in via; at most {MAX_VIA}")
    return [Ref.parse(text) for text in texts]


async def _until_next_step(began: float) -> None:
    end = began + math.ceil((monotonic() - began) / STEP) * STEP
    # Loops wake a little early, some of them.
    while (left := end - monotonic()) > 0:
        await asyncio.sleep(left)
