"""What a store looks like as a tree of files: which folders there are, and what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from itertools import islice
from typing import NamedTuple, Protocol

from ..blobstore.errors import BlobNotFound
from ..blobstore.ref import Ref
from ..blobstore.storage import Storage
from ..index.nodes import MEMBER, PATH
from ..index.search.service import SearchService
from ..schema.blob import MAX_SCHEMA_SIZE, SchemaBlob, parse_schema
from ..schema.directories import read_members
from ..schema.errors import BadTree, NotSchema, WrongKind
from .filenames import Names, safe_name

MAX_DEPTH = 200
"""Folders within each other: a path of the longest names still fits where 65 535 bytes do."""

_BATCH = 100
_BATCH_BYTES = 4 << 20
"""Members that are read ahead, at most; one of them may be larger."""


class Kind(Enum):
    """What an entry of the tree is."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    FIFO = "fifo"
    SOCKET = "socket"


_KINDS = {
    "file": Kind.FILE,
    "bytes": Kind.FILE,
    "directory": Kind.FOLDER,
    "static-set": Kind.FOLDER,
    "permanode": Kind.FOLDER,
    "symlink": Kind.LINK,
    "fifo": Kind.FIFO,
    "socket": Kind.SOCKET,
}
_PERMISSIONS = {Kind.FOLDER: 0o755, Kind.LINK: 0o777}


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, folder or link, and the blob it is made from: for a set, its permanode."""

    path: str
    """Names with `/` between them, all of them safe, and no two entries' alike."""

    blob: SchemaBlob

    @property
    def kind(self) -> Kind:
        return _KINDS[self.blob.kind]

    @property
    def ref(self) -> Ref:
        return self.blob.ref

    @property
    def size(self) -> int:
        """Bytes of a file; 0 for all else."""
        return self.blob.size if self.kind is Kind.FILE else 0

    @property
    def permission(self) -> int:
        """The nine permission bits."""
        if self.blob.permission is None or self.kind is Kind.LINK:
            return _PERMISSIONS.get(self.kind, 0o644)
        return self.blob.permission & 0o777

    @property
    def mtime_ns(self) -> int | None:
        return self.blob.mtime_ns


class Thing(NamedTuple):
    """A permanode as the tree sees it."""

    title: str = ""
    content: Ref | None = None
    members: tuple[tuple[str, Ref], ...] = ()
    """What is in it, in order, each under a name or none."""
    is_deleted: bool = False


class KnowsThings(Protocol):
    """Can tell what a permanode is now."""

    def thing(self, permanode: Ref) -> Thing: ...


class IndexedThings:
    """Permanodes as the index has them. Safe for many threads."""

    def __init__(self, search: SearchService) -> None:
        self._search = search

    def thing(self, permanode: Ref) -> Thing:
        """What a permanode is. Raises `IndexBehind`, and what reading rows raises."""
        reader = self._search.reader()
        node = reader.node(permanode)
        links = [link for link, _ in reader.links(permanode)]
        self._search.reader()  # raises if the index was begun again meanwhile
        if node is None:
            return Thing()
        under_paths = {child for attribute, child in links if attribute != MEMBER}
        members = tuple(
            (attribute.removeprefix(PATH) if attribute != MEMBER else "", child)
            for attribute, child in links
            if attribute != MEMBER or child not in under_paths
        )
        return Thing(node.value("title"), node.content, members, node.is_deleted)


class Tree:
    """One store as a tree of files. Safe for many threads; every call may wait for a disk.

    A permanode stands for its content, and if it has none for a folder of its members, named by
    its title. Members that have neither, or content that is no file or folder, are left out, as
    are those that are deleted, and a set where it comes to be within itself.
    """

    def __init__(self, storage: Storage, things: KnowsThings | None = None) -> None:
        """Without `things` nobody knows what permanodes are."""
        self._storage = storage
        self._things = things

    def blob(self, ref: Ref) -> SchemaBlob:
        """What a ref stands for: its own blob, or its content's.

        For a set this is the permanode, with its title for a name. Raises `NotSchema`,
        `WrongKind`, `IndexBehind`, and what reading blobs raises.
        """
        (blob,) = schemas(self._storage, (ref,))
        if blob.kind != "permanode":
            return _of_tree(blob)
        found = self._stands_for(blob)
        if found is None:
            raise WrongKind(ref, blob.kind, wanted="file")
        return found

    def walk(self, refs: Iterable[Ref], *, all_must_fit: bool = True) -> Iterator[Entry]:
        """These and all that is in them: a folder before its entries, these in their own order.

        Refs given twice are there once. What is no file or folder is left out, if not all of these
        have to fit. Only schema blobs are read, some ahead. Raises as `blob`, and `BadTree` for
        more than `MAX_DEPTH` folders within each other.
        """
        roots = (
            ("", blob)
            for ref in dict.fromkeys(refs)
            if (blob := self.blob(ref) if all_must_fit else self._blob_if_any(ref)) is not None
        )
        levels = [_Level(None, "", Names(), roots)]
        while levels:
            level = levels[-1]
            found = next(level.blobs, None)
            if found is None:
                levels.pop()
                continue
            name, blob = found
            entry = Entry(level.prefix + level.take(name, blob), blob)
            is_set_within_itself = any(
                blob.kind == "permanode" and above.ref == blob.ref for above in levels
            )
            if is_set_within_itself:
                continue
            yield entry
            if entry.kind is Kind.FOLDER:
                if len(levels) > MAX_DEPTH:
                    raise BadTree(blob.ref, f"more than {MAX_DEPTH} folders within each other")
                members = self._members(blob)
                levels.append(_Level(blob.ref, entry.path + "/", Names(), members))

    def _blob_if_any(self, ref: Ref) -> SchemaBlob | None:
        try:
            return self.blob(ref)
        except (NotSchema, WrongKind):
            return None

    def _members(self, folder: SchemaBlob) -> Iterator[tuple[str, SchemaBlob]]:
        """What is in a folder, each under a name of its own or none."""
        if folder.kind != "permanode":
            for blob in schemas(self._storage, read_members(self._storage, folder.ref)):
                yield "", _of_tree(blob)
            return
        thing = self._thing(folder.ref)
        members = schemas(self._storage, (ref for _, ref in thing.members))
        for (name, _), blob in zip(thing.members, members, strict=True):
            if blob.kind != "permanode":
                if blob.kind in _KINDS:
                    yield name, blob
            elif not self._thing(blob.ref).is_deleted:
                try:
                    found = self._stands_for(blob)
                except (NotSchema, WrongKind):
                    continue
                if found is not None:
                    yield name, found

    def _stands_for(self, permanode: SchemaBlob) -> SchemaBlob | None:
        """The content of a permanode, else the permanode itself if anything is in it."""
        thing = self._thing(permanode.ref)
        title = thing.title.encode(errors="replace")
        if thing.content is not None:
            (content,) = schemas(self._storage, (thing.content,))
            content = _of_tree(content, but="permanode")
            return content if content.raw_name else replace(content, raw_name=title)
        return replace(permanode, raw_name=title) if thing.members else None

    def _thing(self, permanode: Ref) -> Thing:
        return Thing() if self._things is None else self._things.thing(permanode)


def schemas(storage: Storage, refs: Iterable[Ref]) -> Iterator[SchemaBlob]:
    """The schema blobs of these refs, in order, some read ahead.

    Raises `NotSchema`, also for what is too large to be one, and what reading blobs raises.
    """
    asked = iter(refs)
    while batch := list(islice(asked, _BATCH)):
        sizes = dict(storage.stat(batch))
        at = 0
        while at < len(batch):
            end, held = at, 0
            while end < len(batch) and (end == at or held < _BATCH_BYTES):
                held += _checked(batch[end], sizes)
                end += 1
            # Parsed all at once: a caller that takes its time must not keep a storage reading.
            yield from [parse_schema(*blob) for blob in storage.fetch(batch[at:end])]
            at = end


def _checked(ref: Ref, sizes: dict[Ref, int]) -> int:
    if ref not in sizes:
        raise BlobNotFound(ref)
    if sizes[ref] > MAX_SCHEMA_SIZE:
        raise NotSchema(ref, f"it has more than {MAX_SCHEMA_SIZE} bytes")
    return sizes[ref]


def _of_tree(blob: SchemaBlob, *, but: str = "") -> SchemaBlob:
    """The blob, if there is a place for it in the tree. Raises `WrongKind`."""
    if blob.kind not in _KINDS or blob.kind == but:
        raise WrongKind(blob.ref, blob.kind, wanted="file")
    return blob


class _Level(NamedTuple):
    """A folder on the way down."""

    ref: Ref | None
    prefix: str
    names: Names
    blobs: Iterator[tuple[str, SchemaBlob]]

    def take(self, name: str, blob: SchemaBlob) -> str:
        kind = _KINDS[blob.kind]
        wanted = safe_name(name or blob.raw_name) or nameless(blob)
        return self.names.take(wanted, is_folder=kind is Kind.FOLDER, is_link=kind is Kind.LINK)


def nameless(blob: SchemaBlob) -> str:
    """What stands in for the name of what has none."""
    kind = _KINDS[blob.kind]
    return f"{kind.value}-{blob.ref}" + (".dat" if kind is Kind.FILE else "")
