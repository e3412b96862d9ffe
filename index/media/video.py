"""What films say of themselves: how large they are, how long, and when and where taken."""

from __future__ import annotations

from dataclasses import dataclass

from ...schema.timestamps import Timestamp
from .boxes import is_boxes
from .images import Size
from .matroska import read_matroska
from .moments import Place
from .movie import read_movie
from .riff import read_avi
from .view import View


@dataclass(frozen=True, slots=True)
class Video:
    """A film, its size as shown; None and "" for what it does not say."""

    size: Size | None = None
    duration_ms: int | None = None
    created: Timestamp | None = None
    place: Place | None = None
    title: str = ""


def read_video(view: View) -> Video | None:
    """What the header of a film says, of whatever format; None if that is nothing."""
    video = _read(view)
    return None if video == Video() else video


def _read(view: View) -> Video:
    head = view.some(0, 12)
    if is_boxes(head):
        movie = read_movie(view)
        if movie is None:
            return Video()
        title = movie.tags.title if movie.tags else ""
        return Video(movie.size, movie.duration_ms, movie.created, movie.place, title)
    if head.startswith(b"\x1aE\xdf\xa3"):
        matroska = read_matroska(view)
        if matroska is None:
            return Video()
        size, duration, created, title = matroska
        return Video(size, duration, created, None, title)
    if head.startswith(b"RIFF"):
        return Video(*read_avi(view))
    return Video()
