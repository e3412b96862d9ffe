"""Sharing: whether a share opens a blob to strangers, decided from the blobs alone."""

from __future__ import annotations

import enum
from collections.abc import Callable, Container, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from ..blobstore.ref import Ref
from .blob import SchemaBlob, parse_schema
from .claims import Share, SignedClaim, read_claim
from .errors import NotClaim, NotSchema
from .timestamps import Timestamp


class Denial(enum.Enum):
    """Why a share does not open a blob: for logs. To the outside all of them are one refusal."""

    SHARE_DELETED = "the share is deleted"
    SHARE_MISSING = "there is no such share"
    SHARE_NO_CLAIM = "what is given as the share is no claim"
    SHARE_OTHER_CLAIM = "the claim is no share"
    SHARE_UNTRUSTED = "the share is not signed by someone who may share"
    SHARE_AUTH_TYPE = "the share asks for something that nobody here knows"
    SHARE_EMPTY = "the share has neither target nor search"
    SHARE_EXPIRED = "the share has expired"
    SHARE_LOCKED = "the share asks for a password, and that was not given"
    SHARE_USED_UP = "the share has been downloaded as often as it may be"
    SEARCH_ONLY = "the share is of a search, which opens no blob"
    OTHER_TARGET = "the share is of something else"
    NOT_TRANSITIVE = "the share is of its target alone"
    COUNTED = "the share's downloads are counted, which single blobs cannot be"
    LINK_MISSING = "a blob on the way is not there"
    LINK_UNREADABLE = "a blob on the way is no schema blob"
    LINK_BROKEN = "a blob on the way does not lead to the next"


class OpenShare(NamedTuple):
    """A share claim that holds now: it opens something, to whoever has what it asks for."""

    claim: SignedClaim
    share: Share


def open_share(
    ref: Ref,
    *,
    read: Callable[[Ref], bytes | None],
    deleted: Container[Ref],
    trusts: Callable[[SignedClaim], bool],
    now: Timestamp,
) -> OpenShare | Denial:
    """The share `ref`, or why it opens nothing to anybody.

    `read` gives a blob's bytes, or None. `trusts` says whether a claim's signature is good and its
    signer one who may share. Passwords and counts are for the caller to ask about.
    """
    if ref in deleted:
        return Denial.SHARE_DELETED
    data = read(ref)
    if data is None:
        return Denial.SHARE_MISSING
    try:
        claim = read_claim(parse_schema(ref, data))
    except (NotSchema, NotClaim):
        return Denial.SHARE_NO_CLAIM
    share = claim.says
    if not isinstance(share, Share):
        return Denial.SHARE_OTHER_CLAIM
    if (why := share_denial(share, now=now)) is not None:
        return why
    return OpenShare(claim, share) if trusts(claim) else Denial.SHARE_UNTRUSTED


def way_denial(
    share: Share,
    path: Sequence[Ref],
    *,
    read: Callable[[Ref], bytes | None],
    is_whole_file: bool = False,
) -> Denial | None:
    """Why a share that is open does not open the last blob of `path`; None if it does.

    `path` is of refs each of which the blob before it leads to, the first being the target;
    without any it is the share claim itself that is asked for. `read` is asked for one blob after
    the other, only while all is well, and never for the last. `is_whole_file` asks for the
    contents of a file instead of its blob, and so for all blobs below it.
    """
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
    if share.most_downloads is not None and not is_whole_file:
        return Denial.COUNTED
    for ref, following in pairwise(path):
        if (why := _link_denial(ref, following, read)) is not None:
            return why
    return None


def is_transitive(choice: bool | None, kind: str) -> bool:
    """Whether a new share is to be transitive, given what the user said: yes, no, or nothing.

    Nothing means yes for all that is of no use otherwise: files, directories, lists of these,
    permanodes and searches; and no for all else. `kind` is the target's `camliType`, empty if it
    has none, or `SEARCH`. The claim says true or false in any case, so that every Perkeep reads it.
    """
    return kind in _OPENED_WITH_ALL if choice is None else choice


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
    if not share.has_known_locks:
        return Denial.SHARE_AUTH_TYPE
    if share.target is None and share.search is None:
        return Denial.SHARE_EMPTY
    expires = share.expires
    if expires is not None and not expires.is_any_zero and now.ns > expires.ns:
        return Denial.SHARE_EXPIRED
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


SEARCH = "search"
"""What stands for the kind of what a search finds."""

_OPENED_WITH_ALL = frozenset({"file", "directory", "static-set", "permanode", SEARCH})
