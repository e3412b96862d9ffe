"""Sharing: whether a share opens a blob to strangers, decided from the blobs alone."""

from __future__ import annotations

import enum
from collections.abc import Callable, Container, Iterator, Sequence
from itertools import pairwise

from ..blobstore.ref import Ref
from .blob import SchemaBlob, parse_schema
from .claims import HAVE_REF, Share, SignedClaim, read_claim
from .errors import NotClaim, NotSchema
from .timestamps import Timestamp


class Denial(enum.Enum):
    """Why a share does not open a blob: for logs. To the outside all of them are one refusal."""

    SHARE_DELETED = "the share is deleted"
    SHARE_MISSING = "there is no such share"
    SHARE_NO_CLAIM = "what is given as the share is no claim"
    SHARE_OTHER_CLAIM = "the claim is no share"
    SHARE_UNTRUSTED = "the share is not signed by someone who may share"
    SHARE_AUTH_TYPE = "the share asks for something else than its ref"
    SHARE_EMPTY = "the share has neither target nor search"
    SHARE_EXPIRED = "the share has expired"
    SEARCH_ONLY = "the share is of a search, which opens no blob"
    OTHER_TARGET = "the share is of something else"
    NOT_TRANSITIVE = "the share is of its target alone"
    LINK_MISSING = "a blob on the way is not there"
    LINK_UNREADABLE = "a blob on the way is no schema blob"
    LINK_BROKEN = "a blob on the way does not lead to the next"


def denial(
    chain: Sequence[Ref],
    *,
    read: Callable[[Ref], bytes | None],
    deleted: Container[Ref],
    trusts: Callable[[SignedClaim], bool],
    now: Timestamp,
    is_whole_file: bool = False,
) -> Denial | None:
    """Why the last blob of the chain may not be given to whoever knows it; None if it may.

    `chain` begins with the share claim; each further ref is one the blob before it leads to; it
    has at least one. `read` gives a blob's bytes, or None, and is asked for one blob after the
    other, only while all is well, and never for the last, unless that is the share. `trusts` says
    whether a claim's signature is good and its signer one who may share. `is_whole_file` asks for
    the contents of a file instead of its blob, and so for all blobs below it.
    """
    first, *path = chain
    if first in deleted:
        return Denial.SHARE_DELETED
    data = read(first)
    if data is None:
        return Denial.SHARE_MISSING
    try:
        claim = read_claim(parse_schema(first, data))
    except (NotSchema, NotClaim):
        return Denial.SHARE_NO_CLAIM
    share = claim.says
    if not isinstance(share, Share):
        return Denial.SHARE_OTHER_CLAIM
    why = share_denial(share, now=now)
    if why is None and not trusts(claim):
        why = Denial.SHARE_UNTRUSTED
    return why or _path_denial(share, path, read, is_whole_file=is_whole_file)


def is_transitive(choice: bool | None, kind: str) -> bool:
    """Whether a new share is to be transitive, given what the user said: yes, no, or nothing.

    Nothing means yes for files and directories, which are of no use otherwise, and no for all
    else. `kind` is the target's `camliType`, empty if it has none. The claim says true or false
    in any case, so that every Perkeep reads it.
    """
    return kind in ("file", "directory") if choice is None else choice


def links(blob: SchemaBlob) -> Iterator[Ref]:
    """The refs that a transitive share of this blob opens as well, directly."""
    match blob.kind:
        case "file" | "bytes":
            for part in blob.parts:
                if part.blob_ref is not None:
                    yield part.blob_ref
                if part.bytes_ref is not None:
                    yield part.bytes_ref
        case "directory":
            if blob.entries is not None:
                yield blob.entries
        case "static-set":
            yield from blob.members
            # Perkeep stops here, so that its shares of large directories cannot be fetched.
            yield from blob.merge_sets


def share_denial(share: Share, *, now: Timestamp) -> Denial | None:
    """Why a share opens nothing at all, whatever is asked for; None if it opens something.

    Whether it is deleted, or made by someone who counts, is not asked here.
    """
    if share.auth_type != HAVE_REF:
        return Denial.SHARE_AUTH_TYPE
    if share.target is None and share.search is None:
        return Denial.SHARE_EMPTY
    expires = share.expires
    if expires is not None and not expires.is_any_zero and now.ns > expires.ns:
        return Denial.SHARE_EXPIRED
    return None


def _path_denial(
    share: Share, path: Sequence[Ref], read: Callable[[Ref], bytes | None], *, is_whole_file: bool
) -> Denial | None:
    if is_whole_file and not share.is_transitive:
        return Denial.NOT_TRANSITIVE
    if not path:
        return None
    if share.target is None:
        return Denial.SEARCH_ONLY
    if path[0] != share.target:
        return Denial.OTHER_TARGET
    if len(path) > 1 and not share.is_transitive:
        return Denial.NOT_TRANSITIVE
    for ref, following in pairwise(path):
        if (why := _link_denial(ref, following, read)) is not None:
            return why
    return None


def _link_denial(ref: Ref, following: Ref, read: Callable[[Ref], bytes | None]) -> Denial | None:
    data = read(ref)
    if data is None:
        return Denial.LINK_MISSING
    try:
        blob = parse_schema(ref, data)
    except NotSchema:
        return Denial.LINK_UNREADABLE
    return None if following in links(blob) else Denial.LINK_BROKEN
