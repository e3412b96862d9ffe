"""The text of PDF files, read by a process of its own that may not take much."""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from .view import BinaryReader

MOST_PDF = 128 * 1024 * 1024
MOST_SECONDS = 20
"""Larger files are not read, and reading one takes no longer."""

_CHILD = Path(__file__).with_name("pdfchild.py")
_PIECE = 1024 * 1024

_log = logging.getLogger(__name__)


def text_of_pdf(reader: BinaryReader, most: int, *, seconds: int = MOST_SECONDS) -> str:
    """The text of a PDF file, page after page, at most `most` characters.

    What has been read when the time is over, or the file turns out to be broken, is the answer.
    Raises what reading raises, and `OSError` where no process or temporary file can be had.
    """
    reader.seek(0)
    # A file, not a pipe: PDF is read from its end.
    with tempfile.TemporaryFile() as copy:
        left = MOST_PDF
        while piece := reader.read(min(_PIECE, left + 1)):
            left -= len(piece)
            if left < 0:
                return ""
            copy.write(piece)
        copy.seek(0)
        command = [sys.executable, "-I", str(_CHILD), _library(), str(most), str(seconds)]
        with subprocess.Popen(  # noqa: S603 - our own program; the file is its input only
            command, stdin=copy, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
        ) as child:
            try:
                text, _ = child.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                child.kill()
                text, _ = child.communicate()
    if child.returncode:
        _log.info("a PDF file could only be read in part, for want of time, memory or sense")
    return text.decode("utf-8", "ignore").rstrip("\n")


def _library() -> str:
    """The folder that this process would import pypdf from; the other knows only Python's own."""
    found = find_spec("pypdf")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("pypdf is not installed", name="pypdf")
    return str(Path(found.origin).parent.parent)
