"""ISO base media files, which HEIF pictures, MP4 and QuickTime films and M4A sound are."""

from __future__ import annotations

from collections.abc import Iterator

from .view import Unreadable, View


def boxes(view: View) -> Iterator[tuple[bytes, View]]:
    """The boxes in a view, as four bytes that name each and its content; ends where one is bad."""
    at = 0
    while at + 8 <= view.size:
        try:
            size, header = view.number(at, 4), 8
            kind = view.at(at + 4, 4)
            if size == 1:
                size, header = view.number(at + 8, 8), 16
            elif size == 0:
                size = view.size - at
        except Unreadable:
            return
        if size < header:
            return
        yield kind, view.part(at + header, size - header)
        at += size


def child(view: View, *path: bytes) -> View:
    """The first box of each name inside the first of the name before. Raises `Unreadable`."""
    for wanted in path:
        found = next((content for kind, content in boxes(view) if kind == wanted), None)
        if found is None:
            raise Unreadable
        view = found
    return view


def is_boxes(head: bytes) -> bool:
    """Whether a file that begins so consists of boxes."""
    return head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
