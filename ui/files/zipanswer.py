"""Files and folders as one zip: checked before the first byte, then sent as it is made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Iterable

from falcon.asgi import Request, Response

from ...blobstore.errors import Blame, BlobNotFound, CorruptBlob, HoldfastError
from ...blobstore.handlers.answers import answer_text
from ...blobstore.handlers.auth import peer_of
from ...blobstore.handlers.problems import report
from ...blobstore.handlers.service import BlobService
from ...schema.errors import BadTree, ChunkUnreadable
from ..contents import why_unreadable
from ..filenames import disposition
from ..hangups import BrokenOff
from ..tree import Entry
from .steps import in_steps
from .zipplan import PIECE, ZipPlan

AT_ONCE = 2 * PIECE
"""Bytes that are held for one reader at most, beside what is remembered of the members."""

_INCOMPLETE = (BlobNotFound, CorruptBlob, BadTree, ChunkUnreadable)


async def answer_zip(
    service: BlobService, req: Request, resp: Response, entries: Iterable[Entry], name: str
) -> None:
    """Answer with a zip of `entries`, to be saved as `name`.

    The entries come from a thread, one after the other, and may raise `HoldfastError`. What is
    wrong with them, or missing below them, is told as one line of text: 500 for what is missing
    or damaged, else 400. Contents that turn out to be damaged later end the connection.
    Nothing but memory is used, and no more of it for more contents.
    """
    plan = ZipPlan(service.hub.storage, entries)
    try:
        await _check(service, req, plan)
    except _INCOMPLETE as error:
        report(error)
        answer_text(resp, f"cannot make the zip: {why_unreadable(error)}\n", status=500)
        return
    except HoldfastError as error:
        if error.blame is Blame.STORE:
            raise
        answer_text(resp, f"cannot make the zip: {error}\n", status=400)
        return
    resp.content_type = "application/zip"
    resp.set_header("content-disposition", disposition("attachment", name))
    resp.set_header("content-length", str(plan.size))
    resp.set_header("cache-control", "no-store")
    resp.set_header("x-content-type-options", "nosniff")
    resp.set_header("content-security-policy", "sandbox; default-src 'none'")
    if req.method != "HEAD":
        resp.stream = _pieces(service, req, plan)


async def _check(service: BlobService, req: Request, plan: ZipPlan) -> None:
    with service.memory.lease(peer_of(req.scope).abort) as lease, lease.ours():
        async for _ in in_steps(service, req, plan.check()):
            await lease.grow(plan.held - lease.held, came=False)


async def _pieces(service: BlobService, req: Request, plan: ZipPlan) -> AsyncIterator[bytes]:
    pieces = _gathered(plan.pieces())
    with service.memory.lease(peer_of(req.scope).abort) as lease:
        try:
            with lease.ours():
                await lease.grow(plan.held, came=False)
            while True:
                with lease.ours():
                    await lease.grow(AT_ONCE, came=False)
                    piece = await service.read_much(next, pieces, b"")
                lease.shrink(AT_ONCE - len(piece))
                if not piece:
                    return
                yield piece
                lease.sent(len(piece))
        except HoldfastError as error:
            report(error)
            raise BrokenOff(str(error)) from error
        finally:
            await asyncio.shield(service.read_much(pieces.close))


def _gathered(parts: Iterable[bytes]) -> Generator[bytes, None, None]:
    """The same bytes in pieces of a size worth a trip to a thread, and of `AT_ONCE` at most."""
    held: list[bytes] = []
    size = 0
    for part in parts:
        if size + len(part) > PIECE and held:
            yield b"".join(held)
            held, size = [], 0
        held.append(part)
        size += len(part)
    if held:
        yield b"".join(held)
