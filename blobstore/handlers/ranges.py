"""The `Range` header: which bytes are asked for, and how several of them are answered."""

from __future__ import annotations

import re
import secrets
from typing import NamedTuple

MAX_SPANS = 100
"""More ranges than this in one request are answered with the whole."""

_SPAN = re.compile(r"\s*(\d{0,19})-(\d{0,19})\s*")


class BadRanges(Exception):
    """None of the ranges lies in the blob."""


class Span(NamedTuple):
    """Bytes from `start` up to, not including, `end`."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start

    def header(self, size: int) -> str:
        """The value of `Content-Range` for this part of `size` bytes."""
        return f"bytes {self.start}-{self.end - 1}/{size}"


def asked_spans(header: str, size: int) -> list[Span] | None:
    """What a `Range` header asks for, or None where the whole is the answer.

    That is the case for units other than bytes, for what cannot be parsed (RFC 9110, section
    14.2), for an empty blob, and where the ranges together are more than the whole, which only
    a mistake or an attack asks for. Raises `BadRanges` if no range lies in the blob.
    """
    unit, _, rest = header.partition("=")
    if unit.strip().lower() != "bytes" or size == 0:
        return None
    spans: list[Span] = []
    texts = rest.split(",")
    if len(texts) > MAX_SPANS:
        return None
    for text in texts:
        match = _SPAN.fullmatch(text)
        if match is None or match[0].strip() == "-":
            return None
        first, last = match[1], match[2]
        if not first:
            start, end = max(0, size - int(last)), size
        else:
            start = int(first)
            end = min(int(last) + 1, size) if last else size
            if last and int(last) < start:
                return None
        if start < end:
            spans.append(Span(start, end))
    if not spans:
        raise BadRanges
    return spans if sum(span.length for span in spans) <= size else None


class Framing(NamedTuple):
    """What stands around several parts of a blob, as one `multipart/byteranges`."""

    content_type: str
    heads: list[bytes]
    """What comes before each part."""
    end: bytes

    def size(self, spans: list[Span]) -> int:
        """Bytes of it all, the parts included."""
        parts = sum(span.length for span in spans)
        return sum(map(len, self.heads)) + parts + len(self.end)


def framing(spans: list[Span], size: int, media_type: str) -> Framing:
    """What to put around parts of a blob of `size` bytes."""
    boundary = secrets.token_hex(15)
    heads = [
        f"\r\n--{boundary}\r\nContent-Range: {span.header(size)}\r\n"
        f"Content-Type: {media_type}\r\n\r\n".encode()
        for span in spans
    ]
    heads[0] = heads[0].removeprefix(b"\r\n")
    end = f"\r\n--{boundary}--\r\n".encode()
    return Framing(f"multipart/byteranges; boundary={boundary}", heads, end)


def multipart_body(
    spans: list[Span], parts: list[bytes], size: int, media_type: str
) -> tuple[str, bytes]:
    """Several parts of a blob as one `multipart/byteranges`: its Content-Type and its body."""
    around = framing(spans, size, media_type)
    body = [piece for head, part in zip(around.heads, parts, strict=True) for piece in (head, part)]
    return around.content_type, b"".join((*body, around.end))
