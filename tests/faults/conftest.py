"""What the fault tests share: the nursery, and how storages are named to it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.blobstore.testkit.faults.nursery import Nursery

HERE = Path(__file__).parent


def opening(name: str) -> str:
    """The name by which a child finds an opener, or one of the lying storages."""
    file = "tiny.py" if name[0].isupper() else "openers.py"
    return f"{HERE / file}:{name}"


PRELOAD = [opening("packed"), opening("Tiny"), "holdfast.blobstore.testkit.faults.load:write"]
