"""Directories, links and special files: into blobs, and their members back out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..blobstore.ref import DEFAULT_HASH, Blob, Ref
from ..blobstore.storage import CanFetch, fetch_one
from .blob import MAX_SCHEMA_SIZE, SchemaBlob, parse_schema
from .build import MAX_MEMBERS, directory_text, special_text, static_set_text, symlink_text
from .errors import BadTree, SchemaTooLarge, WrongKind
from .facts import FileFacts
from .filewriter import Put

MAX_DEPTH = 16
"""How deep static sets may be nested: two levels hold a hundred million members."""

MAX_SETS = 100_000
"""How many static sets a directory may have."""

_BATCH = 8


def member_order(name: bytes, *, is_directory: bool) -> tuple[bool, bytes]:
    """The sort key of a directory's members: directories last, then by the bytes of the name.

    A link to a directory is no directory.
    """
    return is_directory, name


def write_directory(
    facts: FileFacts, members: Sequence[Ref], put: Put, *, hash_name: str = DEFAULT_HASH
) -> Ref:
    """Hand a directory's blobs to `put`, the `directory` blob last, and return its ref.

    `members` are the refs of the members' schema blobs, sorted by `member_order`.
    """
    entries = write_static_set(members, put, hash_name=hash_name)
    return _put("directory", directory_text(facts, entries), put, hash_name)


def write_static_set(members: Sequence[Ref], put: Put, *, hash_name: str = DEFAULT_HASH) -> Ref:
    """Hand the blobs of a list of refs to `put`, the outermost last, and return its ref."""
    if len(members) <= MAX_MEMBERS:
        return _put("static-set", static_set_text(members), put, hash_name)
    whole_subsets = len(members) // MAX_MEMBERS
    subset_size = MAX_MEMBERS
    if whole_subsets >= MAX_MEMBERS:
        # One place is left for what division leaves over.
        whole_subsets = MAX_MEMBERS - 1
        subset_size = len(members) // whole_subsets
    merge_sets = [
        write_static_set(members[start : start + subset_size], put, hash_name=hash_name)
        for start in range(0, len(members), subset_size)
    ]
    return _put("static-set", static_set_text(merge_sets=merge_sets), put, hash_name)


def write_symlink(
    facts: FileFacts, target: bytes, put: Put, *, hash_name: str = DEFAULT_HASH
) -> Ref:
    """Hand a `symlink` blob to `put` and return its ref."""
    return _put("symlink", symlink_text(facts, target), put, hash_name)


def write_special(facts: FileFacts, kind: str, put: Put, *, hash_name: str = DEFAULT_HASH) -> Ref:
    """Hand a `fifo` or `socket` blob to `put` and return its ref."""
    if kind not in ("fifo", "socket"):
        raise ValueError(f"no special file is a {kind!r}; use fifo or socket")
    return _put(kind, special_text(facts, kind), put, hash_name)


def read_members(fetch: CanFetch, ref: Ref) -> Iterator[Ref]:
    """The refs of a directory's members, in their order, found lazily.

    `ref` is a `directory` or a `static-set`. Raises `NotSchema`, `WrongKind`, `BadTree`, and
    what `fetch` raises.
    """
    top = parse_schema(ref, fetch_one(fetch, ref))
    if top.kind == "directory":
        if top.entries is None:
            raise BadTree(ref, "a directory without entries")
        top = parse_schema(top.entries, fetch_one(fetch, top.entries))
    # Blobs cannot contain their own ref, but what a dishonest store gives can, and lists of
    # lists of empty lists can keep a reader busy for ever: hence both limits.
    visited = 1
    open_sets = [_members_or_subsets(fetch, top)]
    while open_sets:
        found = next(open_sets[-1], None)
        if found is None:
            open_sets.pop()
        elif isinstance(found, SchemaBlob):
            visited += 1
            if len(open_sets) >= MAX_DEPTH or visited > MAX_SETS:
                raise BadTree(ref, "too many static sets within static sets")
            open_sets.append(_members_or_subsets(fetch, found))
        else:
            yield found


def _members_or_subsets(fetch: CanFetch, static_set: SchemaBlob) -> Iterator[Ref | SchemaBlob]:
    if static_set.kind != "static-set":
        raise WrongKind(static_set.ref, static_set.kind, wanted="static-set")
    if static_set.members or not static_set.merge_sets:
        yield from static_set.members
        return
    subsets = static_set.merge_sets
    for start in range(0, len(subsets), _BATCH):
        for blob in fetch.fetch(subsets[start : start + _BATCH]):
            yield parse_schema(blob.ref, blob.data)


def _put(kind: str, text: bytes, put: Put, hash_name: str) -> Ref:
    if len(text) > MAX_SCHEMA_SIZE:
        raise SchemaTooLarge(kind, len(text), MAX_SCHEMA_SIZE)
    ref = Ref.of(text, hash_name=hash_name)
    put(Blob(ref, text))
    return ref
