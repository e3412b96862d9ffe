"""Copies of what others share: every blob below a share that is not here yet, each verified."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple
from urllib.parse import parse_qs, urlunsplit

from ...blobstore.errors import (
    BadRef,
    Blame,
    BlobNotFound,
    CorruptBlob,
    DigestMismatch,
    HoldfastError,
)
from ...blobstore.hub import Hub
from ...blobstore.ref import MAX_BLOB_SIZE, Blob, Ref
from ...blobstore.storage import fetch_one
from ...schema.blob import MAX_SCHEMA_SIZE, Part, SchemaBlob, parse_schema
from ...schema.claims import Share, read_claim
from ...schema.errors import BadTree, NotClaim, NotSchema
from ...schema.facts import FileFacts
from ...schema.filewriter import PartsWriter, write_file_blob
from ...schema.sharing import links
from .fetching import BadAddress, Fetcher, checked

WORKERS = 10
"""Blobs that are fetched at a time."""

MAX_DEPTH = 90
"""Blobs on the way from a share to any below it: servers follow a hundred."""

MAX_ASSEMBLED = 64 << 30
"""Bytes of a file that is fetched in one piece, without knowing what it should be."""

_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_GROUP = 20
_CHUNKS = 1000
_STORED_TOGETHER = 8 << 20
_REMEMBERED = 200_000
_MUCH = 64 << 20


class ImportStopped(HoldfastError):
    """An import that was told to end."""

    blame = Blame.CALLER

    def __init__(self) -> None:
        super().__init__("the server was stopped; import it again, and it goes on from there")


class NoShare(HoldfastError):
    """What is at an address is no share that can be imported."""

    blame = Blame.CALLER

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"{url[:200]}: {why}")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a share is."""

    url: str
    root: str = ""
    """The address to which refs are appended; empty for a file that comes in one piece."""
    chain: tuple[Ref, ...] = ()
    """From the share to what is to be imported, as far as that is known."""

    @classmethod
    def parse(cls, url: str) -> Source:
        """The share that an address is of. Raises `BadAddress`."""
        parts = checked(url)
        asked = parse_qs(parts.query)
        if asked.get("assemble", [""])[0] in _TRUE:
            return cls(url.strip())
        path, _, name = parts.path.rstrip("/").rpartition("/")
        via = asked.get("via", [""])[0]
        try:
            chain = tuple(map(Ref.parse, [*(via.split(",") if via else ()), name]))
        except BadRef:
            raise BadAddress(url, "it does not end in the ref of a share") from None
        return cls(url.strip(), urlunsplit((parts.scheme, parts.netloc, path + "/", "", "")), chain)


@dataclass
class Progress:
    """How far an import is."""

    is_assembled: bool = False
    files_seen: int = 0
    files_copied: int = 0
    ref: Ref | None = None
    """What was imported, once all of it is here."""


class _Wanted(NamedTuple):
    """A blob, and how to get to it from the share."""

    ref: Ref
    via: tuple[Ref, ...]


class _Found(NamedTuple):
    """A blob that was found, and what it says if it says anything."""

    blob: Blob
    schema: SchemaBlob | None
    is_new: bool

    @property
    def kind(self) -> str:
        return "" if self.schema is None else self.schema.kind

    @property
    def parts(self) -> tuple[Part, ...]:
        return () if self.schema is None else self.schema.parts


class Import:
    """One import. What is stored of it stays, whatever happens: begun again it goes on from there.

    Contents are stored before the files they are of, and what is in a folder before that.
    """

    def __init__(self, source: Source, hub: Hub, *, hash_name: str) -> None:
        self.progress = Progress(is_assembled=not source.root)
        self._source = source
        self._hub = hub
        self._hash_name = hash_name
        self._fetcher = Fetcher()
        self._stop = threading.Event()
        self._held = 0
        self._copied: dict[Ref, None] = {}
        """Schema blobs of which everything is here, as many as are remembered."""

    def stop(self) -> None:
        """Have it end soon, from any thread."""
        self._stop.set()
        self._fetcher.close()

    def run(self) -> None:
        """Do it. Raises `HoldfastError` for what keeps it from being done."""
        with ThreadPoolExecutor(WORKERS, "import") as self._threads:
            try:
                ref = self._share() if self._source.root else self._assembled()
                self._hub.sync()
                self.progress.ref = ref
            except HoldfastError:
                if self._stop.is_set():
                    raise ImportStopped from None
                raise
            finally:
                self._fetcher.close()

    def _share(self) -> Ref:
        *via, ref = self._source.chain
        if not via:
            via, ref = [ref], self._target(ref)
        self._copy((ref,), tuple(via))
        return ref

    def _target(self, share: Ref) -> Ref:
        """What a share is of."""
        try:
            says = read_claim(parse_schema(share, self._fetched(_Wanted(share, ())))).says
        except (NotSchema, NotClaim):
            says = None
        if not isinstance(says, Share) or says.target is None:
            raise NoShare(self._source.url, "what is there is no share of a file or folder")
        return says.target

    def _copy(self, refs: Iterable[Ref], via: tuple[Ref, ...]) -> None:
        """Copy blobs that the last of `via` leads to, and all below them."""
        for group in self._groups(refs):
            found = self._found(group, via)
            with self._holding(found):
                files = [one for one in found if one.kind in ("file", "bytes")]
                self._copy_files(files, via)
                folders = [one for one in found if one.kind in ("directory", "static-set")]
                self._keep([one for one in found if one not in files and one not in folders])
                for one in folders:
                    assert one.schema is not None
                    self._copy(links(one.schema), (*via, one.blob.ref))
                self._keep(folders)

    def _copy_files(self, files: Sequence[_Found], via: tuple[Ref, ...]) -> None:
        """Copy files, or parts of files, that are found, with their contents."""
        self.progress.files_seen += sum(one.kind == "file" for one in files)
        self._copy_chunks(
            _Wanted(part.blob_ref, (*via, one.blob.ref))
            for one in files
            for part in one.parts
            if part.blob_ref is not None
        )
        for one in files:
            below = (*via, one.blob.ref)
            trees = (part.bytes_ref for part in one.parts if part.bytes_ref is not None)
            for group in self._groups(trees):
                found = self._found(group, below)
                with self._holding(found):
                    if any(tree.kind not in ("file", "bytes") for tree in found):
                        raise BadTree(one.blob.ref, "what should be part of it is no file")
                    self._copy_files(found, below)
        self._keep(files)
        self.progress.files_copied += sum(one.kind == "file" for one in files)

    def _copy_chunks(self, chunks: Iterable[_Wanted]) -> None:
        """Copy the chunks that are not here, several at a time."""
        asked = iter(chunks)
        while batch := {wanted.ref: wanted for wanted in islice(asked, _CHUNKS)}:
            here = dict(self._hub.storage.stat(batch))
            self._copy_missing(wanted for ref, wanted in batch.items() if ref not in here)

    def _copy_missing(self, chunks: Iterable[_Wanted]) -> None:
        asked = iter(chunks)
        fetching = deque[tuple[Ref, Future[bytes]]]()
        got: list[Blob] = []
        try:
            while True:
                for wanted in islice(asked, WORKERS - len(fetching)):
                    future = self._threads.submit(self._fetched, wanted)
                    fetching.append((wanted.ref, future))
                if not fetching:
                    return
                ref, future = fetching.popleft()
                got.append(Blob(ref, future.result()))
                if sum(len(blob.data) for blob in got) >= _STORED_TOGETHER:
                    self._store(got)
                    got.clear()
        finally:
            # Also if the next one is not to be had: another time, these need not come again.
            self._store(got)

    def _found(self, refs: Sequence[Ref], via: tuple[Ref, ...]) -> list[_Found]:
        """The blobs of these refs, from here or from there; without those that are copied."""
        if len(via) > MAX_DEPTH:
            raise BadTree(via[-1], f"more than {MAX_DEPTH} blobs within each other")
        wanted = [_Wanted(ref, via) for ref in dict.fromkeys(refs) if ref not in self._copied]
        sizes = dict(self._hub.storage.stat([one.ref for one in wanted]))
        return list(self._threads.map(lambda one: self._one(one, sizes.get(one.ref)), wanted))

    def _one(self, wanted: _Wanted, size: int | None) -> _Found:
        if size is not None and size > MAX_SCHEMA_SIZE:
            return _Found(Blob(wanted.ref, b""), None, is_new=False)
        try:
            if size is not None:
                data = fetch_one(self._hub.storage, wanted.ref)
                return _Found(Blob(wanted.ref, data), _schema(wanted.ref, data), is_new=False)
        except (BlobNotFound, CorruptBlob):
            pass  # fetched again it is healed
        data = self._fetched(wanted)
        return _Found(Blob(wanted.ref, data), _schema(wanted.ref, data), is_new=True)

    def _fetched(self, wanted: _Wanted) -> bytes:
        """A blob from there, verified. Raises `DigestMismatch`, and as `Fetcher.fetch` does."""
        if self._stop.is_set():
            raise ImportStopped
        via = f"?via={','.join(wanted.via)}" if wanted.via else ""
        url = f"{self._source.root}{wanted.ref}{via}"
        data = self._fetcher.fetch(url, most=MAX_BLOB_SIZE)
        if not wanted.ref.matches(data):
            raise DigestMismatch(wanted.ref)
        return data

    def _groups(self, refs: Iterable[Ref]) -> Iterator[list[Ref]]:
        """A few at a time; one at a time where much is held already."""
        asked = iter(refs)
        while group := list(islice(asked, _GROUP if self._held < _MUCH else 1)):
            if self._stop.is_set():
                raise ImportStopped
            yield group

    @contextmanager
    def _holding(self, found: Sequence[_Found]) -> Iterator[None]:
        size = sum(len(one.blob.data) for one in found)
        self._held += size
        try:
            yield
        finally:
            self._held -= size

    def _keep(self, found: Sequence[_Found]) -> None:
        """Store what is new of these, now that all they lead to is here."""
        self._store([one.blob for one in found if one.is_new])
        for one in found:
            self._copied[one.blob.ref] = None
        while len(self._copied) > _REMEMBERED:
            del self._copied[next(iter(self._copied))]

    def _store(self, blobs: Sequence[Blob]) -> None:
        for receipt in self._hub.receive(blobs, durable=False) if blobs else ():
            if receipt.error is not None:
                raise receipt.error

    def _assembled(self) -> Ref:
        """Store what comes in one piece as a file of its own."""
        self.progress.files_seen = 1
        blobs: list[Blob] = []
        parts = PartsWriter(blobs.append, hash_name=self._hash_name)
        size = 0
        with self._fetcher.streaming(self._source.url) as pieces:
            for piece in pieces:
                size += len(piece)
                if size > MAX_ASSEMBLED:
                    raise NoShare(self._source.url, f"it has more than {MAX_ASSEMBLED} bytes")
                parts.feed(piece)
                if sum(len(blob.data) for blob in blobs) >= _STORED_TOGETHER:
                    self._store(blobs)
                    blobs.clear()
        ref = write_file_blob(FileFacts(), parts.finish(), blobs.append, hash_name=self._hash_name)
        self._store(blobs)
        self.progress.files_copied = 1
        return ref


def _schema(ref: Ref, data: bytes) -> SchemaBlob | None:
    try:
        return parse_schema(ref, data)
    except NotSchema:
        return None
