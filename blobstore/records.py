"""Pack records, `[REF SIZE]bytes`: the framing of blobs on the wire and in pack files alike.

Records follow each other with nothing between. On the wire, control records carry words instead
of a blob: `[!WORD ARGUMENT...]`, for example `[!missing REF]`. A ref never begins with `!`.
The blob form is the one Perkeep's diskpacked storage writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .errors import BadRecord, BadRef
from .ref import MAX_BLOB_SIZE, Blob, Ref

MEDIA_TYPE = "application/x-holdfast-records"
"""The Content-Type of a stream of records."""

MAX_HEADER = 400
"""Bytes a header may have, brackets included: the longest ref, a size, and room for words."""


class Control(NamedTuple):
    """A control record: a word of the protocol and its arguments."""

    word: str
    arguments: tuple[str, ...] = ()


def header(ref: Ref, size: int) -> bytes:
    """What stands before a blob's bytes."""
    return b"[%b %d]" % (ref.encode(), size)


def encode(blobs: Iterable[Blob]) -> bytes:
    """Blobs as records."""
    parts: list[bytes] = []
    for ref, data in blobs:
        parts.append(b"[%b %d]" % (ref.encode(), len(data)))
        parts.append(data)
    return b"".join(parts)


def encode_control(word: str, *arguments: str) -> bytes:
    """One control record."""
    return f"[!{' '.join((word, *arguments))}]".encode()


class Decoder:
    """Takes a stream of records apart as its bytes come in, in whatever pieces they come.

    Holds at most one unfinished record. `feed` after an error is a mistake of the caller.
    """

    __slots__ = ("_have", "_offset", "_parts", "_want")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._have = 0
        self._want = 0
        self._offset = 0

    @property
    def is_between_records(self) -> bool:
        """Whether the stream may end here."""
        return self._have == 0

    @property
    def offset(self) -> int:
        """Where in the stream the first unfinished record begins, in bytes."""
        return self._offset

    def feed(self, data: bytes) -> Iterator[Blob | Control]:
        """The records that `data` completes. Raises `BadRecord` where the framing breaks.

        Run the iterator to its end before the next call.
        """
        # Pieces of a large record are only collected, and joined once when it is whole:
        # joining at every piece would be quadratic.
        self._parts.append(data)
        self._have += len(data)
        if self._have < self._want:
            return
        buffer = data if len(self._parts) == 1 else b"".join(self._parts)
        position = 0
        end = len(buffer)
        want = 0
        while position < end:
            if buffer[position] != 0x5B:  # "["
                raise BadRecord(self._offset, "a record begins with '['")
            close = buffer.find(b"]", position, position + MAX_HEADER)
            if close < 0:
                if end - position >= MAX_HEADER:
                    raise BadRecord(self._offset, f"no ']' within {MAX_HEADER} bytes")
                break
            words = buffer[position + 1 : close].split(b" ")
            body = close + 1
            if words[0][:1] == b"!":
                control = _control(words, self._offset)
                self._offset += body - position
                position = body
                yield control
                continue
            ref, size = _parse(words, self._offset)
            if body + size > end:
                want = body + size - position
                break
            self._offset += body + size - position
            position = body + size
            yield Blob(ref, buffer[body:position])
        rest = buffer[position:]
        self._parts = [rest] if rest else []
        self._have = len(rest)
        self._want = want


def _parse(words: list[bytes], offset: int) -> tuple[Ref, int]:
    if len(words) != 2 or not (words[1].isdigit() and len(words[1]) <= 8):
        raise BadRecord(offset, "a header is '[REF SIZE]'")
    size = int(words[1])
    if size > MAX_BLOB_SIZE:
        raise BadRecord(offset, f"a blob has at most {MAX_BLOB_SIZE} bytes")
    try:
        return Ref.parse(words[0].decode("ascii")), size
    except (BadRef, UnicodeDecodeError) as error:
        raise BadRecord(offset, str(error)) from None


def _control(words: list[bytes], offset: int) -> Control:
    try:
        first, *rest = (word.decode("utf-8") for word in words)
    except UnicodeDecodeError:
        raise BadRecord(offset, "a control record is UTF-8 text") from None
    return Control(first[1:], tuple(rest))
