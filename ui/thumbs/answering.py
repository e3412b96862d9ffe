"""`/ui/thumbnail/`: thumbnails over HTTP."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from falcon.asgi import App, Request, Response

from ...blobstore.errors import BadRef
from ...blobstore.handlers.answers import answer_bytes, answer_text
from ...blobstore.handlers.auth import Auth
from ...blobstore.ref import Ref
from ..hangups import gone as hung_up
from ..sinks import add_sink
from .kept import Key
from .placeholder import MEDIA_TYPE, PLACEHOLDER
from .refusals import NoThumbnail, Reason
from .service import Thumbnails
from .thumbnail import MOST, Box, Thumbnail

ROOT = "/ui/thumbnail/"

CACHE = "private, max-age=31536000, immutable"
RETRY_SECONDS = 5

_OUR_VERSION = "3"
"""`tv` in the addresses that our own pages use."""

_FIXED = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
}


def add_thumbnails(app: App[Any, Any], thumbnails: Thumbnails, auth: Auth) -> None:
    """Let `app` answer everything below `/ui/thumbnail/`, for who has all rights."""

    async def answer(req: Request, resp: Response, name: str) -> None:
        try:
            ref = Ref.parse(name)
        except BadRef:
            answer_text(resp, "Invalid blobref\n", status=400)
            return
        await answer_thumbnail(thumbnails, req, resp, ref)

    add_sink(app, rf"{ROOT}(?P<rest>[^/]*)(?:/.*)?\Z", answer, auth=auth)


async def answer_thumbnail(thumbnails: Thumbnails, req: Request, resp: Response, ref: Ref) -> None:
    """Answer a request for a thumbnail of the file `ref`, which the caller may see.

    The parameters `mw` and `mh` say how wide and high it may be. It may be cached for ever:
    whoever may withdraw the right to it sets another `Cache-Control` afterwards.
    """
    if req.method not in ("GET", "HEAD"):
        answer_text(resp, "Invalid method\n", status=400)
        return
    asked = dict(reversed(parse_qsl(req.query_string)))
    width, height = _pixels(asked.get("mw", "")), _pixels(asked.get("mh", ""))
    if width > MOST or height > MOST:
        answer_text(resp, "bogus dimensions\n", status=400)
        return
    key = Key(ref, Box.within(width, height))
    tag = _tag(key)
    resp.set_headers(_FIXED)
    if _is_known(req, tag):
        resp.status = "304 Not Modified"
        _describe(resp, tag)
        return
    found = thumbnails.at_hand(key)
    if found is None:
        try:
            found = await thumbnails.thumbnail(ref, width, height, gone=partial(hung_up, req))
        except NoThumbnail as refusal:
            _answer_refusal(req, resp, refusal, is_ours=asked.get("tv") == _OUR_VERSION)
            return
    _answer(resp, found, tag)


def _answer(resp: Response, thumbnail: Thumbnail, tag: str) -> None:
    resp.content_type = thumbnail.media_type
    resp.data = thumbnail.data
    _describe(resp, tag)


def _describe(resp: Response, tag: str) -> None:
    resp.set_header("etag", tag)
    resp.set_header("cache-control", CACHE)


def _answer_refusal(req: Request, resp: Response, refusal: NoThumbnail, *, is_ours: bool) -> None:
    """A placeholder where a picture is shown to somebody, otherwise what is the matter."""
    if refusal.reason is Reason.BUSY:
        answer_text(resp, f"{refusal}\n", status=503)
        resp.set_header("retry-after", str(RETRY_SECONDS))
    elif is_ours or "image/" in (req.get_header("accept") or ""):
        answer_bytes(resp, PLACEHOLDER, content_type=MEDIA_TYPE)
    else:
        # Whatever it is, it is 500 in the reference.
        answer_text(resp, f"{refusal}\n", status=500)
    resp.set_header("cache-control", "no-store")


def _pixels(text: str) -> int:
    """A side of the box: as large as may be if nothing is said that makes sense."""
    if not (text.isascii() and text.isdigit()):
        return MOST
    digits = text.lstrip("0")[:9]
    return int(digits) if digits else MOST


def _tag(key: Key) -> str:
    """The entity tag, made as Perkeep makes it."""
    text = f"scaled:{key.ref}:{key.box.width}x{key.box.height}:tv2"
    return f'"{hashlib.sha224(text.encode()).hexdigest()}"'


def _is_known(req: Request, tag: str) -> bool:
    """Whether the caller has it; what it has of an earlier time is as good as now."""
    tags = req.get_header("if-none-match")
    if tags is None:
        return req.get_header("if-modified-since") is not None
    return tag.strip('"') in (
        known.strip().removeprefix("W/").strip('"') for known in tags.split(",")
    )
