"""Storages by the names of their kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.blobstore.errors import Blame
from holdfast.blobstore.opening import KINDS, UnknownKind, open_storage
from holdfast.blobstore.storage import Storage
from holdfast.blobstore.testkit.samples import listed, sized, texts
from holdfast.index.kv.leveldb import open_leveldb


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_opens_in_a_folder_yet_to_be_made(tmp_path: Path, kind: str) -> None:
    storage = open_storage(kind, tmp_path / "a" / "b", open_table=open_leveldb)
    assert isinstance(storage, Storage)
    storage.receive(texts(3))
    assert listed(storage) == sized(texts(3))
    storage.close()


def test_a_kind_nobody_knows_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UnknownKind, match="'diskpacked'; use one of packed, localdisk") as caught:
        open_storage("diskpacked", tmp_path / "store", open_table=open_leveldb)
    assert caught.value.kind == "diskpacked"
    assert caught.value.blame is Blame.CALLER
    assert not (tmp_path / "store").exists()


def test_every_kind_is_in_the_readme() -> None:
    readme = (Path(__file__).parents[2] / "blobstore" / "README.md").read_text()
    assert [kind for kind in KINDS if f"`{kind}`" not in readme] == []
