"""The order of what is in a folder: as people expect it, and kept, since folders do not change."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from ...blobstore.ref import Ref
from ...blobstore.storage import Storage
from ..words import plain
from .reader import IndexReader
from .schemas import name_of, schema_of

MOST_KEPT = 200_000
"""Entries of folders whose order is remembered, in all."""

_LONGEST = 300
"""Characters of a name that count for its place."""

_DIGITS = re.compile(r"([0-9]+)")


class FolderEntry(NamedTuple):
    """A member of a folder."""

    ref: Ref
    name: str


class FolderOrders:
    """Sorts the members of folders. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Ref, Sequence[FolderEntry]] = OrderedDict()
        self._size = 0

    def of(self, reader: IndexReader, storage: Storage, folder: Ref) -> Sequence[FolderEntry]:
        """The members of a folder by name, numbers in names as numbers; folders come first.

        Raises as the reader does.
        """
        with self._lock:
            kept = self._kept.get(folder)
            if kept is not None:
                self._kept.move_to_end(folder)
                return kept
        found = []
        is_sure = True
        for ref in reader.children(folder):
            name, is_folder, is_known = _look(reader, storage, ref)
            is_sure = is_sure and is_known
            found.append((not is_folder, natural_key(name), name, ref))
        found.sort()
        entries = tuple(FolderEntry(ref, name) for _, _, name, ref in found)
        if is_sure and reader.directory(folder) is not None:
            self._keep(folder, entries)
        return entries

    def _keep(self, folder: Ref, entries: Sequence[FolderEntry]) -> None:
        with self._lock:
            if len(entries) > MOST_KEPT or folder in self._kept:
                return
            self._kept[folder] = entries
            self._size += len(entries)
            while self._size > MOST_KEPT:
                _, forgotten = self._kept.popitem(last=False)
                self._size -= len(forgotten)


def natural_key(name: str) -> tuple[tuple[str, int, str], ...]:
    """What names are sorted by: without case and accents, and `2` before `10`."""
    parts = _DIGITS.split(plain(name[:_LONGEST]))
    texts, digits = parts[::2], [run.lstrip("0") for run in parts[1::2]]
    return tuple(
        # As numbers they would be as slow to read as they may be long.
        (text, len(number), number)
        for text, number in zip(texts, (*digits, ""), strict=True)
    )


def _look(reader: IndexReader, storage: Storage, ref: Ref) -> tuple[str, bool, bool]:
    """The name of a member, whether it is a folder, and whether that is sure."""
    facts = reader.file(ref)
    if facts is not None:
        return facts.name, False, True
    folder = reader.directory(ref)
    if folder is not None:
        return folder[0], True, True
    # A link or a pipe has no row with its name; nor has a file that is not read yet.
    schema = schema_of(storage, ref)
    if schema is None:
        return "", False, False
    return name_of(schema), schema.kind == "directory", True
