"""A small store with an index on it, in which its owner speaks."""

from __future__ import annotations

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.keys import NODE, RowKind
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.nodes import Node, read_node
from holdfast.index.opening import Index
from holdfast.schema.claims import Statement
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file

from .conftest import OWNER, TRUSTED, Speaker, key_blob


class Store:
    """A store, its rows, and its owner speaking in it."""

    def __init__(self, table: MemoryTable | None = None) -> None:
        self.hub = Hub(MemoryStorage())
        self.table = MemoryTable() if table is None else table
        self.index = Index(self.table, self.hub, trusted=TRUSTED)
        assert self.index.wait(10)
        self.owner = Speaker()
        self.hub.receive([key_blob(OWNER)])

    def permanode(self, name: bytes = b"node") -> Ref:
        ref = self.owner.permanode(name)
        self.hub.receive([self.owner.made[-1]])
        return ref

    def says(self, *statements: Statement, at: int | None = None) -> Ref:
        refs = [self.owner.says(statement, at=at) for statement in statements]
        self.hub.receive(self.owner.made[-len(refs) :])
        return refs[-1]

    def file(self, name: bytes, content: bytes) -> Ref:
        """A file that is here and read."""
        ref, blobs = file_blobs(name, content)
        self.hub.receive(blobs)
        assert self.index.settle(10)
        return ref

    def rows(self, kind: RowKind) -> list[list[str]]:
        return [kind.parts_of(key) for key, _ in self.table.scan(*kind.below())]

    def node(self, permanode: Ref) -> Node:
        value = self.table.get(NODE.key_of(permanode))
        assert value is not None
        return read_node(permanode, value)[0]


def file_blobs(name: bytes, content: bytes) -> tuple[Ref, list[Blob]]:
    """A file, and all it consists of."""
    blobs: list[Blob] = []
    return write_file(FileFacts(name=name), content, blobs.append), blobs
