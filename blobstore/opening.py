"""The kinds of storage there are, and how to open one by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .backends.localdisk import LocalDiskStorage
from .backends.memory import MemoryStorage
from .backends.packed import PackedStorage
from .errors import Blame, HoldfastError
from .storage import Storage
from .table import OpenTable


class UnknownKind(HoldfastError):
    """The name of a kind of storage that does not exist."""

    blame = Blame.CALLER

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(f"unknown kind of storage {kind!r}; use one of {', '.join(KINDS)}")


def _packed(path: Path, open_table: OpenTable, read_only: bool) -> Storage:
    return PackedStorage(path, open_table=open_table, read_only=read_only)


def _localdisk(path: Path, _: OpenTable, read_only: bool) -> Storage:
    return LocalDiskStorage(path, read_only=read_only)


def _memory(_path: Path, _: OpenTable, _read_only: bool) -> Storage:
    return MemoryStorage()


KINDS: dict[str, Callable[[Path, OpenTable, bool], Storage]] = {
    "packed": _packed,
    "localdisk": _localdisk,
    "memory": _memory,
}
"""Every kind of storage by its name in the settings."""


def open_storage(
    kind: str, path: Path, *, open_table: OpenTable, read_only: bool = False
) -> Storage:
    """Open the storage of `kind` kept in the folder `path`, or make it.

    With `read_only` nothing in the folder changes. Raises `UnknownKind`, `StoreBusy`,
    `StoreDamaged` and `StoreFailed`.
    """
    try:
        open_kind = KINDS[kind]
    except KeyError:
        raise UnknownKind(kind) from None
    return open_kind(path, open_table, read_only)
