"""The paths of the blob protocol, and what each needs."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

from falcon.asgi import App, Request, Response
from falcon.asgi.ws import WebSocket

from . import rights
from .answers import bad_request, unauthorized
from .auth import Auth, peer_of
from .batch import batch_fetch, batch_upload, missing, stream_blobs, sync
from .feed import feed
from .get import get_blob
from .listing import list_blobs
from .remove import remove_blobs
from .service import BlobService
from .stat import stat_blobs
from .upload import put_blob, upload

ROOTS = ("/bs/", "/bs-and-maybe-also-index/")
"""The prefixes a blob root is known by. All of them are the same store."""


class Call(NamedTuple):
    """What answers a call, and the rights it takes."""

    needs: int
    handler: Callable[[BlobService, Request, Response], Awaitable[None]]


class BlobCall(NamedTuple):
    """What answers a call on a blob, whose name is the path below `camli/`."""

    needs: int
    handler: Callable[[BlobService, Request, Response, str], Awaitable[None]]


CALLS: dict[tuple[str, str], Call] = {
    ("GET", "enumerate-blobs"): Call(rights.GET, list_blobs),
    ("POST", "stat"): Call(rights.STAT, stat_blobs),
    ("GET", "stat"): Call(rights.ALL, stat_blobs),
    ("HEAD", "stat"): Call(rights.ALL, stat_blobs),
    ("POST", "upload"): Call(rights.UPLOAD, upload),
    ("POST", "remove"): Call(rights.ALL, remove_blobs),
    ("POST", "batch-upload"): Call(rights.UPLOAD, batch_upload),
    ("POST", "sync"): Call(rights.UPLOAD, sync),
    ("POST", "batch-fetch"): Call(rights.GET, batch_fetch),
    ("POST", "missing"): Call(rights.GET, missing),
    ("GET", "stream-blobs"): Call(rights.GET, stream_blobs),
}
"""Calls with a name of their own, by method and the path below `camli/`."""

BLOB_CALLS: dict[str, BlobCall] = {
    "GET": BlobCall(rights.GET, get_blob),
    "HEAD": BlobCall(rights.GET, get_blob),
    "PUT": BlobCall(rights.UPLOAD, put_blob),
}
"""What any other path below `camli/` means, by method."""


def add_routes(app: App[Any, Any], service: BlobService, auth: Auth) -> None:
    """Let `app` answer the blob protocol below every root."""

    # falcon hands a sink the websocket only if it has an argument of that name.
    async def answer(
        req: Request, resp: Response | None, ws: WebSocket | None = None, **params: Any
    ) -> None:
        action: str = params["action"]
        has = auth.rights_of(req.scope)
        if ws is not None:
            has_ended = partial(auth.has_ended, req.scope)
            await feed(service, ws, has, action, cut=peer_of(req.scope).abort, has_ended=has_ended)
            return
        assert resp is not None
        call = CALLS.get((req.method, action))
        blob_call = BLOB_CALLS.get(req.method)
        needs = call.needs if call else blob_call.needs if blob_call else rights.ALL
        if not rights.allows(has, needs):
            unauthorized(resp)
        elif call:
            await call.handler(service, req, resp)
        elif blob_call:
            await blob_call.handler(service, req, resp, action)
        else:
            bad_request(resp, f"{req.method} of {action[:100]!r}")

    roots = "|".join(re.escape(root.strip("/")) for root in ROOTS)
    app.add_sink(answer, re.compile(rf"/(?:{roots})/camli/(?P<action>.*)\Z", re.DOTALL))
