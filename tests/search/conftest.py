"""The worlds that are only asked, never changed: made once for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .fixture_a import fill_a
from .fixture_b import fill_b
from .world import World, a_world


@pytest.fixture(scope="session")
def a(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("a"), fill_a) as world:
        yield world


@pytest.fixture(scope="session")
def b(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("b"), fill_b) as world:
        yield world
