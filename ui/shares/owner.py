"""The owner's calls about shares, below `/ui/api/`: listing, making and revoking them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from falcon.asgi import Request, Response

from ...blobstore.handlers.auth import peer_of
from ...blobstore.handlers.budget import Lease
from ...blobstore.ref import Ref
from ...index.claims import ClaimIndex
from ...index.search.desk import Desk
from ...index.search.errors import IndexBehind
from ...index.search.shelves import asked_for
from ...schema.canonical import Fields
from ...schema.claims import Delete, Share, locked, search_fields
from ...schema.errors import BadTimestamp
from ...schema.sharelist import Shared, State, all_shares, counted_shares
from ...schema.sharelocks import MOST_COUNT, MOST_PASSWORD, SALT_SIZE, password_hash
from ...schema.timestamps import NANOSECONDS, Timestamp, format_time, parse_time
from ..gallery.acts import no_key
from ..gallery.api import Api, Refused, answer_document, read_document
from ..gallery.scribe import Draft, Scribe
from ..gallery.statements import read_refs, read_text
from ..ownkey import OwnKey
from ..searches import Searches
from ..services import Services
from .records import ShareRecords
from .sharetitles import search_text, title_of
from .targets import MOST, list_of, targets_of

MOST_BYTES = 4 << 20
"""Of the body of a request."""

RAW = "raw:"
"""What a constraint in JSON begins with, where an expression is expected."""


def add_share_calls(api: Api, services: Services, searches: Searches, key: OwnKey | None) -> None:
    """Add all of them. Without a `key` nothing can be shared or revoked."""
    assert services.claims is not None
    calls = ShareCalls(services, services.claims, searches, key)
    api.add("GET", "shares", calls.tell)
    api.add("POST", "share", calls.make)
    api.add("POST", "shares/revoke", calls.revoke)


class ShareCalls:
    """Answers the calls of one server."""

    def __init__(
        self,
        services: Services,
        claims: ClaimIndex,
        searches: Searches,
        key: OwnKey | None,
    ) -> None:
        self._services = services
        self._blobs = services.blobs
        self._claims = claims
        self._searches = searches
        self._key = key
        self._scribe = (
            None if key is None else Scribe(key, services.blobs, hash_name=services.hash_name)
        )

    async def tell(self, _req: Request, resp: Response, _rest: str) -> None:
        """Answer `GET shares`: all that were ever made, the latest first."""
        answer_document(resp, {"shares": await self._documents(None)})

    async def make(self, req: Request, resp: Response, _rest: str) -> None:
        """Answer `POST share`."""
        key, scribe = self._signs()
        document = await read_document(req, self._blobs, most=MOST_BYTES)
        share = locked(
            Share(search=_search(document), is_transitive=True, expires=self._expiry(document)),
            password_hash=await self._password_hash(document),
            most_downloads=_count(document),
        )
        with self._lease(req) as lease:
            if share.search is None:
                targets = await self._targets(document)
                target = targets[0]
                if len(targets) > 1:
                    target = await self._store_list(targets, key.ref, scribe, lease)
                share = replace(share, target=target)
            (claim,) = await scribe.say([share], lease)
        (said,) = await self._documents((claim,))
        answer_document(resp, {"share": said})

    async def revoke(self, req: Request, resp: Response, _rest: str) -> None:
        """Answer `POST shares/revoke`; what is revoked already stays so."""
        _, scribe = self._signs()
        refs = read_refs(await read_document(req, self._blobs, most=MOST_BYTES), "claims")
        shares = {shared.claim.ref: shared for shared in await self._shares()}
        for ref in refs:
            if ref not in shares:
                raise Refused(f"{ref} is no share of yours", status=404)
        standing = [ref for ref in refs if shares[ref].state is not State.REVOKED]
        with self._lease(req) as lease:
            deletes = await scribe.say([Delete(ref) for ref in standing], lease)
        answer_document(resp, {"claims": deletes})

    async def _targets(self, document: dict[str, Any]) -> list[Ref]:
        refs = read_refs(document, "refs")
        if not 1 <= len(refs) <= MOST:
            raise Refused(f"{len(refs)} things to share", remedy=f"pick 1 to {MOST}")
        return await self._searches.answer(partial(targets_of, refs))

    async def _store_list(
        self, targets: Sequence[Ref], signer: Ref, scribe: Scribe, lease: Lease
    ) -> Ref:
        """Have a list of targets in the store; its ref."""
        made = await self._blobs.read(
            partial(list_of, targets, signer=signer, hash_name=self._services.hash_name)
        )
        (signed,) = await scribe.sign([Draft(made.text, self._now())], lease)
        # They may be there already, from another share, so they are never taken back.
        await self._blobs.write(self._blobs.hub.receive, [*made.parts, signed])
        return signed.ref

    async def _password_hash(self, document: dict[str, Any]) -> str:
        password = _password(document)
        if not password:
            return ""
        hashed = partial(password_hash, password, salt=os.urandom(SALT_SIZE))
        return await self._blobs.read(hashed)

    async def _documents(self, only: Sequence[Ref] | None) -> Sequence[dict[str, object]]:
        """The shares, or `only` some, as documents."""
        shares = await self._shares()
        if only is not None:
            shares = [shared for shared in shares if shared.claim.ref in only]
        shares.reverse()
        return await self._searches.answer(partial(_described, shares))

    async def _shares(self) -> list[Shared]:
        if not self._claims.is_complete:
            raise IndexBehind
        found = await self._blobs.read(
            standing_shares, self._claims, self._services.share_records, self._now()
        )
        if not self._claims.is_complete:
            raise IndexBehind
        return found

    def _lease(self, req: Request) -> Lease:
        return self._blobs.memory.lease(peer_of(req.scope).abort)

    def _signs(self) -> tuple[OwnKey, Scribe]:
        if self._key is None or self._scribe is None:
            raise no_key()
        return self._key, self._scribe

    def _now(self) -> Timestamp:
        return Timestamp(round(self._services.clock().timestamp() * 1e6) * 1000)

    def _expiry(self, document: dict[str, Any]) -> Timestamp | None:
        text = document.get("expires")
        if text is None:
            return None
        try:
            ends = parse_time(read_text(text, "expires"))
        except BadTimestamp as error:
            raise Refused(str(error)) from None
        if ends is None or ends.ns <= max(self._now().ns, NANOSECONDS):
            raise Refused("a share cannot end before it begins", remedy="give a time to come")
        return ends


def standing_shares(claims: ClaimIndex, records: ShareRecords, now: Timestamp) -> list[Shared]:
    """Every share that the owner, or whom the owner trusts, has made, by date."""
    found = claims.shares()
    used = records.tally.used(counted_shares(found))
    shares = all_shares(found, now=now, used=used)
    return [shared for shared in shares if shared.state is not State.UNTRUSTED]


def _described(shares: Sequence[Shared], desk: Desk) -> list[dict[str, object]]:
    return [share_document(shared, desk) for shared in shares]


def share_document(shared: Shared, desk: Desk) -> dict[str, object]:
    """A share as pages know it."""
    share = shared.share
    ends = share.expires
    return {
        "claim": shared.claim.ref,
        "url": f"/share/{shared.claim.ref}",
        "target": share.target,
        "search": search_text(share) or None,
        "title": title_of(share, desk),
        "state": shared.state.value,
        "expires": None if ends is None or ends.is_any_zero else format_time(ends),
        "created": format_time(shared.claim.date),
        "password": bool(share.password_hash),
        "downloads": share.most_downloads,
        "used": shared.used,
        "transitive": share.is_transitive,
    }


def _search(document: dict[str, Any]) -> Fields | None:
    """The search to be shared, as claims have it; None for things. Raises `Refused`."""
    given = document.get("search")
    if (given is None) == (document.get("refs") is None):
        raise Refused("give either refs or a search")
    if given is None:
        return None
    text = read_text(given, "search").strip()
    if not text:
        raise Refused("a search for everything is not shared", remedy="search for something")
    asked_for(text)  # raises what is wrong with it
    if text.startswith(RAW):
        return search_fields(f'{{"constraint": {text.removeprefix(RAW)}}}')
    return {"expression": text}


def _password(document: dict[str, Any]) -> str:
    given = document.get("password")
    if given is None:
        return ""
    text = read_text(given, "password")
    if not 1 <= len(text) <= MOST_PASSWORD:
        raise Refused(f"a password has 1 to {MOST_PASSWORD} characters")
    return text


def _count(document: dict[str, Any]) -> int | None:
    given = document.get("downloads")
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= MOST_COUNT:
        raise Refused(f"downloads is no whole number from 1 to {MOST_COUNT}")
    return given
