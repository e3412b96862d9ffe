"""Films and covers: one frame, by an ffmpeg that may not take much nor open anything else."""

from __future__ import annotations

import shutil
import struct
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from holdfast.ui.thumbs import films as films_module
from holdfast.ui.thumbs.films import Films
from holdfast.ui.thumbs.refusals import NoThumbnail, Reason
from holdfast.ui.thumbs.thumbnail import Box

from .pictures import BLUE, GREEN, cornered, corners_of, is_like, opened, shows_corners
from .test_decoder import File

FFMPEG = shutil.which("ffmpeg")
BOX = Box(2000, 128)

pytestmark = pytest.mark.skipif(FFMPEG is None, reason="ffmpeg is not installed")


@pytest.fixture
def films(tmp_path: Path) -> Films:
    assert FFMPEG is not None
    return Films(FFMPEG, tmp_path / "copies", seconds=60)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., bytes]:
    """Runs ffmpeg, for the bytes of the file it makes."""

    def run(name: str, *options: str) -> bytes:
        target = tmp_path / name
        assert FFMPEG is not None
        subprocess.run(
            [FFMPEG, "-nostdin", "-loglevel", "error", "-y", *options, str(target)],
            check=True,
            cwd=tmp_path,
        )
        return target.read_bytes()

    return run


def colour(name: tuple[int, int, int], seconds: float, size: str = "320x200") -> list[str]:
    return ["-f", "lavfi", "-i", f"color=0x{bytes(name).hex()}:s={size}:d={seconds}:r=10"]


CONTAINERS = {
    "film.mp4": ("mov", ["-c:v", "libx264", "-pix_fmt", "yuv420p"]),
    "quick.mp4": ("mov", ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]),
    "film.mov": ("mov", ["-c:v", "mjpeg"]),
    "film.mkv": ("matroska", ["-c:v", "mpeg4"]),
    "film.webm": ("matroska", ["-c:v", "libvpx", "-b:v", "1M"]),
    "film.avi": ("avi", ["-c:v", "mpeg4"]),
    "film.mpg": ("mpeg", ["-c:v", "mpeg2video", "-r", "25"]),
    "film.ts": ("mpegts", ["-c:v", "mpeg2video", "-r", "25"]),
    "film.wmv": ("asf", ["-c:v", "wmv2"]),
    "film.flv": ("flv", ["-c:v", "flv"]),
    "film.ogv": ("ogg", ["-c:v", "libtheora"]),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_film_shows_what_is_to_be_seen_after_a_second(
    films: Films, make: Callable[..., bytes], name: str
) -> None:
    kind, options = CONTAINERS[name]
    both = ["-filter_complex", "[0:v][1:v]concat=n=2:v=1:a=0"]
    data = make(name, *colour((0, 0, 0), 0.5), *colour(GREEN, 1.5), *both, *options)
    image = opened(films.frame(File(data), kind, BOX))
    assert image.size == (205, 128)
    assert is_like(corners_of(image)[0], GREEN, most=40)


def test_a_film_of_less_than_a_second_shows_its_beginning(
    films: Films, make: Callable[..., bytes]
) -> None:
    data = make("short.mp4", *colour(BLUE, 0.3), "-c:v", "libx264", "-pix_fmt", "yuv420p")
    assert is_like(corners_of(opened(films.frame(File(data), "mov", BOX)))[0], BLUE, most=40)


def test_a_small_film_stays_small_and_a_narrow_box_is_kept(
    films: Films, make: Callable[..., bytes]
) -> None:
    data = make("small.avi", *colour(BLUE, 0.3, "64x48"), "-c:v", "mjpeg")
    assert opened(films.frame(File(data), "avi", BOX)).size == (64, 48)
    assert opened(films.frame(File(data), "avi", Box(32, 2000))).size == (32, 24)


def test_a_film_is_turned_upright(films: Films, make: Callable[..., bytes], tmp_path: Path) -> None:
    cornered(320, 200).transpose(Image.Transpose.ROTATE_90).save(tmp_path / "lying.png")
    options = ["-c:v", "libx264", "-pix_fmt", "yuv420p"]
    data = bytearray(make("turned.mp4", "-loop", "1", "-t", "0.5", "-i", "lying.png", *options))
    # ISO/IEC 14496-12, section 8.3.2: a matrix that turns it by 90 degrees, as phones write it.
    at = data.index(b"tkhd") + 44
    data[at : at + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    image = opened(films.frame(File(bytes(data)), "mov", BOX))
    assert image.size == (205, 128)
    assert shows_corners(image, most=40)


@pytest.mark.parametrize(("name", "kind"), [("a.mp3", "mp3"), ("a.flac", "flac"), ("a.m4a", "mov")])
def test_music_shows_its_cover(
    films: Films, make: Callable[..., bytes], tmp_path: Path, name: str, kind: str
) -> None:
    cornered(300, 300).save(tmp_path / "cover.jpg", quality=95)
    sound = ["-f", "lavfi", "-i", "sine=d=2", "-i", "cover.jpg", "-map", "0:a", "-map", "1:v"]
    data = make(name, *sound, "-c:v", "copy", "-disposition:v", "attached_pic")
    image = opened(films.frame(File(data), kind, BOX))
    assert image.size == (128, 128)
    assert shows_corners(image, most=40)


def test_music_without_a_cover_has_nothing_to_show(
    films: Films, make: Callable[..., bytes]
) -> None:
    data = make("plain.mp3", "-f", "lavfi", "-i", "sine=d=1")
    with pytest.raises(NoThumbnail) as refused:
        films.frame(File(data), "mp3", BOX)
    assert refused.value.reason is Reason.UNREADABLE


def test_of_a_large_film_only_beginning_and_end_are_read(
    films: Films, make: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(films_module, "HEAD", 64 * 1024)
    monkeypatch.setattr(films_module, "TAIL", 64 * 1024)
    noise = ["-f", "lavfi", "-i", "testsrc2=s=640x480:d=8:r=25", "-vf", "noise=alls=60:allf=t"]
    data = make("large.mp4", *noise, "-c:v", "mpeg4", "-b:v", "100k", "-g", "300")
    read: set[int] = set()
    film = File(data, read.add)
    assert film.size > 200_000
    # The table of contents is at the end, and what is in the middle is not there.
    with_middle = opened(films.frame(film, "mov", BOX))
    assert with_middle.size == (171, 128)
    assert read == {0, film.size - 64 * 1024}


HOSTILE = {
    "playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://%s\n#EXT-X-ENDLIST\n",
    "list": b"ffconcat version 1.0\nfile '%s'\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_else_is_opened_whatever_a_film_says(
    films: Films, tmp_path: Path, name: str
) -> None:
    secret = tmp_path / "secret.jpg"
    cornered().save(secret)
    data = HOSTILE[name] % str(secret).encode()
    for kind in ("mov", "matroska", "avi", "mpegts"):
        with pytest.raises(NoThumbnail):
            films.frame(File(data), kind, BOX)
    # Not even if the format were taken for what it is.
    with pytest.raises(NoThumbnail):
        films.frame(File(data), "hls" if name == "playlist" else "concat", BOX)


def test_broken_films_are_refused(films: Films, make: Callable[..., bytes]) -> None:
    data = make("film.mp4", *colour(BLUE, 1), "-c:v", "libx264", "-pix_fmt", "yuv420p")
    for broken in (b"", data[:40], data[: len(data) // 2], bytes(100_000)):
        with pytest.raises(NoThumbnail) as refused:
            films.frame(File(broken), "mov", BOX)
        assert refused.value.reason is Reason.UNREADABLE


def slow(tmp_path: Path) -> str:
    """A program that takes ffmpeg's place, and all the time it gets."""
    program = tmp_path / "slow"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    return str(program)


def test_a_film_takes_no_longer_than_it_may(tmp_path: Path) -> None:
    films = Films(slow(tmp_path), tmp_path / "copies", seconds=0.2)
    with pytest.raises(NoThumbnail) as refused:
        films.frame(File(b"x"), "mov", BOX)
    assert refused.value.reason is Reason.TOO_SLOW


def test_stopped_in_the_middle_it_ends_at_once(tmp_path: Path) -> None:
    films = Films(slow(tmp_path), tmp_path / "copies", seconds=60)
    stopping = threading.Timer(0.2, films.stop)
    stopping.start()
    with pytest.raises(NoThumbnail) as refused:
        films.frame(File(b"x"), "mov", BOX)
    assert refused.value.reason is Reason.BUSY


def test_a_film_that_makes_ffmpeg_write_without_end_is_cut_off(tmp_path: Path) -> None:
    program = tmp_path / "endless"
    program.write_text("#!/bin/sh\nexec cat /dev/zero\n")
    program.chmod(0o755)
    films = Films(str(program), tmp_path / "copies", seconds=60)
    with pytest.raises(NoThumbnail) as refused:
        films.frame(File(b"x"), "mov", BOX)
    assert refused.value.reason is Reason.UNREADABLE


def test_no_copy_is_left_behind(films: Films, tmp_path: Path) -> None:
    with pytest.raises(NoThumbnail):
        films.frame(File(bytes(1000)), "mov", BOX)
    assert list((tmp_path / "copies").iterdir()) == []
