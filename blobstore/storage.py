"""What a storage is: five verbs over many blobs, and the abilities some have besides."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from .errors import BlobNotFound, CorruptBlob
from .ref import Blob, Ref, SizedRef


class Storage(ABC):
    """A place where blobs live. Every method may be called from many threads at once."""

    @abstractmethod
    def receive(self, blobs: Sequence[Blob]) -> list[bool]:
        """Store blobs durably; for each, in order, whether it is new here.

        The caller (the hub) has verified sizes and digests. When this returns every blob is on
        stable storage and visible to the other verbs; a blob that was here already counts as
        stored. When it raises (`StoreFailed`, `ReadOnly`) each blob is either wholly here or
        not at all.
        """

    @abstractmethod
    def fetch(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        """The blobs of `refs`, one for each and in that order, each verified against its ref.

        Raises `BlobNotFound` or `CorruptBlob` when it comes to a ref it cannot serve; the
        caller may go on behind it with a new call.
        """

    @abstractmethod
    def stat(self, refs: Iterable[Ref]) -> Iterator[SizedRef]:
        """Those of `refs` that are here, each once, in any order."""

    @abstractmethod
    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        """Blobs whose ref sorts strictly after the text `after`, ascending, at most `limit`.

        `after` need not be a ref. Blobs that come or go meanwhile may or may not be seen; all
        others are, exactly once.
        """

    @abstractmethod
    def remove(self, refs: Iterable[Ref]) -> None:
        """Forget blobs, durably, and give their space back. Missing ones are no error."""

    def close(self) -> None:
        """Let go of files and locks. Safe to leave out: a crash is survived as well."""
        return


class ReadsRanges(ABC):
    """Can read part of a blob without reading all of it."""

    @abstractmethod
    def fetch_range(self, ref: Ref, offset: int, length: int) -> bytes:
        """Bytes `[offset, offset + length)` of a blob, fewer where the blob ends first.

        The bytes are not verified (that takes the whole blob). An offset at the end gives
        nothing. Raises `BlobNotFound`, or `BadRange` for a negative number or an offset beyond
        the end.
        """


class ReadsNow(ABC):
    """Can tell whether a blob is to be had without waiting for a disk."""

    @abstractmethod
    def fetch_now(self, ref: Ref) -> bytes | None:
        """The verified blob if that takes no waiting, else None: ask `fetch` from a thread.

        Raises as `fetch` does.
        """


class DefersSync(ABC):
    """Can take blobs now and make them durable later, many at a time."""

    @abstractmethod
    def receive_deferred(self, blobs: Sequence[Blob]) -> list[bool]:
        """As `receive`, but what it took is durable only after the next `sync`."""

    @abstractmethod
    def sync(self) -> None:
        """Make everything received so far durable. Raises `StoreFailed`; then send it again."""


class Streams(ABC):
    """Can give all blobs in the order that is cheapest to read."""

    @abstractmethod
    def stream(self, after: str = "") -> Iterator[tuple[str, Blob | CorruptBlob]]:
        """Every blob, verified, each with a token that resumes right behind it.

        In the place of a damaged blob stands what is wrong with it. Raises `BadToken`.
        """


class Journals(Streams):
    """Streams blobs in the order they came, so whoever has seen some can ask for the rest."""

    @abstractmethod
    def journal_end(self) -> str:
        """A token behind every blob received so far; all these are durable when it is given."""


class Generation(NamedTuple):
    """Names one unbroken life of a store; clients drop what they remember when it changes."""

    token: str
    created: datetime


class HasGeneration(ABC):
    """Remembers since when it has lost nothing."""

    @abstractmethod
    def generation(self) -> Generation:
        """Stable over restarts; new whenever blobs were lost, or found damaged."""


Ability = TypeVar("Ability")


def capability(storage: Storage, ability: type[Ability]) -> Ability | None:
    """`storage` seen as something that has an ability, or None. Asks through wrappers."""
    if isinstance(storage, ability):
        return storage
    if isinstance(storage, Wraps):
        inner = storage.wrapped_for(ability)
        return None if inner is None else capability(inner, ability)
    return None


class Wraps(ABC):
    """A storage in front of another, some of whose abilities are still good through it."""

    @abstractmethod
    def wrapped_for(self, ability: type[object]) -> Storage | None:
        """The storage to ask for `ability` in this one's place, or None to hide it."""


class CanFetch(Protocol):
    """All a reader of blobs needs."""

    def fetch(self, refs: Iterable[Ref]) -> Iterator[Blob]: ...


def fetch_one(storage: CanFetch, ref: Ref) -> bytes:
    """One blob's bytes. Raises `BlobNotFound` or `CorruptBlob`."""
    for blob in storage.fetch((ref,)):
        return blob.data
    raise BlobNotFound(ref)


def has(storage: Storage, ref: Ref) -> bool:
    """Whether a storage has one blob."""
    return any(True for _ in storage.stat((ref,)))
