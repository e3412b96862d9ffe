"""The contents of a file as an answer: whole or one range, piece by piece, harmless to browsers."""

from __future__ import annotations

import codecs
import re
from collections.abc import AsyncIterator
from typing import NamedTuple

from falcon.asgi import Request, Response

from ..blobstore.errors import BlobNotFound, CorruptBlob
from ..blobstore.handlers.answers import TEXT_TYPE, answer_text
from ..blobstore.handlers.get import (
    OCTETS,
    answer_no_range,
    describe,
    is_known,
    wanted_spans,
)
from ..blobstore.handlers.problems import report
from ..blobstore.handlers.ranges import BadRanges, Span
from ..blobstore.handlers.service import BlobService
from ..blobstore.ref import Ref
from ..blobstore.storage import CanFetch, fetch_one
from ..index.media.mime import HEAD_SIZE, sniff
from ..schema.blob import parse_schema
from ..schema.errors import BadTree, ChunkUnreadable, NotSchema, WrongKind
from ..schema.filereader import FileReader

PIECE = 1024 * 1024
"""Bytes read, and held for one reader, at a time."""

_SHOWN = frozenset(
    (
        *("image/avif", "image/gif", "image/heic", "image/jpeg", "image/png", "image/webp"),
        *("audio/mp4", "audio/mpeg", "audio/wave", "audio/x-flac", "audio/x-wav"),
        *("video/mp4", "video/quicktime", "video/webm"),
    )
)
"""What may be shown as what it is: types in which no browser finds anything to run."""

_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


class _Facts(NamedTuple):
    size: int
    media_type: str


def media_type(head: bytes, *, is_all: bool) -> str:
    """The type to announce bytes as that begin with `head`.

    A few formats of pictures, sound and films; plain text; and for all else, pages, scripts and
    drawings among it, what browsers only save.
    """
    if _is_text(head, is_all=is_all):
        return TEXT_TYPE
    found = sniff(head)
    return found if found in _SHOWN else OCTETS


def _is_text(head: bytes, *, is_all: bool) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head, is_all)
    except UnicodeDecodeError:
        return False
    return _NO_TEXT.search(text) is None


async def answer_contents(service: BlobService, req: Request, resp: Response, ref: Ref) -> None:
    """Answer GET or HEAD of the contents of a `file` blob.

    Several ranges are answered with the whole, as HTTP allows.
    """
    try:
        facts = await service.read_much(_facts, service.hub.storage, ref)
    except (NotSchema, WrongKind):
        answer_text(resp, "Not a regular file\n", status=400)
        return
    except BlobNotFound as error:
        answer_text(resp, f"Can't serve file: {error}\n", status=500)
        return
    except (BadTree, ChunkUnreadable, CorruptBlob) as error:
        report(error)
        answer_text(resp, f"Can't serve file: {ref} is incomplete or damaged\n", status=500)
        return
    describe(resp, ref)
    if is_known(req, ref):
        resp.status = 304
        return
    try:
        spans = wanted_spans(req, ref, facts.size)
    except BadRanges:
        answer_no_range(resp, facts.size)
        return
    span = Span(0, facts.size)
    resp.status = 200
    if spans is not None and len(spans) == 1:
        (span,) = spans
        resp.status = 206
        resp.set_header("content-range", span.header(facts.size))
    resp.content_type = facts.media_type
    resp.set_header("content-disposition", "inline")
    resp.set_header("content-length", str(span.length))
    if req.method == "GET":
        resp.stream = _pieces(service, ref, span)


def _facts(storage: CanFetch, ref: Ref) -> _Facts:
    file = parse_schema(ref, fetch_one(storage, ref))
    if file.kind != "file":
        raise WrongKind(ref, file.kind, wanted="file")
    reader = FileReader(storage, file)
    head = reader.read(HEAD_SIZE)
    return _Facts(reader.size, media_type(head, is_all=len(head) == reader.size))


async def _pieces(service: BlobService, ref: Ref, span: Span) -> AsyncIterator[bytes]:
    for start in range(span.start, span.end, PIECE):
        length = min(PIECE, span.end - start)
        yield await service.read_much(_piece, service.hub.storage, ref, start, length)


def _piece(storage: CanFetch, ref: Ref, start: int, length: int) -> bytes:
    # A reader for each piece, as one that waits for a slow peer holds its last chunk.
    reader = FileReader(storage, ref)
    reader.seek(start)
    return reader.read(length)
