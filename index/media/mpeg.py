"""How long MPEG sound lasts, from its first frame."""

from __future__ import annotations

from typing import NamedTuple

from .view import Unreadable, View

_SEARCHED = 64 * 1024

# Kilobits a second by version (1; 2 and 2.5) and layer.
_BIT_RATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_BIT_RATES[2, 3] = _BIT_RATES[2, 2]
_SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


class _Frame(NamedTuple):
    is_version_1: bool
    layer: int
    kilobits: int
    sample_rate: int
    is_mono: bool
    size: int

    @property
    def samples(self) -> int:
        if self.layer == 1:
            return 384
        return 576 if self.layer == 3 and not self.is_version_1 else 1152


def mpeg_duration(sound: View) -> int | None:
    """Milliseconds that MPEG sound lasts; None if there is no frame at its beginning.

    By the count of frames if a Xing, Info or VBRI header has it, and otherwise as if all of it
    were as dense as its first frame, in whole kilobytes.
    """
    try:
        at, frame = _first_frame(sound)
    except Unreadable:
        return None
    frames = _count(sound, at, frame)
    if frames:
        return frames * frame.samples * 1000 // frame.sample_rate
    return sound.size // frame.kilobits * 8


def _first_frame(sound: View) -> tuple[int, _Frame]:
    """Where the first frame is: something like one that is followed by another, or by the end."""
    head = sound.some(0, _SEARCHED)
    at = head.find(b"\xff")
    while at >= 0:
        frame = _frame(head[at : at + 4])
        if frame is not None:
            following = sound.some(at + frame.size, 4)
            if len(following) < 4 or _frame(following) is not None:
                return at, frame
        at = head.find(b"\xff", at + 1)
    raise Unreadable


def _frame(head: bytes) -> _Frame | None:
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    rate_index, sample_index = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or not 0 < rate_index < 15 or sample_index == 3:
        return None
    kilobits = _BIT_RATES[1 if version == 3 else 2, layer][rate_index - 1]
    sample_rate = _SAMPLE_RATES[version][sample_index]
    padding = head[2] >> 1 & 1
    if layer == 1:
        size = (12_000 * kilobits // sample_rate + padding) * 4
    else:
        slots = 72_000 if layer == 3 and version != 3 else 144_000
        size = slots * kilobits // sample_rate + padding
    return _Frame(version == 3, layer, kilobits, sample_rate, head[3] >> 6 == 3, size)


def _count(sound: View, at: int, frame: _Frame) -> int:
    """The number of frames that the first one says there are, or 0."""
    sides = (32, 17) if frame.is_version_1 else (17, 9)
    xing = sound.some(at + 4 + sides[frame.is_mono], 12)
    if len(xing) == 12 and xing[:4] in (b"Xing", b"Info") and xing[7] & 1:
        return int.from_bytes(xing[8:12], "big")
    vbri = sound.some(at + 36, 18)
    if len(vbri) == 18 and vbri.startswith(b"VBRI"):
        return int.from_bytes(vbri[14:18], "big")
    return 0
