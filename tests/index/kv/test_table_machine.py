"""Every engine against a dict, through openings and crashes."""

from __future__ import annotations

from pathlib import Path

from holdfast.blobstore.table import Table
from holdfast.blobstore.testkit.tablemachine import SETTINGS, TableMachine
from holdfast.index.kv.buffered import buffered
from holdfast.index.kv.memory import open_memory

from . import openers


class MemoryMachine(TableMachine):
    is_persistent = False

    def open(self, folder: Path) -> Table:
        return open_memory(folder)


class LevelMachine(TableMachine):
    log_pattern = "*.log"

    def open(self, folder: Path) -> Table:
        return openers.leveldb(folder)


class SqliteMachine(TableMachine):
    def open(self, folder: Path) -> Table:
        return openers.sqlite(folder)


class BufferedMemoryMachine(TableMachine):
    is_persistent = False

    def open(self, folder: Path) -> Table:
        return buffered(open_memory, capacity=openers.SMALL)(folder)


class BufferedLevelMachine(TableMachine):
    log_pattern = "*.log"

    def open(self, folder: Path) -> Table:
        return openers.buffered_leveldb(folder)


class LargelyBufferedMachine(BufferedLevelMachine):
    def open(self, folder: Path) -> Table:
        return openers.largely_buffered_leveldb(folder)


class BufferedSqliteMachine(BufferedLevelMachine):
    def open(self, folder: Path) -> Table:
        return openers.buffered_sqlite(folder)


for machine in (
    MemoryMachine,
    LevelMachine,
    SqliteMachine,
    BufferedMemoryMachine,
    BufferedLevelMachine,
    LargelyBufferedMachine,
    BufferedSqliteMachine,
):
    machine.TestCase.settings = SETTINGS

TestMemory = MemoryMachine.TestCase
TestLevelDB = LevelMachine.TestCase
TestSqlite = SqliteMachine.TestCase
TestBufferedMemory = BufferedMemoryMachine.TestCase
TestBufferedLevelDB = BufferedLevelMachine.TestCase
TestLargelyBuffered = LargelyBufferedMachine.TestCase
TestBufferedSqlite = BufferedSqliteMachine.TestCase
