"""Pictures as cameras write them, the same bytes each time."""

from __future__ import annotations

from io import BytesIO

from PIL import ExifTags, Image


def picture(
    width: int,
    height: int,
    *,
    kind: str = "JPEG",
    taken: str = "",
    place: tuple[float, float] | None = None,
    orientation: int = 0,
    make: str = "",
    model: str = "",
) -> bytes:
    """A picture of these many pixels. `taken` is as EXIF writes it: `2015:06:07 10:20:30`."""
    exif = Image.Exif()
    if orientation:
        exif[ExifTags.Base.Orientation] = orientation
    if make:
        exif[ExifTags.Base.Make] = make
    if model:
        exif[ExifTags.Base.Model] = model
    if taken:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken
    if place is not None:
        latitude, longitude = place
        exif.get_ifd(ExifTags.IFD.GPSInfo).update(
            {
                ExifTags.GPS.GPSLatitudeRef: "N" if latitude >= 0 else "S",
                ExifTags.GPS.GPSLatitude: _degrees(latitude),
                ExifTags.GPS.GPSLongitudeRef: "E" if longitude >= 0 else "W",
                ExifTags.GPS.GPSLongitude: _degrees(longitude),
            }
        )
    made = BytesIO()
    image = Image.new("RGB", (width, height), (width % 256, height % 256, 99))
    has_exif = orientation or make or model or taken or place
    image.save(made, kind, **({"exif": exif} if has_exif else {}))
    return made.getvalue()


def _degrees(angle: float) -> tuple[float, float, float]:
    """Degrees, minutes and seconds, to a ten-thousandth of a second."""
    seconds = round(abs(angle) * 3600, 4)
    degrees, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    return degrees, minutes, seconds
