"""What holds for every test run."""

import signal
import sys
from collections.abc import Iterator

import pytest

# A shell starts background jobs with Ctrl-C ignored, and children inherit that; one that is
# handled here is at its default in them.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest.register_assert_rewrite("holdfast.blobstore.testkit")

FOLDERS = ("blobstore", "index", "schema", "tools", "ui")


@pytest.fixture(autouse=True, scope="session")
def no_second_copies() -> Iterator[None]:
    """No folder may be imported by its bare name: its classes would equal nobody else's."""
    yield
    bare = [name for name in FOLDERS if name in sys.modules]
    assert not bare, f"imported by their bare names: {bare}; write `from holdfast.{bare[0]} ...`"
