"""What holds for every test run."""

import sys
from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("holdfast.blobstore.testkit")

FOLDERS = ("blobstore", "index", "schema", "tools", "ui")


@pytest.fixture(autouse=True, scope="session")
def no_second_copies() -> Iterator[None]:
    """No folder may be imported by its bare name: its classes would equal nobody else's."""
    yield
    bare = [name for name in FOLDERS if name in sys.modules]
    assert not bare, f"imported by their bare names: {bare}; write `from holdfast.{bare[0]} ...`"
