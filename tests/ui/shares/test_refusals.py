"""Refusals, which take longer for who gets very many of them."""

from __future__ import annotations

import asyncio
from time import monotonic

from falcon.testing import create_asgi_req

from holdfast.ui.shares.refusals import FREE, MOST_SECONDS, STEP, Refusals


def times(refusals: Refusals, address: str, count: int) -> list[float]:
    """How long so many refusals take that are asked for at once."""
    req = create_asgi_req()
    req.scope["client"] = ("127.0.0.1", 50000)
    req.scope["headers"] = [(b"x-forwarded-for", address.encode())]  # as servers have them

    async def one() -> float:
        began = monotonic()
        await refusals.until_due(req, began)
        return monotonic() - began

    async def all_of_them() -> list[float]:
        return sorted(await asyncio.gather(*(one() for _ in range(count))))

    return asyncio.run(all_of_them())


def test_who_guesses_refs_is_slowed_and_nobody_else() -> None:
    refusals = Refusals()
    taken = times(refusals, "192.0.2.7", FREE + 5)
    assert taken[0] >= STEP
    assert taken[FREE - 1] < STEP + 1
    assert STEP + 1 <= taken[-1] < STEP + MOST_SECONDS + 1
    assert times(refusals, "192.0.2.7", 1)[0] >= STEP + 1
    assert times(refusals, "192.0.2.8", 1)[0] < STEP + 1
