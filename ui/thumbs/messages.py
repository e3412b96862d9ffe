"""What the server and a process that draws say to each other.

Everything is plain numbers and bytes, and is checked: a decoder that a hostile picture has taken
over may say anything.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import ClassVar

from .refusals import Reason
from .thumbnail import Box, Thumbnail

BLOCK = 512 * 1024
"""Bytes of an original that are asked for at a time."""

MOST_ANSWER = 32 * 1024 * 1024
"""Bytes of one message."""

_TYPES = ("image/jpeg", "image/png")
_REASONS = tuple(Reason)


class Nonsense(ValueError):
    """A message that is none."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A process says that it waits for orders."""

    mark: ClassVar[bytes] = b"H"

    def encode(self) -> bytes:
        return self.mark


@dataclass(frozen=True, slots=True)
class Order:
    """The server asks for a picture of `size` bytes to be drawn within `seconds` of work."""

    form: ClassVar[struct.Struct] = struct.Struct("<QHHH")

    size: int
    box: Box
    seconds: int
    kind: str
    """The format its first bytes show: a name in `looking.PICTURES`."""

    def encode(self) -> bytes:
        return self.form.pack(self.size, *self.box, self.seconds) + self.kind.encode("ascii")

    @classmethod
    def decode(cls, message: bytes) -> Order:
        size, width, height, seconds = cls.form.unpack_from(message)
        return cls(size, Box(width, height), seconds, message[cls.form.size :].decode("ascii"))


@dataclass(frozen=True, slots=True)
class Read:
    """A process asks for bytes of its picture. It gets them, or nothing if they cannot be had."""

    mark: ClassVar[bytes] = b"R"
    form: ClassVar[struct.Struct] = struct.Struct("<QI")

    offset: int
    length: int

    def encode(self) -> bytes:
        return self.mark + self.form.pack(self.offset, self.length)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A process has drawn it."""

    mark: ClassVar[bytes] = b"D"

    thumbnail: Thumbnail

    def encode(self) -> bytes:
        kind = _TYPES.index(self.thumbnail.media_type)
        return self.mark + bytes((kind,)) + self.thumbnail.data


@dataclass(frozen=True, slots=True)
class Refused:
    """A process says why it cannot draw it."""

    mark: ClassVar[bytes] = b"N"

    reason: Reason
    detail: str

    def encode(self) -> bytes:
        number = _REASONS.index(self.reason)
        return self.mark + bytes((number,)) + self.detail.encode("utf-8", "replace")[:1000]


def decode(message: bytes) -> Ready | Read | Drawn | Refused:
    """What a process says. Raises `Nonsense`."""
    mark, rest = message[:1], message[1:]
    try:
        if mark == Ready.mark:
            return Ready()
        if mark == Read.mark:
            offset, length = Read.form.unpack(rest)
            if length <= BLOCK:
                return Read(offset, length)
        if mark == Drawn.mark and len(rest) > 1:
            return Drawn(Thumbnail(rest[1:], _TYPES[rest[0]]))
        if mark == Refused.mark:
            return Refused(_REASONS[rest[0]], rest[1:].decode("utf-8", "replace"))
    except (struct.error, IndexError):
        pass
    raise Nonsense(f"a message of {len(message)} bytes that begins with {mark!r}")
