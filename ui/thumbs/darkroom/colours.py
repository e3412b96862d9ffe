"""Pictures of every mode there is, as the few that thumbnails have."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import TypeAlias

from PIL import Image, ImageCms

Plain: TypeAlias = Callable[[Image.Image], Image.Image]
"""Makes a picture, or a part of it, one of mode L, LA, RGB, RGBA, CMYK or LAB."""

_PLAIN = frozenset(("L", "LA", "RGB", "RGBA", "CMYK", "LAB"))
_WHITE = (255, 255, 255, 255)
_SPACES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def plain_for(image: Image.Image) -> Plain:
    """What makes a loaded picture, and any part cropped from it, plain."""
    mode = image.mode
    if image.has_transparency_data and mode != "LA":
        return lambda part: part.convert("RGBA")
    if mode in _PLAIN:
        return lambda part: part
    if mode == "1":
        return lambda part: part.convert("L")
    if mode.startswith("I;16"):
        return lambda part: _scaled(part, 1 / 256, 0)
    if mode in ("I", "F"):
        scale, offset = _scale(image)
        return lambda part: _scaled(part, scale, offset)
    return lambda part: part.convert("RGB")


def _scaled(part: Image.Image, scale: float, offset: float) -> Image.Image:
    if part.mode not in ("I", "F"):
        part = part.convert("I")
    return part.point(lambda value: value * scale + offset).convert("L")


def _scale(image: Image.Image) -> tuple[float, float]:
    """How to bring the values of a picture, whatever they are, to 0 to 255."""
    low, high = (float(value) for value in image.getextrema())  # type: ignore[arg-type]  # one band
    if not (math.isfinite(low) and math.isfinite(high)) or low == high:
        return 1.0, 0.0
    if low >= 0 and image.mode == "I" and high < 65536:
        return (1.0 if high < 256 else 1 / 256), 0.0
    scale = 255 / (high - low)
    return scale, -low * scale


def in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """A plain picture in the colours every screen takes it for: of mode L, LA, RGB or RGBA."""
    if image.mode in ("LA", "RGBA"):
        alpha = image.getchannel("A")
        image = in_srgb(image.convert(image.mode.removesuffix("A")), profile)
        image.putalpha(alpha)
        return image
    found = _converted(image, profile)
    if found is not None:
        return found
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _converted(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """By the profile; None if it has none, or one that is not needed or makes no sense."""
    try:
        if image.mode == "LAB":
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        elif profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if _SPACES.get(source.profile.xcolor_space.strip()) != image.mode:
                return None
            if "srgb" in (source.profile.profile_description or "").lower():
                return None
        else:
            return None
        target = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return None


def on_white(image: Image.Image) -> Image.Image:
    """A picture without holes, of mode L or RGB."""
    if image.mode in ("L", "RGB"):
        return image
    paper = Image.new("RGBA", image.size, _WHITE)
    return Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB")
