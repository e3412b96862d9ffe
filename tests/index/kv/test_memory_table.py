"""The sorted table in memory."""

from __future__ import annotations

from pathlib import Path

from holdfast.blobstore.table import Table
from holdfast.blobstore.testkit.tablesuite import TableSuite
from holdfast.index.kv.memory import open_memory


class TestMemoryTable(TableSuite):
    is_persistent = False

    def open(self, folder: Path) -> Table:
        return open_memory(folder)


def test_the_folder_is_left_alone(tmp_path: Path) -> None:
    open_memory(tmp_path / "table").write([(b"k", b"v")])
    assert list(tmp_path.iterdir()) == []
