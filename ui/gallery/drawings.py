"""Drawings: the outlines of all land, drawn once and kept, in memory and in the cache folder."""

from __future__ import annotations

import gzip
import json
import logging
import threading
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from ...blobstore.durable import make_folder, replacing
from ...index.media.land import Ring, edition, shores, simplified

_ENDING = ".json.gz"

_log = logging.getLogger(__name__)


class _Detail(NamedTuple):
    tolerance: float
    """In degrees."""
    scale: int
    """Steps to a degree."""


DETAILS: Final = (_Detail(0.15, 50), _Detail(0.04, 100), _Detail(0.008, 500))
"""For maps on which a degree has about 6, 20 and 100 pixels."""


class Drawings:
    """Draws the land when it is first asked for. Safe for many threads."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` is where drawings outlast the process; all that is in it is ours."""
        self._folder = folder
        self._drawing = threading.Lock()
        self._drawn: list[bytes] = []

    def land(self, detail: int) -> bytes:
        """One detail as JSON by gzip: `{"rings": [[longitude, latitude, ...], ...]}`, in degrees.

        What is inside by the nonzero rule is land. The first time takes seconds.
        """
        with self._drawing:
            if not self._drawn:
                self._drawn = self._kept() or self._draw()
            return self._drawn[detail]

    def _draw(self) -> list[bytes]:
        rings = shores()
        drawn = []
        for detail in DETAILS:
            land = simplified(rings, tolerance=detail.tolerance, scale=detail.scale)
            document = {"rings": [_degrees(ring, land.scale) for ring in land.rings]}
            text = json.dumps(document, separators=(",", ":"))
            drawn.append(gzip.compress(text.encode(), 9, mtime=0))
        self._keep(drawn)
        return drawn

    def files(self) -> list[Path]:
        if self._folder is None:
            return []
        return [self._folder / f"{edition()}-{detail}{_ENDING}" for detail in range(len(DETAILS))]

    def _kept(self) -> list[bytes]:
        """What an earlier process drew; nothing if any of it is missing or damaged."""
        found = []
        for path in self.files():
            try:
                data = path.read_bytes()
                gzip.decompress(data)  # which verifies it
            except (OSError, EOFError, zlib.error):
                return []
            found.append(data)
        return found

    def _keep(self, drawn: Sequence[bytes]) -> None:
        paths = self.files()
        if self._folder is None:
            return
        try:
            make_folder(self._folder)
            for path, data in zip(paths, drawn, strict=True):
                with replacing(path) as file:
                    file.write(data)
            for old in self._folder.glob(f"*{_ENDING}"):
                if old not in paths:
                    with suppress(OSError):
                        old.unlink()
        except OSError as error:
            _log.warning("the map's land is drawn again next time: %s", error)


def _degrees(ring: Ring, scale: int) -> list[float]:
    """A ring as longitude, latitude, longitude, latitude, and so on."""
    return [round(steps / scale, 3) for corner in ring for steps in corner]
