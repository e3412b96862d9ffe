"""Getting as a function call: a file or a tree out of a store, into a folder."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ...blobstore.errors import HoldfastError
from ...blobstore.ref import Ref
from ...schema.blob import SchemaBlob, parse_schema
from ...schema.directories import read_members
from ...schema.errors import BadTree, NotSchema, WrongKind
from ..client.errors import StoreUnusable
from ..client.store import Fetching, GivesBlobs
from ..output import SILENT, Progress
from .errors import NotRestorable
from .files import Exists, FileRestorer, Wanted, is_small
from .folders import Folders, NotOurs, RestoredFolder
from .writing import GetOptions, look, make_special, set_facts

RESTORABLE = frozenset({"file", "directory", "symlink", "fifo", "socket"})
"""The kinds of schema blobs that stand for something in a file system."""

WORKERS = 3
LISTED_AT_ONCE = 100
MEMBERS_AT_ONCE = 2000
GROUP_BYTES = 4 << 20
GROUP_FILES = 500
GROUPS_AHEAD = 6


class Failure(NamedTuple):
    """One thing that could not be restored."""

    path: bytes
    error: HoldfastError | OSError


@dataclass(slots=True)
class Restored:
    """What a restore came to."""

    files: int = 0
    folders: int = 0
    size: int = 0
    kept: int = 0
    """Files that were there already."""
    failed: int = 0
    errors: list[HoldfastError | OSError] = field(default_factory=list)
    """Why, for the first hundred of those that failed."""

    def add(self, more: Restored) -> None:
        """Count what another restore came to."""
        self.files += more.files
        self.folders += more.folders
        self.size += more.size
        self.kept += more.kept
        self.failed += more.failed
        self.errors += more.errors[: max(0, 100 - len(self.errors))]


def fetch_schema(store: GivesBlobs, ref: Ref, *, kinds: Collection[str] = RESTORABLE) -> SchemaBlob:
    """One schema blob of these kinds.

    Raises `BlobNotFound`, `CorruptBlob`, `NotSchema`, `NotRestorable`.
    """
    (found,) = store.fetch((ref,))
    if isinstance(found, HoldfastError):
        raise found
    schema = parse_schema(ref, found.data)
    if schema.kind not in kinds:
        raise NotRestorable(ref, schema.kind)
    return schema


class Getter:
    """Restores what is below one ref. Use it once.

    Nothing outside of the target is ever touched, whatever the blobs say: names that are no
    names are refused, and every step goes from an open folder to one in it, following no link.
    Restored files are not synced: they are as durable as files just copied.
    """

    def __init__(
        self,
        store: GivesBlobs,
        *,
        options: GetOptions | None = None,
        on_failure: Callable[[Failure], None] | None = None,
        progress: Progress = SILENT,
    ) -> None:
        self._store = store
        self._options = options or GetOptions(owners=os.geteuid() == 0)
        self._on_failure = on_failure
        self._progress = progress
        self._lock = threading.Lock()
        self._done = Restored()
        self._folders: Folders
        self._files: FileRestorer
        self._todo: list[RestoredFolder] = []
        self._group: list[Wanted] = []
        self._group_bytes = 0
        self._large: list[tuple[Wanted, int]] = []
        self._ahead: list[Future[None]] = []
        self._pool: ThreadPoolExecutor

    def get(self, schema: SchemaBlob, folder: bytes, name: bytes) -> Restored:
        """Restore what `schema` is the root of as `name` in the existing folder `folder`.

        Members that fail are told of and counted; the rest is restored. Raises what makes going
        on senseless: the store cannot be reached, the disk is full.
        """
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._folders = Folders(top)
        self._files = FileRestorer(self._store, self._folders, self._options)
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="get")
        try:
            self._member(self._folders.top, schema, name)
            self._restore_large()
            while self._todo:
                self._list_some()
                if not self._todo:
                    self._submit_group()
            self._submit_group()
            self._wait(0)
        finally:
            self._pool.shutdown(cancel_futures=True)
            self._folders.close()
        return self._done

    def _list_some(self) -> None:
        """List the folders made last, all at once: depth first, so that few are unfinished."""
        folders = self._todo[-LISTED_AT_ONCE:]
        del self._todo[-LISTED_AT_ONCE:]
        folders.reverse()
        pairs: list[tuple[RestoredFolder, Ref]] = []
        for folder, ref in self._members(folders):
            pairs.append((folder, ref))
            if len(pairs) >= MEMBERS_AT_ONCE:
                self._take(pairs)
                pairs = []
        self._take(pairs)
        for folder in folders:
            folder.seen = set()
            self._less(folder)

    def _members(self, folders: list[RestoredFolder]) -> Iterator[tuple[RestoredFolder, Ref]]:
        entries = []
        for folder in folders:
            assert folder.schema is not None
            entries.append(folder.schema.entries)
        refs = list(dict.fromkeys(ref for ref in entries if ref is not None))
        found = dict(zip(refs, self._store.fetch(refs), strict=True))
        for folder, ref in zip(folders, entries, strict=True):
            try:
                if ref is None:
                    assert folder.schema is not None
                    raise BadTree(folder.schema.ref, "a directory without entries")
                blob = found[ref]
                if isinstance(blob, HoldfastError):
                    raise blob
                listed = parse_schema(ref, blob.data)
                if listed.kind != "static-set":
                    raise WrongKind(ref, listed.kind, wanted="static-set")
                if listed.members or not listed.merge_sets:
                    for member in listed.members:
                        yield folder, member
                else:
                    for member in read_members(Fetching(self._store), ref):
                        yield folder, member
            except HoldfastError as error:
                self._fail(folder.path, error)

    def _take(self, pairs: list[tuple[RestoredFolder, Ref]]) -> None:
        """Restore members, given by ref, as their blobs come in; large files after all others."""
        refs = [ref for _, ref in pairs]
        if not refs:
            return
        for (folder, ref), found in zip(pairs, self._store.fetch(refs), strict=True):
            if isinstance(found, HoldfastError):
                self._fail(folder.path, found)
                continue
            try:
                schema = parse_schema(ref, found.data)
            except NotSchema as error:
                self._fail(folder.path, error)
                continue
            self._member(folder, schema, schema.safe_name)
        self._restore_large()

    def _member(self, folder: RestoredFolder, schema: SchemaBlob, name: bytes) -> None:
        path = folder.path + b"/" + name if folder.parent is not None else name
        try:
            if not name or len(name) > 255:
                raise BadTree(schema.ref, f"nothing can be named {schema.raw_name[:100]!r}")
            if name in folder.seen:
                raise BadTree(schema.ref, f"a second {name!r} in one folder")
            folder.seen.add(name)
            if schema.kind == "file":
                self._file(Wanted(folder, name, schema))
            elif schema.kind == "directory":
                made = self._folders.make(folder, name, schema)
                self._more(folder)
                self._todo.append(made)
            elif schema.kind in ("symlink", "fifo", "socket"):
                self._special(folder, schema, name, path)
            else:
                raise WrongKind(schema.ref, schema.kind, wanted="file or directory")
        except (HoldfastError, OSError) as error:
            self._fail(path, error)

    def _file(self, wanted: Wanted) -> None:
        schema, folder = wanted.schema, wanted.folder
        if not folder.is_new or folder.parent is None:
            with self._folders.opened(folder) as descriptor:
                if self._files.is_there(wanted, descriptor):
                    self._count(kept=1, size=schema.size)
                    return
        self._more(folder)
        if is_small(schema):
            self._group.append(wanted)
            self._group_bytes += sum(part.size for part in schema.parts)
            if self._group_bytes >= GROUP_BYTES or len(self._group) >= GROUP_FILES:
                self._submit_group()
            return
        # The parts of a large file may be many; they are looked up again when it is its turn.
        self._large.append((wanted._replace(schema=replace(schema, parts=())), schema.size))

    def _restore_large(self) -> None:
        large, self._large = self._large, []
        if large:
            self._submit_group()
        for wanted, size in large:
            try:
                self._files.restore_large(wanted, self._pool, self._progress.advance)
                self._count(files=1, size=size, is_told=True)
            except (HoldfastError, OSError) as error:
                self._fail(wanted.path, error)
            finally:
                self._less(wanted.folder)

    def _special(
        self, folder: RestoredFolder, schema: SchemaBlob, name: bytes, path: bytes
    ) -> None:
        with self._folders.opened(folder) as descriptor:
            found = look(schema, name, descriptor)
            if found is not None and found.is_same:
                self._count(kept=1)
                return
            if found is not None and not self._options.overwrite:
                raise Exists(path)
            make_special(schema, name, descriptor, self._options)
            self._count(files=1)

    def _submit_group(self) -> None:
        group, self._group, self._group_bytes = self._group, [], 0
        if group:
            self._wait(GROUPS_AHEAD)
            self._ahead.append(self._pool.submit(self._restore_group, group))

    def _wait(self, most: int) -> None:
        """Until at most so many groups are under way. Raises what one of them raised."""
        while len(self._ahead) > most:
            self._ahead.pop(0).result()

    def _restore_group(self, group: list[Wanted]) -> None:
        failed = self._files.restore_group(group)
        bad = {id(wanted) for wanted, _ in failed}
        for wanted, error in failed:
            self._fail(wanted.path, error)
        size = sum(wanted.schema.size for wanted in group if id(wanted) not in bad)
        self._count(files=len(group) - len(bad), size=size)
        for wanted in group:
            self._less(wanted.folder)

    def _more(self, folder: RestoredFolder) -> None:
        with self._lock:
            folder.pending += 1

    def _less(self, folder: RestoredFolder | None) -> None:
        """Something in a folder is done; when all is, the folder gets its mode and times."""
        while folder is not None:
            with self._lock:
                folder.pending -= 1
                if folder.pending or folder.parent is None:
                    return
            assert folder.schema is not None
            try:
                with self._folders.opened(folder) as descriptor:
                    set_facts(folder.schema, descriptor, self._options)
                self._folders.forget(folder)
            except OSError as error:
                self._fail(folder.path, error)
            with self._lock:
                self._done.folders += 1
            folder = folder.parent

    def _count(
        self, *, files: int = 0, size: int = 0, kept: int = 0, is_told: bool = False
    ) -> None:
        with self._lock:
            self._done.files += files
            self._done.size += size
            self._done.kept += kept
        self._progress.advance(0 if is_told else size, files + kept)

    def _fail(self, path: bytes, error: HoldfastError | OSError) -> None:
        """Tell of what could not be restored. Raises the error if it is fatal."""
        if _is_fatal(error):
            if isinstance(error, OSError):
                error.filename = path  # what was written has a name of its own, or none
            raise error
        with self._lock:
            self._done.failed += 1
            if len(self._done.errors) < 100:
                self._done.errors.append(error)
        if self._on_failure is not None:
            self._on_failure(Failure(path, error))


def _is_fatal(error: HoldfastError | OSError) -> bool:
    """Whether every other file would fail alike, so that going on is senseless."""
    if isinstance(error, HoldfastError):
        return isinstance(error, StoreUnusable)
    if isinstance(error, NotOurs):
        return False
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE)
