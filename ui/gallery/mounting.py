"""The gallery put together: its pages, and the calls behind them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from falcon.asgi import App

from ...blobstore.ref import Ref
from ...index.opening import Index
from ...index.search.desk import Desk
from ...schema.timestamps import Timestamp
from ..login.calls import add_session_calls
from ..login.csrf import demand_csrf
from ..ownkey import OwnKey
from ..searches import Searches
from ..services import Services
from ..shares.owner import add_share_calls, share_document, standing_shares
from .api import Api, add_api
from .landcall import land_handler
from .pages import Pages, add_pages
from .readcalls import add_reading
from .reading import Reading, SharesOf
from .stamps import Stamp
from .writecalls import add_writing


def add_gallery(
    app: App[Any, Any],
    services: Services,
    index: Index,
    searches: Searches,
    key: OwnKey | None,
) -> None:
    """Let `app` answer `/ui/`, what is searched for and looked at from there, and `/ui/api/`.

    Without a `key` nothing can be changed there.
    """
    stamp = Stamp(index.watching)
    reading = Reading(searches, stamp, shares=_shares_of(services))
    api = Api(services, partial(demand_csrf, services))
    add_reading(api, reading)
    api.add("GET", "land", land_handler(services.drawings, services.blobs))
    add_writing(api, services, key, index=index, searches=searches, reading=reading, stamp=stamp)
    add_session_calls(api, services)
    add_share_calls(api, services, searches, key)
    add_pages(app, services, Pages(services, searches, reading.orders, stamp))
    add_api(app, api)


def _shares_of(services: Services) -> SharesOf:
    """What tells of those of some claims that share something."""

    def shares_of(claims: Sequence[Ref], desk: Desk) -> list[dict[str, object]]:
        if not claims or services.claims is None:
            return []
        now = Timestamp(round(services.clock().timestamp() * 1e6) * 1000)
        standing = standing_shares(services.claims, services.share_records, now)
        return [share_document(one, desk) for one in standing[::-1] if one.claim.ref in claims]

    return shares_of
