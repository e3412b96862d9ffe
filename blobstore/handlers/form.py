"""Form parameters of a request: from the URL, and from a body that may hold them too."""

from __future__ import annotations

from urllib.parse import parse_qsl

from falcon.asgi import Request
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from ..errors import BadRef, Blame, HoldfastError
from ..ref import Ref

MAX_FORM = 1024 * 1024
"""Bytes of a body with form parameters: a thousand refs take a tenth of it."""

MAX_REFS = 1000
"""Refs one call may name as `blob1`, `blob2`, ..."""


class BadForm(HoldfastError):
    """Parameters that make no sense."""

    blame = Blame.CALLER


async def read_form(req: Request, *, limit: int = MAX_FORM) -> dict[str, str]:
    """The parameters of a request. Those in the body win over those in the URL.

    Raises `BadForm`, also for a body of more than `limit` bytes.
    """
    found = query(req)
    if req.method == "POST":
        kind, options = parse_options_header(req.content_type or "")
        if kind == "application/x-www-form-urlencoded":
            body = await read_body(req, limit)
            found.update(_pairs(body.decode("utf-8", "replace")))
        elif kind == "multipart/form-data":
            body = await read_body(req, limit)
            found.update(_multipart(body, options.get("boundary", "")))
    return found


def query(req: Request) -> dict[str, str]:
    """The parameters in the URL."""
    return _pairs(req.query_string)


async def read_body(req: Request, limit: int) -> bytes:
    """The whole body. Raises `BadForm` if it has more than `limit` bytes."""
    if (req.content_length or 0) > limit:
        raise BadForm(f"the body may have {limit} bytes")
    pieces: list[bytes] = []
    size = 0
    async for piece in req.stream:
        size += len(piece)
        if size > limit:
            raise BadForm(f"the body may have {limit} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def numbered_refs(form: dict[str, str]) -> list[Ref]:
    """`blob1`, `blob2`, ... up to the first gap. Raises `BadRef`, and `BadForm` for too many."""
    refs: list[Ref] = []
    while (text := form.get(f"blob{len(refs) + 1}", "")) != "":
        if len(refs) == MAX_REFS:
            raise BadForm(f"at most {MAX_REFS} blobs in one call")
        refs.append(Ref.parse(text))
    return refs


async def listed_refs(req: Request, limit: int) -> list[Ref]:
    """Refs, one a line, of a body. Raises `BadRef`, and `BadForm` for more than `limit`."""
    # 400 bytes hold the longest ref there is.
    lines = (await read_body(req, limit * 400)).split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    if len(lines) > limit:
        raise BadForm(f"at most {limit} refs in one call")
    try:
        return [Ref.parse(line.decode("ascii")) for line in lines]
    except UnicodeDecodeError:
        raise BadRef("(bytes that are no text)") from None


def whole_number(text: str, *, default: int = 0, low: int = 0, high: int) -> int:
    """A decimal number, brought into `low..high`; `default` where there is none."""
    try:
        return min(max(int(text), low), high)
    except ValueError:
        return default


def _pairs(text: str) -> dict[str, str]:
    # The first value of a name counts, as in the reference.
    found: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, errors="replace"):
        found.setdefault(name, value)
    return found


def _multipart(body: bytes, boundary: str) -> dict[str, str]:
    found: dict[str, str] = {}
    name = ""
    try:
        with PushMultipartParser(boundary, max_segment_count=2 * MAX_REFS) as parser:
            for event in parser.parse(body):
                if isinstance(event, MultipartSegment):
                    name = event.name or ""
                    found[name] = ""
                elif event is not None:
                    found[name] += bytes(event).decode("utf-8", "replace")
    except MultipartError as error:
        raise BadForm(f"not a multipart form: {error}") from None
    return found
