"""How a child process opens each storage under test; named by `opening(...)` in the tests."""

from __future__ import annotations

from pathlib import Path

from holdfast.blobstore.backends.packed import PackedStorage
from holdfast.blobstore.storage import Storage
from holdfast.index.kv.leveldb import open_leveldb


def packed(folder: Path) -> Storage:
    """Small packs, so that a loop of faults meets many changes from one to the next."""
    folder.mkdir(exist_ok=True)
    return PackedStorage(folder, open_table=open_leveldb, max_pack_size=4 << 20)


def localdisk(folder: Path) -> Storage:
    from holdfast.blobstore.backends.localdisk import LocalDiskStorage

    folder.mkdir(exist_ok=True)
    return LocalDiskStorage(folder)
