"""What commands say: lines for people, JSON for scripts, and progress on a terminal."""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TextIO

if TYPE_CHECKING:
    from tqdm import tqdm


class Output:
    """Standard output and standard error of one command. Safe for many threads."""

    def __init__(self, *, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = sys.stdout if out is None else out
        self._err = sys.stderr if err is None else err
        self.is_terminal = self._out.isatty()
        self._bar: tqdm[Any] | None = None
        self._lock = threading.Lock()

    def line(self, text: str) -> None:
        """One line of the answer. Names in it must have gone through `name`."""
        with self._quiet():
            self._out.buffer.write(text.encode("utf-8", "surrogateescape") + b"\n")

    def json(self, value: object) -> None:
        """One JSON document on one line."""
        with self._quiet():
            self._out.buffer.write(json.dumps(value, separators=(",", ":")).encode() + b"\n")

    def flush(self) -> None:
        """Everything said so far is out. Raises `BrokenPipeError` if nobody reads it."""
        self._out.flush()

    def name(self, raw: bytes) -> str:
        """A file name to show: escaped on a terminal, where it could play tricks; else as is."""
        return printable(raw) if self.is_terminal else raw.decode("utf-8", "surrogateescape")

    def note(self, text: str) -> None:
        """One line beside the answer: a warning, what was skipped, what comes next."""
        with self._quiet():
            self._err.write(text.encode("utf-8", "replace").decode("utf-8") + "\n")
            self._err.flush()

    @contextmanager
    def progress(self, verb: str, *, unit: str = "") -> Iterator[Progress]:
        """A progress bar on a terminal, nothing elsewhere, as long as this lasts.

        It counts bytes, unless `unit` says what.
        """
        if not self._err.isatty():
            yield _Silent()
            return
        # Imported here: it costs a start of every command more than the bar is worth.
        from tqdm import tqdm

        bar: tqdm[Any] = tqdm(
            desc=verb,
            unit=f" {unit}" if unit else "B",
            unit_scale=True,
            unit_divisor=1000 if unit else 1024,
            file=self._err,
            dynamic_ncols=True,
            mininterval=0.2,
        )
        self._bar = bar
        try:
            yield _Bar(bar)
        finally:
            self._bar = None
            bar.close()

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Hold the progress bar back while a line is written."""
        with self._lock:
            bar = self._bar
            if bar is None:
                yield
            else:
                with bar.external_write_mode(file=self._err):
                    yield
                    self._out.flush()


class Progress(Protocol):
    """Is told how far a piece of work has come. Cheap to call."""

    @property
    def is_shown(self) -> bool:
        """Whether anybody sees it, so that finding out the total is worth while."""

    def advance(self, size: int, files: int = 0) -> None:
        """So many more bytes, and files, are done."""

    def expect(self, total: int) -> None:
        """There are so many bytes in all."""


class _Silent:
    is_shown = False

    def advance(self, size: int, files: int = 0) -> None:
        pass

    def expect(self, total: int) -> None:
        pass


class _Bar:
    is_shown = True

    def __init__(self, bar: tqdm[Any]) -> None:
        self._bar = bar
        self._files = 0

    def advance(self, size: int, files: int = 0) -> None:
        self._files += files
        if files:
            self._bar.set_postfix_str(f"{self._files} files", refresh=False)
        self._bar.update(size)

    def expect(self, total: int) -> None:
        self._bar.total = total


SILENT: Progress = _Silent()
"""For work nobody watches."""


def printable(raw: bytes) -> str:
    r"""A name as one line of harmless text: control characters and bad bytes as `\xNN`."""
    text = raw.decode("utf-8", "surrogateescape")
    return text if text.isprintable() else "".join(map(_printable, text))


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def json_name(raw: bytes, key: str = "name") -> dict[str, str]:
    """A name for JSON without loss: as text, and in base64 too if it is not UTF-8."""
    try:
        return {key: raw.decode()}
    except UnicodeDecodeError:
        return {
            key: raw.decode("utf-8", "replace"),
            f"{key}Base64": base64.b64encode(raw).decode(),
        }


def human_size(size: float) -> str:
    """A number of bytes in at most four figures."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def counted(number: int, noun: str) -> str:
    """`1 file`, `1,234 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def silence_output() -> None:
    """Point standard output to nowhere, so that the interpreter's last flush is no error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
