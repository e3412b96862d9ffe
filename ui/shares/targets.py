"""Targets: what to share so that others get what the owner has picked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ...blobstore.ref import Blob, Ref
from ...index.search.desk import Desk
from ...index.search.schemas import schema_of, size_of
from ...schema.build import MAX_MEMBERS
from ...schema.canonical import Fields, canonical
from ...schema.directories import write_static_set
from ..gallery.api import Refused

MOST = 20_000
"""Things of one share."""

_RESTORABLE = frozenset({"file", "directory", "symlink", "fifo", "socket"})


class Unsigned(NamedTuple):
    """A list of refs as blobs: the text of the one to be signed, and those it names."""

    text: bytes
    parts: Sequence[Blob]


def targets_of(refs: Iterable[Ref], desk: Desk) -> list[Ref]:
    """What has to be shared for these things, each once.

    Of a permanode with a file or folder that is this content, which real clients can walk; a set
    is shared itself, as it will be. Raises `Refused`.
    """
    return list(dict.fromkeys(_target_of(ref, desk) for ref in refs))


def _target_of(ref: Ref, desk: Desk) -> Ref:
    node = desk.reader.node(ref)
    if node is not None:
        if node.is_deleted:
            raise Refused(f"{ref} is deleted", status=409, remedy="take it out of the trash first")
        if any(True for _ in desk.reader.links(ref)):
            return ref
        if node.content is not None and _kind(desk, node.content) in _RESTORABLE:
            return node.content
        if node.value("title"):
            return ref  # a set that nothing is in yet
        raise Refused(f"there is nothing in {ref} that could be shared")
    if size_of(desk.storage, ref) is None:
        raise Refused(f"{ref} is not stored here", status=404)
    kind = _kind(desk, ref)
    if kind not in (*_RESTORABLE, "static-set"):
        raise Refused(f"{ref} is no file, folder or set, and cannot be shared from here")
    return ref


def _kind(desk: Desk, ref: Ref) -> str:
    schema = schema_of(desk.storage, ref)
    return "" if schema is None else schema.kind


def list_of(members: Sequence[Ref], *, signer: Ref, hash_name: str) -> Unsigned:
    """The list of several targets, split if it is too long for one blob.

    As in Perkeep it is signed; the lists within it, if there are any, are not.
    """
    parts: list[Blob] = []
    fields: Fields = {"camliType": "static-set", "camliSigner": signer}
    if len(members) <= MAX_MEMBERS:
        return Unsigned(canonical({**fields, "members": members}), parts)
    sets = [
        write_static_set(members[at : at + MAX_MEMBERS], parts.append, hash_name=hash_name)
        for at in range(0, len(members), MAX_MEMBERS)
    ]
    return Unsigned(canonical({**fields, "mergeSets": sets}), parts)
