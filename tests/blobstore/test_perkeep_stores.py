"""Stores that Perkeep wrote open in place and give exactly what Perkeep listed."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.blobstore.errors import ReadOnly
from holdfast.blobstore.opening import open_storage
from holdfast.blobstore.ref import Ref, SizedRef
from holdfast.blobstore.storage import HasGeneration, ReadsRanges, Storage, Streams, has
from holdfast.blobstore.testkit.lasting import contents
from holdfast.blobstore.testkit.samples import blob, listed, refs, sized, texts
from holdfast.blobstore.testkit.subject import able
from holdfast.index.kv.leveldb import open_leveldb
from holdfast.index.kv.memory import open_memory

DATA = Path(__file__).parents[1] / "data" / "blobstore" / "perkeep-stores.tar.xz"

KINDS = {"localdisk": "localdisk", "diskpacked": "packed", "diskpacked-small": "packed"}
"""The stores there are, and the kind each is opened as."""

every_store = pytest.mark.parametrize("name", KINDS)


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    """The stores as Perkeep left them."""
    with tarfile.open(DATA) as archive:
        archive.extractall(tmp_path)  # `filter` is not known to every 3.11
    return tmp_path


def lines(stores: Path, name: str) -> list[SizedRef]:
    """What Perkeep listed."""
    pairs = (line.split() for line in (stores / f"{name}.txt").read_text().splitlines())
    return [SizedRef(Ref.parse(ref), int(size)) for ref, size in pairs]


def reading(stores: Path, name: str) -> Storage:
    return open_storage(KINDS[name], stores / name, open_table=open_memory, read_only=True)


def writing(stores: Path, name: str) -> Storage:
    return open_storage(KINDS[name], stores / name, open_table=open_leveldb)


@every_store
def test_reading_gives_what_perkeep_listed_and_changes_nothing(stores: Path, name: str) -> None:
    expected = lines(stores, name)
    assert len(expected) in {6, 119}
    before = contents(stores / name)
    storage = reading(stores, name)
    assert listed(storage) == expected
    assert sorted(storage.stat([ref for ref, _ in expected])) == expected
    blobs = list(storage.fetch(ref for ref, _ in expected))
    assert sized(blobs) == expected
    for ref, data in blobs:
        assert ref.matches(data)
        middle = len(data) // 2
        assert able(storage, ReadsRanges).fetch_range(ref, middle, 1 << 20) == data[middle:]
    with pytest.raises(ReadOnly):
        storage.receive(texts(1))
    with pytest.raises(ReadOnly):
        storage.remove([expected[0].ref])
    storage.close()
    assert contents(stores / name) == before


@every_store
def test_the_generation_is_perkeeps(stores: Path, name: str) -> None:
    first = (stores / name / "GENERATION.dat").read_text().splitlines()[0]
    for storage in (reading(stores, name), writing(stores, name), reading(stores, name)):
        assert able(storage, HasGeneration).generation().token == first
        storage.close()


@every_store
def test_writing_goes_on_where_perkeep_stopped(stores: Path, name: str) -> None:
    expected = lines(stores, name)
    storage = writing(stores, name)
    assert listed(storage) == expected
    known = list(storage.fetch(ref for ref, _ in expected))
    assert storage.receive(known) == [False] * len(known)
    assert storage.receive(texts()) == [True] * 100
    storage.remove([expected[0].ref])
    storage.close()
    storage = writing(stores, name)
    assert listed(storage) == sorted([*expected[1:], *sized(texts())])
    assert list(storage.fetch(refs(texts()))) == texts()
    storage.close()


def test_what_perkeep_keeps_beside_its_files_is_left_alone(stores: Path) -> None:
    beside = [path for path in contents(stores / "localdisk") if not path.startswith("sha224")]
    before = {path: contents(stores / "localdisk")[path] for path in beside}
    storage = writing(stores, "localdisk")
    storage.receive(texts())
    storage.remove(refs(texts()))
    storage.close()
    after = contents(stores / "localdisk")
    assert {path: after[path] for path in beside} == before
    assert "cache" in beside
    assert "sync-to-index-queue.leveldb/CURRENT" in beside


def test_a_table_made_from_packs_has_the_rows_of_perkeeps(stores: Path) -> None:
    writing(stores, "diskpacked").close()
    table = open_leveldb(stores / "diskpacked" / "index.leveldb")
    found = [(key.decode(), value.decode()) for key, value in table.scan(b"sha")]
    table.close()
    rows = (stores / "diskpacked-rows.jsonl").read_text().splitlines()
    assert found == [(row["k"], row["v"]) for row in map(json.loads, rows)]
    assert len(found) == 119


@pytest.fixture
def small(stores: Path) -> Iterator[Storage]:
    storage = reading(stores, "diskpacked-small")
    yield storage
    storage.close()


def test_what_perkeep_deleted_stays_deleted(small: Storage) -> None:
    deleted = [blob((f"proxycache blob {number} " * 500)[: 9000 + number]) for number in range(6)]
    assert deleted[0].ref == "sha224-8a9bef54be00c89902ec0adc4e35a9d710650df0c4cc9b9040ed89ed"
    assert not any(has(small, ref) for ref, _ in deleted)


def test_a_stream_skips_what_perkeep_deleted(small: Storage) -> None:
    streamed = [one for _, one in able(small, Streams).stream()]
    assert [len(data) for _, data in streamed] == list(range(9006, 9012))
    assert sized(streamed) == listed(small)
