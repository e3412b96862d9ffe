"""Files that say things of themselves, written byte by byte or by Pillow."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from holdfast.index.media.contents import Contents, read_contents

DATA = Path(__file__).parents[2] / "data"
TAGGED = DATA / "index" / "media"


def box(kind: bytes, *content: bytes) -> bytes:
    """A box of an ISO base media file."""
    body = b"".join(content)
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def number(value: int, size: int = 4) -> bytes:
    return value.to_bytes(size, "big")


def element(ident: int, *content: bytes) -> bytes:
    """An element of a Matroska file, its length in eight bytes."""
    body = b"".join(content)
    ident_bytes = ident.to_bytes((ident.bit_length() + 7) // 8, "big")
    return ident_bytes + (len(body) | 1 << 56).to_bytes(8, "big") + body


def chunk(kind: bytes, *content: bytes) -> bytes:
    """A chunk of a RIFF file."""
    body = b"".join(content)
    return kind + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)


def picture(form: str, size: tuple[int, int] = (70, 33), tags: dict | None = None, **options):
    """A picture as Pillow writes it; `tags` are EXIF tags by number."""
    out = io.BytesIO()
    exif = Image.Exif()
    for tag, value in (tags or {}).items():
        if isinstance(value, dict):
            exif.get_ifd(tag).update(value)
        else:
            exif[tag] = value
    if tags:
        options["exif"] = exif
    Image.new("RGB", size).save(out, form, **options)
    return out.getvalue()


def film(*boxes: bytes, width: int = 1920, height: int = 1080, turned: bool = False) -> bytes:
    """An MP4 file of 12.5 seconds from 2020-06-01T10:20:30Z; `boxes` go into its `moov`."""
    one = number(1 << 16)
    matrix = [bytes(4), one, bytes(4), one] if turned else [one, bytes(4), bytes(4), bytes(4), one]
    track = (
        bytes(40) + b"".join(matrix).ljust(36, b"\0") + number(width << 16) + number(height << 16)
    )
    header = bytes(4) + number(3673851630) + bytes(4) + number(1000) + number(12500) + bytes(80)
    return (
        box(b"ftyp", b"isom", bytes(4), b"isommp42")
        + box(b"mdat", bytes(1000))
        + box(b"moov", box(b"mvhd", header), box(b"trak", box(b"tkhd", track)), *boxes)
    )


def matroska(*, date: int = 0) -> bytes:
    info = (
        element(0x2AD7B1, number(1_000_000)),
        element(0x4489, b"\x45\x1c\x40\x00"),  # 2500.0
        element(0x4461, number(date, 8)),
        element(0x7BA9, b"A film"),
    )
    video = element(0xE0, element(0xB0, number(640, 2)), element(0xBA, number(360, 2)))
    sound, pictures = element(0xAE, element(0xD7, b"\1")), element(0xAE, video)
    parts = (element(0x1549A966, *info), element(0x1654AE6B, sound, pictures))
    # Live recordings do not know how long they are.
    segment = b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" + b"".join(parts)
    return element(0x1A45DFA3, element(0x4282, b"webm")) + segment + element(0x1F43B675, bytes(99))


def avi() -> bytes:
    numbers = (40_000, 0, 0, 0, 250, 0, 1, 0, 320, 240, 0, 0, 0, 0)
    header = b"".join(each.to_bytes(4, "little") for each in numbers)
    lists = chunk(b"LIST", b"hdrl", chunk(b"avih", header)) + chunk(b"LIST", b"movi")
    return chunk(b"RIFF", b"AVI ", lists)


def contents_of(data: bytes, name: str = "") -> Contents:
    return read_contents(io.BytesIO(data), name)
