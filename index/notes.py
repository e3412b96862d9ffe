"""What happens to a store while an index of it is being made, noted beside that."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..blobstore.durable import sync_folder
from ..blobstore.errors import BlobNotFound, CorruptBlob, StoreFailed
from ..blobstore.records import Decoder, encode
from ..blobstore.ref import Blob, Ref
from ..blobstore.storage import Storage, fetch_one
from ..schema.blob import MAX_SCHEMA_SIZE
from .rows import is_candidate

_REMOVED, _ARRIVED = "removed", "arrived"

_PIECE = 1 << 16


class Notes:
    """Notes in the folder of an index that is being made; where there is none, none are taken.

    Safe for many threads.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def note_removal(self, refs: Sequence[Ref], storage: Storage) -> None:
        """Keep, durably, those of some blobs that may have rows, and are about to be removed.

        Raises `StoreFailed`.
        """
        if self._folder.exists():
            self._append(_REMOVED, encode(_candidates(refs, storage)), is_durable=True)

    def note_arrivals(self, refs: Iterable[Ref]) -> None:
        """Keep the refs of what has come. Raises `StoreFailed`."""
        if self._folder.exists():
            lines = "".join(f"{ref}\n" for ref in refs)
            self._append(_ARRIVED, lines.encode(), is_durable=False)

    def removed(self) -> Iterator[Blob]:
        """What was to be removed, as far as it might have rows."""
        decoder = Decoder()
        for piece in self._pieces(_REMOVED, 0):
            for blob in decoder.feed(piece):
                assert isinstance(blob, Blob)
                yield blob

    def arrived(self, start: int = 0) -> Iterator[tuple[int, Ref]]:
        """What has come and is noted behind a byte, each with the byte behind its own note."""
        rest = b""
        for piece in self._pieces(_ARRIVED, start):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                start += len(line) + 1
                yield start, Ref(line.decode())

    def discard(self) -> None:
        """Forget all of it. Raises `StoreFailed`."""
        with self._lock:
            try:
                for name in (_REMOVED, _ARRIVED):
                    (self._folder / name).unlink(missing_ok=True)
            except OSError as error:
                raise StoreFailed.by(str(self._folder), error) from error

    def _append(self, name: str, data: bytes, *, is_durable: bool) -> None:
        if not data:
            return
        with self._lock:
            try:
                with (self._folder / name).open("ab") as file:
                    is_new = not file.tell()
                    file.write(data)
                    file.flush()
                    if is_durable:
                        os.fsync(file.fileno())
                if is_durable and is_new:
                    sync_folder(self._folder)
            except FileNotFoundError:
                return  # it was discarded in this moment
            except OSError as error:
                raise StoreFailed.by(str(self._folder), error) from error

    def _pieces(self, name: str, start: int) -> Iterator[bytes]:
        try:
            with (self._folder / name).open("rb") as file:
                file.seek(start)
                while piece := file.read(_PIECE):
                    yield piece
        except FileNotFoundError:
            return


def _candidates(refs: Iterable[Ref], storage: Storage) -> Iterator[Blob]:
    for ref, size in storage.stat(refs):
        if size <= MAX_SCHEMA_SIZE:
            try:
                blob = Blob(ref, fetch_one(storage, ref))
            except (BlobNotFound, CorruptBlob):
                continue
            if is_candidate(blob.data):
                yield blob
