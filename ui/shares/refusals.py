"""Refusals: the same whatever the reason, after the same time, and slower for who guesses."""

from __future__ import annotations

import asyncio
import logging
import math
from time import monotonic

from falcon.asgi import Request

from ...blobstore.handlers.auth import address_of
from ...blobstore.handlers.limiter import FailureLimiter
from ...blobstore.ref import Ref
from ...schema.sharing import Denial

STEP = 0.2
"""Seconds: a refusal takes this long, or a multiple of it, so that its time tells nothing."""

FREE = 200
"""Refusals of one address at once that take no longer than that."""

MOST_SECONDS = 3.0
"""What one takes longer at most, after so many; an address has one free again every second."""

_log = logging.getLogger("holdfast.ui.shares")


class Refusals:
    """Has refusals take their time, in which nobody's thread waits."""

    def __init__(self) -> None:
        self._limiter = FailureLimiter(burst=FREE, seconds=1.0)

    async def until_due(self, req: Request, began: float) -> None:
        """Wait until a request that began then may be refused."""
        address = address_of(req.scope)
        slower = min(self._limiter.wait(address), MOST_SECONDS)
        self._limiter.failed(address)
        await until_next_step(began, slower)


def note(share: Ref, why: Denial) -> None:
    """Tell the log why a share is refused: nobody else learns that."""
    # Only the beginning of the ref: all of it may still open something.
    _log.info("share %.20s refused: %s", share, why.value)


async def until_next_step(began: float, slower: float = 0.0) -> None:
    """Wait until the next multiple of `STEP` since then, and `slower` seconds more."""
    end = began + math.ceil((monotonic() - began) / STEP) * STEP + slower
    # Loops wake a little early, some of them.
    while (left := end - monotonic()) > 0:
        await asyncio.sleep(left)
