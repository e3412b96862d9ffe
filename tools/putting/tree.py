"""Trees into blobs: the walk over folders, what is left out, and what need not be read again."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ...blobstore.ref import Blob, Ref
from ...schema.directories import write_directory
from ...schema.facts import OwnerNames, facts_of
from ..ignore import FILE_NAME, MAX_FILE_SIZE, Rules, configured, ignore_lines
from ..statcache import (
    PART_ENTRIES,
    Folder,
    Part,
    StatCache,
    pack_entry,
    unpack_entries,
    unsure,
)
from .digests import Digests
from .files import EntryPutter, contents_size
from .options import PutOptions
from .outbox import Outbox
from .report import Reporting, Tally
from .walk import Anchor, Place, list_folder

if TYPE_CHECKING:
    from .filenodes import Filenodes

RACY_NS = 2_000_000_000
"""A file changed so shortly before it was listed may change again without its times telling."""


class _Frame:
    """A folder being put: what is done of it, and which folders below are still to do."""

    __slots__ = (
        "below",
        "digest",
        "found",
        "has_own_anchor",
        "is_whole",
        "members",
        "name",
        "next",
        "parts",
        "path",
        "place",
        "rules",
    )

    def __init__(self, name: bytes, path: bytes, place: Place, rules: Rules) -> None:
        self.name = name
        self.path = path
        self.place = place
        self.rules = rules
        self.found: os.stat_result
        self.members: Digests
        self.below: list[bytes] = []
        self.next = 0
        self.parts = 0
        self.digest = hashlib.blake2b(digest_size=20)
        self.is_whole = True
        self.has_own_anchor = False


class TreePutter:
    """Puts folders. One at a time; many after another."""

    def __init__(
        self,
        outbox: Outbox,
        options: PutOptions,
        *,
        cache: StatCache | None = None,
        reporting: Reporting | None = None,
        filenodes: Filenodes | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._outbox = outbox
        self._options = options
        self._hash_name = options.hash_name
        self._cache = cache
        self._reporting = reporting or Reporting()
        self._filenodes = filenodes
        self._clock = clock
        self._names = OwnerNames()
        self._entries = EntryPutter(
            outbox.put,
            options,
            names=self._names,
            advance=self._reporting.progress.advance,
            wants_whole=filenodes is not None,
        )
        self._is_ignored = configured(options.ignored)

    def put(self, path: bytes, *, name: bytes, tally: Tally, put: Callable[[Blob], None]) -> Ref:
        """Put the folder at `path`, and all below, under `name`; the ref of its blob.

        The root folder's own blob is the last that is given to `put`; the others go to the
        outbox. Files that cannot be read are told of, counted and left out. Raises `OSError`
        if the root itself cannot be read.
        """
        rules = Rules()
        if self._options.exclude:
            rules = rules.with_lines(self._options.exclude, base=len(path.rstrip(b"/")) + 1)
        root = _Frame(name, path, Place(Anchor(None), path), rules)
        stack = [root]
        self._enter(root, tally, follow=True)
        device = root.found.st_dev
        try:
            while True:
                frame = stack[-1]
                if frame.next < len(frame.below):
                    child = self._child(frame)
                    try:
                        if self._is_loop(stack, child):
                            continue
                        self._enter(child, tally, device=device)
                    except OSError as error:
                        self._close(child)
                        self._skip(frame, child.path, error, tally)
                        continue
                    stack.append(child)
                    continue
                self._close(frame)
                stack.pop()
                ref = self._leave(frame, put if not stack else self._outbox.put)
                tally.folders += 1
                if not stack:
                    return ref
                parent = stack[-1]
                parent.members.append(ref)
                parent.digest.update(parent.members.raw[-parent.members.size :])
                parent.is_whole = parent.is_whole and frame.is_whole
        finally:
            for frame in stack:
                self._close(frame)

    def _child(self, frame: _Frame) -> _Frame:
        name = frame.below[frame.next]
        frame.next += 1
        path = frame.path + (b"" if frame.path.endswith(b"/") else b"/") + name
        return _Frame(name, path, frame.place.below(name), frame.rules)

    def _is_loop(self, stack: list[_Frame], child: _Frame) -> bool:
        """Whether a followed link leads back to a folder it lies in."""
        if not self._options.follow:
            return False
        found = os.stat(child.place.path, dir_fd=child.place.anchor.descriptor)
        for above in stack:
            if (above.found.st_dev, above.found.st_ino) == (found.st_dev, found.st_ino):
                self._reporting.note(f"{_shown(child.path)}: leads back to itself; left out")
                return True
        return False

    def _enter(
        self, frame: _Frame, tally: Tally, *, follow: bool = False, device: int | None = None
    ) -> None:
        """List a folder and put the files in it. Raises `OSError`."""
        descriptor = frame.place.open(follow=follow or self._options.follow)
        try:
            frame.found = os.fstat(descriptor)
            frame.members = Digests(self._hash_name)
            frame.digest.update(pack_entry(frame.name, frame.found))
            other = device is not None and frame.found.st_dev != device
            if other and self._options.one_file_system:
                return
            files, frame.below = list_folder(descriptor, follow=self._options.follow)
            self._leave_out(frame, files, descriptor)
            before = frame.place
            frame.place = before.shortened(descriptor)
            frame.has_own_anchor = frame.place.anchor is not before.anchor
            self._put_files(frame, files, descriptor, tally)
        finally:
            os.close(descriptor)

    def _close(self, frame: _Frame) -> None:
        if frame.has_own_anchor and frame.place.anchor.descriptor is not None:
            os.close(frame.place.anchor.descriptor)
            frame.has_own_anchor = False

    def _leave(self, frame: _Frame, put: Callable[[Blob], None]) -> Ref:
        """Put the folder's own blobs, unless they are known; its ref."""
        digest = frame.digest.digest()
        if self._cache is not None and frame.is_whole:
            known = self._cache.folder(frame.path)
            if known is not None and known[0] == digest:
                return Ref(f"{self._hash_name}-{known[1].hex()}")
        facts = facts_of(frame.found, frame.name, self._names)
        ref = write_directory(facts, frame.members, put, hash_name=self._hash_name)
        if frame.is_whole:
            self._remember(Folder(frame.path, digest, bytes.fromhex(ref.hex), frame.parts))
        return ref

    def _leave_out(self, frame: _Frame, files: list[bytes], descriptor: int) -> None:
        """Take ignored names out of the folder's lists."""
        if self._options.ignore_files and FILE_NAME in files:
            lines = self._ignore_file(descriptor, frame.path)
            frame.rules = frame.rules.with_lines(lines, base=len(frame.path.rstrip(b"/")) + 1)
        ignored, rules = self._is_ignored, frame.rules
        prefix = frame.path + (b"" if frame.path.endswith(b"/") else b"/")
        has_rules = bool(rules.layers)
        for names, are_folders in ((files, False), (frame.below, True)):
            names[:] = [
                name
                for name in names
                if not ignored(prefix + name, name)
                and not (has_rules and rules.leave_out(prefix + name, is_folder=are_folders))
            ]

    def _ignore_file(self, descriptor: int, path: bytes) -> list[str]:
        try:
            opened = os.open(
                FILE_NAME, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=descriptor
            )
            try:
                if not stat.S_ISREG(os.fstat(opened).st_mode):
                    return []
                return ignore_lines(os.read(opened, MAX_FILE_SIZE))
            finally:
                os.close(opened)
        except OSError as error:
            self._reporting.note(f"{_shown(path + b'/' + FILE_NAME)}: {error.strerror}; not heeded")
            return []

    def _put_files(self, frame: _Frame, files: list[bytes], descriptor: int, tally: Tally) -> None:
        """Put what is no folder, a part at a time, and note each part in the folder's digest."""
        known = _Known(self._cache, frame.path, frame.members.size)
        follow = self._options.follow
        for start in range(0, len(files), PART_ENTRIES):
            names = files[start : start + PART_ENTRIES]
            # Clocks of files tick coarsely: whatever changed just before may change unseen.
            racy = self._clock() - RACY_NS
            stats: list[os.stat_result] = []
            entries: list[bytes] = []
            present: list[bytes] = []
            for name in names:
                try:
                    found = os.stat(name, dir_fd=descriptor, follow_symlinks=follow)
                except OSError as error:
                    self._skip(frame, _join(frame.path, name), error, tally)
                    continue
                present.append(name)
                stats.append(found)
                entries.append(pack_entry(name, found))
            facts = b"".join(entries)
            refs = known.whole_part(start // PART_ENTRIES, facts)
            if refs is None:
                facts, refs = self._put_part(
                    frame, present, stats, entries, descriptor, known, racy, tally
                )
                self._remember(Part(frame.path, start // PART_ENTRIES, facts, refs))
            else:
                tally.files += len(stats)
                tally.unchanged += len(stats)
                size = sum(map(contents_size, stats))
                tally.size += size
                self._reporting.progress.advance(size, len(stats))
            frame.members.raw += refs
            frame.digest.update(facts)
            frame.digest.update(refs)
            frame.parts += 1

    def _put_part(
        self,
        frame: _Frame,
        names: list[bytes],
        stats: list[os.stat_result],
        entries: list[bytes],
        descriptor: int,
        known: _Known,
        racy: int,
        tally: Tally,
    ) -> tuple[bytes, bytes]:
        """Put those files of a part that are not known; the facts and refs to remember."""
        digests = Digests(self._hash_name)
        kept: list[bytes] = []
        advance = self._reporting.progress.advance
        for name, found, entry in zip(names, stats, entries, strict=True):
            digest = known.find(name, entry)
            if digest is not None:
                digests.raw += digest
                kept.append(entry)
                tally.unchanged += 1
            else:
                try:
                    ref, has_changed, whole = self._entries.put(name, found, folder=descriptor)
                except OSError as error:
                    self._skip(frame, _join(frame.path, name), error, tally)
                    continue
                digests.append(ref)
                if self._filenodes is not None and whole is not None:
                    self._filenodes.add(whole, ref, found.st_mtime_ns)
                if has_changed:
                    self._note_change(_join(frame.path, name))
                    kept.append(unsure(entry))
                elif found.st_mtime_ns >= racy or found.st_ctime_ns >= racy:
                    kept.append(unsure(entry))
                else:
                    kept.append(entry)
                if stat.S_ISBLK(found.st_mode) or stat.S_ISCHR(found.st_mode):
                    self._reporting.note(
                        f"{_shown(_join(frame.path, name))}: a device; kept as a socket"
                    )
            tally.files += 1
            size = contents_size(found)
            tally.size += size
            advance(size if digest is not None else 0, 1)
        return b"".join(kept), bytes(digests.raw)

    def _remember(self, row: Part | Folder) -> None:
        if self._cache is not None:
            (self._filenodes or self._outbox).when_durable(row)

    def _note_change(self, path: bytes) -> None:
        self._reporting.note(f"{_shown(path)}: changed while it was read; put it again")

    def _skip(self, frame: _Frame, path: bytes, error: OSError, tally: Tally) -> None:
        tally.skipped += 1
        frame.is_whole = False
        self._reporting.note(f"{_shown(path)}: {error.strerror or error}; skipped")


class _Known:
    """What the cache knows of one folder's files, walked through once in the order of names."""

    def __init__(self, cache: StatCache | None, path: bytes, digest_size: int) -> None:
        self._cache = cache
        self._path = path
        self._digest_size = digest_size
        self._entries: Iterator[tuple[bytes, bytes, bytes]] | None = None
        self._current: tuple[bytes, bytes, bytes] | None = None

    def whole_part(self, number: int, facts: bytes) -> bytes | None:
        """The digests of a part whose files are all as they were."""
        if self._cache is None:
            return None
        part = self._cache.part(self._path, number)
        if part is None or part.facts != facts:
            return None
        return part.refs

    def find(self, name: bytes, entry: bytes) -> bytes | None:
        """The digest of one file if it is as it was. Ask in the order of names."""
        if self._cache is None:
            return None
        if self._entries is None:
            self._entries = self._all()
            self._current = next(self._entries, None)
        while self._current is not None and self._current[0] < name:
            self._current = next(self._entries, None)
        if self._current is None or self._current[1] != entry:
            return None
        return self._current[2]

    def _all(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        assert self._cache is not None
        number = 0
        while (part := self._cache.part(self._path, number)) is not None:
            yield from unpack_entries(part.facts, part.refs, digest_size=self._digest_size)
            number += 1


def _join(folder: bytes, name: bytes) -> bytes:
    return folder + (b"" if folder.endswith(b"/") else b"/") + name


def _shown(path: bytes) -> str:
    from ..output import printable

    return printable(path)
