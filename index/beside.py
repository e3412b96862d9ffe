"""What is made beside an index: another to take its place, and one to compare it with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TypeAlias

from ..blobstore.ref import Blob, Ref
from ..blobstore.storage import Journals, capability
from .checking import Checking, Compared
from .errors import IndexBusy
from .folders import Folders, discard_old, put_aside, take_place
from .making import Making, Means, discard_making, table_in
from .notes import Notes
from .rebuilding import Rebuilding, check_place

_EXCHANGE_SECONDS = 0.5
"""How long whoever asks the index something new is kept waiting for those who read it already."""

Still: TypeAlias = Callable[[], AbstractContextManager[None]]
"""While this lasts nothing comes into the store or goes, and the index does nothing of itself."""


class ReplaceTable(Protocol):
    """As `SteadyTable.replace`."""

    def __call__(self, change: Callable[[], None], *, seconds: float) -> bool: ...


class Beside:
    """The room beside one index, whose table `replace` exchanges. Safe for many threads.

    It must be told, by being a hook of the gate, of what comes and goes.
    """

    def __init__(self, folders: Folders, means: Means, *, replace: ReplaceTable) -> None:
        self._folders = folders
        self._means = means
        self._replace = replace
        self._is_journal = capability(means.hub.storage, Journals) is not None
        self._notes = [Notes(folder) for folder in (folders.new, folders.check)]
        self._lock = threading.Lock()
        self._rebuilding: Rebuilding | None = None
        self._checking: Checking | None = None
        for folder in (folders.check, folders.new):
            if folder == folders.check or not table_in(folder).exists():
                # A crash left it, and nobody goes on with it.
                discard_making(folder, means.discard_table)

    def receive(self, blobs: Sequence[Blob]) -> None:
        """Note what the storage has just got, if nothing else would tell: a hook of the hub."""
        if not self._is_journal:
            for notes in self._notes:
                notes.note_arrivals(blob.ref for blob in blobs)

    @contextmanager
    def removing(self, refs: Sequence[Ref]) -> Iterator[None]:
        """Note what is about to be removed: a remove hook of the hub."""
        for notes in self._notes:
            notes.note_removal(refs, self._means.hub.storage)
        yield

    @property
    def rebuilding(self) -> Rebuilding | None:
        """The latest there was, at work or not."""
        return self._rebuilding

    def rebuild(self, still: Still, *, anew: bool) -> Rebuilding:
        """The rebuilding that is under way, or else a new one. Raises `IndexUnusable`.

        `still` is entered to exchange the tables, and left without error when that is done.
        """
        check_place(self._folders)

        def install(making: Making) -> None:
            with still():
                making.finish(vouched=self._is_journal)
                if not self._replace(lambda: self._exchange(making), seconds=_EXCHANGE_SECONDS):
                    raise IndexBusy
            discard_old(self._folders, self._means.discard_table)

        with self._lock:
            if self._rebuilding is None or not self._rebuilding.is_running:
                self._rebuilding = Rebuilding(self._means, self._folders.new, install, anew=anew)
                self._rebuilding.start()
            return self._rebuilding

    @property
    def checking(self) -> Checking | None:
        """The latest there was, at work or not."""
        return self._checking

    def check(self, compared: Compared, *, limit: int) -> Checking:
        """The check that is under way, or else a new one."""
        with self._lock:
            if self._checking is None or not self._checking.is_running:
                self._checking = Checking(self._means, self._folders.check, compared, limit=limit)
                self._checking.start()
            return self._checking

    def empty(self) -> bool:
        """Remove the table that is used, and begin an empty one; false if it is in use.

        Nothing may come or go meanwhile.
        """
        discard = self._means.discard_table
        discard_old(self._folders, discard)
        if not self._replace(lambda: put_aside(self._folders), seconds=_EXCHANGE_SECONDS):
            return False
        discard_old(self._folders, discard)
        return True

    def stop(self) -> None:
        """Break off what is under way, and wait until nothing of it goes on."""
        with self._lock:
            for work in (self._rebuilding, self._checking):
                if work is not None:
                    work.stop()

    def _exchange(self, making: Making) -> None:
        making.hand_over(self._folders.ready)
        try:
            take_place(self._folders, self._means.discard_table)
        except BaseException:
            # Else the next opening would take it, for whom it is not of now.
            making.take_back(self._folders.ready)
            raise
