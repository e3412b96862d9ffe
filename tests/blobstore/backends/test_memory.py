"""The memory storage."""

# ruff: noqa: ARG002 (there is no folder)

from __future__ import annotations

from pathlib import Path

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.storage import HasGeneration, ReadsNow, ReadsRanges, Storage, Streams
from holdfast.blobstore.testkit.storagemachine import SETTINGS, StorageMachine
from holdfast.blobstore.testkit.storagesuite import StorageSuite


class TestMemory(StorageSuite):
    abilities = frozenset({ReadsRanges, ReadsNow, Streams, HasGeneration})
    is_persistent = False
    is_exclusive = False

    def open(self, folder: Path) -> Storage:
        return MemoryStorage()


class MemoryMachine(StorageMachine):
    is_persistent = False

    def open(self, folder: Path) -> Storage:
        return MemoryStorage()


TestMemoryMachine = MemoryMachine.TestCase
TestMemoryMachine.settings = SETTINGS
