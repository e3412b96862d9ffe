"""The processes that read blobs for an index that is made, and whoever tells them what to read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import NamedTuple, TypeAlias

from ..blobstore.errors import BlobNotFound, CorruptBlob
from ..blobstore.records import Decoder
from ..blobstore.ref import Blob, Ref
from ..blobstore.storage import fetch_one
from ..schema.blob import parse_schema
from ..schema.errors import NotSchema
from ..schema.verifying import SignerKeys
from .blobdesk import Prefetched, RemoteBlobs
from .errors import MakingFailed
from .keys import UNREAD, Row
from .verdicts import first_rows, read_rows

_AHEAD = 2
"""Tasks that are ready for who has nothing to do, beyond one for each process."""


_MOST = 4 << 20
"""Bytes of rows after which no more blobs are read for one task."""

_SMALL = 256 << 10
_MOST_PARTS = 2 << 20
"""Bytes of contents of one file, and of some, that are fetched before they are asked for."""


class Arrived(NamedTuple):
    """Blobs, as records, whose first rows are wanted."""

    records: bytes


class Unread(NamedTuple):
    """Blobs that are to be read with what they consist of, the first of them at least."""

    refs: tuple[str, ...]


Task: TypeAlias = Arrived | Unread


class Change(NamedTuple):
    """What is to be done to the rows."""

    puts: list[Row]
    deletes: list[bytes]


def main(tasks: Connection, desk: Connection) -> None:
    """Do the tasks that come, one after the other, with blobs from the desk, until none do."""
    blobs = RemoteBlobs(desk)
    find_key = SignerKeys(blobs)
    while True:
        task = tasks.recv()
        try:
            if isinstance(task, Arrived):
                change = _first_rows(task, find_key)
            else:
                change = _read_rows(task, blobs)
        except (EOFError, ConnectionError):
            raise
        except Exception as error:  # whatever it is, who waits must hear of it
            tasks.send(f"{type(error).__name__}: {error}")
        else:
            tasks.send((change.puts, change.deletes))


class Readers:
    """Some such processes, each at the other end of a connection."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._free: SimpleQueue[Connection] = SimpleQueue()
        for connection in connections:
            self._free.put(connection)
        self._count = len(connections)
        self._threads = ThreadPoolExecutor(self._count, "reading")

    def changes(self, tasks: Iterable[Task], *, in_order: bool = True) -> Iterator[Change]:
        """What each task comes to, in the order of tasks, or as soon as it is done.

        As many are done at once as there are processes. Raises `MakingFailed`.
        """
        begun: list[Future[Change]] = []
        for task in tasks:
            begun.append(self._threads.submit(self._do, task))
            if len(begun) >= self._count + _AHEAD:
                yield self._done(begun, in_order)
        while begun:
            yield self._done(begun, in_order)

    def _done(self, begun: list[Future[Change]], in_order: bool) -> Change:
        if not in_order:
            wait(begun, return_when=FIRST_COMPLETED)
        first = 0 if in_order else next(n for n, future in enumerate(begun) if future.done())
        return begun.pop(first).result()

    def _do(self, task: Task) -> Change:
        connection = self._free.get()
        try:
            connection.send(task)
            said = connection.recv()
        except (EOFError, OSError):
            raise MakingFailed("a process that read blobs has ended") from None
        finally:
            self._free.put(connection)
        if isinstance(said, str):
            raise MakingFailed(f"reading blobs failed: {said}")
        return Change(*said)


def _first_rows(task: Arrived, find_key: SignerKeys) -> Change:
    rows: dict[bytes, bytes] = {}  # most claims are of few signers, whose row comes with each
    for blob in Decoder().feed(task.records):
        assert isinstance(blob, Blob)
        rows.update(first_rows(blob, find_key))
    return Change(list(rows.items()), [])


def _read_rows(task: Unread, blobs: RemoteBlobs) -> Change:
    refs = list(map(Ref, task.refs))
    at_hand = blobs.fetch_together(refs)
    at_hand |= blobs.fetch_together(_small_parts(at_hand))
    fetch = Prefetched(at_hand, blobs)
    change, size = Change([], []), 0
    for ref in refs:
        if size > _MOST:
            break  # the others are asked for again
        change.deletes.append(UNREAD.key_of(ref))
        try:
            blob = Blob(ref, fetch_one(fetch, ref))
        except (BlobNotFound, CorruptBlob):
            continue
        rows = read_rows(blob, fetch)
        size += sum(len(key) + len(value) for key, value in rows)
        change.puts.extend(rows)
    return change


def _small_parts(blobs: Mapping[Ref, bytes]) -> list[Ref]:
    """What small files and folders consist of, which is quicker to ask for together."""
    parts: dict[Ref, None] = {}
    size = 0
    for ref, data in blobs.items():
        try:
            schema = parse_schema(ref, data)
        except NotSchema:
            continue
        if schema.entries is not None:
            parts[schema.entries] = None
        size += schema.size
        if schema.size <= _SMALL and size <= _MOST_PARTS:
            parts.update((part.blob_ref, None) for part in schema.parts if part.blob_ref)
    return list(parts)
