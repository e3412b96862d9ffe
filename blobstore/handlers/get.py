"""GET and HEAD of one blob: whole, in ranges, or not at all because the caller has it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime

from falcon.asgi import Request, Response

from ..errors import BadRef, BlobNotFound, CorruptBlob
from ..ref import Ref
from ..storage import CanFetch, ReadsNow, ReadsRanges, capability, fetch_one
from .answers import TEXT_TYPE, answer_text
from .problems import public_text, report
from .ranges import BadRanges, Span, asked_spans, multipart_body
from .service import BlobService

LAST_MODIFIED = "Thu, 10 Jun 2010 23:42:15 GMT"
"""The one date Perkeep gives every blob: bytes that are named by a digest have none."""

CACHE = "max-age=307584000, immutable, private"
"""Perkeep's text, and `private`: a cache in the middle must not answer for our permissions."""

OCTETS = "application/octet-stream"

MAX_TEXT = 32768
"""Blobs from this size on are never called text."""

AT_ONCE = 256 * 1024
"""Larger blobs are not read on the spot: others would wait."""

WHOLE = 1024 * 1024
"""Larger blobs are sent in pieces of this size; so much can one slow reader make us hold."""

_MODIFIED = parsedate_to_datetime(LAST_MODIFIED)
_NAME_IN_PATH = re.compile(r"[a-z][a-z0-9]*-[0-9a-f]+")

# What a blob holds is a stranger's: a browser must neither guess a type for it nor run it.
_SAFETY = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
}
_FIXED = {
    "accept-ranges": "bytes",
    "last-modified": LAST_MODIFIED,
    "cache-control": CACHE,
    **_SAFETY,
}
_FIXED_LINES = "".join(f"{name}: {value}\r\n" for name, value in _FIXED.items()).encode()
_CONDITIONS = frozenset((b"range", b"if-range", b"if-none-match", b"if-modified-since"))


def ref_in_path(text: str) -> Ref | None:
    """The ref a GET names, or None. Here, unlike elsewhere, its name begins with a letter."""
    if _NAME_IN_PATH.fullmatch(text) is None:
        return None
    try:
        return Ref.parse(text)
    except BadRef:
        return None


def content_type(data: bytes) -> str:
    """What a blob is announced as: text if it is small and valid UTF-8."""
    if len(data) >= MAX_TEXT:
        return OCTETS
    try:
        data.decode()
    except UnicodeDecodeError:
        return OCTETS
    return TEXT_TYPE


class QuickReader:
    """Answers the plain GET of a blob that is at hand, past tasks and web framework.

    This is the server's most frequent request by far, and a task, the framework's objects and
    its routing cost several times what reading the blob does. Whatever is out of the ordinary
    (conditions, ranges, a blob on a sleeping disk, an error) is left to `get_blob`.
    """

    def __init__(self, service: BlobService) -> None:
        self._reads_now = capability(service.hub.storage, ReadsNow)

    def answer(self, name: str, headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes] | None:
        """A status, and the header lines and body to go with it; None: this is for `get_blob`."""
        if self._reads_now is None:
            return None
        ref = ref_in_path(name)
        if ref is None:
            return None
        for header, _ in headers:
            if header in _CONDITIONS:
                return None
        try:
            data = self._reads_now.fetch_now(ref)
        except CorruptBlob as error:
            # Told now: once it is known to be damaged, a blob counts as missing.
            report(error)
            text = f"{public_text(error)}\n".encode()
            return 500, _lines(TEXT_TYPE, len(text)) + b"\r\n" + text
        except Exception:  # whatever it was, get_blob meets it again and reports it
            return None
        if data is None or len(data) > AT_ONCE:
            return None
        lines = _lines(content_type(data), len(data))
        return 200, b'%b%betag: "%b"\r\n\r\n%b' % (_FIXED_LINES, lines, ref.encode(), data)


def _lines(kind: str, size: int) -> bytes:
    return b"content-type: %b\r\ncontent-length: %d\r\n" % (kind.encode(), size)


async def get_blob(service: BlobService, req: Request, resp: Response, action: str) -> None:
    """Answer GET or HEAD of `action`, the path below `camli/`."""
    ref = ref_in_path(action)
    if ref is None:
        answer_text(resp, "Malformed GET URL.\n", status=400)
        return
    try:
        await _answer(service, req, resp, ref)
    except BlobNotFound:
        answer_text(resp, f'Blob "{ref}" not found', status=404)


async def _answer(service: BlobService, req: Request, resp: Response, ref: Ref) -> None:
    size = await service.read(_size, service, ref)
    describe(resp, ref)
    if is_known(req, ref):
        resp.status = 304
        return
    try:
        spans = wanted_spans(req, ref, size)
    except BadRanges:
        answer_no_range(resp, size)
        return
    if spans is not None:
        await _answer_spans(service, resp, ref, size, spans)
        return
    resp.status = 200
    if req.method == "HEAD" and size >= MAX_TEXT:
        resp.content_type = OCTETS
        resp.set_header("content-length", str(size))
        return
    if size > WHOLE:
        resp.content_type = OCTETS
        _stream(resp, size, _pieces(service, ref, Span(0, size)))
        return
    data = await service.read(fetch_one, service.hub.storage, ref)
    resp.content_type = content_type(data)
    resp.data = data


async def _answer_spans(
    service: BlobService, resp: Response, ref: Ref, size: int, spans: list[Span]
) -> None:
    resp.status = 206
    if len(spans) == 1:
        (span,) = spans
        resp.content_type = OCTETS
        resp.set_header("content-range", span.header(size))
        if span.length > WHOLE:
            _stream(resp, span.length, _pieces(service, ref, span))
        else:
            resp.data = await service.read(_part, service, ref, span)
        return
    # All spans together are no larger than the blob, or the whole blob would be the answer.
    parts = [await service.read(_part, service, ref, span) for span in spans]
    resp.content_type, resp.data = multipart_body(spans, parts, size, OCTETS)


def describe(resp: Response, ref: Ref) -> None:
    """Say what holds for all bytes that a ref names, whole or in part."""
    resp.set_header("etag", f'"{ref}"')
    for name, value in _FIXED.items():
        resp.set_header(name, value)


def wanted_spans(req: Request, ref: Ref, size: int) -> list[Span] | None:
    """The parts of `size` bytes a request is to be answered with; None: all. Raises `BadRanges`."""
    wanted = req.get_header("range")
    is_current = req.get_header("if-range") in (None, f'"{ref}"', LAST_MODIFIED)
    if not wanted or not is_current or req.method != "GET":
        return None
    return asked_spans(wanted, size)


def answer_no_range(resp: Response, size: int) -> None:
    answer_text(resp, f"no such range in {size} bytes\n", status=416)
    resp.set_header("content-range", f"bytes */{size}")


def is_known(req: Request, ref: Ref) -> bool:
    """Whether the caller says that it has the blob (RFC 9110, section 13.2.2)."""
    tags = req.get_header("if-none-match")
    if tags is not None:
        known = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        return "*" in known or f'"{ref}"' in known
    since = req.get_header("if-modified-since")
    if since is None:
        return False
    try:
        return parsedate_to_datetime(since) >= _MODIFIED
    except (ValueError, TypeError):
        return False


def _size(service: BlobService, ref: Ref) -> int:
    for _, size in service.hub.storage.stat((ref,)):
        return size
    raise BlobNotFound(ref)


def _part(service: BlobService, ref: Ref, span: Span) -> bytes:
    """Some bytes of a blob; verified as long as reading all of it costs little."""
    ranged = capability(service.hub.storage, ReadsRanges)
    if ranged is None or span.end <= MAX_TEXT:
        return fetch_one(service.hub.storage, ref)[span.start : span.end]
    return ranged.fetch_range(ref, span.start, span.length)


def _stream(resp: Response, size: int, pieces: AsyncIterator[bytes]) -> None:
    resp.stream = pieces
    resp.content_length = size


async def _pieces(service: BlobService, ref: Ref, span: Span) -> AsyncIterator[bytes]:
    """Part of a large blob in pieces, for readers of whatever speed.

    A slow reader must not make us hold all of it, so the blob is read twice: once to verify it,
    and once more piece by piece. The second time it comes from the page cache.
    """
    storage = service.hub.storage
    ranged = capability(storage, ReadsRanges)
    whole = b""
    if ranged is None:
        whole = await service.read_much(fetch_one, storage, ref)
    else:
        await service.read_much(_verify, storage, ref)
    for start in range(span.start, span.end, WHOLE):
        length = min(WHOLE, span.end - start)
        if ranged is None:
            yield whole[start : start + length]
        else:
            yield await service.read_much(ranged.fetch_range, ref, start, length)


def _verify(storage: CanFetch, ref: Ref) -> None:
    fetch_one(storage, ref)
