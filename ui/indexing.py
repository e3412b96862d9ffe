"""The server's own calls about its index: to make it again, and to check it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from falcon.asgi import App, Request, Response

from ..blobstore.errors import StoreFull
from ..blobstore.handlers.answers import answer_json, answer_text
from ..blobstore.handlers.form import BadForm, query
from ..blobstore.handlers.problems import public_text
from ..index.checking import NOTHING_FOUND
from ..index.errors import MakingFailed
from ..index.opening import Index
from ..index.work import Progress, Work
from .services import Services
from .sinks import add_sink

ROOT = "/index/"

DIFFERENCES = 100
MOST_DIFFERENCES = 10_000
"""How many differences a check remembers, unless it is told otherwise, and at most."""

_FULL = "the server's disk is full; make room there, then run this again"


def add_indexing(app: App[Any, Any], services: Services, index: Index) -> None:
    """Let `app` answer `/index/rebuild` and `/index/check`.

    POST begins one, or finds the one that is under way; GET tells how far the latest is.
    """

    async def answer(req: Request, resp: Response, call: str) -> None:
        if req.method == "POST":
            asked = query(req)
            if call == "rebuild":
                await services.blobs.read(index.rebuild, anew=asked.get("anew") == "1")
            else:
                limit = _limit(asked.get("limit", str(DIFFERENCES)))
                await services.blobs.read(index.check, limit=limit)
        elif req.method not in ("GET", "HEAD"):
            answer_text(resp, "only GET and POST\n", status=405)
            resp.set_header("allow", "GET, HEAD, POST")
            return
        document = _rebuilding(index) if call == "rebuild" else _checking(index)
        answer_json(resp, document)
        resp.set_header("cache-control", "no-store")

    add_sink(app, rf"{ROOT}(?P<rest>rebuild|check)\Z", answer, auth=services.auth)


def _rebuilding(index: Index) -> dict[str, object]:
    work = index.rebuilding
    return Progress().document() if work is None else _public(work, work.progress()).document()


def _checking(index: Index) -> dict[str, object]:
    work = index.checking
    if work is None:
        return NOTHING_FOUND.document()
    found = work.findings()
    return replace(found, progress=_public(work, found.progress)).document()


def _public(work: Work, progress: Progress) -> Progress:
    """What a caller may know of it."""
    if work.failure is None:
        return progress
    error = _FULL if _is_full(work.failure) else public_text(work.failure)
    return replace(progress, error=error)


def _is_full(error: Exception) -> bool:
    return isinstance(error, StoreFull) or (isinstance(error, MakingFailed) and error.is_full)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise BadForm("limit is a number")
    return min(int(text), MOST_DIFFERENCES)
