"""What commands do to blobs, wherever the blobs are: one interface, near and far."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from ...blobstore.errors import BlobNotFound, HoldfastError
from ...blobstore.ref import DEFAULT_HASH, Blob, Ref, SizedRef
from ...schema.folding import ClaimSet

if TYPE_CHECKING:
    from ...index.checking import Findings
    from ...index.work import Progress
    from .search import AnswersQuestions


class Store(ABC):
    """Blobs on a server or in a store of this machine. Safe for many threads at once."""

    name: str
    """Where this is, for a person: a URL or a path."""

    identity: str
    """Names the store over runs and addresses, as far as that is known; keys caches."""

    generation: str | None
    """Names the unbroken life of the store; None forbids remembering what it has."""

    hash_name: str = DEFAULT_HASH
    """What this store wants new blobs to be named with."""

    share_root: str | None = None
    """The URL that the refs of shares and of shared blobs follow; None where nobody serves them."""

    sends_only_missing: bool
    """Whether `send` costs little for blobs that are here already, so asking first is no gain."""

    @abstractmethod
    def send(self, blobs: Sequence[Blob], *, durable: bool = False) -> None:
        """Store blobs; at once visible, and durable when `durable` or after the next `sync`.

        At most a few MiB at a time. Raises `Refused` when any of them was not taken.
        """

    @abstractmethod
    def sync(self) -> None:
        """Make everything sent so far durable.

        Raises `DeferredLost` when what was sent since the last sync may be lost: send it again.
        """

    @abstractmethod
    def missing(self, refs: Sequence[Ref]) -> list[Ref]:
        """Those of at most 10 000 refs that are not here."""

    @abstractmethod
    def fetch(self, refs: Sequence[Ref]) -> Iterator[Blob | HoldfastError]:
        """For each of the refs, in order, its verified blob, or `BlobNotFound` or `CorruptBlob`.

        Large numbers are asked for a part at a time. Raises where the answers end early.
        """

    @abstractmethod
    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        """Blobs whose ref sorts after the text `after`, ascending, at most `limit`."""

    def stat(self, refs: Sequence[Ref]) -> list[SizedRef]:
        """The sizes of those refs that are here, in the order asked."""
        sizes = []
        for found in self.fetch(refs):
            if isinstance(found, Blob):
                sizes.append(SizedRef(found.ref, len(found.data)))
            elif not isinstance(found, BlobNotFound):
                raise found
        return sizes

    def close(self) -> None:
        """Let go of connections, files and locks."""
        return


class KnowsClaims(ABC):
    """Can tell what is claimed. Raises `CannotTellClaims` where a server has no answer."""

    @abstractmethod
    def claims_about(self, ref: Ref) -> ClaimSet:
        """The claims that name a permanode; the deletes of it, or of the claim `ref`; their
        deletes, and so on. Nothing is claimed about what is not here: that is no error.
        """

    @abstractmethod
    def shares(self) -> ClaimSet:
        """All share claims, and all deletes that bear on them."""

    def downloads(self, shares: Sequence[Ref]) -> Mapping[Ref, int]:
        """How often these shares, which count that, were downloaded, as far as is known here."""
        del shares
        return {}


class CanBeAsked(ABC):
    """Can be asked what is stored."""

    @abstractmethod
    def questions(self) -> AnswersQuestions:
        """Who answers, as long as the store is open. Raises `CannotSearch` where nobody does."""

    def settle(self, seconds: float) -> bool:
        """Wait until all that is stored can be found, at most so long; whether it can.

        Raises what keeps it from that. Servers see to it by themselves.
        """
        del seconds
        return True


class TendsIndex(ABC):
    """Can make its index again, and check it."""

    @abstractmethod
    def reindex(self, *, anew: bool = False) -> Iterator[Progress]:
        """Make all rows again, or find that under way: how far it is, now and then, to its end.

        It goes on where one was cut off, unless `anew`. Raises `CannotReindex`, and what keeps it
        from its end. A server goes on when nobody asks any longer.
        """

    @abstractmethod
    def check_index(self, *, limit: int) -> Iterator[Findings]:
        """Hold all rows against the blobs: what has been found, now and then, to the end.

        Of the differences `limit` are named. Raises as `reindex` does.
        """


class GivesBlobs(Protocol):
    """What blobs are got from: a store, or what somebody shares."""

    def fetch(self, refs: Sequence[Ref]) -> Iterator[Blob | HoldfastError]:
        """For each of the refs, in order, its verified blob, or why there is none."""


class Fetching:
    """A store as readers of files want it: `fetch` raises where a blob cannot be had."""

    def __init__(self, store: GivesBlobs) -> None:
        self._store = store

    def fetch(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        """The blobs of `refs`, in order. Raises `BlobNotFound`, `CorruptBlob`."""
        for found in self._store.fetch(list(refs)):
            if isinstance(found, HoldfastError):
                raise found
            yield found
