"""Blobs for processes of our own that have no store: asked for, and given, over a connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from multiprocessing.connection import Connection

from ..blobstore.errors import BlobNotFound, CorruptBlob, HoldfastError, StoreFailed
from ..blobstore.ref import Blob, Ref
from ..blobstore.storage import CanFetch

_AT_ONCE = 16
"""Blobs asked for together: all are sent, even if only the first turns out to be wanted."""

_MOST_TOGETHER = 4 << 20

_HERE, _MISSING, _CORRUPT, _FAILED = (bytes([letter]) for letter in b"+-!?")
"""How answers begin; behind it stand the blob's bytes, or why it cannot be had."""


class RemoteBlobs:
    """Fetches blobs from the other end of a connection. For one thread at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._request = 0
        self._unread = 0

    def fetch(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        """The blobs of `refs`, in order. Raises `BlobNotFound`, `CorruptBlob` and `StoreFailed`,
        and `EOFError` or `OSError` when the other end is gone.
        """
        asked = iter(refs)
        while group := list(islice(asked, _AT_ONCE)):
            request = None
            for number, ref in enumerate(group):
                if request is None or request != self._request:
                    # The first of them, or somebody else asked in between.
                    request = self._ask(group[number:])
                answer = self._connection.recv_bytes()
                self._unread -= 1
                yield Blob(ref, _read(ref, answer))

    def fetch_together(self, refs: Iterable[Ref]) -> dict[Ref, bytes]:
        """Those of some blobs that can be had, up to some mebibytes, in one answer."""
        asked = list(refs)
        self._drain()
        self._connection.send(tuple(str(ref) for ref in asked))
        self._request += 1
        answers: list[bytes | None] = self._connection.recv()
        return {ref: data for ref, data in zip(asked, answers, strict=True) if data is not None}

    def _ask(self, refs: list[Ref]) -> int:
        self._drain()
        self._connection.send([str(ref) for ref in refs])
        self._unread = len(refs)
        self._request += 1
        return self._request

    def _drain(self) -> None:
        """Take the answers that nobody wanted."""
        while self._unread:
            self._connection.recv_bytes()
            self._unread -= 1


class Prefetched:
    """Blobs that are at hand, in front of others."""

    def __init__(self, at_hand: Mapping[Ref, bytes], others: CanFetch) -> None:
        self._at_hand = at_hand
        self._others = others

    def fetch(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        """The blobs of `refs`, in order. Raises as the others do."""
        for ref in refs:
            data = self._at_hand.get(ref)
            if data is None:
                yield from self._others.fetch((ref,))
            else:
                yield Blob(ref, data)


def serve_blobs(connection: Connection, blobs: CanFetch) -> None:
    """Answer what `RemoteBlobs` asks, until the other end is closed or this one fails."""
    with connection:
        try:
            while True:
                asked: list[str] | tuple[str, ...] = connection.recv()
                refs = list(map(Ref, asked))
                if isinstance(asked, tuple):
                    connection.send(_together(refs, blobs))
                    continue
                for answer in _answers(refs, blobs):
                    connection.send_bytes(answer)
        except (EOFError, OSError):
            return


def _together(refs: list[Ref], blobs: CanFetch) -> list[bytes | None]:
    found: list[bytes | None] = []
    size = 0
    for answer in _answers(refs, blobs):
        found.append(answer[1:] if answer[:1] == _HERE else None)
        size += len(answer)
        if size > _MOST_TOGETHER:
            break
    return [*found, *[None] * (len(refs) - len(found))]


def _answers(refs: list[Ref], blobs: CanFetch) -> Iterator[bytes]:
    done = 0
    while done < len(refs):
        try:
            # It ends at the first that cannot be had; go on behind that.
            for blob in blobs.fetch(refs[done:]):
                done += 1
                yield _HERE + blob.data
        except BlobNotFound:
            done += 1
            yield _MISSING
        except CorruptBlob as error:
            done += 1
            yield _CORRUPT + error.where.encode()
        except (HoldfastError, OSError) as error:
            done += 1
            yield _FAILED + str(error).encode("utf-8", "replace")


def _read(ref: Ref, answer: bytes) -> bytes:
    said, rest = answer[:1], answer[1:]
    if said == _HERE:
        return rest
    if said == _MISSING:
        raise BlobNotFound(ref)
    if said == _CORRUPT:
        raise CorruptBlob(ref, rest.decode())
    raise StoreFailed("the store", rest.decode())
