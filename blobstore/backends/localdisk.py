"""One file for each blob, laid out as Perkeep's `localdisk` does it (see `localtree`)."""

from __future__ import annotations

import errno
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple, TypeVar

from ..durable import make_folder, sync_filesystem
from ..errors import BadRange, BlobNotFound, CorruptBlob, ReadOnly, StoreDamaged, StoreFailed
from ..generation import ensure_generation, read_generation, renew_generation
from ..ownership import Ownership
from ..ref import MAX_BLOB_SIZE, Blob, Ref, SizedRef
from ..storage import Generation, HasGeneration, ReadsRanges, Storage
from .localtree import folder_of, path_of, sweep, walk

# Paths are text here and `os` is called directly: with `Path` half the time of small blobs
# would go into making paths.
# ruff: noqa: PTH102, PTH104, PTH108, PTH116, PTH120

log = logging.getLogger(__name__)

_THREADS = 16
"""Syncs under way at once: file systems commit those that wait for one together."""

_SETTLED_SECONDS = 300
"""After this long the kernel has written folders back by itself (it waits 5 to 30 seconds)."""

Item = TypeVar("Item")


class _Coming(NamedTuple):
    """A blob on its way: the file it is written to, and the name it gets then."""

    beside: str
    path: str
    data: bytes


class LocalDiskStorage(Storage, ReadsRanges, HasGeneration):
    """A `Storage` of plain files, one for each blob, in folders Perkeep can open too.

    Receiving a blob whose file is damaged writes it again. Refs of a hash nobody here can
    compute are not here, whatever files there are.
    """

    def __init__(self, root: Path, *, read_only: bool = False) -> None:
        """Open the store at `root`, or make it; with `read_only` nothing is written to it.

        Raises `StoreBusy`, `StoreFailed`, and `StoreDamaged` when there is no folder to read.
        """
        self._root = os.fspath(root)
        self._read_only = read_only
        self._pool = ThreadPoolExecutor(_THREADS, "localdisk")
        # What this process is writing must be told from what another one left behind.
        self._mine = f"{secrets.randbelow(10**9):09}"
        self._numbers = count()
        self._durable_folders: set[str] = set()
        # Counted as missing, so that whoever still has them sends them again.
        self._damaged: set[Ref] = set()
        # So are those whose names may not be durable: nobody must rely on them yet.
        self._arriving: set[Ref] = set()
        self._arriving_lock = threading.Lock()
        self._closing = threading.Event()
        self._sweeper: threading.Thread | None = None
        self._ownership: Ownership | None = None
        if read_only:
            if not root.is_dir():
                raise StoreDamaged(self._root, "no such folder")
            self._generation = read_generation(root) or _passing_generation()
            return
        try:
            make_folder(root)
            self._ownership = Ownership(root)
            self._generation = ensure_generation(root)
            # A process that was killed may have left files whose names are not durable yet.
            # They are listed from now on, so they must stay.
            sync_filesystem(root)
        except OSError as error:
            self.close()
            raise StoreFailed.by(self._root, error) from error
        # Looking into every folder takes seconds in a large store, so nobody waits for it.
        self._sweeper = threading.Thread(
            target=sweep,
            args=(self._root, self._mine, self._closing.is_set),
            name="localdisk-sweep",
            daemon=True,
        )
        self._sweeper.start()

    def receive(self, blobs: Sequence[Blob]) -> list[bool]:
        self._refuse_if_not_writable()
        coming: dict[Ref, _Coming] = {}
        unsynced: set[str] = set()
        fresh = []
        try:
            for ref, data in blobs:
                folder, path = folder_of(self._root, ref), path_of(self._root, ref)
                stored = None if ref in coming else _stored(path, data)
                is_new = stored is None and ref not in coming
                if is_new:
                    beside = f"{path}.tmp{self._mine}{next(self._numbers)}"
                    coming[ref] = _Coming(beside, path, data)
                # A file that appeared just now, by another thread or before a crash, may not
                # be durable yet, and is about to be acknowledged.
                if is_new or (stored is not None and _is_recent(stored)):
                    self._prepare(folder, unsynced)
                    unsynced.add(folder)
                fresh.append(is_new)
            self._each(_write, coming.values())
            with self._arriving_lock:
                # One that is there already may have been acknowledged to another sender.
                self._arriving.update(
                    ref for ref, one in coming.items() if not os.path.lexists(one.path)
                )
            for beside, path, _ in coming.values():
                os.rename(beside, path)
            # A rename alone is not durable: the folder's entry must reach the disk too.
            self._each(_sync, unsynced)
        except OSError as error:
            for beside, _, _ in coming.values():
                with suppress(OSError):
                    os.unlink(beside)
            raise StoreFailed.by(self._root, error) from error
        self._durable_folders.update(unsynced)
        with self._arriving_lock:
            self._arriving.difference_update(ref for ref, _ in blobs)
        if self._damaged:
            self._damaged.difference_update(ref for ref, _ in blobs)
        return fresh

    def fetch(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        for ref in refs:
            data = self._read(ref, 0, MAX_BLOB_SIZE + 1)
            if not ref.matches(data):
                raise self._found_damaged(ref)
            if self._damaged:
                self._damaged.discard(ref)
            yield Blob(ref, data)

    def fetch_range(self, ref: Ref, offset: int, length: int) -> bytes:
        return self._read(ref, offset, length)

    def stat(self, refs: Iterable[Ref]) -> Iterator[SizedRef]:
        for ref in dict.fromkeys(refs):
            try:
                if ref.is_known and self._counts(ref):
                    yield SizedRef(ref, os.stat(path_of(self._root, ref)).st_size)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise StoreFailed.by(self._root, error) from error

    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        found = walk(self._root, after)
        return islice((one for one in found if self._counts(one.ref)), limit)

    def remove(self, refs: Iterable[Ref]) -> None:
        self._refuse_if_not_writable()
        touched = set()
        try:
            for ref in refs:
                if ref.is_known:
                    with suppress(FileNotFoundError):
                        os.unlink(path_of(self._root, ref))
                        touched.add(folder_of(self._root, ref))
            self._each(_sync, touched)
        except OSError as error:
            raise StoreFailed.by(self._root, error) from error

    def generation(self) -> Generation:
        return self._generation

    def close(self) -> None:
        self._closing.set()
        if self._sweeper is not None:
            self._sweeper.join()
        self._pool.shutdown()
        if self._ownership is not None:
            self._ownership.release()

    def _read(self, ref: Ref, offset: int, length: int) -> bytes:
        """Part of a blob's file, as `fetch_range` says."""
        if not ref.is_known:
            raise BlobNotFound(ref)
        path = path_of(self._root, ref)
        descriptor = -1
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            size = os.fstat(descriptor).st_size
            if offset < 0 or length < 0 or offset > size:
                raise BadRange(ref, offset, length)
            return os.pread(descriptor, min(length, size - offset), offset)
        except FileNotFoundError:
            raise BlobNotFound(ref) from None
        except OSError as error:
            if error.errno == errno.EIO:
                raise self._found_damaged(ref) from error
            raise StoreFailed.by(path, error) from error
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    def _found_damaged(self, ref: Ref) -> BlobNotFound | CorruptBlob:
        """What to raise: the first time that it is damaged, and from then on that it is missing."""
        if ref in self._damaged:
            return BlobNotFound(ref)
        path = path_of(self._root, ref)
        log.error("blob %s is damaged in %s", ref, path)
        self._damaged.add(ref)
        if not self._read_only:
            try:
                self._generation = renew_generation(Path(self._root))
            except OSError as error:
                log.warning("%s: clients cannot be told of the loss (%s)", self._root, error)
        return CorruptBlob(ref, path)

    def _counts(self, ref: Ref) -> bool:
        return ref not in self._damaged and ref not in self._arriving

    def _refuse_if_not_writable(self) -> None:
        if self._read_only:
            raise ReadOnly(self._root)
        if self._closing.is_set():
            raise StoreFailed(self._root, "it is closed")

    def _prepare(self, folder: str, unsynced: set[str]) -> None:
        """Make a folder; add to `unsynced` the parents whose entries may not be durable yet."""
        if folder in self._durable_folders or folder in unsynced:
            return
        parent = os.path.dirname(folder)
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            if not _is_recent(os.stat(folder)):
                self._durable_folders.add(folder)
                return
        except FileNotFoundError:
            if parent == self._root:
                raise
            self._prepare(parent, unsynced)
            self._prepare(folder, unsynced)
            return
        if parent != self._root:
            self._prepare(parent, unsynced)
        unsynced.add(parent)

    def _each(self, do: Callable[[Item], None], items: Iterable[Item]) -> None:
        """Do something to each item, many at once. All are done when this raises."""
        items = list(items)
        if len(items) == 1:
            do(items[0])
            return
        under_way = [self._pool.submit(do, item) for item in items]
        errors = [error for one in under_way if (error := one.exception()) is not None]
        if errors:
            raise errors[0]


def _stored(path: str, data: bytes) -> os.stat_result | None:
    """What the system says of a file that holds exactly `data`; None if it does not."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        info = os.fstat(descriptor)
        same = info.st_size == len(data) and os.pread(descriptor, len(data), 0) == data
        return info if same else None
    except OSError:
        return None  # unreadable is damaged: it will be written again
    finally:
        os.close(descriptor)


def _is_recent(info: os.stat_result) -> bool:
    """Whether a file or folder may have been made too lately to be durable by itself."""
    return info.st_ctime > time.time() - _SETTLED_SECONDS


def _write(blob: _Coming) -> None:
    descriptor = os.open(blob.beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        rest = memoryview(blob.data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _passing_generation() -> Generation:
    """For a store without one that may not be written to: clients remember nothing of it."""
    return Generation(secrets.token_hex(20), datetime.now(UTC))
