"""Looks for sequences of calls after which a storage and a dict disagree."""

# ruff: noqa: ARG002 (`open` is to be overridden)

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ..errors import BadRange, BlobNotFound
from ..ref import Blob, Ref, SizedRef
from ..storage import DefersSync, ReadsRanges, Storage, Streams, capability, fetch_one
from .samples import blob, noise

POOL = [
    blob(b""),
    *(blob(f"small {number}") for number in range(9)),
    *(blob(f"other {number}", hash_name=name) for number in (1, 2) for name in ("sha1", "sha256")),
    *(blob(noise(size, seed=size)) for size in (4000, 70_000, 300_000)),
]
"""Few blobs, so that calls meet again and again."""


def _pick(index: int) -> Blob:
    return POOL[index]


# By number: hypothesis would print the bytes of them all.
_one = st.integers(0, len(POOL) - 1).map(_pick)
_some = st.lists(_one, max_size=6)
_cursors = st.one_of(
    st.just(""),
    st.integers(0, len(POOL) - 1).map(lambda index: POOL[index].ref),
    st.text("sha1224-0af", max_size=12),
)

SETTINGS = settings(max_examples=25, stateful_step_count=30, deadline=None)
"""What keeps a run at a few seconds."""


class StorageMachine(RuleBasedStateMachine):
    """Subclass it, say how to `open`, and let pytest collect the `TestCase` of the subclass."""

    is_persistent: ClassVar[bool] = True

    def open(self, folder: Path) -> Storage:
        """Open the storage in `folder`, or make it there."""
        raise AssertionError("every machine says how its storage is opened")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="holdfast-machine-"))
        self.storage = self.open(self.folder / "store")
        self.model: dict[Ref, bytes] = {}

    def teardown(self) -> None:
        self.storage.close()
        shutil.rmtree(self.folder)

    @rule(blobs=_some, deferred=st.booleans())
    def receive(self, blobs: list[Blob], deferred: bool) -> None:
        expected = []
        for ref, data in blobs:
            expected.append(ref not in self.model)
            self.model[ref] = data
        deferring = capability(self.storage, DefersSync) if deferred else None
        if deferring is None:
            assert self.storage.receive(blobs) == expected
        else:
            assert deferring.receive_deferred(blobs) == expected

    @rule()
    def sync(self) -> None:
        deferring = capability(self.storage, DefersSync)
        if deferring is not None:
            deferring.sync()

    @rule(blobs=_some)
    def remove(self, blobs: list[Blob]) -> None:
        self.storage.remove([ref for ref, _ in blobs])
        for ref, _ in blobs:
            self.model.pop(ref, None)

    @rule(blobs=_some)
    def fetch(self, blobs: list[Blob]) -> None:
        here = [one for one in blobs if one.ref in self.model]
        assert list(self.storage.fetch(ref for ref, _ in here)) == here
        for ref, _ in blobs:
            if ref not in self.model:
                try:
                    fetch_one(self.storage, ref)
                except BlobNotFound:
                    continue
                raise AssertionError(f"{ref} should be gone")

    @rule(blobs=_some)
    def stat(self, blobs: list[Blob]) -> None:
        found = list(self.storage.stat([ref for ref, _ in blobs]))
        here = {ref for ref, _ in blobs if ref in self.model}
        assert sorted(found) == sorted(SizedRef(ref, len(self.model[ref])) for ref in here)

    @rule(after=_cursors, limit=st.one_of(st.none(), st.integers(0, 20)))
    def list_some(self, after: str, limit: int | None) -> None:
        expected = [one for one in self._everything() if one.ref > after]
        assert list(self.storage.enumerate(after, limit)) == expected[:limit]

    @rule(one=_one, offset=st.integers(-1, 5000), length=st.integers(-1, 5000))
    def read_range(self, one: Blob, offset: int, length: int) -> None:
        ranged = capability(self.storage, ReadsRanges)
        if ranged is None:
            return
        try:
            found = ranged.fetch_range(one.ref, offset, length)
        except BlobNotFound:
            assert one.ref not in self.model
        except BadRange:
            assert offset < 0 or length < 0 or offset > len(one.data)
        else:
            assert found == self.model[one.ref][offset : offset + length]

    @rule(data=st.data())
    def stream(self, data: st.DataObject) -> None:
        streams = capability(self.storage, Streams)
        if streams is None:
            return
        whole = list(streams.stream())
        blobs = [found for _, found in whole if isinstance(found, Blob)]
        assert dict(blobs) == self.model
        assert len(whole) == len(self.model)
        if whole:
            index = data.draw(st.integers(0, len(whole) - 1))
            assert list(streams.stream(whole[index][0])) == whole[index + 1 :]

    @precondition(lambda self: self.is_persistent)
    @rule()
    def reopen(self) -> None:
        self.storage.close()
        self.storage = self.open(self.folder / "store")

    @invariant()
    def lists_what_it_should(self) -> None:
        assert list(self.storage.enumerate()) == self._everything()

    def _everything(self) -> list[SizedRef]:
        return sorted(SizedRef(ref, len(data)) for ref, data in self.model.items())
