"""RIFF files: films (AVI) and plain sound (WAVE)."""

from __future__ import annotations

from collections.abc import Iterator

from .images import Size
from .view import Unreadable, View

_MOST_CHUNKS = 1000


def read_avi(view: View) -> tuple[Size | None, int | None]:
    """The size of an AVI film, and how many milliseconds it lasts."""
    try:
        for kind, content in _chunks(view.part(12)):
            if kind == b"LIST" and content.some(0, 4) == b"hdrl":
                for inner, header in _chunks(content.part(4)):
                    if inner == b"avih":
                        return _avi_header(header)
    except Unreadable:
        pass
    return None, None


def read_wave(view: View) -> int | None:
    """How many milliseconds a WAVE file lasts."""
    rate = 0
    try:
        for kind, content in _chunks(view.part(12)):
            if kind == b"fmt ":
                rate = content.number(8, 4, "little")
            elif kind == b"data" and rate:
                return content.size * 1000 // rate
    except Unreadable:
        pass
    return None


def _chunks(view: View) -> Iterator[tuple[bytes, View]]:
    at = 0
    for _ in range(_MOST_CHUNKS):
        if at + 8 > view.size:
            return
        size = view.number(at + 4, 4, "little")
        yield view.at(at, 4), view.part(at + 8, size)
        at += 8 + size + size % 2


def _avi_header(header: View) -> tuple[Size | None, int | None]:
    microseconds, frames = header.number(0, 4, "little"), header.number(16, 4, "little")
    width, height = header.number(32, 4, "little"), header.number(36, 4, "little")
    size = Size(width, height) if width and height else None
    return size, microseconds * frames // 1000 or None
