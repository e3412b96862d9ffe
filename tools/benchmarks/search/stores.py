"""Generated stores are kept between runs: each is made when it is missing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .making import LEDGER, THINGS, Kind, make_store

LEAST = 1_000
"""Things there must be, so that there are some of every kind."""


@dataclass(frozen=True, slots=True)
class Store:
    """A store of so many things: a home for a server, with a ledger beside."""

    home: Path
    things: int

    @property
    def ledger(self) -> Path:
        return self.home / LEDGER

    @property
    def has_index(self) -> bool:
        """Whether it was indexed to the end once."""
        return self._indexed.exists()

    def note_index(self, *, is_whole: bool) -> None:
        """Note that an index is begun, or whole."""
        if is_whole:
            self._indexed.touch()
        else:
            self._indexed.unlink(missing_ok=True)

    @property
    def _indexed(self) -> Path:
        return self.home / "indexed"


def kept_store(
    folder: Path, things: int, *, tell: Callable[[str], None], kind: Kind = THINGS
) -> Store:
    """The store of so many things below `folder`. To make one of a million takes some minutes."""
    home = folder / f"{kind.name}-{things}-{kind.version}"
    if not home.exists():
        tell(f"making a store of {things:,} {kind.name} in {home}; it is kept")
        unfinished = home.with_name(f"{home.name}.part")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        make_store(unfinished, things, tell=tell, kind=kind)
        unfinished.rename(home)
    return Store(home, things)
