"""Files are read in the background: none is missed, and none keeps the others waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.errors import BlobNotFound
from holdfast.blobstore.hub import Hub
from holdfast.blobstore.ref import Blob, Ref
from holdfast.blobstore.storage import CanFetch
from holdfast.index import files
from holdfast.index.files import ReadFile, facts_in
from holdfast.index.keys import FILE, REFUSED, UNREAD, Row
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.opening import Index
from holdfast.schema.blob import Part, SchemaBlob
from holdfast.schema.build import bytes_text
from holdfast.schema.facts import FileFacts as Facts
from holdfast.schema.filewriter import write_file, write_file_blob

from .conftest import TRUSTED


def test_who_waits_for_all_to_be_read_waits_while_it_is_looked_for_what_is_to_be_read() -> None:
    hub, table = Hub(MemoryStorage()), SlowToLook()
    index = Index(table, hub, trusted=TRUSTED, reads=False)
    assert index.wait(10)
    made: list[Blob] = []
    file = write_file(Facts(name=b"new"), b"contents", made.append)
    hub.receive(made)
    table.is_slow = True
    index.read_on()
    assert table.is_looking.wait(10)
    threading.Timer(0.05, table.may_go_on.set).start()
    assert index.settle(10)
    assert table.get(FILE.key_of(file)) is not None
    index.close()


class SlowToLook(MemoryTable):
    """Takes its time to say what is to be read."""

    def __init__(self) -> None:
        super().__init__()
        self.is_slow = False
        self.is_looking, self.may_go_on = threading.Event(), threading.Event()

    def scan(
        self, start: bytes = b"", end: bytes | None = None, *, backwards: bool = False
    ) -> Iterator[Row]:
        if self.is_slow and start == UNREAD.below()[0]:
            self.is_looking.set()
            assert self.may_go_on.wait(10)
        return super().scan(start, end, backwards=backwards)


def test_a_blob_that_comes_just_when_it_was_looked_for_in_vain_is_read() -> None:
    hub, table = Hub(storage := ComesLate()), MemoryTable()
    index = Index(table, hub, trusted=TRUSTED, reads=False)
    assert index.wait(10)
    made: list[Blob] = []
    file = write_file(Facts(name=b"late"), b"contents", made.append)
    hub.receive(made)
    storage.late = file
    assert index.settle(10)
    assert storage.late is None
    assert table.get(FILE.key_of(file)) is not None
    index.close()


class ComesLate(MemoryStorage):
    """Does not have a blob when it is asked for that, and does from then on."""

    late: Ref | None = None

    def fetch(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        for ref in refs:
            if ref == self.late:
                self.late = None
                raise BlobNotFound(ref)
            yield from super().fetch((ref,))


def test_contents_that_no_parser_expects_keep_nothing_else_from_being_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def read_file(schema: SchemaBlob, fetch: CanFetch, *, check: Callable[[], None]) -> ReadFile:
        if b"hostile" in schema.raw_name:
            raise ValueError("a mistake in a parser")
        return files.read_file(schema, fetch, check=check)

    monkeypatch.setattr("holdfast.index.rows.read_file", read_file)
    hub, table = Hub(MemoryStorage()), MemoryTable()
    index = Index(table, hub, trusted=TRUSTED)
    made: list[Blob] = []
    names = (b"hostile 1", b"good", b"hostile 2")
    refs = [write_file(Facts(name=name), b"contents", made.append) for name in names]
    hub.receive(made)
    assert index.settle(10)
    index.close()
    assert table.get(FILE.key_of(refs[1])) is not None
    refused = {REFUSED.parts_of(key)[0] for key, _ in table.scan(*REFUSED.below())}
    assert refused == {refs[0], refs[2]}


def test_what_claims_to_be_a_file_without_end_keeps_nothing_else_from_being_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "MOST_PIECES", 100_000)
    made: list[Blob] = []
    crumb = Blob(Ref.of(b"crumb"), b"crumb")
    part = Part(5, crumb.ref)
    while part.size < 5 << 30:  # a thousand million pieces, which is no size at all
        text = bytes_text([part] * 4)
        made.append(Blob(Ref.of(text), text))
        part = Part(part.size * 4, bytes_ref=made[-1].ref)
    claimed = {b"zeros": Part(10**15), b"crumbs": part}
    refs = {
        name: write_file_blob(Facts(name=name), [part], made.append)
        for name, part in claimed.items()
    }
    good = write_file(Facts(name=b"good"), b"contents", made.append)
    hub, table = Hub(MemoryStorage()), MemoryTable()
    index = Index(table, hub, trusted=TRUSTED)
    hub.receive([crumb, *made])
    is_read = index.settle(30)
    index.close()
    assert is_read
    assert table.get(FILE.key_of(good)) is not None
    for name, ref in refs.items():
        value = table.get(FILE.key_of(ref))
        assert value is not None
        facts = facts_in(value)
        assert (facts.size, facts.whole) == (claimed[name].size, None)
