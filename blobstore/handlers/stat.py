"""Which of some blobs are here, and how large they are; if asked to, wait until all are."""

from __future__ import annotations

import asyncio

from falcon.asgi import Request, Response

from ..errors import BadRef
from ..ref import Ref, SizedRef
from .answers import answer_json, bad_request
from .form import BadForm, numbered_refs, read_form, whole_number
from .service import BlobService

MAX_WAIT = 30
"""Seconds a long poll may ask for."""


async def stat_blobs(service: BlobService, req: Request, resp: Response) -> None:
    """Answer `camli/stat`."""
    try:
        form = await read_form(req)
        if not form.get("camliversion"):
            raise BadForm("camliversion is missing")
        refs = list(dict.fromkeys(numbered_refs(form)))
    except (BadForm, BadRef) as error:
        bad_request(resp, str(error))
        return
    wait = whole_number(form.get("maxwaitsec", ""), high=MAX_WAIT)
    found = await _stat(service, refs)
    if wait and len(found) < len(refs):
        found = await _wait(service, refs, wait)
    answer_json(
        resp,
        {
            "stat": [{"blobRef": ref, "size": size} for ref, size in found],
            "canLongPoll": True,
        },
    )


async def _stat(service: BlobService, refs: list[Ref]) -> list[SizedRef]:
    return await service.read(lambda: list(service.hub.storage.stat(refs)))


async def _wait(service: BlobService, refs: list[Ref], seconds: float) -> list[SizedRef]:
    """What is here of `refs` when all of them are, or when the time is up."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    with service.arrivals(set(refs)) as news:
        while True:
            # Look again first: a blob may have come before we began to watch.
            news.clear()
            found = await _stat(service, refs)
            left = end - loop.time()
            if len(found) == len(refs) or left <= 0 or service.stopping.is_set():
                return found
            await service.wait_for(news, left)
