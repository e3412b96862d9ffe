"""What sound says of itself: its tags, how long it lasts, and which bytes are the sound."""

from __future__ import annotations

from dataclasses import dataclass

from ...blobstore.ref import Ref
from .boxes import is_boxes
from .id3 import has_id3v1, read_id3, read_id3v1
from .movie import read_movie
from .mpeg import mpeg_duration
from .riff import read_wave
from .tags import Tags
from .view import Unreadable, View
from .vorbis import read_flac, read_ogg


@dataclass(frozen=True, slots=True)
class Audio:
    """A piece of sound. `sound` is the range of its bytes without the ID3 tags around them.

    It is known where the reference knows it: of files that begin with an ID3 tag of version 2.3
    or 2.4. The ref of these bytes stays when tags are edited.
    """

    tags: Tags | None = None
    duration_ms: int | None = None
    sound: range | None = None


def read_audio(view: View) -> Audio | None:
    """What a piece of sound says, of whatever format; None if that is nothing."""
    try:
        audio = _read(view)
    except Unreadable:
        return None
    return None if audio == Audio() else audio


def media_tags(audio: Audio, sound: Ref | None) -> dict[str, str]:
    """Tags by the names and in the form of the reference's rows; `sound` is the sound's ref."""
    tags = audio.tags or Tags()
    rows = {
        "title": tags.title,
        "artist": tags.artist,
        "album": tags.album,
        "genre": tags.genre,
        "musicbrainzalbumid": tags.musicbrainz_album,
        "year": tags.year,
        "track": str(tags.track or ""),
        "disc": str(tags.disc or ""),
        "mediaref": str(sound or ""),
        "durationms": "" if audio.duration_ms is None else str(audio.duration_ms),
    }
    return {name: value for name, value in rows.items() if value}


def _read(view: View) -> Audio:
    head = view.some(0, 12)
    if head.startswith(b"fLaC"):
        return Audio(*read_flac(view))
    if head.startswith(b"OggS"):
        return Audio(*read_ogg(view))
    if is_boxes(head):
        movie = read_movie(view)
        return Audio() if movie is None else Audio(movie.tags, movie.duration_ms)
    if head.startswith(b"RIFF"):
        return Audio(duration_ms=read_wave(view))
    return _mpeg(view)


def _mpeg(view: View) -> Audio:
    tag = read_id3(view)
    start = tag.size if tag else 0
    end = view.size - 128 if has_id3v1(view) else view.size
    sound = view.part(start, max(0, end - start))
    if sound.some(0, 4) == b"fLaC":  # some programs put ID3 before it
        flac = read_flac(sound)
        return Audio((tag.tags if tag else None) or flac.tags, flac.duration_ms)
    return Audio(
        (tag.tags if tag else None) or read_id3v1(view),
        mpeg_duration(sound),
        range(start, end) if tag and tag.version > 2 and start < end else None,
    )
