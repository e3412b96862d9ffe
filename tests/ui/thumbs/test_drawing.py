"""Drawing: every format, every orientation, every kind of colours, and nothing told beside."""

import io

import pytest
from PIL import Image, ImageCms

from holdfast.ui.thumbs.darkroom.drawing import draw
from holdfast.ui.thumbs.refusals import NoThumbnail, Reason
from holdfast.ui.thumbs.thumbnail import Box, Thumbnail

from .pictures import (
    BLUE,
    GREEN,
    RED,
    cornered,
    corners_of,
    encoded,
    is_like,
    opened,
    oriented,
    png_of,
    shows_corners,
    stored_as,
)

pytest.importorskip("pillow_heif").register_heif_opener()

FORMATS = {
    "jpeg": "JPEG",
    "png": "PNG",
    "gif": "GIF",
    "webp": "WEBP",
    "tiff": "TIFF",
    "bmp": "BMP",
    "avif": "AVIF",
    "heic": "HEIF",
}
KINDS = {"avif": "heif", "heic": "heif"}
TURNING = ("jpeg", "png", "webp", "tiff", "avif")
BOX = Box(2000, 64)


def drawn(data: bytes, kind: str, box: Box = BOX) -> Thumbnail:
    return draw(io.BytesIO(data), KINDS.get(kind, kind), box)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_drawn(kind: str) -> None:
    thumbnail = drawn(encoded(cornered(), FORMATS[kind], quality=95), kind)
    image = opened(thumbnail)
    assert image.size == (107, 64)
    assert shows_corners(image, most=25)
    assert image.format == ("PNG" if kind == "png" else "JPEG")
    assert not image.info.get("progressive")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", TURNING)
def test_pictures_are_put_upright(kind: str, orientation: int) -> None:
    image = stored_as(cornered(400, 300), orientation)
    data = encoded(image, FORMATS[kind], quality=95, exif=oriented(orientation))
    assert opened(drawn(data, kind)).size == (85, 64)
    assert shows_corners(opened(drawn(data, kind)), most=25)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_heic_picture_is_turned_once(orientation: int) -> None:
    # Its own property turns it; what its EXIF data say of it is for nobody.
    image = stored_as(cornered(400, 300), orientation)
    data = encoded(image, "HEIF", quality=95, exif=oriented(orientation).tobytes())
    assert b"irot" in data
    assert shows_corners(opened(drawn(data, "heic")), most=25)
    assert opened(drawn(data, "heic")).size == (85, 64)


@pytest.mark.parametrize("kind", FORMATS)
def test_small_pictures_stay_small(kind: str) -> None:
    data = encoded(cornered(20, 12), FORMATS[kind])
    assert opened(drawn(data, kind, Box(2000, 2000))).size == (20, 12)


@pytest.mark.parametrize("size", [(1, 1), (3000, 1), (1, 3000), (801, 7)])
def test_odd_shapes_fit(size: tuple[int, int]) -> None:
    for kind in ("jpeg", "png"):
        image = opened(drawn(encoded(cornered(*size), FORMATS[kind]), kind, Box(500, 64)))
        assert image.size == Box(500, 64).fit(*size)


@pytest.mark.parametrize(
    "mode", ["1", "L", "P", "RGB", "CMYK", "I;16", "I", "F", "LAB", "YCbCr", "LA", "RGBA"]
)
def test_tiff_of_every_mode_is_drawn(mode: str) -> None:
    grey = cornered().convert("L")
    if mode == "I;16":
        image = grey.convert("I").point(lambda value: value * 257).convert("I;16")
    elif mode == "LAB":
        rgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(cornered(), rgb, lab, outputMode="LAB")
    elif mode in ("I", "F"):
        image = grey.convert(mode)
    else:
        image = cornered().convert(mode)
    found = opened(drawn(encoded(image, "TIFF"), "tiff"))
    if mode in ("1", "L", "I;16", "I", "F", "LA"):
        # "F" is spread over all there is: only which is lighter than which is the same.
        order = sorted(range(4), key=[corner[0] for corner in corners_of(found)].__getitem__)
        wanted = sorted(range(4), key=[corner[0] for corner in corners_of(grey)].__getitem__)
        assert mode == "1" or order == wanted
    else:
        assert shows_corners(found, most=25)


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_png_of_every_depth_is_drawn(depth: int) -> None:
    assert opened(drawn(png_of(100, 100, 100, depth=depth), "png")).size == (64, 64)


def test_sixteen_bits_become_eight() -> None:
    image = Image.new("I;16", (40, 40), 0x8000)
    for kind in ("PNG", "TIFF"):
        grey = opened(drawn(encoded(image, kind), kind.lower())).convert("L").getpixel((9, 9))
        assert isinstance(grey, int)
        assert abs(grey - 0x80) <= 1


def test_cmyk_of_a_camera_or_a_press_has_the_right_colours() -> None:
    for box in (Box(2000, 64), Box(2000, 2000)):
        found = opened(drawn(encoded(cornered(mode="CMYK"), "JPEG", quality=95), "jpeg", box))
        assert found.mode == "RGB"
        assert shows_corners(found, most=20)


def test_holes_stay_in_png_and_are_white_in_all_else() -> None:
    image = cornered(mode="RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 80, 48))
    png = opened(drawn(encoded(image, "PNG"), "png"))
    assert png.mode == "RGBA"
    assert png.getpixel((20, 10)) == (0, 0, 0, 0)
    for kind in ("webp", "tiff", "avif"):
        found = opened(drawn(encoded(image, FORMATS[kind]), kind))
        assert is_like(corners_of(found)[0], (255, 255, 255))
        assert is_like(corners_of(found)[3], corners_of(cornered())[3], most=40)


@pytest.mark.parametrize("kind", ["png", "gif"])
def test_a_palette_may_have_a_hole(kind: str) -> None:
    image = cornered().quantize(16)
    hole = image.getpixel((10, 10))
    found = opened(drawn(encoded(image, FORMATS[kind], transparency=hole), kind))
    if kind == "png":
        pixel = found.convert("RGBA").getpixel((10, 10))
        assert isinstance(pixel, tuple)
        assert pixel[3] == 0
    else:
        assert is_like(corners_of(found)[0], (255, 255, 255))
    assert is_like(corners_of(found)[1], GREEN, most=25)


def test_of_moving_pictures_the_first_is_drawn() -> None:
    more = [Image.new("RGB", (160, 96), colour) for colour in (BLUE, GREEN)]
    for kind in ("gif", "webp", "png", "tiff"):
        data = encoded(
            Image.new("RGB", (160, 96), RED), FORMATS[kind], save_all=True, append_images=more
        )
        assert is_like(corners_of(opened(drawn(data, kind)))[0], RED, most=20)


def test_colours_are_what_the_profile_says() -> None:
    # A profile in which red and blue are exchanged cannot be taken for sRGB.
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = bytearray(srgb)
    tags = {srgb[at : at + 4]: at for at in range(132, 132 + 12 * 24, 12)}
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    swapped[red + 4 : red + 12], swapped[blue + 4 : blue + 12] = (
        srgb[blue + 4 : blue + 12],
        srgb[red + 4 : red + 12],
    )
    profile = bytes(swapped).replace(b"s\0R\0G\0B", b"o\0t\0h\0r").replace(b"sRGB", b"othr")
    for kind in ("jpeg", "png", "webp"):
        data = encoded(Image.new("RGB", (99, 99), RED), FORMATS[kind], icc_profile=profile)
        found = opened(drawn(data, kind))
        pixel = corners_of(found)[0]
        assert pixel[2] > 150 > 60 > pixel[0]
        assert "icc_profile" not in found.info


def test_a_broken_profile_is_passed_over() -> None:
    for profile in (b"no profile at all", b"\xff" * 4000, b"\0" * 128):
        data = encoded(cornered(), "JPEG", quality=95, icc_profile=profile)
        assert shows_corners(opened(drawn(data, "jpeg")))


def test_nothing_is_told_beside_the_picture() -> None:
    for kind in TURNING:
        options: dict[str, object] = {"exif": oriented(6)}
        if kind == "jpeg":
            options |= {"comment": b"a secret comment", "xmp": b"<secret/>"}
        data = encoded(cornered(), FORMATS[kind], **options)
        assert b"SecretMaker" in data
        thumbnail = drawn(data, kind, Box(2000, 2000))
        for secret in (b"SecretMaker", b"Exif", b"ecret", b"GPS", b"eXIf", b"xmp"):
            assert secret not in thumbnail.data
        assert not dict(opened(thumbnail).getexif())


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "I;16"])
def test_large_pictures_are_reduced_in_bands_without_a_seam(mode: str) -> None:
    image = cornered(2600, 2400, mode)
    found = opened(drawn(encoded(image, "PNG", compress_level=1), "png"))
    assert found.size == (69, 64)
    wanted = opened(drawn(encoded(cornered(260, 240, mode), "PNG"), "png"))
    assert all(map(is_like, corners_of(found), corners_of(wanted), [6] * 4))


def test_what_has_too_many_pixels_is_not_decoded() -> None:
    with pytest.raises(NoThumbnail) as refused:
        drawn(png_of(20_000, 20_000, 1), "png")
    assert refused.value.reason is Reason.TOO_LARGE
    assert refused.value.detail == "20000 x 20000 pixels"
