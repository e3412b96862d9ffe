"""The packed storage: the suite, with either table and with packs of any size."""

# ruff: noqa: ARG002 (damage is done behind the storage's back)

from __future__ import annotations

import shutil
from pathlib import Path

from holdfast.blobstore.backends.packed import PackedStorage
from holdfast.blobstore.opening import open_storage
from holdfast.blobstore.ref import Ref
from holdfast.blobstore.storage import (
    DefersSync,
    HasGeneration,
    Journals,
    ReadsNow,
    ReadsRanges,
    Storage,
    Streams,
)
from holdfast.blobstore.testkit.storagemachine import SETTINGS, StorageMachine
from holdfast.blobstore.testkit.storagesuite import StorageSuite
from holdfast.index.kv.leveldb import open_leveldb
from holdfast.index.kv.memory import open_memory

SMALL = 30_000
"""Bytes after which a pack of the test stores is full, so that there are many."""


class TestPacked(StorageSuite):
    abilities = frozenset({ReadsRanges, ReadsNow, DefersSync, Streams, Journals, HasGeneration})

    def open(self, folder: Path) -> Storage:
        return open_storage("packed", folder, open_table=open_leveldb)

    def open_read_only(self, folder: Path) -> Storage:
        return open_storage("packed", folder, open_table=open_memory, read_only=True)

    def damage(self, storage: Storage, folder: Path, ref: Ref) -> None:
        begin = b"[%b " % ref.encode()
        for path in folder.glob("pack-*.blobs"):
            content = path.read_bytes()
            at = content.find(begin)
            if at >= 0:
                last = content.index(b"]", at) + int(content[at + len(begin) :].split(b"]")[0])
                with path.open("r+b") as file:
                    file.seek(last)
                    file.write(bytes([content[last] ^ 1]))
                return
        raise AssertionError(f"{ref} is in no pack")

    def room_taken(self, folder: Path) -> int:
        return sum(path.stat().st_blocks * 512 for path in folder.glob("pack-*.blobs"))


class TestSmallPacks(TestPacked):
    def open(self, folder: Path) -> Storage:
        folder.mkdir(exist_ok=True)
        return PackedStorage(folder, open_table=open_leveldb, max_pack_size=SMALL)


class TestPackedWithoutTable(TestPacked):
    """Every opening finds the table lost, and makes it from the packs."""

    def open(self, folder: Path) -> Storage:
        folder.mkdir(exist_ok=True)
        shutil.rmtree(folder / "index.leveldb", ignore_errors=True)
        return PackedStorage(folder, open_table=open_memory, max_pack_size=SMALL)


class PackedMachine(StorageMachine):
    def open(self, folder: Path) -> Storage:
        folder.mkdir(exist_ok=True)
        return PackedStorage(folder, open_table=open_leveldb, max_pack_size=SMALL)


TestPackedMachine = PackedMachine.TestCase
TestPackedMachine.settings = SETTINGS
