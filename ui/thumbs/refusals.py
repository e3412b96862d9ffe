"""Why there is no thumbnail of something."""

from __future__ import annotations

from enum import Enum

from ...blobstore.errors import HoldfastError

_SHOWN = 160


class Reason(Enum):
    """What is the matter, in words for a person."""

    NO_PICTURE = "it is nothing a picture can be made of here"
    UNREADABLE = "it is damaged, or of an unknown kind"
    TOO_LARGE = "it has too many pixels or bytes"
    TOO_SLOW = "reading it takes too long"
    MISSING = "not all of it is here"
    BUSY = "too many are asked for at a time"
    FAILED = "no process could be had to draw it"


class NoThumbnail(HoldfastError):
    """There is no thumbnail, and why; `detail` is for the log."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        self.reason = reason
        # What a decoder says of a hostile file is a hostile text.
        self.detail = "".join(filter(str.isprintable, detail))[:_SHOWN]
        super().__init__(f"no thumbnail: {reason.value}")
