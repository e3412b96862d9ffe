"""The process that draws: what hostile files, signals and clocks do to it, and what not."""

from __future__ import annotations

import io
import os
import random
import resource
import signal
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from holdfast.ui.thumbs.decoder import Decoder
from holdfast.ui.thumbs.limits import MEMORY
from holdfast.ui.thumbs.messages import (
    Drawn,
    Nonsense,
    Order,
    Read,
    Ready,
    Refused,
    decode,
)
from holdfast.ui.thumbs.refusals import NoThumbnail, Reason
from holdfast.ui.thumbs.thumbnail import Box, Thumbnail

from .pictures import cornered, encoded, opened, png_chunk, png_of, shows_corners

pytest.importorskip("pillow_heif").register_heif_opener()

BOX = Box(2000, 64)
FORMATS = {
    "jpeg": ("jpeg", "JPEG"),
    "png": ("png", "PNG"),
    "gif": ("gif", "GIF"),
    "webp": ("webp", "WEBP"),
    "tiff": ("tiff", "TIFF"),
    "bmp": ("bmp", "BMP"),
    "avif": ("heif", "AVIF"),
    "heic": ("heif", "HEIF"),
}


class File(io.BytesIO):
    """A stored file; `before` is called before each read, with its offset."""

    def __init__(self, data: bytes, before: Callable[[int], None] | None = None) -> None:
        super().__init__(data)
        self.size = len(data)
        self.before = before

    def read(self, size: int | None = -1, /) -> bytes:
        if self.before is not None:
            self.before(self.tell())
        return super().read(size)


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    made = Decoder(work_seconds=20, seconds=60)
    yield made
    made.end()


def refusal(decoder: Decoder, data: bytes, kind: str) -> NoThumbnail:
    with pytest.raises(NoThumbnail) as refused:
        decoder.draw(File(data), kind, BOX)
    return refused.value


def started(decoder: Decoder) -> int:
    """The number of its process, which is there."""
    decoder.draw(File(encoded(cornered(8, 8), "BMP")), "bmp", BOX)
    assert decoder.process is not None
    return decoder.process


def memory(pid: int | None, field: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024


def test_one_process_draws_one_picture_after_another(decoder: Decoder) -> None:
    data = encoded(cornered(), "JPEG", quality=95)
    assert shows_corners(opened(decoder.draw(File(data), "jpeg", BOX)))
    first = decoder.process
    assert shows_corners(opened(decoder.draw(File(data), "jpeg", BOX)))
    assert decoder.process == first


def test_a_process_may_not_take_much(decoder: Decoder) -> None:
    process = started(decoder)
    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for limit, most in limits.items():
        assert resource.prlimit(process, limit) == (most, most)
    assert resource.prlimit(process, resource.RLIMIT_CPU)[0] < 60
    assert os.getpriority(os.PRIO_PROCESS, process) >= 10


@pytest.mark.parametrize("name", FORMATS)
def test_whatever_is_cut_off_is_drawn_or_refused(decoder: Decoder, name: str) -> None:
    kind, pillows = FORMATS[name]
    grainy = Image.effect_noise((90, 60), 60).convert("RGB")
    data = encoded(grainy, pillows)
    process = started(decoder)
    for length in range(0, len(data), 64):
        with suppress(NoThumbnail):
            opened(decoder.draw(File(data[:length]), kind, BOX)).load()
    assert decoder.draw(File(data), kind, BOX)
    assert decoder.process == process


@pytest.mark.parametrize("name", FORMATS)
def test_whatever_is_garbled_is_drawn_or_refused(decoder: Decoder, name: str) -> None:
    kind, pillows = FORMATS[name]
    data = encoded(cornered(90, 60), pillows)
    chance = random.Random(name)
    process = started(decoder)
    for _ in range(60):
        garbled = bytearray(data)
        for _ in range(chance.randrange(1, 12)):
            garbled[chance.randrange(len(data))] = chance.randrange(256)
        with suppress(NoThumbnail):
            opened(decoder.draw(File(bytes(garbled)), kind, BOX)).load()
    assert decoder.draw(File(data), kind, BOX)
    assert decoder.process == process


@pytest.mark.parametrize("kind", ["jpeg", "png", "gif", "webp", "tiff", "bmp", "heif"])
def test_text_is_no_picture_of_any_kind(decoder: Decoder, kind: str) -> None:
    for data in (b"", b"hello\n" * 1000, b"<svg xmlns='http://www.w3.org/2000/svg'/>"):
        assert refusal(decoder, data, kind).reason is Reason.UNREADABLE


def test_large_pictures_are_drawn_that_are_larger_than_a_warning(decoder: Decoder) -> None:
    thumbnail = decoder.draw(File(png_of(13_000, 13_000, 13_000)), "png", BOX)
    assert opened(thumbnail).size == (64, 64)
    photo = File(encoded(Image.new("L", (13_000, 13_000), 99), "JPEG"))
    assert opened(decoder.draw(photo, "jpeg", BOX)).size == (64, 64)
    assert memory(decoder.process, "VmHWM") < 400 << 20


def jpeg_of(width: int, height: int, **options: object) -> bytes:
    """A small JPEG file that says it is a large one."""
    data = bytearray(encoded(cornered(mode="CMYK"), "JPEG", subsampling=0, **options))
    at = data.index(b"\xff\xc2" if options.get("progressive") else b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def bmp_of(width: int, height: int) -> bytes:
    sizes = struct.pack("<IiiHH", 40, width, height, 1, 24)
    return b"BM" + struct.pack("<III", 54, 0, 54) + sizes + bytes(24)


def tiff_of(width: int, height: int) -> bytes:
    data = bytearray(encoded(Image.new("L", (64, 64)), "TIFF"))
    for tag, value in ((256, width), (257, height)):
        at = data.index(struct.pack("<HHI", tag, 4, 1)) + 8
        data[at : at + 4] = struct.pack("<I", value)
    return bytes(data)


def gif_of(width: int, height: int) -> bytes:
    data = bytearray(encoded(Image.new("P", (10, 10)), "GIF"))
    for at in (6, data.index(b",") + 5):
        data[at : at + 4] = struct.pack("<HH", width, height)
    return bytes(data)


def webp_of(width: int, height: int) -> bytes:
    data = bytearray(encoded(cornered(), "WEBP", lossless=True))
    at = data.index(b"VP8L") + 9
    data[at : at + 4] = struct.pack("<I", (width - 1) | (height - 1) << 14)
    return bytes(data)


def profile_of(size: int) -> bytes:
    """A PNG file with a profile that is so large when it is unpacked."""
    small = png_of(10, 10, 10)
    return small[:33] + png_chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(size))) + small[33:]


BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "png": ("png", lambda: png_of(100_000, 100_000, 10)),
    "bmp": ("bmp", lambda: bmp_of(30_000, 30_000)),
    "tiff": ("tiff", lambda: tiff_of(60_000, 60_000)),
    "gif": ("gif", lambda: gif_of(65_535, 65_535)),
    "webp": ("webp", lambda: webp_of(8_000, 9_000)),
    "jpeg": ("jpeg", lambda: jpeg_of(60_000, 60_000)),
    "progressive": ("jpeg", lambda: jpeg_of(20_000, 20_000, progressive=True)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_before_they_go_off(decoder: Decoder, name: str) -> None:
    kind, make = BOMBS[name]
    process = started(decoder)
    assert refusal(decoder, make(), kind).reason is Reason.TOO_LARGE
    assert decoder.process == process
    assert memory(decoder.process, "VmHWM") < 100 << 20


LIES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "png": ("png", lambda: png_of(13_000, 13_000, 20)),
    "bmp": ("bmp", lambda: bmp_of(13_000, 13_000)),
    "tiff": ("tiff", lambda: tiff_of(13_000, 13_000)),
    "gif": ("gif", lambda: gif_of(13_000, 13_000)),
    "webp": ("webp", lambda: webp_of(7_000, 7_000)),
    "jpeg": ("jpeg", lambda: jpeg_of(20_000, 19_000)),
    "progressive": ("jpeg", lambda: jpeg_of(13_000, 13_000, progressive=True)),
    "profile": ("png", lambda: profile_of(50_000_000)),
}


@pytest.mark.parametrize("name", LIES)
def test_what_says_it_is_larger_than_it_is_takes_no_more_than_there_is(
    decoder: Decoder, name: str
) -> None:
    kind, make = LIES[name]
    process = started(decoder)
    with suppress(NoThumbnail):
        decoder.draw(File(make()), kind, BOX)
    assert decoder.process == process
    assert memory(decoder.process, "VmHWM") < MEMORY


def test_of_a_gif_without_end_nothing_but_the_beginning_is_read(decoder: Decoder) -> None:
    data = encoded(Image.new("P", (50, 50), 3), "GIF")
    frame = data[data.index(b",") : -1]
    reads: list[int] = []
    endless = File(data[:-1] + frame * 100_000, reads.append)
    assert decoder.draw(endless, "gif", BOX)
    assert endless.size > 6_000_000
    assert len(reads) <= 2


def test_killed_in_the_middle_it_begins_again(decoder: Decoder) -> None:
    data = encoded(Image.effect_noise((1200, 900), 60).convert("RGB"), "PNG", compress_level=0)
    killed: list[int] = []

    def kill_once(offset: int) -> None:
        if offset and not killed:
            assert decoder.process is not None
            killed.append(decoder.process)
            os.kill(decoder.process, signal.SIGKILL)

    assert len(data) > 3_000_000
    assert decoder.draw(File(data, kill_once), "png", BOX)
    assert killed
    assert decoder.process not in killed


def test_killed_again_and_again_it_gives_up(decoder: Decoder) -> None:
    def kill(_: int) -> None:
        assert decoder.process is not None
        os.kill(decoder.process, signal.SIGKILL)

    with pytest.raises(NoThumbnail) as refused:
        decoder.draw(File(encoded(cornered(), "JPEG"), kill), "jpeg", BOX)
    assert refused.value.reason is Reason.TOO_LARGE
    assert decoder.draw(File(encoded(cornered(), "JPEG")), "jpeg", BOX)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])
def test_what_crashes_it_is_refused_and_not_tried_again(decoder: Decoder, number: int) -> None:
    reads: list[int] = []

    def crash(offset: int) -> None:
        reads.append(offset)
        assert decoder.process is not None
        os.kill(decoder.process, number)

    with pytest.raises(NoThumbnail) as refused:
        decoder.draw(File(encoded(cornered(), "JPEG"), crash), "jpeg", BOX)
    assert refused.value.reason is Reason.UNREADABLE
    assert len(reads) == 1
    assert decoder.draw(File(encoded(cornered(), "JPEG")), "jpeg", BOX)


def test_work_has_an_end(decoder: Decoder) -> None:
    def overwork(_: int) -> None:
        assert decoder.process is not None
        # As the kernel does when the time is over that was set.
        os.kill(decoder.process, signal.SIGXCPU)

    with pytest.raises(NoThumbnail) as refused:
        decoder.draw(File(encoded(cornered(), "JPEG"), overwork), "jpeg", BOX)
    assert refused.value.reason is Reason.TOO_SLOW


def test_waiting_has_an_end() -> None:
    decoder = Decoder(work_seconds=20, seconds=0.3)

    def freeze(_: int) -> None:
        assert decoder.process is not None
        os.kill(decoder.process, signal.SIGSTOP)

    with pytest.raises(NoThumbnail) as refused:
        decoder.draw(File(encoded(cornered(), "JPEG"), freeze), "jpeg", BOX)
    assert refused.value.reason is Reason.TOO_SLOW
    assert decoder.process is None


def test_stopped_in_the_middle_it_ends_at_once() -> None:
    decoder = Decoder(work_seconds=20, seconds=60)
    with pytest.raises(NoThumbnail) as refused:
        decoder.draw(File(encoded(cornered(), "JPEG"), lambda _: decoder.stop()), "jpeg", BOX)
    assert refused.value.reason is Reason.BUSY
    assert decoder.process is None


def test_what_cannot_be_read_is_why_it_is_not_drawn(decoder: Decoder) -> None:
    def fail(_: int) -> None:
        raise NoThumbnail(Reason.MISSING)

    with pytest.raises(NoThumbnail) as refused:
        decoder.draw(File(encoded(cornered(), "JPEG"), fail), "jpeg", BOX)
    assert refused.value.reason is Reason.MISSING
    assert decoder.draw(File(encoded(cornered(), "JPEG")), "jpeg", BOX)


def test_processes_do_not_outlive_their_server() -> None:
    decoder = Decoder(work_seconds=20, seconds=60)
    decoder.draw(File(encoded(cornered(), "JPEG")), "jpeg", BOX)
    child = decoder._child
    assert child is not None
    assert decoder._connection is not None
    decoder._connection.close()  # as it is when the server is killed
    assert child.wait(20) is not None


MESSAGES = st.one_of(
    st.just(Ready()),
    st.builds(Read, st.integers(0, 2**64 - 1), st.integers(0, 512 * 1024)),
    st.builds(Refused, st.sampled_from(Reason), st.text(max_size=20)),
    st.builds(
        Drawn,
        st.builds(Thumbnail, st.binary(min_size=1), st.sampled_from(("image/jpeg", "image/png"))),
    ),
)


@given(MESSAGES)
def test_what_is_said_is_understood(message: Ready | Read | Drawn | Refused) -> None:
    assert decode(message.encode()) == message


@given(st.binary(max_size=40))
def test_nonsense_is_known_for_what_it_is(message: bytes) -> None:
    with suppress(Nonsense):
        assert decode(message).encode()[:1] == message[:1]


@given(st.integers(0, 2**63), st.integers(1, 2000), st.integers(1, 2000), st.integers(0, 999))
def test_orders_are_understood(size: int, width: int, height: int, seconds: int) -> None:
    order = Order(size, Box(width, height), seconds, "jpeg")
    assert Order.decode(order.encode()) == order
