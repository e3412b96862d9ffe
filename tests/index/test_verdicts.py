"""Every blob has rows, or one that says why it has none."""

from __future__ import annotations

from pathlib import Path

from holdfast.blobstore.hub import Hub
from holdfast.blobstore.opening import open_storage
from holdfast.blobstore.ref import Blob
from holdfast.index.keys import BLOB, REFUSED, WAITING
from holdfast.index.kv.leveldb import open_leveldb
from holdfast.index.kv.memory import MemoryTable
from holdfast.index.opening import Index
from holdfast.schema.facts import FileFacts
from holdfast.schema.filewriter import write_file

from .conftest import OWNER, TRUSTED, Speaker, blob, key_blob


def test_what_is_signed_with_a_key_that_is_damaged_waits_until_it_is_healed(tmp_path: Path) -> None:
    speaker, table = Speaker(), MemoryTable()
    node = speaker.permanode()
    storage = open_storage("packed", tmp_path, open_table=open_leveldb)
    storage.receive([key_blob(OWNER)])
    (pack,) = tmp_path.glob("*.blobs")
    data = pack.read_bytes()
    pack.write_bytes(data.replace(b"-----END", b"-----end"))
    hub = Hub(storage)
    index = Index(table, hub, trusted=TRUSTED)
    assert index.wait(10)
    hub.receive(speaker.made)
    assert table.get(WAITING.key_of(key_blob(OWNER).ref, node)) is not None
    hub.receive([key_blob(OWNER)])
    assert table.get(BLOB.key_of(node)) is not None
    assert list(table.scan(*WAITING.below())) == []
    index.close()
    storage.close()


def test_a_file_of_which_a_part_makes_no_sense_is_refused_with_the_reason(tmp_path: Path) -> None:
    made: list[Blob] = []
    file = write_file(FileFacts(name=b"file"), b"contents", made.append)
    broken = blob(made[-1].data.replace(b'"size": 8', b'"size": 9'))
    assert made[-1].ref == file != broken.ref
    storage = open_storage("packed", tmp_path, open_table=open_leveldb)
    table, hub = MemoryTable(), Hub(storage)
    index = Index(table, hub, trusted=TRUSTED)
    hub.receive([*made, broken])
    assert index.settle(10)
    ((key, value),) = table.scan(*REFUSED.below())
    assert REFUSED.parts_of(key) == [broken.ref]
    assert "has 8 bytes, not 9" in REFUSED.value_of(value)[0]
    index.close()
    storage.close()
