"""Looks for sequences of calls, openings and crashes after which a table and a dict disagree."""

# ruff: noqa: ARG002 (`open` is to be overridden)

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
)

from ..table import Table
from .samples import noise
from .tablesuite import ODD

Rows = dict[bytes, bytes]

_keys = st.sampled_from([*ODD, *(b"row %d" % number for number in range(20))])
_values = st.one_of(
    st.binary(max_size=20), st.integers(0, 20_000).map(lambda size: noise(size, seed=size))
)
_ends = st.one_of(st.none(), _keys)

SETTINGS = settings(max_examples=25, stateful_step_count=30, deadline=None)
"""What keeps a run at a few seconds."""


class TableMachine(RuleBasedStateMachine):
    """Subclass it, say how to `open`, and let pytest collect the `TestCase` of the subclass."""

    is_persistent: ClassVar[bool] = True

    log_pattern: ClassVar[str] = ""
    """Which files are only ever appended to; of the last one, a crash may take what was not
    synced, if the table calls `os.fsync` or `os.fdatasync` for it."""

    scans = Bundle("scans")

    def open(self, folder: Path) -> Table:
        """Open the table in `folder`, or make it there."""
        raise AssertionError("every machine says how its table is opened")

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="holdfast-machine-"))
        self.folder = self.home / "0"
        self.synced: dict[int, int] = {}
        self.real_syncs = {name: getattr(os, name) for name in ("fsync", "fdatasync")}
        for name, real in self.real_syncs.items():
            setattr(os, name, self._watched(real))
        self.table = self.open(self.folder)
        self.model: Rows = {}
        self.since_sync: list[Rows] = [{}]
        self.lives = 0

    def teardown(self) -> None:
        self.table.close()
        for name, real in self.real_syncs.items():
            setattr(os, name, real)
        shutil.rmtree(self.home)

    @rule(puts=st.lists(st.tuples(_keys, _values), max_size=6), deletes=st.lists(_keys, max_size=3))
    def write(self, puts: list[tuple[bytes, bytes]], deletes: list[bytes]) -> None:
        self.table.write(puts, deletes)
        self.model = {**self.model, **dict(puts)}
        for key in deletes:
            self.model.pop(key, None)
        self.since_sync.append(self.model)

    @rule()
    def sync(self) -> None:
        self.table.sync()
        self.since_sync = [self.model]

    @rule(key=_keys)
    def get(self, key: bytes) -> None:
        assert self.table.get(key) == self.model.get(key)

    @rule(start=_keys, end=_ends, backwards=st.booleans())
    def scan(self, start: bytes, end: bytes | None, backwards: bool) -> None:
        found = self.table.scan(start, end, backwards=backwards)
        assert list(found) == _between(self.model, start, end, backwards)

    @rule(target=scans, start=_keys, end=_ends, backwards=st.booleans(), few=st.integers(0, 3))
    def begin_scan(
        self, start: bytes, end: bytes | None, backwards: bool, few: int
    ) -> tuple[int, Iterator[tuple[bytes, bytes]], list[tuple[bytes, bytes]]]:
        found = self.table.scan(start, end, backwards=backwards)
        expected = _between(self.model, start, end, backwards)
        for row in expected[:few]:
            assert next(found) == row
        return self.lives, found, expected[few:]

    @rule(begun=consumes(scans))
    def finish_scan(
        self, begun: tuple[int, Iterator[tuple[bytes, bytes]], list[tuple[bytes, bytes]]]
    ) -> None:
        life, found, expected = begun
        if life == self.lives:
            assert list(found) == expected

    @precondition(lambda self: self.is_persistent)
    @rule()
    def reopen(self) -> None:
        self.table.sync()
        self.table.close()
        self._begin_life()

    @precondition(lambda self: self.is_persistent)
    @rule(kept=st.floats(0, 1))
    def crash(self, kept: float) -> None:
        """Go on with what a killed process, or a power cut, could have left."""
        left = self.home / str(self.lives + 1)
        _copy(self.folder, left)
        if self.log_pattern and (logs := sorted(self.folder.glob(self.log_pattern))):
            about = logs[-1].stat()
            # Numbers of removed files are used again, so what is known may be another's.
            safe = min(self.synced.get(about.st_ino, 0), about.st_size)
            os.truncate(left / logs[-1].name, safe + int(kept * (about.st_size - safe)))
        self.table.close()
        self.folder = left
        self._begin_life()

    @invariant()
    def has_the_rows_it_should(self) -> None:
        assert list(self.table.scan()) == sorted(self.model.items())

    def _begin_life(self) -> None:
        self.lives += 1
        self.table = self.open(self.folder)
        self.model = dict(self.table.scan())
        assert self.model in self.since_sync, "whole writes in their order, and no synced one less"
        self.table.sync()
        self.since_sync = [self.model]

    def _watched(self, real: Callable[[Any], None]) -> Callable[[Any], None]:
        def sync(file: Any) -> None:
            about = os.fstat(file)
            real(file)
            self.synced[about.st_ino] = about.st_size

        return sync


def _copy(folder: Path, target: Path) -> None:
    """Copy files as they are at one moment, though an engine's own threads may change them."""
    while True:
        before = _state(folder)
        try:
            shutil.copytree(folder, target)
            if _state(folder) == before:
                return
        except shutil.Error:  # a file is gone since it was listed
            pass
        shutil.rmtree(target)


def _state(folder: Path) -> list[tuple[str, int, int]]:
    found = []
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            about = path.stat()
            found.append((str(path), about.st_size, about.st_mtime_ns))
    return sorted(found)


def _between(
    rows: Rows, start: bytes, end: bytes | None, backwards: bool
) -> list[tuple[bytes, bytes]]:
    within = (row for row in rows.items() if start <= row[0] and (end is None or row[0] < end))
    return sorted(within, reverse=backwards)
