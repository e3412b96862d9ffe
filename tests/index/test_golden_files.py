"""What Perkeep's own index holds about files and folders, our rows hold too."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from holdfast.blobstore.hub import Hub
from holdfast.blobstore.opening import open_storage
from holdfast.index.files import FileFacts, facts_in
from holdfast.index.keys import CHILD, FILE, WHOLE
from holdfast.index.kv.memory import MemoryTable, open_memory
from holdfast.index.opening import Index
from holdfast.schema.timestamps import format_time

from .conftest import rows_in

DATA = Path(__file__).parents[1] / "data"
THEIRS: dict[str, str] = json.loads((DATA / "index" / "file-rows.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> dict[bytes, bytes]:
    folder = tmp_path_factory.mktemp("stores")
    with tarfile.open(DATA / "blobstore" / "perkeep-stores.tar.xz") as archive:
        archive.extractall(folder)
    storage = open_storage(
        "localdisk", folder / "localdisk", open_table=open_memory, read_only=True
    )
    table = MemoryTable()
    index = Index(table, Hub(storage), trusted=frozenset())
    assert index.settle(30)
    index.close()
    storage.close()
    return rows_in(table)


@pytest.fixture(scope="module")
def files(ours: dict[bytes, bytes]) -> dict[str, FileFacts]:
    return {
        FILE.parts_of(key)[0]: facts_in(value)
        for key, value in ours.items()
        if key.startswith(FILE.below()[0])
    }


def theirs(kind: str) -> dict[str, str]:
    return {k.partition("|")[2]: v for k, v in THEIRS.items() if k.startswith(f"{kind}|")}


def test_names_sizes_types_and_digests_are_the_same(files: dict[str, FileFacts]) -> None:
    expected = {
        ref: (int(size), unquote_plus(name), unquote_plus(mime), whole)
        for ref, value in theirs("fileinfo").items()
        for size, name, mime, whole in [value.split("|")]
        if whole
    }
    found = {ref: (one.size, one.name, one.mime, one.whole) for ref, one in files.items()}
    assert found == expected


def test_times_are_the_same(files: dict[str, FileFacts]) -> None:
    expected = {
        ref: [time for time in unquote_plus(value).split(",") if time]
        for ref, value in theirs("filetimes").items()
    }
    assert {ref: [*map(format_time, one.times)] for ref, one in files.items()} == expected


def test_sizes_of_pictures_are_the_same(files: dict[str, FileFacts]) -> None:
    expected = {ref: tuple(map(int, v.split("|"))) for ref, v in theirs("imagesize").items()}
    assert {ref: one.picture for ref, one in files.items() if one.picture} == expected


def test_places_are_the_same(files: dict[str, FileFacts]) -> None:
    expected = {
        whole: tuple(map(float, value.split("|"))) for whole, value in theirs("exifgps").items()
    }
    found = {str(one.whole): one.place for one in files.values() if one.place}
    assert found.keys() == expected.keys()
    for whole, place in found.items():
        assert place == pytest.approx(expected[whole], abs=1e-7)


def test_cameras_are_those_of_the_tags(files: dict[str, FileFacts]) -> None:
    tags = {key: value.removeprefix("string|1|") for key, value in theirs("exiftag").items()}
    wholes = {key.partition("|")[0] for key in tags}
    assert wholes
    found = {str(one.whole): one.derived for one in files.values() if one.derived}
    assert found == {
        whole: {"camera": f"{tags[f'{whole}|010f']} {tags[f'{whole}|0110']}"} for whole in wholes
    }


@pytest.mark.parametrize(("kind", "their_name"), [(CHILD, "dirchild"), (WHOLE, "wholetofile")])
def test_pairs_are_the_same(kind, their_name: str, ours: dict[bytes, bytes]) -> None:
    found = {"|".join(kind.parts_of(k)) for k in ours if k.startswith(kind.below()[0])}
    assert found == theirs(their_name).keys()
