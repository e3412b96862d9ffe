"""The have cache: blobs a store is known to have durably, so that they need not be sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from ..blobstore.ref import Ref
from .cachefile import CacheFile, cache_path

LIMIT = 1_000_000
"""Blobs remembered at most, about 60 bytes on disk each; the oldest half is forgotten."""

_KEY_BYTES = 20
_AT_ONCE = 500  # SQLite's older limit of variables in a statement is 999

_SCHEMA = """
CREATE TABLE IF NOT EXISTS young (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS old (key BLOB PRIMARY KEY) WITHOUT ROWID;
"""


class HaveCache:
    """What one store has. Trusted blindly: only what was synced may be added."""

    def __init__(self, folder: Path, *, store: str, limit: int = LIMIT) -> None:
        """`store` names the store and its generation."""
        self._file = CacheFile(cache_path(folder, kind="have", store=store), _SCHEMA)
        self._limit = limit
        rows = self._file.query("SELECT count(*) FROM young", ())
        self._young = int(rows[0][0]) if rows else 0
        self._may_know = self._young > 0 or bool(self._file.query("SELECT 1 FROM old LIMIT 1", ()))

    def known(self, refs: Collection[Ref]) -> set[Ref]:
        """Those of `refs` the store has for sure."""
        if not self._may_know:
            return set()
        by_key = {_key(ref): ref for ref in refs}
        keys = list(by_key)
        found: set[Ref] = set()
        for start in range(0, len(keys), _AT_ONCE):
            group = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(group))
            for table in ("young", "old"):
                rows = self._file.query(
                    f"SELECT key FROM {table} WHERE key IN ({marks})",  # noqa: S608 - constants
                    group,
                )
                found.update(by_key[key] for (key,) in rows)
        return found

    def add(self, refs: Iterable[Ref]) -> None:
        """The store has these, durably."""
        # In key order the tree grows page by page instead of all over.
        keys = sorted({_key(ref) for ref in refs})
        if not keys:
            return
        if self._young + len(keys) > self._limit // 2:
            self._file.change(
                [
                    ("DELETE FROM old", [()]),
                    ("INSERT INTO old SELECT key FROM young", [()]),
                    ("DELETE FROM young", [()]),
                ]
            )
            self._young = 0
        self._file.change([("INSERT OR IGNORE INTO young VALUES (?)", ((key,) for key in keys))])
        self._young += len(keys)
        self._may_know = True

    def close(self) -> None:
        self._file.close()


def _key(ref: Ref) -> bytes:
    """The first 20 bytes of the digest, and the hash: nobody finds two blobs that agree in them."""
    name, _, digits = ref.partition("-")
    return bytes.fromhex(digits[: 2 * _KEY_BYTES]) + name.encode()
