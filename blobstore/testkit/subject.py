"""What a suite must be told about the storage it tests, and the fixtures made of that."""

# ruff: noqa: ARG002 (what is to be overridden names its arguments)

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest

from ..ref import Ref
from ..storage import (
    DefersSync,
    HasGeneration,
    Journals,
    ReadsNow,
    ReadsRanges,
    Storage,
    Streams,
    capability,
)

ABILITIES = (ReadsRanges, ReadsNow, DefersSync, Streams, Journals, HasGeneration)
"""Every ability the suite has tests for."""

Test = TypeVar("Test", bound=Callable[..., None])


def needs(*wants: type[object] | str) -> Callable[[Test], Test]:
    """The test makes sense only for storages with these abilities, facts or hooks."""

    def mark(test: Test) -> Test:
        test.__dict__["needs"] = wants
        return test

    return mark


class Subject:
    """Describes one storage. Subclasses of `StorageSuite` override what applies to them.

    Tests that need what a storage has not got are not collected for it at all; that nothing
    gets lost that way, `test_abilities_are_as_declared` sees to.
    """

    abilities: ClassVar[frozenset[type[object]]] = frozenset()
    """The abilities the storage has, through whatever it wraps."""

    is_persistent: ClassVar[bool] = True
    """Whether opening the same folder again finds the same blobs."""

    is_exclusive: ClassVar[bool] = True
    """Whether opening a folder that is open raises `StoreBusy`."""

    def open(self, folder: Path) -> Storage:
        """Open the storage in `folder`, or make it there; the folder itself may be missing."""
        raise AssertionError("every suite says how its storage is opened")

    def open_read_only(self, folder: Path) -> Storage:
        """Hook: open what is in `folder` without changing anything in it."""
        raise AssertionError("not a hook of this suite")

    def damage(self, storage: Storage, folder: Path, ref: Ref) -> None:
        """Hook: change a byte of a stored blob behind the back of the open storage."""
        raise AssertionError("not a hook of this suite")

    def room_taken(self, folder: Path) -> int:
        """Hook: bytes the blobs in a folder take."""
        raise AssertionError("not a hook of this suite")

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.open is Subject.open:
            return  # a part of the suite, not a storage's own
        for part in reversed(cls.__mro__):
            for name, test in list(vars(part).items()):
                wants = getattr(test, "needs", ())
                if wants:
                    fits = all(cls._offers(want) for want in wants)
                    setattr(cls, name, test if fits else None)

    @classmethod
    def _offers(cls, want: type[object] | str) -> bool:
        if not isinstance(want, str):
            return want in cls.abilities
        offered = getattr(cls, want)
        return offered if isinstance(offered, bool) else offered is not getattr(Subject, want)

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Where the storage under test lives; missing at first."""
        return tmp_path / "store"

    @pytest.fixture
    def reopen(self, folder: Path) -> Iterator[Callable[[], Storage]]:
        """Closes the storage under test, if it is open, and opens it."""
        opened: list[Storage] = []

        def reopen() -> Storage:
            while opened:
                opened.pop().close()
            opened.append(self.open(folder))
            return opened[-1]

        yield reopen
        while opened:
            opened.pop().close()

    @pytest.fixture
    def storage(self, reopen: Callable[[], Storage]) -> Storage:
        """The storage under test, fresh and empty."""
        return reopen()

    def test_abilities_are_as_declared(self, storage: Storage) -> None:
        found = {ability for ability in ABILITIES if capability(storage, ability) is not None}
        assert found == self.abilities


Ability = TypeVar("Ability")


def able(storage: Storage, ability: type[Ability]) -> Ability:
    """The storage seen as something with an ability it was declared to have."""
    found = capability(storage, ability)
    assert found is not None
    return found
