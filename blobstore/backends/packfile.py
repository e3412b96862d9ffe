"""One pack file: records behind each other, read, appended to, scanned, mended and erased.

The format is Perkeep's diskpacked: `[REF SIZE]bytes` without anything between (`records.py`). A
removed record keeps its length: every character of the hash name becomes `x`, every digit of the
digest `0`, and its bytes a hole.
"""

from __future__ import annotations

import ctypes
import logging
import mmap
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import BadRef
from ..records import header
from ..ref import MAX_BLOB_SIZE, Ref

log = logging.getLogger(__name__)

MAX_HEADER = 400
"""Bytes a record's header may have; Perkeep's longest is 2 + 1 + 321 + 8."""

_WINDOW = 1 << 18
_SMALL_WINDOW = 512
_LARGE = 1 << 14
"""Behind a record of this many bytes or more a scan reads no further than the next header."""
_HEADER = re.compile(rb"\[([a-z0-9]+-[0-9a-f]+) (\d{1,10})\]")
_ERASED = re.compile(rb"x+-0+")
_PAGE = 4096

_MOST_PARTS = 1024
"""Pieces of memory one system call writes (IOV_MAX)."""
_WORTH_JOINING = 4096
"""Pieces smaller than this on average are joined first: that costs less than handing them over."""

_FALLOC_KEEP_SIZE_PUNCH_HOLE = 0x01 | 0x02
_libc = ctypes.CDLL(None, use_errno=True)
_libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]


class Record(NamedTuple):
    """Where one record stands in its pack, in bytes; `ref` is None if it was erased."""

    start: int
    ref: Ref | None
    data: int
    size: int

    @property
    def end(self) -> int:
        return self.data + self.size


class Gap(NamedTuple):
    """Bytes that are no records. `is_tail`: nothing good follows."""

    start: int
    end: int
    is_tail: bool


class PackFile:
    """An open pack. Reading is safe from many threads; appending is for one at a time."""

    def __init__(self, path: Path, *, writable: bool, create: bool = False) -> None:
        self.path = path
        flags = os.O_CLOEXEC | (os.O_RDWR if writable else os.O_RDONLY)
        self._descriptor = os.open(path, flags | (os.O_CREAT if create else 0), 0o644)
        self.size = os.fstat(self._descriptor).st_size

    def close(self) -> None:
        os.close(self._descriptor)

    def read(self, offset: int, length: int) -> bytes:
        """Bytes `[offset, offset + length)`, fewer only at the end of the file."""
        data = os.pread(self._descriptor, length, offset)
        if len(data) == length:
            return data
        parts = [data]
        got = len(data)
        while data and got < length:
            data = os.pread(self._descriptor, length - got, offset + got)
            parts.append(data)
            got += len(data)
        return b"".join(parts)

    def read_now(self, offset: int, length: int) -> bytes | None:
        """As `read` if all of it is in the page cache, else None."""
        buffer = bytearray(length)
        try:
            got = os.preadv(self._descriptor, [buffer], offset, os.RWF_NOWAIT)
        except OSError:  # EAGAIN: a disk would be waited for; EOPNOTSUPP: cannot tell
            return None
        return bytes(buffer) if got == length else None

    def append(self, parts: Sequence[bytes]) -> None:
        """Write behind the last byte. On an `OSError` nothing of it stays, or `TornAppend`."""
        length = sum(map(len, parts))
        if length < len(parts) * _WORTH_JOINING:
            parts = (b"".join(parts),)
        end = self.size
        try:
            for first in range(0, len(parts), _MOST_PARTS):
                end += self._write(parts[first : first + _MOST_PARTS], end)
        except OSError as error:
            try:
                os.ftruncate(self._descriptor, self.size)
            except OSError:
                raise TornAppend(str(error)) from error
            raise
        self.size = end

    def _write(self, parts: Sequence[bytes], offset: int) -> int:
        length = sum(map(len, parts))
        written = os.pwritev(self._descriptor, parts, offset)
        if written < length:
            rest = memoryview(b"".join(parts))
            while written < length:
                written += os.pwrite(self._descriptor, rest[written:], offset + written)
        return length

    def sync(self) -> None:
        os.fdatasync(self._descriptor)

    def drop_cache(self, start: int) -> None:
        """Let reads from byte `start` on come from the disk, as far as it has the bytes.

        After a sync that failed the cache may hold what the disk does not.
        """
        os.posix_fadvise(self._descriptor, start, 0, os.POSIX_FADV_DONTNEED)

    def cut(self, size: int) -> None:
        """Drop everything from byte `size` on, durably."""
        os.ftruncate(self._descriptor, size)
        os.fsync(self._descriptor)
        self.size = size

    def record_at(self, start: int) -> Record | None:
        """The whole record that begins at a byte, or None if there is none."""
        return _parse(self.read(start, MAX_HEADER), 0, start, self.size)

    def scan(self, start: int = 0, *, end: int | None = None) -> Iterator[Record | Gap]:
        """Records from byte `start` to `end`, erased ones too, and the gaps between.

        Data is skipped over, neither read nor verified, except to find the way behind a gap.
        """
        end = self.size if end is None else end
        window = b""
        base = position = start
        is_sparse = False
        while position < end:
            record = _parse(window, position - base, position, end)
            if record is None:
                reach = _SMALL_WINDOW if is_sparse else _WINDOW
                base, window = position, self.read(position, min(reach, end - position))
                record = _parse(window, 0, position, end)
            if record is None:
                gap = self._gap(position, end)
                yield gap
                position = gap.end
                continue
            yield record
            position = record.end
            is_sparse = record.size >= _LARGE

    def erase(self, records: list[Record]) -> None:
        """Make records unreadable, durably, and give their space back to the file system.

        `records` are of this pack, in order. Runs of neighbours become one erased record, so
        that many small ones give back whole pages too.
        """
        # First the name of the hash alone: a header torn in the middle of a sector then names a
        # hash nobody has, and not a blob with another digest.
        for record in records:
            head = _erased_header(record)
            os.pwrite(self._descriptor, head[: head.index(b"-")], record.start)
        os.fdatasync(self._descriptor)
        for record in records:
            os.pwrite(self._descriptor, _erased_header(record), record.start)
        for start, end in self._runs(records):
            head = _run_header(end - start)
            # A crash in the middle of this leaves at worst a gap over bytes that are dead.
            os.pwrite(self._descriptor, head, start)
            self._punch(start + len(head), end)
        os.fdatasync(self._descriptor)

    def blank(self, start: int, end: int) -> None:
        """Make one erased record, durably, of bytes that are none."""
        os.pwrite(self._descriptor, _run_header(end - start), start)
        os.fdatasync(self._descriptor)

    def gap(self, start: int) -> Gap:
        """The unreadable bytes from `start` to the next record that can be proved good."""
        return self._gap(start, self.size)

    def _runs(self, records: list[Record]) -> Iterator[tuple[int, int]]:
        """The stretches of erased records that `records`, just erased, are part of."""
        begin = end = -1
        for record in records:
            if record.start < end:
                continue
            if record.start != end and begin >= 0:
                yield begin, end
            if record.start != end:
                begin = record.start
            end = record.end
            follower = self.record_at(end)
            while follower is not None and follower.ref is None:
                end = follower.end
                follower = self.record_at(end)
        if begin >= 0:
            yield begin, end

    def _punch(self, start: int, end: int) -> None:
        first = -(-start // _PAGE) * _PAGE
        last = end // _PAGE * _PAGE
        if last <= first:
            return
        if _libc.fallocate(self._descriptor, _FALLOC_KEEP_SIZE_PUNCH_HOLE, first, last - first):
            log.info("%s: cannot punch holes (%s)", self.path, os.strerror(ctypes.get_errno()))

    def _gap(self, start: int, end: int) -> Gap:
        """The unreadable bytes from `start` to the next record that can be proved good."""
        with mmap.mmap(self._descriptor, end, prot=mmap.PROT_READ) as view:
            # A search at a time: a `finditer` would keep the map from being closed.
            found = _HEADER.search(view, start + 1)
            while found is not None:
                record = _parse(found.group(), 0, found.start(), end)
                if record is not None and _is_proved(record, view):
                    return Gap(start, record.start, is_tail=False)
                found = _HEADER.search(view, found.start() + 1)
        return Gap(start, end, is_tail=True)


def _is_proved(record: Record, pack: mmap.mmap) -> bool:
    ref = record.ref
    return ref is not None and ref.is_known and ref.matches(pack[record.data : record.end])


class TornAppend(OSError):
    """An append failed and could not be taken back: the pack must not be written to any more."""


def _parse(window: bytes, at: int, start: int, end: int) -> Record | None:
    """The record whose header stands at `window[at:]` and at byte `start` of a file, if whole."""
    found = _HEADER.match(window, at)
    if found is None:
        return None
    size = int(found[2])
    data = start + found.end() - at
    if data + size > end:
        return None
    if _ERASED.fullmatch(found[1]):
        return Record(start, None, data, size)
    if size > MAX_BLOB_SIZE:
        return None
    try:
        return Record(start, Ref.parse(found[1].decode()), data, size)
    except BadRef:
        return None


def record_of(ref: Ref, data: int, size: int) -> Record:
    """The record of a ref whose bytes begin at `data`."""
    return Record(data - len(header(ref, size)), ref, data, size)


def _erased_header(record: Record) -> bytes:
    assert record.ref is not None
    name, _, digits = record.ref.partition("-")
    return f"[{'x' * len(name)}-{'0' * len(digits)} {record.size}]".encode()


def _run_header(length: int) -> bytes:
    """The header of one erased record that takes up `length` bytes, header included."""
    # The size's own digits count too; where one more digit makes it not fit, a longer digest does.
    for zeros in (1, 2):
        for digits in range(1, 11):
            size = length - len("[x- ]") - zeros - digits
            if size >= 0 and len(str(size)) == digits:
                return f"[x-{'0' * zeros} {size}]".encode()
    raise AssertionError(f"no erased record has {length} bytes")
