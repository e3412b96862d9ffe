"""Lists: members of static sets and of very large folders, kept, since these do not change."""

from __future__ import annotations

import threading
from collections import OrderedDict
from itertools import islice
from typing import NamedTuple

from ...blobstore.errors import BlobNotFound, CorruptBlob
from ...blobstore.ref import Ref
from ...blobstore.storage import CanFetch
from ...index.search.desk import Desk
from ...index.search.folderorder import FolderOrders
from ...index.search.schemas import schema_of
from ...schema.directories import read_members
from ...schema.errors import BadTree, NotSchema, WrongKind

MOST_LISTED = 200_000
"""Members that a shared list has; others of it are not there."""

LARGE = 20_000
"""Members from which on a folder is shown in the order it is stored in: by name as well, though by
its bytes, and without a look at each."""

MOST_IN_FOLDER = 1_000_000

MOST_KEPT = 500_000
"""Members that are remembered, in all."""

_UNREADABLE = (BadTree, BlobNotFound, CorruptBlob, NotSchema, WrongKind)


class List(NamedTuple):
    """Members, each once: in their order, and to look one up."""

    refs: tuple[Ref, ...] = ()
    members: frozenset[Ref] = frozenset()


class Lists:
    """Reads lists. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Ref, List] = OrderedDict()
        self._size = 0

    def at(self, desk: Desk, ref: Ref) -> List:
        """The members of what may be a list; none if it is none, or not all here.

        Raises what the storage does.
        """
        kind = desk.reader.kind(ref)
        if kind is None and (schema := schema_of(desk.storage, ref)) is not None:
            kind = schema.kind  # it has just come
        if kind != "static-set":
            return List()
        return self._of(desk.storage, ref, MOST_LISTED, is_searched=True)

    def in_large(self, desk: Desk, folder: Ref) -> tuple[Ref, ...] | None:
        """The members of a folder, if it is a large one, in the order it is stored in."""
        known = desk.reader.directory(folder)
        if known is None or known[1] < LARGE:
            return None
        return self._of(desk.storage, folder, MOST_IN_FOLDER, is_searched=False).refs

    def _of(self, storage: CanFetch, ref: Ref, most: int, *, is_searched: bool) -> List:
        with self._lock:
            held = self._kept.get(ref)
            if held is not None:
                self._kept.move_to_end(ref)
                return held
        try:
            found = tuple(dict.fromkeys(islice(read_members(storage, ref), most)))
        except _UNREADABLE:
            return List()
        held = List(found, frozenset(found) if is_searched else frozenset())
        self._keep(ref, held)
        return held

    def _keep(self, ref: Ref, held: List) -> None:
        with self._lock:
            if len(held.refs) > MOST_KEPT or ref in self._kept:
                return
            self._kept[ref] = held
            self._size += len(held.refs)
            while self._size > MOST_KEPT:
                _, dropped = self._kept.popitem(last=False)
                self._size -= len(dropped.refs)


class Memory(NamedTuple):
    """What is remembered from one question to the next."""

    orders: FolderOrders
    lists: Lists
