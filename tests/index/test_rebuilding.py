"""An index made anew has the rows of the old one, whatever happens meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import CORPUS, indexed
from .test_opening import indexing, rows_on_disk, storing

ALL_ROWS = indexed([CORPUS.blobs])

@pytest.fixture(params=["packed", "localdisk"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


def test_rows_made_anew_are_those_that_came_one_by_one(kind: str, tmp_path: Path) -> None:
    with storing(kind, tmp_path) as hub, indexing(tmp_path, hub) as index:
        hub.receive(CORPUS.blobs)
        assert index.settle(20)
        assert index.rebuild().wait(60)
    assert rows_on_disk(tmp_path) == ALL_ROWS
    assert sorted(p.name for p in tmp_path.iterdir()) == ["blobs","index"]
