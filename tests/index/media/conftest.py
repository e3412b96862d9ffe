"""Files that others wrote."""

from __future__ import annotations

import tarfile

import pytest

from .samples import DATA


@pytest.fixture(scope="session")
def golden() -> dict[str, bytes]:
    """The files that a Perkeep indexed, by their names."""
    with tarfile.open(DATA / "schema" / "inputs.tar.gz") as tar:
        return {
            member.name.rpartition("/")[2]: tar.extractfile(member).read()  # type: ignore[union-attr]
            for member in tar
            if member.isfile()
        }
