"""Stores and settings for the tests of the command line and the client."""

# Names are bytes here, which pathlib cannot hold.
# ruff: noqa: PTH101, PTH102, PTH123, PTH211
from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.hub import Hub
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.opening import Index
from holdfast.tools.client.local import LocalStore
from holdfast.tools.client.store import Store
from holdfast.tools.config import StorageConfig
from holdfast.tools.wiring import open_hub


@pytest.fixture
def memory() -> Iterator[Store]:
    """A store that forgets everything, and so forbids caches."""
    hub = Hub(MemoryStorage())
    index = Index(MemoryTable(), hub, trusted=frozenset())
    yield LocalStore(hub, partial(nullcontext, index), Path("memory"))
    index.close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """A store with a generation, so that caches are used."""
    folder = tmp_path / "kept-store"
    with open_hub(StorageConfig(kind="localdisk", path=folder)) as hub:
        index = Index(MemoryTable(), hub, trusted=frozenset())
        yield LocalStore(hub, partial(nullcontext, index), folder)
        index.close()


@pytest.fixture
def nasty(tmp_path: Path) -> Path:
    """A tree of everything that is hard to keep."""
    return make_nasty(tmp_path / "nasty")


def make_nasty(top: Path) -> Path:
    """Odd names, odd modes, odd times, every kind of thing, sizes on both sides of every limit."""
    chance = random.Random(7)
    raw = os.fsencode(top)
    top.mkdir()
    names = [
        b"plain",
        b"two words",
        b"line\nbreak",
        b"tab\tand\x1b[31mcolour",
        b"caf\xe9 in latin-1",
        b"\xff\xfe\x80",
        "日本語-😀-\ufffd".encode(),
        b"-rf",
        b"back\\slash",
        b"*?[glob",
        b"~",
        b'"quote"',
        b" ",
        b"x" * 255,
        b".hidden",
    ]
    for number, name in enumerate(names):
        _write(raw + b"/" + name, chance.randbytes(number * 100), 0o600 + number)
    for size in (0, 1, 262_143, 262_144, 262_145, 1 << 20, (1 << 20) + 1, 9 << 20):
        _write(raw + b"/size-%d" % size, chance.randbytes(size), 0o644)
    _write(raw + b"/zeros", bytes(3 << 20), 0o444)
    _write(raw + b"/unreadable-by-others", b"secret", 0o400)
    for mode in (0o700, 0o755, 0o711, 0o555, 0o777):
        folder = raw + b"/mode-%o" % mode
        os.mkdir(folder)
        _write(folder + b"/inside", b"%o" % mode, 0o640)
        os.chmod(folder, mode)
    os.mkdir(raw + b"/empty")
    os.symlink(b"plain", raw + b"/link")
    os.symlink(b"nowhere/at/all", raw + b"/broken link")
    os.symlink(b"/etc/passwd", raw + b"/link out")
    os.symlink(b"..", raw + b"/link up")
    os.symlink(b"\xff\xfe", raw + b"/link to bytes")
    os.symlink(b"mode-755", raw + b"/link to folder")
    os.mkfifo(raw + b"/fifo", 0o620)
    with socket.socket(socket.AF_UNIX) as bound:
        # The path of a socket has at most 107 bytes.
        here = os.open(raw, os.O_RDONLY)
        bound.bind(b"/proc/self/fd/%d/socket" % here)
        os.close(here)
    os.link(raw + b"/plain", raw + b"/hard link")
    deep = raw
    for level in range(30):
        deep += b"/d%d" % level
        os.mkdir(deep)
    _write(deep + b"/leaf", b"leaf", 0o644)
    times = iter(range(1, 10_000))
    for folder, _, files in os.walk(raw, topdown=False):
        for name in [*files]:
            when = -5_500_000_000 if next(times) == 3 else next(times) * 123_456_789_123_456
            os.utime(folder + b"/" + name, ns=(when, when), follow_symlinks=False)
        when = next(times) * 123_456_789_123_456 + 1
        os.utime(folder, ns=(when, when))
    return top


def _write(path: bytes, data: bytes, mode: int) -> None:
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, mode)
