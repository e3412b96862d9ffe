"""Stores and settings for the tests of the command line and the client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.blobstore.backends.memory import MemoryStorage
from holdfast.blobstore.hub import Hub
from holdfast.tools.client.local import LocalStore
from holdfast.tools.client.store import Store
from holdfast.tools.config import StorageConfig
from holdfast.tools.wiring import open_hub


@pytest.fixture
def memory() -> Store:
    """A store that forgets everything, and so forbids caches."""
    return LocalStore(Hub(MemoryStorage()), Path("memory"))


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """A store with a generation, so that caches are used."""
    folder = tmp_path / "kept-store"
    with open_hub(StorageConfig(kind="localdisk", path=folder)) as hub:
        yield LocalStore(hub, folder)
