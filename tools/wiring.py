"""The composition root: settings in, the parts of a running Holdfast out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .config import Config, StorageConfig

if TYPE_CHECKING:
    from ..blobstore.hub import Hub
    from ..blobstore.table import Table
    from ..index.opening import Index
    from ..index.rebuilding import Rebuilding


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


@contextmanager
def open_index(config: Config, hub: Hub, *, reads: bool) -> Iterator[Index]:
    """The index of what is in the configured storage, whose gate is `hub`.

    With `reads` it reads what files and folders consist of, whenever nothing else is to do; that
    is for who stays. Raises `IndexOutdated`, and what opening its table raises.
    """
    from ..index import opening
    from ..index.kv.leveldb import destroy_leveldb
    from ..index.kv.memory import open_memory
    from .identity import trusted_fingerprints

    is_kept = config.storage.kind != "memory"
    with opening.open_index(
        config.index.path,
        hub,
        open_table=open_table if is_kept else open_memory,
        fill_table=fill_table,
        discard_table=destroy_leveldb,
        trusted=trusted_fingerprints(config.identity),
        reads=reads,
        is_kept=is_kept,
    ) as index:
        yield index


def begin_rebuild(config: Config, hub: Hub, *, anew: bool) -> Rebuilding:
    """Begin to make the index of the configured storage again, which must not be open.

    It must have ended, or be stopped, before the storage is closed. Raises `NoRoomBeside`, and
    what `rebuild_unopened` raises.
    """
    from ..index.errors import NoRoomBeside
    from ..index.kv.leveldb import destroy_leveldb
    from ..index.making import Means
    from ..index.rebuilding import rebuild_unopened
    from .identity import trusted_fingerprints

    if config.storage.kind == "memory":
        raise NoRoomBeside
    means = Means(
        hub=hub,
        open_table=fill_table,
        discard_table=destroy_leveldb,
        trusted=trusted_fingerprints(config.identity),
    )
    return rebuild_unopened(config.index.path, means, anew=anew)


def open_table(folder: Path) -> Table:
    """The engine that keeps the sorted tables of storages."""
    from ..index.kv.leveldb import open_leveldb

    return open_leveldb(folder)


def fill_table(folder: Path) -> Table:
    """The same engine for an index that is made anew."""
    from ..index.kv.leveldb import open_leveldb

    return open_leveldb(folder, to_fill=True)
