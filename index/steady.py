"""A table that is opened again, after it has failed, under those who use it."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType

from ..blobstore.errors import HoldfastError, StoreFailed, TableDamaged
from ..blobstore.table import OpenTable, Table

_ROOM = 32 << 20
"""Bytes that must be free before a table is opened again: opening may write its log anew."""

_log = logging.getLogger(__name__)


class SteadyTable:
    """A `Table` whose engine may give up, and is then closed and begun again by `mend`.

    What is raised is what the engine raises. After `TableDamaged` all rows are lost by mending
    or closing, so whoever can make them again must.
    """

    def __init__(
        self, folder: Path, *, open_table: OpenTable, discard_table: Callable[[Path], None]
    ) -> None:
        self._folder = folder
        self._open_table = open_table
        self._discard_table = discard_table
        # Entered for every row, which costs less without the condition around it.
        self._lock = threading.Lock()
        self._unused = threading.Condition(self._lock)
        self._users = Counter[int]()  # by thread
        self._is_closing = False
        self._trouble: HoldfastError | None = None
        self._table = open_table(folder)

    def get(self, key: bytes) -> bytes | None:
        with self._using() as table:
            return table.get(key)

    def write(self, puts: Iterable[tuple[bytes, bytes]], deletes: Iterable[bytes] = ()) -> None:
        with self._using() as table:
            table.write(puts, deletes)

    def scan(
        self, start: bytes = b"", end: bytes | None = None, *, backwards: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        rows = self._scan(start, end, backwards)
        next(rows)  # the rows are those of now, and from now on the table is in use
        return rows

    def sync(self) -> None:
        with self._using() as table:
            table.sync()

    def close(self) -> None:
        """Let go of the files, and of all rows if some are damaged: who opens next begins anew."""
        self._table.close()
        if isinstance(self._trouble, TableDamaged):
            self._discard_table(self._folder)

    @property
    def trouble(self) -> HoldfastError | None:
        """Why it is to be mended; None while all is well."""
        return self._trouble

    def mend(self, before: Callable[[], None]) -> bool:
        """Open the table again if it has failed and there is room; whether that was done.

        Waits until nobody uses it, and calls `before` while rows are as they were. Raises as
        opening does; then nobody can use it before this has been called again.
        """
        if self._trouble is None or not self._has_room():
            return False
        with self._unused:
            self._unused.wait_for(lambda: not self._users)
            before()
            self.close()
            self._table = self._open_table(self._folder)
            self._trouble = None
        _log.warning("%s is open again", self._folder)
        return True

    def replace(self, change: Callable[[], None], *, seconds: float) -> bool:
        """Close the table, let `change` put another in its folder, and open what is there then.

        Waits until nobody uses it, and lets nobody begin to meanwhile; false, and nothing done, if
        somebody has used it so long. Raises what `change` raises, and as opening does; in the last
        case nobody can use it before it is mended.
        """
        deadline = time.monotonic() + seconds
        with self._unused:
            self._is_closing = True
            try:
                while self._users:
                    left = deadline - time.monotonic()
                    if left <= 0:
                        return False
                    self._unused.wait(left)
                self._table.close()
                self._trouble = StoreFailed(str(self._folder), "it is closed")
                try:
                    change()
                finally:
                    self._table = self._open_table(self._folder)
                    self._trouble = None
            finally:
                self._is_closing = False
                self._unused.notify_all()
        return True

    def _has_room(self) -> bool:
        try:
            # Without a name: nothing is left behind, whatever happens.
            with tempfile.TemporaryFile(dir=self._folder) as probe:
                os.posix_fallocate(probe.fileno(), 0, _ROOM)
        except OSError:
            return False
        return True

    def _using(self) -> _Use:
        return _Use(self)

    def _begin(self, thread: int) -> Table:
        with self._lock:
            # Whoever uses it already may need more of it before letting go.
            while self._is_closing and thread not in self._users:
                self._unused.wait()
            self._users[thread] += 1
            return self._table

    def _end(self, thread: int, error: BaseException | None) -> None:
        with self._lock:
            self._users[thread] -= 1
            if not self._users[thread]:
                del self._users[thread]
                self._unused.notify_all()
        if isinstance(error, TableDamaged):
            self._trouble = error
            why = f"{error.why}; the index is made again from the blobs, so try again"
            raise TableDamaged(error.path, why) from error
        if isinstance(error, StoreFailed):
            self._trouble = self._trouble or error

    def _scan(
        self, start: bytes, end: bytes | None, backwards: bool
    ) -> Iterator[tuple[bytes, bytes]]:
        with self._using() as table:
            rows = table.scan(start, end, backwards=backwards)
            yield b"", b""
            yield from rows


class _Use:
    """A use of the table, as long as this lasts. A class, for it is entered for every row."""

    __slots__ = ("_steady", "_thread")

    def __init__(self, steady: SteadyTable) -> None:
        self._steady = steady
        self._thread = threading.get_ident()

    def __enter__(self) -> Table:
        return self._steady._begin(self._thread)

    def __exit__(
        self, _kind: object, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._steady._end(self._thread, error)
