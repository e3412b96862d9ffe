"""What a stored file is, as far as drawing it goes: found by its beginning, nothing decoded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ...blobstore.errors import BlobNotFound, CorruptBlob
from ...blobstore.ref import Ref
from ...blobstore.storage import CanFetch
from ...index.media.boxes import is_boxes
from ...index.media.images import read_header
from ...index.media.mime import HEAD_SIZE, sniff
from ...index.media.view import View
from ...schema.errors import BadTree, ChunkUnreadable, NotSchema, WrongKind
from ...schema.filereader import FileReader
from .limits import MOST_BYTES, MOST_PIXELS
from .refusals import NoThumbnail, Reason

PICTURES = {
    "image/jpeg": "jpeg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/tiff": "tiff",
    "image/cr2": "tiff",
    "image/bmp": "bmp",
    "image/avif": "heif",
    "image/heic": "heif",
}
"""Types of pictures, and the formats of those that are drawn."""

FILMS = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/3gpp": "mov",
    "video/3gpp2": "mov",
    "video/webm": "matroska",
    "video/x-msvideo": "avi",
    "video/avi": "avi",
    "application/vnd.adobe.flash.video": "flv",
    "application/ogg": "ogg",
    "audio/mp4": "mov",
    "audio/mpeg": "mp3",
    "audio/x-flac": "flac",
}
"""Types of films, and of sound that may have a cover, and ffmpeg's names of their formats."""

_MORE_FILMS = {
    re.compile(rb"\x00\x00\x01\xba"): "mpeg",
    re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"): "asf",
    re.compile(rb"G.{187}G.{187}G", re.DOTALL): "mpegts",
    re.compile(rb".{4}G.{191}G.{191}G", re.DOTALL): "mpegts",
}
"""How other films begin."""

_SLOW_BYTES = 32 * 1024 * 1024
_SLOW_PIXELS = 40_000_000


@dataclass(frozen=True, slots=True)
class Look:
    """What was found."""

    size: int
    kind: str
    """The format: a value of `PICTURES`, or of ffmpeg's if it `is_film`."""

    is_film: bool
    is_slow: bool
    """Whether drawing it takes seconds, or much memory."""


def look(storage: CanFetch, ref: Ref) -> Look:
    """What the file `ref` is. Raises `NoThumbnail`."""
    with reading():
        reader = FileReader(storage, ref)
        head = reader.read(HEAD_SIZE)
        mime = sniff(head)
        if (kind := PICTURES.get(mime)) is not None:
            return _picture(reader, kind)
        film = FILMS.get(mime) or _film(head)
        if film is None:
            raise NoThumbnail(Reason.NO_PICTURE, mime)
        return Look(reader.size, film, is_film=True, is_slow=True)


def _picture(reader: FileReader, kind: str) -> Look:
    if reader.size > MOST_BYTES:
        raise NoThumbnail(Reason.TOO_LARGE, f"{reader.size} bytes")
    size = read_header(View.of(reader)).size
    pixels = size.width * size.height if size else 0
    if size is not None and pixels > MOST_PIXELS[kind]:
        raise NoThumbnail(Reason.TOO_LARGE, f"{size.width} x {size.height} pixels")
    # JPEG is decoded at an eighth of its size, so it takes neither.
    is_slow = reader.size > _SLOW_BYTES or (pixels > _SLOW_PIXELS and kind != "jpeg")
    return Look(reader.size, kind, is_film=False, is_slow=is_slow)


def _film(head: bytes) -> str | None:
    if is_boxes(head):
        return "mov"
    return next((kind for begins, kind in _MORE_FILMS.items() if begins.match(head)), None)


@contextmanager
def reading() -> Iterator[None]:
    """Turns what reading a file raises into why there is no thumbnail of it."""
    try:
        yield
    except (NotSchema, WrongKind) as error:
        raise NoThumbnail(Reason.NO_PICTURE, str(error)) from None
    except (BlobNotFound, ChunkUnreadable, CorruptBlob) as error:
        raise NoThumbnail(Reason.MISSING, str(error)) from None
    except BadTree as error:
        raise NoThumbnail(Reason.UNREADABLE, str(error)) from None
