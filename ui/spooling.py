"""Long answers kept until they are whole: in memory while small, else in a file without a name.

So their length is known before any of them is sent, what goes wrong on the way is told as an error,
and slow readers cost no memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import IO

from falcon.asgi import Request, Response

from ..blobstore.handlers.answers import answer_bytes
from ..blobstore.handlers.service import BlobService

AT_ONCE = 256 * 1024
"""Bytes of an answer that are kept in memory."""

PIECE = 256 * 1024


def spool() -> IO[bytes]:
    """Where to write an answer. Who makes it closes it, or has it answered."""
    return SpooledTemporaryFile(AT_ONCE)


def answer_spooled(
    service: BlobService, req: Request, resp: Response, text: IO[bytes], *, content_type: str
) -> None:
    """Answer with all that was written, and close it."""
    size = text.tell()
    text.seek(0)
    if size <= AT_ONCE:
        with text:
            answer_bytes(resp, text.read(), content_type=content_type)
        return
    answer_bytes(resp, b"", content_type=content_type)
    resp.data = None
    resp.set_header("content-length", str(size))
    if req.method == "HEAD":
        text.close()
    else:
        resp.stream = _pieces(service, text)


async def _pieces(service: BlobService, text: IO[bytes]) -> AsyncIterator[bytes]:
    with text:
        while piece := await service.read_much(text.read, PIECE):
            yield piece
