"""The composition root: settings in, the parts of a running Holdfast out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .config import StorageConfig

if TYPE_CHECKING:
    from pathlib import Path

    from ..blobstore.hub import Hub
    from ..blobstore.table import Table


@contextmanager
def open_hub(storage: StorageConfig, *, read_only: bool = False) -> Iterator[Hub]:
    """The gate of the configured storage, open as long as this lasts.

    The folder is made when it is missing, unless `read_only`. Raises `StoreBusy` when another
    process owns the store, `StoreDamaged` and `StoreFailed` as the storage does.
    """
    from ..blobstore.hub import Hub
    from ..blobstore.opening import open_storage
    from ..index.kv.memory import open_memory

    # LevelDB cannot be opened without writing to its folder.
    tables = open_memory if read_only else open_table
    opened = open_storage(storage.kind, storage.path, open_table=tables, read_only=read_only)
    try:
        yield Hub(opened)
    finally:
        opened.close()


def open_table(folder: Path) -> Table:
    """The engine that keeps the sorted tables of storages."""
    from ..index.kv.leveldb import open_leveldb

    return open_leveldb(folder)
