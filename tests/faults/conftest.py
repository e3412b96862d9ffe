"""What the fault tests share: where their processes come from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from holdfast.blobstore.testkit.faults.nursery import Nursery
from holdfast.blobstore.testkit.faults.powercut import missing_for_power_cuts

HARNESS = "holdfast.blobstore.testkit.faults"
PRELOAD = (
    f"{HARNESS}.load:write",
    f"{HARNESS}.checking:look",
    f"{HARNESS}.fulldisk:fill",
    "holdfast.blobstore.backends.localdisk:LocalDiskStorage",
    "holdfast.blobstore.backends.packed:PackedStorage",
    "holdfast.index.kv.leveldb:open_leveldb",
)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery(preload=PRELOAD) as made:
        yield made


@pytest.fixture(scope="session")
def mounting() -> Iterator[Nursery]:
    """A nursery whose children have mounts of their own."""
    missing = missing_for_power_cuts()
    if missing is not None:
        pytest.skip(missing)
    with Nursery(mounts=True, preload=PRELOAD) as made:
        yield made
