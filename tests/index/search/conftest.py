"""A library: a store and its index, with an owner who puts things in and says things of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob, Ref
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.opening import Index
from holdfast.index.search.describing import Describer
from holdfast.index.search.lookups import Lookups
from holdfast.index.search.reader import IndexReader
from holdfast.schema.claims import AddAttribute, Delete, SetAttribute, Statement
from holdfast.schema.directories import write_directory
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file

from ..conftest import NOW, OWNER, TRUSTED, Speaker, key_blob

DATA = Path(__file__).parents[2] / "data"


class Library:
    """Everything is indexed by the time it is asked for."""

    def __init__(self) -> None:
        self.hub = Hub(MemoryStorage())
        self.storage = self.hub.storage
        self.table = MemoryTable()
        self.index = Index(self.table, self.hub, trusted=TRUSTED)
        assert self.index.wait(10)
        self.owner = Speaker()
        self.hub.receive([key_blob(OWNER)])

    def put(self, data: bytes) -> Ref:
        ref = Ref.of(data)
        self.hub.receive([Blob(ref, data)])
        return ref

    def file(self, name: str, data: bytes, *, mtime_ns: int | None = NOW) -> Ref:
        made: list[Blob] = []
        ref = write_file(FileFacts(name=name.encode(), mtime_ns=mtime_ns), data, made.append)
        self.hub.receive(made)
        return ref

    def folder(self, name: str, members: Iterable[Ref]) -> Ref:
        made: list[Blob] = []
        ref = write_directory(FileFacts(name=name.encode()), list(members), made.append)
        self.hub.receive(made)
        return ref

    def permanode(self, name: str, **attributes: str | list[str]) -> Ref:
        """A permanode with attributes; `_` in a name stands for `:`. Texts are set, lists added."""
        ref = self.owner.permanode(name.encode()[:20])
        self.hub.receive([self.owner.made[-1]])
        for attribute, value in attributes.items():
            attribute = attribute.replace("_", ":", 1)
            if isinstance(value, str):
                self.says(SetAttribute(ref, attribute, value))
            else:
                self.says(*(AddAttribute(ref, attribute, one) for one in value))
        return ref

    def says(self, *statements: Statement, at: int | None = None, by: Speaker | None = None) -> Ref:
        """Claims; the ref of the last one."""
        speaker = by or self.owner
        refs = [speaker.says(statement, at=at) for statement in statements]
        self.hub.receive([key_blob(speaker.key), *speaker.made[len(speaker.made) - len(refs) :]])
        return refs[-1]

    def delete(self, ref: Ref) -> Ref:
        return self.says(Delete(ref))

    @property
    def reader(self) -> IndexReader:
        assert self.index.settle(10)
        return IndexReader(self.table, trusted=TRUSTED)

    @property
    def describer(self) -> Describer:
        return Describer(self.reader, self.storage)

    @property
    def lookups(self) -> Lookups:
        return Lookups(self.reader, self.storage)

    def close(self) -> None:
        self.index.close()


@pytest.fixture
def library() -> Iterator[Library]:
    made = Library()
    yield made
    made.close()
