"""The contents of a file as an answer: whole or in part, piece by piece, harmless to browsers."""

from __future__ import annotations

import codecs
import re
from collections.abc import AsyncIterator
from typing import NamedTuple

from falcon.asgi import Request, Response

from ..blobstore.errors import BlobNotFound, CorruptBlob, HoldfastError
from ..blobstore.handlers.answers import TEXT_TYPE, answer_text
from ..blobstore.handlers.get import (
    OCTETS,
    answer_no_range,
    describe,
    is_known,
    wanted_spans,
)
from ..blobstore.handlers.problems import public_text, report
from ..blobstore.handlers.ranges import BadRanges, Span, framing
from ..blobstore.handlers.service import BlobService
from ..blobstore.ref import Ref
from ..blobstore.storage import CanFetch, fetch_one
from ..index.media.mime import HEAD_SIZE, sniff
from ..schema.blob import SchemaBlob, parse_schema
from ..schema.errors import BadTree, ChunkUnreadable, NotSchema, WrongKind
from ..schema.filereader import FileReader
from .hangups import BrokenOff

PIECE = 1024 * 1024
"""Bytes read, and held for one reader, at a time."""

# The types in which no browser finds anything to run, and the names that browsers know best.
_SHOWN = {
    **{kind: kind for kind in ("image/avif", "image/gif", "image/heic", "image/jpeg")},
    **{kind: kind for kind in ("image/png", "image/webp", "audio/mp4", "audio/mpeg")},
    **{kind: kind for kind in ("video/mp4", "video/quicktime", "video/webm")},
    "audio/x-flac": "audio/flac",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "application/ogg": "audio/ogg",
}

# Layer III of MPEG-1 or 2, for songs without a tag before them (ISO 11172-3, section 2.4.2.3).
_MPEG_FRAME = re.compile(rb"\xff[\xf2\xf3\xfa\xfb][\x10-\xef]")

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
    found = "audio/mpeg" if _MPEG_FRAME.match(head) else sniff(head)
    if found == "application/ogg" and b"\x80theora" in head:
        return "video/ogg"
    return _SHOWN.get(found, OCTETS)


def _is_text(head: bytes, *, is_all: bool) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head, is_all)
    except UnicodeDecodeError:
        return False
    return _NO_TEXT.search(text) is None


async def answer_contents(service: BlobService, req: Request, resp: Response, ref: Ref) -> None:
    """Answer GET or HEAD of the contents of a `file` blob."""
    try:
        file = await service.read(_file, service.hub.storage, ref)
        await answer_file(service, req, resp, file, disposition="inline")
    except UNREADABLE as error:
        answer_unreadable(resp, error)


async def answer_file(
    service: BlobService, req: Request, resp: Response, file: SchemaBlob, *, disposition: str
) -> None:
    """Answer GET or HEAD of the contents of a `file` or `bytes` blob.

    `disposition` is the value of `Content-Disposition`. Raises `UNREADABLE`, with nothing
    answered yet.
    """
    ref = file.ref
    facts = await service.read_much(_facts, service.hub.storage, file)
    describe(resp, ref)
    if is_known(req, ref):
        resp.status = 304
        return
    try:
        spans = wanted_spans(req, ref, facts.size)
    except BadRanges:
        answer_no_range(resp, facts.size)
        return
    resp.set_header("content-disposition", disposition)
    segments: list[bytes | Span]
    if spans is None:
        resp.status = 200
        resp.content_type, length = facts.media_type, facts.size
        segments = [Span(0, facts.size)]
    elif len(spans) == 1:
        resp.status = 206
        resp.set_header("content-range", spans[0].header(facts.size))
        resp.content_type, length = facts.media_type, spans[0].length
        segments = [*spans]
    else:
        resp.status = 206
        around = framing(spans, facts.size, facts.media_type)
        resp.content_type, length = around.content_type, around.size(spans)
        segments = [part for pair in zip(around.heads, spans, strict=True) for part in pair]
        segments.append(around.end)
    resp.set_header("content-length", str(length))
    if req.method == "GET":
        resp.stream = _pieces(service, file, segments)


UNREADABLE = (NotSchema, WrongKind, BlobNotFound, BadTree, ChunkUnreadable, CorruptBlob)
"""What keeps the contents of a file from being read."""


def why_unreadable(error: Exception) -> str:
    """What a caller may know of it: refs, and nothing of where they are."""
    match error:
        case ChunkUnreadable():
            return f"blob {error.chunk}, of file {error.file}, is missing or damaged here"
        case NotSchema() | WrongKind() | BadTree():
            return str(error)
    return public_text(error)


def answer_unreadable(resp: Response, error: Exception) -> None:
    """Tell why there are no contents, in Perkeep's words where it has some."""
    if isinstance(error, NotSchema | WrongKind):
        answer_text(resp, "Not a regular file\n", status=400)
        return
    if not isinstance(error, BlobNotFound):
        report(error)
    answer_text(resp, f"Can't serve file: {why_unreadable(error)}\n", status=500)


def _file(storage: CanFetch, ref: Ref) -> SchemaBlob:
    file = parse_schema(ref, fetch_one(storage, ref))
    if file.kind != "file":
        raise WrongKind(ref, file.kind, wanted="file")
    return file


def _facts(storage: CanFetch, file: SchemaBlob) -> _Facts:
    reader = FileReader(storage, file)
    head = reader.read(HEAD_SIZE)
    return _Facts(reader.size, media_type(head, is_all=len(head) == reader.size))


async def _pieces(
    service: BlobService, file: SchemaBlob, segments: list[bytes | Span]
) -> AsyncIterator[bytes]:
    try:
        for segment in segments:
            if not isinstance(segment, Span):
                yield segment
                continue
            for start in range(segment.start, segment.end, PIECE):
                length = min(PIECE, segment.end - start)
                yield await service.read_much(_piece, service.hub.storage, file, start, length)
    except HoldfastError as error:
        report(error)
        raise BrokenOff(str(error)) from error


def _piece(storage: CanFetch, file: SchemaBlob, start: int, length: int) -> bytes:
    # A reader for each piece, as one that waits for a slow peer holds its last chunk.
    reader = FileReader(storage, file)
    reader.seek(start)
    return reader.read(length)
