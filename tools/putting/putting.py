"""Putting as function calls: files, trees, streams and raw blobs into a store."""

# Paths are bytes here, as the system has them, which pathlib cannot hold.
# ruff: noqa: PTH100, PTH116, PTH119

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...blobstore.errors import BlobTooLarge, HoldfastError
from ...blobstore.ref import MAX_BLOB_SIZE, Blob, Ref
from ...schema.facts import FileFacts, OwnerNames
from ...schema.filewriter import write_file
from ..cachefile import sweep
from ..client.errors import DeferredLost, Unreachable
from ..client.store import Store
from ..havecache import HaveCache
from ..output import printable
from ..statcache import Folder, StatCache, pack_entry
from .dryrun import DryRun
from .files import EntryPutter, ReadAhead, contents_size
from .options import PutOptions
from .outbox import Outbox, Sent
from .report import Put, Reporting, Tally
from .tree import RACY_NS, TreePutter

if TYPE_CHECKING:
    # Imported where they are needed: most puts sign nothing.
    from ...schema.signing import Signer
    from ..claiming.signed import BlobSigner
    from .filenodes import Filenodes
    from .naming import Naming, NewPermanode

TRIES = 4
"""How often a put is begun anew when the server restarts or is gone for a moment."""


class CannotPut(HoldfastError):
    """Something named to be put that cannot be read at all."""

    def __init__(self, path: bytes, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{os.fsdecode(path)!r} cannot be put: {why}")


class Putter:
    """Puts things into one store. Not for two threads at once.

    With a `cache_folder`, and a store that knows its generation, what was put before is not
    read, or not sent, again. The `signer` signs permanodes and the claims about them; into a
    `DryRun` nothing is signed.
    """

    def __init__(
        self,
        store: Store,
        options: PutOptions,
        *,
        signer: Signer | None = None,
        cache_folder: Path | None = None,
        reporting: Reporting | None = None,
        wait: Callable[[float], None] = time.sleep,
        clock_ns: Callable[[], int] = time.time_ns,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._wait = wait
        self._clock_ns = clock_ns
        self._random = random
        self._store = store
        self._options = options
        self._is_dry = isinstance(store, DryRun)
        self._signer: BlobSigner | None = None
        if signer is not None and not self._is_dry:
            from ..claiming.signed import BlobSigner

            self._signer = BlobSigner(signer, hash_name=options.hash_name)
        self._reporting = reporting or Reporting()
        self._have: HaveCache | None = None
        self._stats: StatCache | None = None
        self.sent = Sent()
        """What went over so far."""
        if cache_folder is not None and store.generation is not None:
            sweep(cache_folder)
            self._have = HaveCache(cache_folder, store=store.identity)
            self._stats = StatCache(cache_folder, store=f"{store.identity} {self._cache_key()}")

    def close(self) -> None:
        for cache in (self._have, self._stats):
            if cache is not None:
                cache.close()

    def put_path(self, path: bytes, *, naming: Naming | None = None) -> Put:
        """Put a file or a tree; when this returns all of it is durable.

        A link named here is put as a link unless links are followed. With `naming` it gets a
        permanode of its own. Raises `CannotPut`, and what the store and the signer raise.
        """
        name = os.path.basename(os.path.realpath(path) if _is_dots(path) else path.rstrip(b"/"))
        permanode = self._new_permanode(naming)
        for attempt in range(1, TRIES + 1):
            try:
                with self._outbox() as outbox:
                    put = self._put_path(outbox, path, name)
                    return self._finish(outbox, put, permanode)
            except DeferredLost as error:
                if attempt == TRIES:
                    raise
                self._reporting.note(f"{error.url} restarted; sending again what it may have lost")
            except Unreachable as error:
                if attempt == TRIES:
                    raise
                seconds = 1 << attempt
                self._reporting.note(f"{error}; trying again in {seconds} seconds")
                self._wait(seconds)
            except OSError as error:
                raise CannotPut(path, error.strerror or str(error)) from error
        raise AssertionError("unreachable")

    def put_stream(
        self, read: Callable[[int], bytes], *, name: bytes = b"", naming: Naming | None = None
    ) -> Put:
        """Put what `read` gives as one file; it is asked for so many bytes, none being the end.

        Since it cannot be read twice, each part is durable as it is sent. It has no time of
        change, and so gets no filenode.
        """
        permanode = self._new_permanode(naming)
        tally = Tally(files=1)

        def counting(size: int) -> bytes:
            data = read(size)
            tally.size += len(data)
            self._reporting.progress.advance(len(data))
            return data

        with self._outbox(durable=True) as outbox:
            last = _Last(outbox.put)
            ahead = ReadAhead(counting)
            try:
                ref = write_file(
                    FileFacts(name=name), ahead.read, last.put, hash_name=self._options.hash_name
                )
            finally:
                ahead.close(wait=False)
            last.release_behind(outbox)
            return self._finish(outbox, Put(b"-", ref, tally), permanode)

    def put_blob(self, data: bytes, *, source: bytes = b"-", naming: Naming | None = None) -> Put:
        """Put bytes as one blob, as they are. Raises `BlobTooLarge`."""
        ref = Ref.of(data, hash_name=self._options.hash_name)
        if len(data) > MAX_BLOB_SIZE:
            raise BlobTooLarge(ref, MAX_BLOB_SIZE)
        permanode = self._new_permanode(naming)
        with self._outbox() as outbox:
            outbox.put(Blob(ref, data))
            put = Put(source, ref, Tally(files=1, size=len(data)))
            return self._finish(outbox, put, permanode)

    def _put_path(self, outbox: Outbox, path: bytes, name: bytes) -> Put:
        tally = Tally()
        row: Folder | None = None
        last = _Last(outbox.put)
        found = os.stat(path, follow_symlinks=self._options.follow or path.endswith(b"/"))
        with self._filenodes(outbox) as filenodes:
            if stat.S_ISDIR(found.st_mode):
                tree = TreePutter(
                    outbox,
                    self._options,
                    cache=self._stats,
                    reporting=self._reporting,
                    filenodes=filenodes,
                )
                where = os.path.abspath(path)
                ref = tree.put(where, name=name, tally=tally, put=last.put)
            else:
                ref, row = self._put_single(path, name, found, last.put, tally, filenodes)
            last.release_behind(outbox)
            if filenodes is not None:
                filenodes.finish()
                tally.signed = filenodes.signed
        if row is not None:
            outbox.when_durable(row)
        return Put(path, ref, tally)

    def _put_single(
        self,
        path: bytes,
        name: bytes,
        found: os.stat_result,
        put: Callable[[Blob], None],
        tally: Tally,
        filenodes: Filenodes | None,
    ) -> tuple[Ref, Folder | None]:
        """The ref of what is no folder, and the row to remember it by."""
        tally.files = 1
        tally.size = contents_size(found)
        key = os.path.abspath(path)
        digest = hashlib.blake2b(pack_entry(name, found), digest_size=20).digest()
        known = None if self._stats is None else self._stats.folder(key)
        if known is not None and known[0] == digest:
            tally.unchanged = 1
            self._reporting.progress.advance(tally.size, 1)
            return Ref(f"{self._options.hash_name}-{known[1].hex()}"), None
        listed = time.time_ns()
        advance = self._reporting.progress.advance
        entries = EntryPutter(
            put,
            self._options,
            names=OwnerNames(),
            advance=advance,
            wants_whole=filenodes is not None,
        )
        ref, has_changed, whole = entries.put(name, found, path=path)
        if filenodes is not None and whole is not None:
            filenodes.add(whole, ref, found.st_mtime_ns)
        advance(0, 1)
        if has_changed:
            self._reporting.note(f"{printable(path)}: changed while it was read; put it again")
        elif max(found.st_mtime_ns, found.st_ctime_ns) < listed - RACY_NS:
            return ref, Folder(key, digest, bytes.fromhex(ref.hex), 0)
        return ref, None

    def _finish(self, outbox: Outbox, put: Put, permanode: NewPermanode | None) -> Put:
        """What was put, once it and its permanode are durable."""
        if permanode is not None:
            for blob in permanode.blobs(put.ref):
                outbox.put(blob)
            put.tally.signed += permanode.signatures
            put = replace(put, permanode=permanode.ref)
        outbox.sync()
        return put

    @contextmanager
    def _outbox(self, *, durable: bool = False) -> Iterator[Outbox]:
        outbox = Outbox(self._store, have=self._have, stats=self._stats, durable=durable)
        try:
            if self._signer is not None:
                # Two batches are on their way at once: what it verifies must not overtake it.
                outbox.put(self._signer.key)
                outbox.drain()
            yield outbox
        finally:
            outbox.close()
            self.sent = Sent(*(a + b for a, b in zip(self.sent, outbox.sent, strict=True)))

    @contextmanager
    def _filenodes(self, outbox: Outbox) -> Iterator[Filenodes | None]:
        if not self._options.filenodes:
            yield None
            return
        from .filenodes import Filenodes

        self._demand_signer()
        tags = self._options.filenode_tags
        with closing(Filenodes(outbox, self._signer, tags=tags)) as filenodes:
            yield filenodes

    def _new_permanode(self, naming: Naming | None) -> NewPermanode | None:
        if naming is None:
            return None
        from .naming import NewPermanode

        self._demand_signer()
        return NewPermanode(self._signer, naming, clock_ns=self._clock_ns, random=self._random)

    def _demand_signer(self) -> None:
        if self._signer is None and not self._is_dry:
            raise ValueError("permanodes are signed: give a signer")

    def _cache_key(self) -> str:
        """What must be equal for what the stat cache knows to be good, and to be all."""
        if self._signer is None or not self._options.filenodes:
            return self._options.key
        tags = json.dumps(sorted(self._options.filenode_tags))
        return f"{self._options.key} filenodes={self._signer.fingerprint} {tags}"


class _Last:
    """Passes blobs on, but always keeps the last one back."""

    def __init__(self, put: Callable[[Blob], None]) -> None:
        self._put = put
        self._held: Blob | None = None

    def put(self, blob: Blob) -> None:
        self.release()
        self._held = blob

    def release_behind(self, outbox: Outbox) -> None:
        """Release the last one when everything else has arrived."""
        outbox.drain()
        self.release()

    def release(self) -> None:
        if self._held is not None:
            self._put(self._held)
            self._held = None


def _is_dots(path: bytes) -> bool:
    """Whether a path's last name is no name: `.`, `..`, or none."""
    return os.path.basename(path.rstrip(b"/")) in (b"", b".", b"..")
