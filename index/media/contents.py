"""All that contents say of themselves, read at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from ...blobstore.ref import Ref
from ...schema.timestamps import Timestamp
from .audio import Audio, read_audio
from .boxes import is_boxes
from .dates import NameDate, date_in_name
from .exif import Exif, read_exif
from .images import Size, read_header, turned
from .mime import HEAD_SIZE, mime_type
from .moments import FindZone, Place, find_zone
from .video import Video, read_video
from .view import BinaryReader, View

_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file's contents and name say: its type, and what files of that type can say."""

    mime: str
    """"" if nothing is known."""
    size: Size | None = None
    """Of a picture or film, as shown: after the turn its header asks for."""
    exif: Exif | None = None
    audio: Audio | None = None
    video: Video | None = None
    name_date: NameDate | None = None

    @property
    def taken(self) -> Timestamp | None:
        """When it was made, by what the contents say; file names are less to be believed."""
        if self.exif is not None and self.exif.taken is not None:
            return self.exif.taken
        return self.video.created if self.video is not None else None

    @property
    def place(self) -> Place | None:
        """Where it was made."""
        if self.exif is not None:
            return self.exif.place
        return self.video.place if self.video is not None else None


@dataclass(frozen=True, slots=True)
class Digests:
    """The refs that contents would have as one blob: all of them, and the range asked for."""

    whole: Ref | None
    part: Ref | None
    size: int


def read_contents(
    reader: BinaryReader, name: str = "", *, find_zone: FindZone = find_zone
) -> Contents:
    """What a file says of itself, from its header and, for some formats, its end.

    It reads at most `view.MOST_BYTES` bytes, mostly one block of 64 KiB. Whatever the contents
    are, all it raises is what the reader raises. The answer depends on the bytes, the name and
    the world's time zones alone.
    """
    view = View.of(reader)
    head = view.some(0, HEAD_SIZE)
    mime = mime_type(head, name)
    date = date_in_name(name)
    kind = mime.partition("/")[0]
    if kind == "image":
        header = read_header(view)
        exif = None if header.exif is None else read_exif(header.exif, find_zone)
        size = header.size
        if size is not None and exif is not None and not header.is_upright:
            size = turned(size, exif.orientation)
        return Contents(mime, size, exif, name_date=date)
    if kind == "audio" or mime == "application/ogg":
        return Contents(mime, audio=read_audio(view), name_date=date)
    if kind == "video":
        video = read_video(view)
        if video is not None and video.size is None and is_boxes(head):
            return Contents(mime, audio=read_audio(view), name_date=date)
        return Contents(mime, video.size if video else None, video=video, name_date=date)
    return Contents(mime, name_date=date)


def digest(
    reader: BinaryReader,
    part: range | None = None,
    *,
    also: Callable[[bytes], object] | None = None,
) -> Digests:
    """Read a file once from end to end, for its ref and that of a part of it.

    The part is a range of bytes, such as `Audio.sound`. `also` gets all the bytes, in order.
    """
    whole, partial = hashlib.sha224(), hashlib.sha224()
    at = 0
    reader.seek(0)
    while piece := reader.read(_PIECE):
        whole.update(piece)
        if part is not None:
            partial.update(piece[max(0, part.start - at) : max(0, part.stop - at)])
        if also is not None:
            also(piece)
        at += len(piece)
    part_ref = None if part is None else Ref(f"sha224-{partial.hexdigest()}")
    return Digests(Ref(f"sha224-{whole.hexdigest()}"), part_ref, at)
