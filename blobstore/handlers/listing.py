"""Pages of all refs in order."""

from __future__ import annotations

import asyncio

from falcon.asgi import Request, Response

from ..ref import SizedRef
from .answers import answer_bytes, answer_text
from .form import query, whole_number
from .service import BlobService
from .stat import MAX_WAIT

DEFAULT_LIMIT = 100
MAX_LIMIT = 10_000


async def list_blobs(service: BlobService, req: Request, resp: Response) -> None:
    """Answer `camli/enumerate-blobs`."""
    asked = query(req)
    after = asked.get("after", "")
    text = asked.get("limit", "")
    limit = whole_number(text, default=MAX_LIMIT, high=MAX_LIMIT) if text else DEFAULT_LIMIT
    if text.startswith("-"):
        limit = MAX_LIMIT
    wait = whole_number(asked.get("maxwaitsec", ""), high=MAX_WAIT)
    if wait and after:
        answer_text(resp, "Can't use 'maxwaitsec' with 'after'.\n", status=400)
        return
    page = await service.read(_page, service, after, limit)
    if wait and limit and not page:
        page = await _wait(service, limit, wait)
    answer_bytes(resp, _layout(page, limit), content_type="text/javascript; charset=utf-8")


def _page(service: BlobService, after: str, limit: int) -> list[SizedRef]:
    return list(service.hub.storage.enumerate(after, limit)) if limit else []


async def _wait(service: BlobService, limit: int, seconds: float) -> list[SizedRef]:
    """The first page as soon as there is anything in it, or when the time is up."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    with service.arrivals() as news:
        while True:
            news.clear()
            page = await service.read(_page, service, "", limit)
            left = end - loop.time()
            if page or left <= 0 or service.stopping.is_set():
                return page
            await service.wait_for(news, left)


def _layout(page: list[SizedRef], limit: int) -> bytes:
    """The exact text Perkeep writes; refs and numbers need no escaping."""
    rows = ",\n".join(f'    {{"blobRef": "{ref}", "size": {size}}}' for ref, size in page)
    # Clients go on for as long as this is a text, so it must be absent at the end.
    more = f'  "continueAfter": "{page[-1].ref}",\n' if page and len(page) == limit else ""
    return f'{{\n  "blobs": [\n{rows}\n  ],\n{more}  "canLongPoll": true\n}}\n'.encode()
