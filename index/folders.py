"""Where an index lies, and another beside it while it is made, until that takes its place."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..blobstore.durable import sync_folder
from ..blobstore.errors import HoldfastError, StoreFailed, TableDamaged
from ..blobstore.table import OpenTable, Table
from .errors import IndexOutdated, IndexUnusable
from .keys import CURSOR, VERSION, VERSION_NUMBER

_log = logging.getLogger(__name__)

DiscardTable = Callable[[Path], None]
"""Removes the table in a folder, if there is one, and the folder if that was all."""


class Folders(NamedTuple):
    """The folders of one index: where it is, and where the next and the last one are.

    `ready` is there only from when a new index is whole until it is in its place. In `check` rows
    are made for comparison.
    """

    place: Path
    new: Path
    ready: Path
    old: Path
    check: Path

    @classmethod
    def of(cls, index: Path) -> Folders:
        """Those around the folder of an index."""
        # Beside what a link leads to: another disk might not have the room, nor allow the swap.
        index = index.resolve()
        beside = (
            index.with_name(f"{index.name}.{end}") for end in ("new", "ready", "old", "check")
        )
        return cls(index, *beside)


def take_place(folders: Folders, discard_table: DiscardTable) -> None:
    """Put the index that is ready, if one is, into its place. Raises `StoreFailed`.

    A crash at any point leaves the old one in its place, or the rest of this to the next call;
    no table may be open.
    """
    try:
        if folders.ready.exists():
            if folders.place.exists():
                discard_old(folders, discard_table)
                folders.place.rename(folders.old)
            try:
                folders.ready.rename(folders.place)
            except OSError:
                with suppress(OSError):
                    folders.old.rename(folders.place)
                raise
            sync_folder(folders.place.parent)
    except OSError as error:
        raise StoreFailed.by(str(folders.place), error) from error


def put_aside(folders: Folders) -> None:
    """Take what is in the place out of it, to be discarded as old. Raises `StoreFailed`."""
    try:
        folders.place.rename(folders.old)
        sync_folder(folders.place.parent)
    except OSError as error:
        raise StoreFailed.by(str(folders.place), error) from error


def discard_old(folders: Folders, discard_table: DiscardTable) -> None:
    """Remove the index that was in the place before. Raises `StoreFailed`."""
    discard_table(folders.old)
    if folders.old.exists():
        # What is left is none of ours. It must not keep the next one from being put aside.
        kept = next(
            path
            for number in range(1, 1000)
            if not (path := folders.old.with_name(f"{folders.old.name}{number}")).exists()
        )
        folders.old.rename(kept)
        _log.warning("%s was in the folder of the index, and is kept", kept)


def open_checked(folder: Path, open_table: OpenTable, discard_table: DiscardTable) -> Table:
    """The table in a folder, made again if it is damaged.

    Raises `IndexOutdated`, `IndexUnusable`, and what opening a table raises.
    """
    try:
        return _open_checked(folder, open_table)
    except TableDamaged as error:
        if folder.exists() and not folder.is_dir():
            raise IndexUnusable(str(folder), error.why) from error
        _log.warning("%s; the index is made again from the blobs", error)
        discard_table(folder)
        return _open_checked(folder, open_table)


def refuse_newer(folder: Path, open_table: OpenTable) -> None:
    """Raise `IndexOutdated` if what is in a folder was made by a newer program than this."""
    if not folder.is_dir():
        return
    try:
        table = open_table(folder)
    except TableDamaged:
        return
    try:
        value = table.get(VERSION.key_of())
        found = 0 if value is None else VERSION.value_of(value)[0]
    except TableDamaged:
        return
    finally:
        table.close()
    if not isinstance(found, int) or found > VERSION_NUMBER:
        raise IndexOutdated(str(folder), found, VERSION_NUMBER)


def cursor_in(table: Table) -> str | None:
    """Up to where all blobs are in the rows of a table; None if nothing vouches for them."""
    value = table.get(CURSOR.key_of())
    return None if value is None else str(CURSOR.value_of(value)[0])


def _open_checked(folder: Path, open_table: OpenTable) -> Table:
    table = open_table(folder)
    try:
        _check_version(folder, table)
        cursor_in(table)  # if it is damaged, better now than later
    except HoldfastError:
        table.close()
        raise
    return table


def _check_version(folder: Path, table: Table) -> None:
    value = table.get(VERSION.key_of())
    if value is None:
        table.write([VERSION.row(value=(VERSION_NUMBER,))])
        return
    (found,) = VERSION.value_of(value)
    if found != VERSION_NUMBER:
        raise IndexOutdated(str(folder), found, VERSION_NUMBER)
