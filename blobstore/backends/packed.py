"""The default storage: many blobs in few pack files, found through a sorted table.

Formats: `packfile.py` for packs; the table maps `REF` to `PACK OFFSET SIZE` in decimal, the offset
being that of the blob's first byte, as in Perkeep's diskpacked. The README of `blobstore` has the
rules that make it survive crashes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path

from ..durable import make_folder
from ..errors import (
    BadRange,
    BadToken,
    BlobNotFound,
    CorruptBlob,
    ReadOnly,
    StoreDamaged,
    StoreFailed,
    TableDamaged,
)
from ..generation import ensure_generation, read_generation, renew_generation
from ..ownership import Ownership
from ..ref import Blob, Ref, SizedRef
from ..storage import (
    DefersSync,
    Generation,
    HasGeneration,
    Journals,
    ReadsNow,
    ReadsRanges,
    Storage,
)
from ..table import OpenTable
from .packfile import Gap, Record, record_of
from .packrecovery import (
    TABLE,
    Progress,
    fill_read_only,
    forget_checkpoint,
    open_packs,
    recover,
)
from .packwriter import PackWriter, Place, Position

log = logging.getLogger(__name__)

MAX_PACK_SIZE = 512 * 1024 * 1024
"""A pack that has grown beyond this many bytes is followed by a new one."""

_SPAN = 1 << 20
"""Most bytes one read of many blobs takes."""
_NEAR = 128
"""Blobs at most this far apart (a header, commonly) are read together."""
_NOW = 1 << 18
"""Larger blobs are hashed by a thread, not by who must not wait."""


class PackedStorage(Storage, ReadsRanges, ReadsNow, DefersSync, Journals, HasGeneration):
    """Blobs in pack files, each verified as it is read."""

    def __init__(
        self,
        folder: Path,
        *,
        open_table: OpenTable,
        read_only: bool = False,
        max_pack_size: int = MAX_PACK_SIZE,
        progress: Progress | None = None,
    ) -> None:
        """Open, or make, the store in `folder`, mending what a crash left behind.

        A lost or stale table is rebuilt from the packs, telling `progress` of bytes done and
        bytes in all. With `read_only` nothing in the folder changes; `open_table` must then give
        an empty table that lives elsewhere. Raises `StoreBusy`, `StoreDamaged`, `StoreFailed`.
        """
        self._folder = folder
        self._read_only = read_only
        self._damaged: set[Ref] = set()
        self._writer: PackWriter | None = None
        self._removing = threading.Lock()
        with ExitStack() as held, _blaming(folder):
            if not read_only:
                make_folder(folder)
                held.callback(Ownership(folder).release)
            self._packs = open_packs(folder, writable=not read_only)
            held.callback(self._close_packs)
            if read_only:
                self._table = open_table(folder / TABLE)
                held.callback(self._table.close)
                fill_read_only(self._table, self._packs, progress)
            else:
                self._table, witness = recover(folder, self._packs, open_table, progress)
                held.callback(self._table.close)
                self._writer = PackWriter(
                    folder,
                    self._packs,
                    self._table,
                    max_pack_size=max_pack_size,
                    witness=witness,
                )
                held.callback(self._writer.close)
                ensure_generation(folder)
            # All is well: from here on `close` lets go of it.
            self._held = held.pop_all()

    # What comes in

    def receive(self, blobs: Sequence[Blob]) -> list[bool]:
        fresh, target, writer = self._append(blobs)
        writer.make_durable(target)
        return fresh

    def receive_deferred(self, blobs: Sequence[Blob]) -> list[bool]:
        fresh, target, writer = self._append(blobs)
        writer.hasten(target)
        return fresh

    def sync(self) -> None:
        self._writable().sync()

    def _append(self, blobs: Sequence[Blob]) -> tuple[list[bool], Position, PackWriter]:
        writer = self._writable()
        fresh, target = writer.append(blobs, self._place)
        if self._damaged:
            self._damaged.difference_update(ref for ref, _ in blobs)
        return fresh, target, writer

    def _writable(self) -> PackWriter:
        if self._writer is None:
            raise ReadOnly(str(self._folder))
        return self._writer

    def _settle(self) -> None:
        if self._writer is not None:
            self._writer.settle()

    def _settled_end(self) -> Position:
        """Behind all that is durable: whatever came so far, unless syncing has failed."""
        if self._writer is None:
            return Position(len(self._packs) - 1, self._packs[-1].size)
        self._writer.settle()
        return self._writer.durable

    # What is asked

    def fetch(self, refs: Iterable[Ref]) -> Iterator[Blob]:
        asked = iter(refs)
        while batch := list(islice(asked, 256)):
            yield from self._fetch_batch(batch)

    def _fetch_batch(self, refs: Sequence[Ref]) -> Iterator[Blob]:
        return self._fetch_placed(refs, [self._place(ref) for ref in refs])

    def _fetch_placed(self, refs: Sequence[Ref], places: Sequence[Place | None]) -> Iterator[Blob]:
        index = 0
        while index < len(refs):
            first = places[index]
            if first is None:
                raise BlobNotFound(refs[index])
            # Blobs that were put together are mostly asked for together: one read for all.
            last = first
            stop = index + 1
            while stop < len(refs) and (place := places[stop]) is not None:
                gap = place.offset - (last.offset + last.size)
                is_near = place.pack == first.pack and 0 <= gap <= _NEAR
                if not is_near or place.offset + place.size - first.offset > _SPAN:
                    break
                last = place
                stop += 1
            span = self._packs[first.pack].read(
                first.offset, last.offset + last.size - first.offset
            )
            for ref, place in zip(refs[index:stop], places[index:stop], strict=True):
                assert place is not None
                begin = place.offset - first.offset
                yield Blob(ref, self._verified(ref, place, span[begin : begin + place.size]))
            index = stop

    def fetch_now(self, ref: Ref) -> bytes | None:
        place = self._place(ref)
        if place is None:
            raise BlobNotFound(ref)
        if place.size > _NOW:
            return None
        data = self._packs[place.pack].read_now(place.offset, place.size)
        return None if data is None else self._verified(ref, place, data)

    def fetch_range(self, ref: Ref, offset: int, length: int) -> bytes:
        place = self._place(ref)
        if place is None:
            raise BlobNotFound(ref)
        if offset < 0 or length < 0 or offset > place.size:
            raise BadRange(ref, offset, length)
        return self._packs[place.pack].read(place.offset + offset, min(length, place.size - offset))

    def stat(self, refs: Iterable[Ref]) -> Iterator[SizedRef]:
        for ref in dict.fromkeys(refs):
            if self._writer is not None and self._writer.unsynced(ref) is not None:
                # Whoever is told "it is here" will not send it again, so it must stay.
                self._settle()
            # Not `_place`: what came since would be vouched for before it is durable.
            place = self._durable_place(ref)
            if place is not None:
                yield SizedRef(ref, place.size)

    def enumerate(self, after: str = "", limit: int | None = None) -> Iterator[SizedRef]:
        self._settle()  # so that every row is in the table, where order is
        return islice(self._rows_after(after), limit)

    def _rows_after(self, after: str) -> Iterator[SizedRef]:
        first = after.encode("utf-8", "surrogatepass") + b"\0"
        rows = (SizedRef(Ref(key.decode()), _place(value).size) for key, value in self._scan(first))
        if self._writer is not None and self._writer.kept:
            kept = sorted(
                SizedRef(ref, place.size)
                for ref, place in list(self._writer.kept.items())
                if ref > after
            )
            rows = (next(same) for _, same in groupby(merge(rows, kept), itemgetter(0)))
        return (row for row in rows if row.ref not in self._damaged)

    def _scan(self, first: bytes) -> Iterator[tuple[bytes, bytes]]:
        with self._distrusting():
            yield from self._table.scan(first)

    @contextmanager
    def _distrusting(self) -> Iterator[None]:
        """Let the next opening rebuild a table that turns out to be damaged."""
        try:
            yield
        except TableDamaged as error:
            if not self._read_only:
                forget_checkpoint(self._folder)
            raise TableDamaged(error.path, f"{error.why}; restart to have it rebuilt") from error

    def journal_end(self) -> str:
        return "{}.{}".format(*self._settled_end())

    def stream(self, after: str = "") -> Iterator[tuple[str, Blob | CorruptBlob]]:
        start = self._resume(after) if after else Position(0, 0)
        end = self._settled_end()
        for number in range(start.pack, end.pack + 1):
            pack = self._packs[number]
            stop = end.offset if number == end.pack else pack.size
            begin = start.offset if number == start.pack else 0
            run: list[Record] = []
            for found in pack.scan(begin, end=stop):
                if isinstance(found, Gap) or found.ref is None:
                    continue
                # The same blob may stand twice, or be forgotten: what the table says counts.
                if self._place(found.ref) == Place(number, found.data, found.size):
                    run.append(found)
                    if found.end - run[0].start >= _SPAN:
                        yield from self._read_run(number, run)
                        run = []
            yield from self._read_run(number, run)

    def _read_run(
        self, number: int, run: Sequence[Record]
    ) -> Iterator[tuple[str, Blob | CorruptBlob]]:
        refs = [record.ref for record in run if record.ref is not None]
        places = [Place(number, record.data, record.size) for record in run]
        index = 0
        while index < len(run):
            try:
                for blob in self._fetch_placed(refs[index:], places[index:]):
                    yield f"{number}.{run[index].end}", blob
                    index += 1
            except CorruptBlob as error:
                yield f"{number}.{run[index].end}", error
                index += 1
            except BlobNotFound:  # removed since it was scanned
                index += 1

    def _resume(self, token: str) -> Position:
        number, dot, offset = token.partition(".")
        if not (dot and number.isdecimal() and offset.isdecimal() and len(token) < 40):
            raise BadToken(token)
        position = Position(int(number), int(offset))
        if position.pack >= len(self._packs):
            raise BadToken(token)
        pack = self._packs[position.pack]
        if position.offset != pack.size and pack.record_at(position.offset) is None:
            raise BadToken(token)
        return position

    def _place(self, ref: Ref) -> Place | None:
        """Where a blob is, durable or not."""
        place = None if self._writer is None else self._writer.unsynced(ref)
        if place is None:
            return self._durable_place(ref)
        return None if self._damaged and ref in self._damaged else place

    def _durable_place(self, ref: Ref) -> Place | None:
        place = None if self._writer is None else self._writer.kept.get(ref)
        if place is None:
            with self._distrusting():
                value = self._table.get(ref.encode())
            if value is None:
                return None
            place = _place(value)
        return None if self._damaged and ref in self._damaged else place

    def _verified(self, ref: Ref, place: Place, data: bytes) -> bytes:
        if ref.matches(data):
            return data
        now = self._place(ref)
        if now is None:  # removed while it was read
            raise BlobNotFound(ref)
        if now != place:
            return self._verified(ref, now, self._packs[now.pack].read(now.offset, now.size))
        where = f"{self._packs[place.pack].path} at byte {place.offset}"
        log.error("blob %s is damaged in %s", ref, where)
        # From here on it counts as missing, so that whoever has it sends it again.
        self._damaged.add(ref)
        if not self._read_only:
            try:
                renew_generation(self._folder)
            except OSError as error:
                log.warning("%s: clients cannot be told of the loss (%s)", self._folder, error)
        raise CorruptBlob(ref, where)

    # What goes

    def remove(self, refs: Iterable[Ref]) -> None:
        asked = iter(refs)
        while batch := list(islice(asked, 10_000)):
            self._remove(batch)

    def _remove(self, refs: Sequence[Ref]) -> None:
        # One at a time: places two had looked up before either removed would go twice, and the
        # second time a blob that came again in between.
        with self._removing:
            self._remove_alone(refs)

    def _remove_alone(self, refs: Sequence[Ref]) -> None:
        writer = self._writable()
        # First of all: a blob whose removal failed half way may have lost its row already, and
        # a second try must not take that for success.
        writer.check_erasing()
        writer.sync()  # so that their rows are in the table
        doomed: dict[int, list[Record]] = {}
        for ref in dict.fromkeys(refs):
            self._damaged.discard(ref)
            # Not `_place`: what came since then gets its row after the erasing.
            place = self._durable_place(ref)
            if place is not None:
                record = record_of(ref, place.offset, place.size)
                doomed.setdefault(place.pack, []).append(record)
        if doomed:
            writer.sync()  # so that no reader finds them with the writer either
            writer.erase(doomed)

    # The rest

    def generation(self) -> Generation:
        found = read_generation(self._folder)
        if found is None:
            raise StoreDamaged(str(self._folder), "GENERATION.dat is missing")
        return found

    def close(self) -> None:
        self._held.close()

    def _close_packs(self) -> None:
        for pack in self._packs:
            pack.close()


@contextmanager
def _blaming(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreFailed.by(str(folder), error) from error


def _place(value: bytes) -> Place:
    pack, offset, size = value.split(b" ")
    return Place(int(pack), int(offset), int(size))
