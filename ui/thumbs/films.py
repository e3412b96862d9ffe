"""One frame of a film, or the cover of a piece of music, found by ffmpeg under hard limits."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

from .decoder import Original
from .looking import reading
from .refusals import NoThumbnail, Reason
from .thumbnail import Box, Thumbnail

HEAD = 48 * 1024 * 1024
TAIL = 16 * 1024 * 1024
"""Bytes of a film that are read: its beginning, and its end, where the table of contents may be."""

AT_SECOND = 1
"""Films begin black, many of them."""

MOST_PIXELS = 40_000_000
MEMORY = 2048 * 1024 * 1024
MOST_RESULT = 32 * 1024 * 1024
_PIECE = 1024 * 1024
_PROGRAM = Path(__file__).with_name("limited.py")
_PROCESSOR_SECONDS = 15

_SOUND = ("mp3", "flac")
# Never a format that tells to open further files, or addresses, such as hls, concat or dash.
_FORMATS = "mov,matroska,avi,flv,ogg,mp3,flac,mpeg,asf,mpegts"


class Films:
    """Takes frames out of films, one at a time. For one thread, but for `stop`."""

    def __init__(self, program: str, folder: Path, *, seconds: float) -> None:
        """`program` is ffmpeg, `folder` where copies of films are kept as long as it runs; it
        need not exist. A film may take so many seconds by the clock."""
        self._program = program
        self._folder = folder
        self._seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    def frame(self, film: Original, kind: str, box: Box) -> Thumbnail:
        """A frame of a film of ffmpeg's format `kind`, to fit into `box`. Raises `NoThumbnail`."""
        try:
            with self._temporary() as copy, self._temporary() as out:
                with reading():
                    _copy(film, copy)
                # Covers have no time; and some films are shorter.
                for second in (0,) if kind in _SOUND else (AT_SECOND, 0):
                    if self._run(copy, out, kind, box, second):
                        break
                out.seek(0)
                data = out.read()
        except OSError as error:
            raise NoThumbnail(Reason.FAILED, str(error)) from None
        if not data.startswith(b"\xff\xd8\xff"):
            raise NoThumbnail(Reason.UNREADABLE, "ffmpeg found no frame")
        return Thumbnail(data, "image/jpeg")

    def stop(self) -> None:
        """Have what runs end at once; from any thread."""
        self._is_stopped = True
        child = self._child
        if child is not None:
            child.kill()

    def _temporary(self) -> IO[bytes]:
        # Not in the system's folder for such files, which may be memory.
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return tempfile.TemporaryFile(dir=self._folder)

    def _run(self, copy: IO[bytes], out: IO[bytes], kind: str, box: Box, second: int) -> bool:
        """Write the frame at some second to `out`; whether there is one."""
        copy.seek(0)
        out.seek(0)
        out.truncate()
        limits = [str(_PROCESSOR_SECONDS), str(MEMORY), str(MOST_RESULT)]
        command = [sys.executable, "-I", "-S", str(_PROGRAM), *limits, self._program]
        with subprocess.Popen(  # noqa: S603 - our own program, which runs the one we were given
            [*command, *_options(kind, box, second)],
            stdin=copy,
            stdout=out,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
        ) as child:
            self._child = child
            if self._is_stopped:
                child.kill()
            try:
                code = child.wait(self._seconds)
            except subprocess.TimeoutExpired:
                child.kill()
                raise NoThumbnail(Reason.TOO_SLOW) from None
            finally:
                self._child = None
        if self._is_stopped:
            raise NoThumbnail(Reason.BUSY, "the server stops")
        return code == 0 and out.seek(0, 2) > 0


def _copy(film: Original, copy: IO[bytes]) -> None:
    """The beginning and the end of a film, at their places; between them nothing, and no space."""
    copy.truncate(film.size)
    spans = [(0, min(HEAD, film.size)), (max(HEAD, film.size - TAIL), film.size)]
    for start, end in spans:
        film.seek(start)
        copy.seek(start)
        for at in range(start, end, _PIECE):
            copy.write(film.read(min(_PIECE, end - at)))
    copy.flush()


def _options(kind: str, box: Box, second: int) -> list[str]:
    # Turned upright by ffmpeg itself. Pixels need not be square; the result's are.
    shape = "scale=trunc(iw*max(sar\\,0.1)):ih"
    width, height = f"min(iw\\,{box.width})", f"min(ih\\,{box.height})"
    scale = f"scale={width}:{height}:force_original_aspect_ratio=decrease:flags=area"
    return [
        *("-nostdin", "-hide_banner", "-loglevel", "quiet"),
        *("-protocol_whitelist", "file,pipe", "-format_whitelist", _FORMATS),
        *("-threads", "1", "-max_pixels", str(MOST_PIXELS)),
        *(("-ss", str(second)) if second else ()),
        *("-f", kind, "-i", "file:/dev/stdin"),
        *("-map", "0:v:0", "-an", "-sn", "-dn", "-frames:v", "1", "-vf", f"{shape},{scale}"),
        *("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact"),
        *("-threads", "1", "-c:v", "mjpeg", "-q:v", "4", "-f", "image2pipe", "pipe:1"),
    ]
