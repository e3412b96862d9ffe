"""Every durable table there is, by name, also for processes of their own."""

from __future__ import annotations

from pathlib import Path

from holdfast.blobstore.table import Table
from holdfast.index.kv.buffered import buffered
from holdfast.index.kv.leveldb import open_leveldb
from holdfast.index.kv.sqlite import open_sqlite

SMALL = 3000
"""Bytes a buffer of the tests holds: little, so that it is flushed again and again."""


def leveldb(folder: Path) -> Table:
    return open_leveldb(folder)


def sqlite(folder: Path) -> Table:
    return open_sqlite(folder)


def buffered_leveldb(folder: Path) -> Table:
    return buffered(open_leveldb, capacity=SMALL)(folder)


def largely_buffered_leveldb(folder: Path) -> Table:
    return buffered(open_leveldb)(folder)


def buffered_sqlite(folder: Path) -> Table:
    return buffered(open_sqlite, capacity=SMALL)(folder)
