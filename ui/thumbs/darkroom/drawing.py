"""One picture as a thumbnail: upright, in the box, and without anything its file says of it."""

from __future__ import annotations

import io
import math
from contextlib import suppress
from typing import IO

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from ..limits import MOST_DRAFT, MOST_PIXELS, MOST_PROGRESSIVE
from ..refusals import NoThumbnail, Reason
from ..thumbnail import Box, Thumbnail
from .colours import in_srgb, on_white, plain_for

_HEIF: tuple[type[ImageFile.ImageFile], ...] = ()
with suppress(ImportError):
    from pillow_heif import HeifImageFile

    _HEIF = (HeifImageFile,)

QUALITY = 85
"""Of JPEG: at these sizes, what is better cannot be seen."""

# How many times the thumbnail's size JPEG is decoded at, at least. Of usual photos, an eighth is
# enough for the commonest height by this.
_GAP = 1.4
_WORTH_BANDS = 4_000_000
_BAND = 1_000_000

_READERS: dict[str, tuple[type[ImageFile.ImageFile], ...]] = {
    "jpeg": (JpegImagePlugin.JpegImageFile,),
    "png": (PngImagePlugin.PngImageFile,),
    "gif": (GifImagePlugin.GifImageFile,),
    "webp": (WebPImagePlugin.WebPImageFile,),
    "tiff": (TiffImagePlugin.TiffImageFile,),
    "bmp": (BmpImagePlugin.BmpImageFile,),
    # By their first bytes these two cannot always be told apart.
    "heif": (AvifImagePlugin.AvifImageFile, *_HEIF),
}

# EXIF 2.32, section 4.6.4: what puts a picture upright that is stored in one of these ways.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ON_ITS_SIDE = (5, 6, 7, 8)

# Pillow's own limit, at twice this, holds for what decoders make on their way.
Image.MAX_IMAGE_PIXELS = MOST_DRAFT // 2
AvifImagePlugin.DEFAULT_MAX_THREADS = 1


def draw(original: IO[bytes], kind: str, box: Box) -> Thumbnail:
    """The picture in a file of format `kind`, one of `looking.PICTURES`, to fit into `box`.

    Raises `NoThumbnail` for what is too large, `MemoryError`, and whatever decoders raise.
    """
    with _opened(original, kind) as image:
        _check_size(image, MOST_PROGRESSIVE if _is_progressive(image) else MOST_PIXELS[kind])
        profile = image.info.get("icc_profile")
        if kind == "jpeg":
            small = _drafted(image, box)
        else:
            # Some turn when they load, and only afterwards it shows which.
            image.load()
            small = _scaled(image, _orientation(image), box)
    small = in_srgb(small, profile if isinstance(profile, bytes) else None)
    return _encoded(small, is_png=kind == "png")


def _opened(original: IO[bytes], kind: str) -> ImageFile.ImageFile:
    readers = _READERS[kind]
    for reader in readers[:-1]:
        try:
            return reader(original)
        except SyntaxError:
            original.seek(0)
    return readers[-1](original)


def _is_progressive(image: Image.Image) -> bool:
    """Whether it is JPEG all of which is held before the first pixel is made."""
    return bool(image.info.get("progressive"))


def _check_size(image: Image.Image, most: int) -> None:
    if image.width * image.height > most:
        raise NoThumbnail(Reason.TOO_LARGE, f"{image.width} x {image.height} pixels")


def _orientation(image: Image.Image) -> int:
    # The pictures are worth more than what is said of them.
    try:
        found = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:
        return 1
    return found if isinstance(found, int) else 1


def _drafted(image: ImageFile.ImageFile, box: Box) -> Image.Image:
    """A JPEG picture, of which no more is decoded than the thumbnail needs."""
    orientation = _orientation(image)
    width, height = (box.turned if orientation in _ON_ITS_SIDE else box).fit(*image.size)
    drafted = image.draft(None, (math.ceil(width * _GAP), math.ceil(height * _GAP)))
    image.load()
    return _scaled(image, orientation, box, inside=drafted[1] if drafted else None)


def _scaled(
    image: Image.Image,
    orientation: int,
    box: Box,
    *,
    inside: tuple[float, float, float, float] | None = None,
) -> Image.Image:
    """A loaded picture in plain colours, scaled, then turned upright."""
    left, top, right, bottom = inside or (0, 0, *image.size)
    size = (box.turned if orientation in _ON_ITS_SIDE else box).fit(right - left, bottom - top)
    small, factor = _reduced(image, size)
    if small.size != size or factor > 1:
        area = (left / factor, top / factor, right / factor, bottom / factor)
        small = small.resize(size, Image.Resampling.LANCZOS, box=area)
    turn = _TURNS.get(orientation)
    return small if turn is None else small.transpose(turn)


def _reduced(image: Image.Image, size: tuple[int, int]) -> tuple[Image.Image, int]:
    """A picture in plain colours, and how many times smaller: at least twice `size` still.

    Large ones are done in bands, so that there is never all of one a second time.
    """
    plain = plain_for(image)
    width, height = image.size
    factor = min(width // (size[0] * 2), height // (size[1] * 2))
    if factor < 2 or width * height < _WORTH_BANDS:
        return plain(image), 1
    small = None
    rows = factor * max(1, _BAND // (width * factor))
    for top in range(0, height, rows):
        band = plain(image.crop((0, top, width, min(top + rows, height)))).reduce(factor)
        if small is None:
            small = Image.new(band.mode, (band.width, math.ceil(height / factor)))
        small.paste(band, (0, top // factor))
    assert small is not None
    return small, factor


def _encoded(image: Image.Image, *, is_png: bool) -> Thumbnail:
    # Both formats take comments, and more, over from here.
    image.info.clear()
    out = io.BytesIO()
    if is_png:
        image.save(out, "PNG", compress_level=4)
        return Thumbnail(out.getvalue(), "image/png")
    on_white(image).save(out, "JPEG", quality=QUALITY)
    return Thumbnail(out.getvalue(), "image/jpeg")
