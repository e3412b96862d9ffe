"""Facts: what is known of a thing, as a person would say it, one line each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ...blobstore.errors import HoldfastError
from ...blobstore.ref import Ref
from ...blobstore.storage import Storage
from ...schema.filereader import FileReader
from ...schema.timestamps import Timestamp
from ..files import FileFacts
from ..media.contents import read_contents
from ..media.exif import Exif
from .items import kind_of, one_line, shown_moment

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


class Fact(NamedTuple):
    """One line."""

    label: str
    value: str


def facts_of_file(storage: Storage, ref: Ref, facts: FileFacts) -> Iterator[Fact]:
    """What is known of a file. Of a picture its header is read, for what no row tells."""
    kind = kind_of(facts.mime)
    said = facts.derived
    if facts.name:
        yield Fact("Name", one_line(facts.name))
    yield Fact("Size", size_words(facts.size))
    if facts.mime:
        yield Fact("Type", facts.mime)
    if facts.picture is not None:
        width, height = facts.picture
        yield Fact("Dimensions", f"{width} × {height}{_megapixels(width * height)}")  # noqa: RUF001
    exif = _exif(storage, ref, facts) if kind == "image" else None
    if exif is not None and exif.taken is not None:
        yield Fact("Taken", moment_words(exif.taken))
    for name in ("camera", "lens"):
        if name in said:
            yield Fact(name.capitalize(), one_line(said[name]))
    if exif is not None:
        yield from _exposure(exif)
    for name in ("artist", "album", "genre", "year"):
        if name in said:
            yield Fact(name.capitalize(), one_line(said[name]))
    if "duration" in said:
        yield Fact("Length", length_words(float(said["duration"])))
    if facts.times:
        yield Fact("File changed", moment_words(facts.times[-1]))
    if facts.place is not None:
        yield Fact("Place", place_words(*facts.place))


def size_words(size: int) -> str:
    """`3.4 MB (3,401,233 bytes)`."""
    unit, rest = 0, float(size)
    while rest >= 999.5 and unit < len(_UNITS) - 1:
        unit, rest = unit + 1, rest / 1000
    if not unit:
        return "1 byte" if size == 1 else f"{size} bytes"
    return f"{rest:.{1 if rest < 99.5 else 0}f} {_UNITS[unit]} ({size:,} bytes)"


def length_words(seconds: float) -> str:
    """`1:02:03`."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def place_words(latitude: float, longitude: float) -> str:
    """`48.8584° N, 2.2945° E`."""
    north, east = "S" if latitude < 0 else "N", "W" if longitude < 0 else "E"
    return f"{abs(latitude):.4f}° {north}, {abs(longitude):.4f}° {east}"


def moment_words(moment: Timestamp) -> str:
    """`2024-07-01 12:30:00 UTC`, or, where its zone is not known, what the clock showed."""
    words = shown_moment(moment)[:-1].replace("T", " ")
    return words if moment.is_zone_unknown else f"{words} UTC"


def _exposure(exif: Exif) -> Iterator[Fact]:
    if exif.exposure and 0 < exif.exposure < 1e6:
        yield Fact("Exposure", _exposure_words(exif.exposure))
    if exif.f_number and 0 < exif.f_number < 1000:
        yield Fact("Aperture", f"f/{exif.f_number:.2g}")
    if exif.iso:
        yield Fact("ISO", str(exif.iso))
    if exif.focal_length and 0 < exif.focal_length < 1e5:
        yield Fact("Focal length", f"{exif.focal_length:.4g} mm")


def _exposure_words(seconds: float) -> str:
    return f"1/{round(1 / seconds)} s" if seconds < 0.3 else f"{seconds:.3g} s"


def _megapixels(pixels: int) -> str:
    return f" ({pixels / 1e6:.3g} megapixels)" if pixels >= 100_000 else ""


def _exif(storage: Storage, ref: Ref, facts: FileFacts) -> Exif | None:
    try:
        with FileReader(storage, ref) as reader:
            return read_contents(reader, facts.name).exif
    except HoldfastError:
        return None  # it is known from its rows all the same
