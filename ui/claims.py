"""The server's own calls about claims: those about one thing, and all shares."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from falcon.asgi import App, Request, Response

from ..blobstore.errors import BadRef
from ..blobstore.handlers.answers import answer_json, answer_text
from ..blobstore.handlers.form import query
from ..blobstore.ref import Ref
from ..index.claims import ClaimIndex
from ..schema.folding import ClaimSet
from ..schema.sharelist import counted_shares
from .services import Services
from .shares.tally import Tally
from .sinks import add_sink, only_reads

ROOT = "/claims/"

RETRY_SECONDS = 5
"""What callers are told to wait while the index is catching up."""


def add_claims(app: App[Any, Any], services: Services, claims: ClaimIndex) -> None:
    """Let `app` answer `/claims/about` and `/claims/shares`."""

    async def answer(req: Request, resp: Response, call: str) -> None:
        if not only_reads(req, resp):
            return
        if not claims.is_complete:
            answer_catching_up(resp)
        elif call == "about":
            try:
                ref = Ref.parse(query(req).get("ref", ""))
            except BadRef as error:
                answer_text(resp, f"{error}; ask for /claims/about?ref=REF\n", status=400)
                return
            _answer(resp, claims, await services.blobs.read(claims.about, ref))
        else:
            found, used = await services.blobs.read(_shares, claims, services.share_records.tally)
            _answer(resp, claims, found, more={"used": used})

    add_sink(app, rf"{ROOT}(?P<rest>about|shares)\Z", answer, auth=services.auth)


def answer_catching_up(resp: Response) -> None:
    """503: what the index does not know yet might change the answer."""
    answer_text(resp, "the index is catching up with the store; try again\n", status=503)
    resp.set_header("retry-after", str(RETRY_SECONDS))


def _shares(claims: ClaimIndex, tally: Tally) -> tuple[ClaimSet, dict[Ref, int]]:
    """All shares, and how often those were downloaded that count it."""
    found = claims.shares()
    return found, tally.used(counted_shares(found))


def _answer(
    resp: Response,
    claims: ClaimIndex,
    found: ClaimSet,
    *,
    more: Mapping[str, object] = MappingProxyType({}),
) -> None:
    if not claims.is_complete:  # it was begun again meanwhile
        answer_catching_up(resp)
        return
    refs = [claim.ref for claim in found.claims]
    answer_json(resp, {"claims": refs, "trusted": sorted(found.trusted), **more})
    resp.set_header("cache-control", "no-store")
