"""`GET land`: outlines of all land, for maps that ask nobody else."""

from __future__ import annotations

import gzip
from hashlib import sha256

from falcon.asgi import Request, Response

from ...blobstore.handlers.answers import answer_bytes
from ...blobstore.handlers.service import BlobService
from ..assets import takes_gzip
from .api import JSON_TYPE, Handler, Refused
from .drawings import DETAILS, Drawings

CACHE = "private, max-age=604800"
"""A week; then browsers ask whether it is still the same."""


def land_handler(drawings: Drawings, blobs: BlobService) -> Handler:
    """What answers the call."""

    async def answer(req: Request, resp: Response, _rest: str) -> None:
        text = req.get_param("detail") or "0"
        if text not in map(str, range(len(DETAILS))):
            raise Refused(f"detail is none of 0 to {len(DETAILS) - 1}")
        packed = await blobs.read_much(drawings.land, int(text))
        tag = f'"{sha256(packed).hexdigest()[:32]}"'
        resp.set_header("cache-control", CACHE)
        resp.set_header("etag", tag)
        resp.append_header("vary", "Accept-Encoding")
        if _is_known(req.get_header("if-none-match") or "", tag):
            resp.status = 304
            return
        data = packed
        if takes_gzip(req.get_header("accept-encoding") or ""):
            resp.set_header("content-encoding", "gzip")
        else:
            data = gzip.decompress(packed)
        answer_bytes(resp, data, content_type=JSON_TYPE)

    return answer


def _is_known(known: str, tag: str) -> bool:
    """Whether a tag is among those of an `If-None-Match`; proxies that pack make them weak."""
    return tag in (one.strip().removeprefix("W/") for one in known.split(","))
