"""Lists: the members of static sets that are shared, kept, since such lists do not change."""

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

_MOST_KEPT = 8

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

    def at(self, desk: Desk, ref: Ref) -> List:
        """The members of what may be a list; none if it is none, or not all here.

        Raises what the storage does.
        """
        kind = desk.reader.kind(ref)
        if kind is None and (schema := schema_of(desk.storage, ref)) is not None:
            kind = schema.kind  # it has just come
        return self._of(desk.storage, ref) if kind == "static-set" else List()

    def _of(self, storage: CanFetch, static_set: Ref) -> List:
        with self._lock:
            held = self._kept.get(static_set)
            if held is not None:
                self._kept.move_to_end(static_set)
                return held
        try:
            found = tuple(dict.fromkeys(islice(read_members(storage, static_set), MOST_LISTED)))
        except _UNREADABLE:
            return List()
        held = List(found, frozenset(found))
        with self._lock:
            self._kept[static_set] = held
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return held


class Memory(NamedTuple):
    """What is remembered from one question to the next."""

    orders: FolderOrders
    lists: Lists
