"""How large pictures may be that are drawn."""

from __future__ import annotations

MEMORY = 1280 * 1024 * 1024
"""Bytes of address space of a process that draws."""

MOST_BYTES = 512 * 1024 * 1024
"""Larger pictures are not read. Of films, only the beginning and the end is."""

MOST_DRAFT = 400_000_000
"""Pixels of JPEG, of which no more is decoded than a sixty-fourth, if it is so large."""

MOST_PIXELS = {
    "jpeg": MOST_DRAFT,
    "png": 180_000_000,
    "gif": 180_000_000,
    "tiff": 180_000_000,
    "bmp": 180_000_000,
    "heif": 100_000_000,
    "webp": 60_000_000,
}
"""Pixels by format: so many fit into the memory. All of them are held, by some decoders several
times: measured with Pillow 13, four bytes for each pixel, nine of HEIF, seventeen of WebP."""

MOST_PROGRESSIVE = 180_000_000
"""Pixels of JPEG all of which must be read before the first can be decoded."""
