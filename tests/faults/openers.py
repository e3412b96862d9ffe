"""The storages under test, and how a child process opens each."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.blobstore.backends.localdisk import LocalDiskStorage
from holdfast.blobstore.backends.packed import PackedStorage
from holdfast.blobstore.storage import Storage
from holdfast.index.kv.leveldb import open_leveldb


def packed(folder: Path) -> Storage:
    """Small packs, so that a loop of faults meets many changes from one to the next."""
    return PackedStorage(folder, open_table=open_leveldb, max_pack_size=4 << 20)


def localdisk(folder: Path) -> Storage:
    return LocalDiskStorage(folder)


PACKED = f"{__file__}:packed"

each_storage = pytest.mark.parametrize(
    "opening", [pytest.param(f"{__file__}:{name}", id=name) for name in ("localdisk", "packed")]
)
"""Runs a test with each of them, named as the fault harness wants it."""
