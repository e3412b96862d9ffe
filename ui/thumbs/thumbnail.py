"""What a thumbnail is, and the box it must fit into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

MOST = 2000
"""Pixels a thumbnail may be wide or high."""

HEIGHTS = (64, 128, 256, 375, 500, 750, 1000, 1500, MOST)
"""What Perkeep's pages ask for, and ours."""

_STEPS = (1, 2, 4, 8, 16, 32, *HEIGHTS)


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """The bytes of a small picture, and what they are: `image/jpeg` or `image/png`."""

    data: bytes
    media_type: str


class Box(NamedTuple):
    """The most pixels a thumbnail may be wide and high."""

    width: int
    height: int

    @classmethod
    def within(cls, width: int, height: int) -> Box:
        """The largest of a few boxes that is within this one, sides of 1 to `MOST`.

        Whatever fits into it fits into what was asked for; and there are never many thumbnails
        of one picture.
        """
        return cls(_step(width), _step(height))

    def fit(self, width: float, height: float) -> tuple[int, int]:
        """The size a picture is to have in here: its proportions are kept, it is never enlarged."""
        scale = min(self.width / width, self.height / height, 1.0)
        return (
            min(self.width, max(1, round(width * scale))),
            min(self.height, max(1, round(height * scale))),
        )

    @property
    def turned(self) -> Box:
        """The same, lying on its side."""
        return Box(self.height, self.width)


def _step(pixels: int) -> int:
    return max(step for step in _STEPS if step <= pixels)
