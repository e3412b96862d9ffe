"""Pictures for tests, made where they are needed: of every format, turned, huge and broken."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import ExifTags, Image, ImageDraw

from holdfast.ui.thumbs.thumbnail import Thumbnail

RED, GREEN, BLUE, YELLOW = (200, 30, 30), (30, 170, 40), (30, 60, 200), (220, 210, 40)
CORNERS = (RED, GREEN, BLUE, YELLOW)
"""What is to be seen at the upper left, the upper right, the lower left and the lower right."""


def cornered(width: int = 160, height: int = 96, mode: str = "RGB") -> Image.Image:
    """A picture of four fields."""
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for number, colour in enumerate(CORNERS):
        left, top = number % 2 * width // 2, number // 2 * height // 2
        draw.rectangle((left, top, left + width // 2, top + height // 2), fill=colour)
    return image.convert(mode)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """A file of Pillow's format `kind`."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def oriented(orientation: int) -> Image.Exif:
    """Notes of a camera that was held so; they name a place, too."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "SecretMaker"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {ExifTags.GPS.GPSLatitudeRef: "N", ExifTags.GPS.GPSLatitude: (46.0, 30.0, 12.0)}
    )
    return exif


def stored_as(image: Image.Image, orientation: int) -> Image.Image:
    """How a camera stores a picture that is to be shown as `image`: the turn, undone."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    return image.transpose(undo[orientation]) if orientation != 1 else image


def opened(thumbnail: Thumbnail) -> Image.Image:
    """What a browser makes of it."""
    image = Image.open(io.BytesIO(thumbnail.data))
    assert image.format is not None
    assert thumbnail.media_type == f"image/{image.format.lower()}"
    return image


def corners_of(image: Image.Image) -> list[tuple[int, ...]]:
    """The colours at the four corners, a little inside."""
    image = image.convert("RGB")
    width, height = image.size
    places = ((1, 1), (3, 1), (1, 3), (3, 3))
    found = [image.getpixel((width * x // 4, height * y // 4)) for x, y in places]
    return [colour for colour in found if isinstance(colour, tuple)]


def is_like(one: tuple[int, ...], other: tuple[int, ...], most: int = 14) -> bool:
    return all(abs(a - b) <= most for a, b in zip(one, other, strict=True))


def shows_corners(image: Image.Image, most: int = 14) -> bool:
    """Whether the four fields are where they should be."""
    return all(map(is_like, corners_of(image), CORNERS, [most] * 4))


def png_of(width: int, height: int, rows: int, *, colour: int = 0, depth: int = 8) -> bytes:
    """A PNG file whose header may say anything: as many black rows of grey as are asked for."""
    samples = {0: 1, 2: 3, 6: 4}[colour]
    row = bytes(1 + (width * samples * depth + 7) // 8)
    packer = zlib.compressobj(1)
    data = b"".join([*(packer.compress(row) for _ in range(rows)), packer.flush()])
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
