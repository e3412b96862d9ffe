"""A storage small enough to be seen right, and how storages lie: each subclass has one fault."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from holdfast.blobstore.errors import BlobNotFound, CorruptBlob, StoreFailed
from holdfast.blobstore.ref import Blob, Ref, SizedRef
from holdfast.blobstore.storage import Storage


class Tiny(Storage):
    """One file for each blob, in one folder, with everything a careful writer does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with self.blaming_the_disk():
            folder.mkdir(exist_ok=True)
            for leftover in folder.glob("*.tmp"):
                leftover.unlink()

    @contextmanager
    def blaming_the_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreFailed(str(self.folder), f"{error.strerror}; free some space") from error

    def receive(self, blobs: Sequence[Blob]) -> list[bool]:
        with self.blaming_the_disk():
            fresh = [not (self.folder / ref).exists() for ref, _ in blobs]
            for blob in blobs:
                self.put(blob)
            self.sync_folder()
        return fresh

    def put(self, blob: Blob) -> None:
        beside = self.folder / f"{secrets.token_hex(8)}.tmp"
        try:
            with beside.open("wb") as file:
                file.write(blob.data)
                file.flush()
                self.sync_file(file.fileno())
            beside.rename(self.folder / blob.ref)
        except OSError:
            beside.unlink(missing_ok=True)
            raise

    def sync_file(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def sync_folder(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def fetch(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        for ref in refs:
            try:
                data = (self.folder / ref).read_bytes()
            except FileNotFoundError:
                raise BlobNotFound(ref) from None
            if not ref.matches(data):
                raise CorruptBlob(ref, str(self.folder))
            yield Blob(ref, data)

    def stat(self, refs: Iterable[Ref]) -> Iterator[SizedRef]:
        for ref in dict.fromkeys(refs):
            try:
                yield SizedRef(ref, (self.folder / ref).stat().st_size)
            except FileNotFoundError:
                continue

    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        names = sorted(path.name for path in self.folder.iterdir() if path.suffix != ".tmp")
        yield from list(self.stat(Ref(name) for name in names if name > after))[:limit]

    def remove(self, refs: Iterable[Ref]) -> None:
        with self.blaming_the_disk():
            for ref in refs:
                (self.folder / ref).unlink(missing_ok=True)
            self.sync_folder()


class NeverSyncs(Tiny):
    """Promises what is only in the page cache."""

    def sync_file(self, descriptor: int) -> None:
        pass

    def sync_folder(self) -> None:
        pass


class ForgetsFolder(Tiny):
    """Syncs the bytes, but not the name under which they are found."""

    def sync_folder(self) -> None:
        pass


class ForgetsRemovals(Tiny):
    """Says that a blob is gone before that is durable."""

    def remove(self, refs: Iterable[Ref]) -> None:
        with self.blaming_the_disk():
            for ref in refs:
                (self.folder / ref).unlink(missing_ok=True)


class WritesInPlace(Tiny):
    """Lets a blob be seen under its name while it is still being written."""

    def put(self, blob: Blob) -> None:
        with (self.folder / blob.ref).open("wb", buffering=0) as file:
            for start in range(0, len(blob.data), 256):
                file.write(blob.data[start : start + 256])
            self.sync_file(file.fileno())


class PromisesFirst(Tiny):
    """Acknowledges, then works."""

    def receive(self, blobs: Sequence[Blob]) -> list[bool]:
        threading.Timer(0.01, super().receive, [blobs]).start()
        return [True for _ in blobs]


class TriesAgain(Tiny):
    """Takes the second answer of a sync for the truth about the first."""

    def sync_file(self, descriptor: int) -> None:
        try:
            os.fsync(descriptor)
        except OSError:
            os.fsync(descriptor)


class IgnoresErrors(Tiny):
    """Promises although the disk said no."""

    def sync_file(self, descriptor: int) -> None:
        with suppress(OSError):
            os.fsync(descriptor)


class NamesTheOs(Tiny):
    """Lets the error of the system through instead of its own."""

    def receive(self, blobs: Sequence[Blob]) -> list[bool]:
        for blob in blobs:
            self.put(blob)
        self.sync_folder()
        return [True for _ in blobs]


class LeavesHalf(Tiny):
    """Writes in place, and leaves what was written when the disk is full."""

    def put(self, blob: Blob) -> None:
        with (self.folder / blob.ref).open("wb") as file:
            file.write(blob.data)
            file.flush()
            self.sync_file(file.fileno())
