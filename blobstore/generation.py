"""The file that names one unbroken life of a store, as Perkeep keeps it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

from .durable import replacing
from .storage import Generation

FILE_NAME = "GENERATION.dat"

_NOTE = b"""\

The first line names this store's unbroken history. Delete this file if blobs were lost:
clients then forget what they believe the store has, and send it again.
"""


def read_generation(folder: Path) -> Generation | None:
    """What `GENERATION.dat` says: its first line, and its time of change; None without one."""
    path = folder / FILE_NAME
    try:
        first, _, _ = path.read_bytes().partition(b"\n")
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    created = datetime.fromtimestamp(changed / 1e9, UTC)
    return Generation(first.decode("ascii", "replace").strip(), created)


def ensure_generation(folder: Path) -> Generation:
    """The store's generation, made now if it has none."""
    return read_generation(folder) or renew_generation(folder)


def renew_generation(folder: Path) -> Generation:
    """Begin a new one, because blobs were lost: clients then ask again what the store has."""
    with replacing(folder / FILE_NAME, mode=0o644) as file:
        file.write(secrets.token_hex(20).encode() + b"\n" + _NOTE)
    made = read_generation(folder)
    assert made is not None
    return made
