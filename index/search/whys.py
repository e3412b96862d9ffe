"""Why a blob is kept: what holds it, what holds that, and so on up to what nothing holds."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from ...blobstore.errors import BlobNotFound, CorruptBlob
from ...blobstore.ref import Ref
from ...blobstore.storage import Storage, fetch_one, has
from ...schema.blob import parse_schema
from ...schema.claims import AddAttribute, SetAttribute, Share, SignedClaim, read_claim
from ...schema.errors import NotClaim, NotSchema
from ..keys import BLOB, LINK, REFERS
from ..nodes import link_of
from .reader import IndexReader

DEFAULT_LIMIT = 100
MOST = 1000

_HOW = {"file": "part", "bytes": "part", "directory": "entry", "static-set": "entry"}
"""How blobs of a type hold what they name."""

_INNER = {
    "bytes": frozenset(("bytes", "file")),
    "static-set": frozenset(("static-set", "directory")),
}
"""What is but the inside of what holds it, if that is of one of these types: a person looks for
files and folders."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One blob holds another; `claims` say so, if the holder is a permanode."""

    holder: Ref
    held: Ref
    how: str
    """`part`, `entry`, `share`, `claim` (which a permanode holds by being what it is about), or
    the attribute that has it as a value."""
    is_current: bool
    """False for what was so once, or is said by somebody whose claims do not count."""
    claims: tuple[Ref, ...] = ()


class Whys:
    """Answers one question, in one thread. Raises `TooMuchToRead`."""

    def __init__(self, reader: IndexReader, storage: Storage) -> None:
        self._reader = reader
        self._storage = storage
        self._known: dict[Ref, dict[str, object]] = {}

    def why(self, ref: Ref, *, limit: int = DEFAULT_LIMIT) -> dict[str, object]:
        """Why a blob is kept.

        `is` says what it is; `because` what holds it, and what holds that, nearest first, at most
        `limit`; `paths` the shortest way to everything that nothing else holds, without what is
        but the inside of a file or folder. With `"truncated": true` there may be more. A limit
        that is not 1 to 1000 is 100.
        """
        limit = limit if 0 < limit <= MOST else DEFAULT_LIMIT
        holds: list[Hold] = []
        first: dict[Ref, Hold | None] = {ref: None}
        waiting = deque([ref])
        is_cut = False
        while waiting and not is_cut:
            held = waiting.popleft()
            # One more than there is room for tells that there are more.
            naming = list(islice(self._naming(held), limit + 1))
            found = self._holds(held, naming[:limit])
            is_cut = len(naming) > limit or len(holds) + len(found) > limit
            for hold in found[: limit - len(holds)]:
                holds.append(hold)
                if hold.holder not in first:
                    first[hold.holder] = hold
                    waiting.append(hold.holder)
        document: dict[str, object] = {
            "ref": ref,
            "is": self._what(ref),
            "because": [self._reason(hold) for hold in holds],
            "paths": [self._path(end, first) for end in _ends(holds, first)],
        }
        if is_cut:
            document["truncated"] = True
        return document

    def _naming(self, ref: Ref) -> Iterator[Ref]:
        """The blobs that name this one, by ref."""
        for key, _ in self._reader.scan(*REFERS.below(ref)):
            yield Ref(REFERS.parts_of(key)[1])

    def _holds(self, held: Ref, naming: Iterable[Ref]) -> list[Hold]:
        """How a blob is held by those that name it, and by what it is about."""
        holds = []
        about = self._about(held)
        if about is not None:
            holds.append(Hold(about, held, "claim", self._reader.counts(held)))
        claims: dict[tuple[Ref, str], list[Ref]] = {}
        for blob in naming:
            kind = self._reader.kind(blob)
            if kind in _HOW:
                holds.append(Hold(blob, held, _HOW[kind], is_current=True))
            elif kind == "claim" and (claim := self._claim(blob)) is not None:
                match claim.says:
                    case Share():
                        holds.append(Hold(blob, held, "share", self._stands(claim)))
                    case SetAttribute(holder, name, _) | AddAttribute(holder, name, _):
                        claims.setdefault((holder, name), []).append(blob)
        for (holder, name), refs in claims.items():
            is_current = self._has(holder, name, held)
            holds.append(Hold(holder, held, name, is_current, tuple(refs)))
        return holds

    def _about(self, ref: Ref) -> Ref | None:
        """What a claim is about; None for all else."""
        value = self._reader.get(BLOB.key_of(ref))
        about = None if value is None else BLOB.value_of(value)[2]
        return None if about is None else Ref(about)

    def _claim(self, ref: Ref) -> SignedClaim | None:
        try:
            return read_claim(parse_schema(ref, fetch_one(self._storage, ref)))
        except (BlobNotFound, CorruptBlob, NotSchema, NotClaim):
            return None

    def _stands(self, claim: SignedClaim) -> bool:
        return claim.signer in self._reader.trusted and self._reader.counts(claim.ref)

    def _has(self, permanode: Ref, name: str, value: Ref) -> bool:
        """Whether a permanode that is not deleted has a value now."""
        link = link_of(name, value)
        if link is not None:
            return self._reader.get(LINK.key_of(permanode, *link)) is not None
        node = self._reader.node(permanode)
        return node is not None and node.is_listed and value in node.attributes.get(name, ())

    def _reason(self, hold: Hold) -> dict[str, object]:
        reason = {"to": hold.held, "from": hold.holder, **self._what(hold.holder)}
        reason |= {"how": hold.how, "current": hold.is_current}
        if hold.claims:
            reason["claims"] = list(hold.claims)
        return reason

    def _what(self, ref: Ref) -> dict[str, object]:
        """What a blob is, and how it is called."""
        if ref not in self._known:
            self._known[ref] = self._look(ref)
        return self._known[ref]

    def _look(self, ref: Ref) -> dict[str, object]:
        kind = self._reader.kind(ref)
        if kind is None:
            if ref in self._reader.trusted:
                return {"type": "key"}
            return {"type": "data" if has(self._storage, ref) else "missing"}
        what: dict[str, object] = {"type": kind}
        if name := self._name(ref, kind):
            what["name"] = name
        if kind == "permanode" and self._reader.is_deleted(ref):
            what["deleted"] = True
        return what

    def _name(self, ref: Ref, kind: str | None) -> str:
        match kind:
            case "file":
                facts = self._reader.file(ref)
                return "" if facts is None else facts.name
            case "directory":
                known = self._reader.directory(ref)
                return "" if known is None else known[0]
            case "permanode":
                node = self._reader.node(ref)
                if node is None:
                    return ""
                return node.value("title") or self._name_of_content(node.content)
        return ""

    def _name_of_content(self, content: Ref | None) -> str:
        return "" if content is None else self._name(content, self._reader.kind(content))

    def _path(self, end: Ref, first: Mapping[Ref, Hold | None]) -> list[dict[str, object]]:
        """The way by which a blob was reached."""
        steps: list[dict[str, object]] = []
        hold = first[end]
        while hold is not None:
            what = self._what(hold.holder)
            around = steps[-1]["type"] if steps else None
            if around not in _INNER.get(str(what["type"]), ()):
                how = {"how": hold.how, "current": hold.is_current}
                steps.append({"ref": hold.holder, **what, **how})
            end, hold = hold.held, first[hold.held]
        steps.append({"ref": end, **self._what(end)})
        return steps[::-1]


def _ends(holds: Iterable[Hold], first: dict[Ref, Hold | None]) -> list[Ref]:
    """The blobs that nothing holds, and of those that hold each other in a circle, the farthest.

    `first` are all blobs, in the order in which they were reached.
    """
    held_by: dict[Ref, list[Ref]] = {}
    for hold in holds:
        held_by.setdefault(hold.holder, []).append(hold.held)
    held = {hold.held for hold in holds}
    leading_to_ends: set[Ref] = set()
    ends: list[Ref] = []
    free = [ref for ref in first if ref not in held]
    for ref in (*free, *reversed(first)):
        if ref in leading_to_ends:
            continue
        ends.append(ref)
        waiting = [ref]
        while waiting:
            one = waiting.pop()
            if one not in leading_to_ends:
                leading_to_ends.add(one)
                waiting += held_by.get(one, ())
    return ends
