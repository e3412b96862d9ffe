"""Long work in a pool of threads, in steps: others have their turn, and it ends with its caller."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from time import monotonic

from falcon.asgi import Request

from ...blobstore.handlers.service import BlobService
from ..hangups import listening

STEP = 0.05
"""Seconds after which others have their turn."""


async def in_steps(service: BlobService, req: Request, work: Iterator[None]) -> AsyncIterator[None]:
    """Do all of `work` in threads for reading much; yields now and then.

    Raises what the work does, and `ClientGone` once the caller of the request, whose body has been
    read, hangs up.
    """
    async with listening(req) as still_there:
        while await service.read_much(_advance, work):
            still_there()
            yield


def _advance(work: Iterator[None]) -> bool:
    """Go on for a while; whether there is more to do."""
    end = monotonic() + STEP
    return any(monotonic() > end for _ in work)
