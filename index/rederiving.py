"""All nodes made anew: for an index that has the rows of blobs, and not what follows from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeAlias

from ..blobstore.ref import Ref
from ..blobstore.table import Table
from ..schema.claims import AddAttribute, Delete, SetAttribute, SignedClaim
from ..schema.folding import ClaimSet
from .batch import Batch
from .claims import deletes_of, read_row, trusted_signers
from .deriving import Deriver
from .keys import CLAIM, EDGE, NODE, TYPE, WORDS, Row

_MOST_BYTES = 8 << 20
"""Bytes of `claim` rows that are in memory together, but for those about one permanode."""

_MOST_WORDS = 1 << 20
"""Bytes of `words` rows of which all postings are in memory together, but for those of one file."""

_Claims: TypeAlias = Mapping[Ref, Sequence[SignedClaim]]


def derive_after(
    table: Table, trusted: frozenset[str], after: str = "", most: int = 2000
) -> Ref | None:
    """Make the nodes of the next permanodes behind `after`, by ref, with all rows that follow.

    Of `most` permanodes, or fewer if they are large. Returns the last of them, to go on behind it,
    or None if there are no more. Once that has been done from the beginning on, all is as if the
    blobs had come one by one. Nodes that are there already must be of the claims that are there,
    and others may be written between two calls, as by `Deriver`. `trusted` are the fingerprints of
    keys whose claims count. Raises as the table does.
    """
    said = _claims_behind(table, after, most)
    if not said:
        return None
    signers = trusted_signers(table, trusted)
    for part, rows in _parts(table, said):
        batch = Batch(_ReadAhead(table, rows | _node_rows(table, part)))
        deriver = Deriver(
            batch,
            trusted=signers,
            claims_of=_ClaimsOf(table, part, signers),
            parents_of=_ParentsOf(table, part),
        )
        deriver.derive(dict.fromkeys(part))
        batch.write()
    return max(said)


class _ReadAhead:
    """A table of which some rows have been read already, or are known not to be there."""

    def __init__(self, table: Table, rows: Mapping[bytes, bytes | None]) -> None:
        self._rows = rows
        self._get = table.get
        self.scan = table.scan
        self.write = table.write
        self.sync = table.sync
        self.close = table.close

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None."""
        return self._rows[key] if key in self._rows else self._get(key)


class _ClaimsOf:
    """The claims about some permanodes, all deletes read at once."""

    def __init__(self, table: Table, said: _Claims, trusted: frozenset[Ref]) -> None:
        self._said = said
        self._trusted = trusted
        self._deletes = defaultdict[Ref, list[SignedClaim]](list)
        targets = [*said, *(claim.ref for claims in said.values() for claim in claims)]
        for delete in deletes_of(table, targets):
            if isinstance(delete.says, Delete):
                self._deletes[delete.says.target].append(delete)

    def __call__(self, permanode: Ref) -> ClaimSet:
        claims = list(self._said[permanode])
        if self._deletes:
            claims += self._deletes.get(permanode, ())
            for claim in claims:  # grows while it is walked
                claims += self._deletes.get(claim.ref, ())
        return ClaimSet(tuple(claims), self._trusted)


class _ParentsOf:
    """What has some permanodes as members or under paths, all read at once."""

    def __init__(self, table: Table, said: _Claims) -> None:
        self._parents = defaultdict[Ref, set[Ref]](set)
        for key, _ in table.scan(EDGE.below(min(said))[0], EDGE.below(max(said))[1]):
            child, parent, _ = EDGE.parts_of(key)
            if child in said:
                self._parents[Ref(child)].add(Ref(parent))

    def __call__(self, child: Ref) -> Iterable[Ref]:
        return self._parents.get(child, ())


def _claims_behind(table: Table, after: str, most: int) -> _Claims:
    """The next permanodes, in order, and the claims that name them."""
    _, end = TYPE.below("permanode")
    rows = table.scan(TYPE.key_of("permanode", after) + b"\0", end)
    said: dict[Ref, list[SignedClaim]] = {
        Ref(TYPE.parts_of(key)[1]): [] for key, _ in islice(rows, most)
    }
    if not said:
        return said
    size = 0
    for key, value in table.scan(CLAIM.below(min(said))[0], CLAIM.below(max(said))[1]):
        permanode = Ref(CLAIM.parts_of(key)[0])
        if permanode not in said:
            continue
        claims = said[permanode]
        if size > _MOST_BYTES and not claims:
            return {ref: claims for ref, claims in said.items() if ref < permanode}
        claims.append(read_row(key, value))
        size += len(key) + len(value)
    return said


def _parts(table: Table, said: _Claims) -> Iterator[tuple[_Claims, dict[bytes, bytes | None]]]:
    """The same, as many at once as do not have too many words posted; and their `words` rows."""
    part: dict[Ref, Sequence[SignedClaim]] = {}
    rows: dict[bytes, bytes | None] = {}
    size = 0
    for permanode, claims in said.items():
        found = {key: table.get(key) for key in map(WORDS.key_of, _contents(claims))}
        more = sum(len(value) for value in found.values() if value is not None)
        if part and size + more > _MOST_WORDS:
            yield part, rows
            part, rows, size = {}, {}, 0
        part[permanode] = claims
        rows |= found
        size += more
    if part:
        yield part, rows


def _contents(claims: Iterable[SignedClaim]) -> set[str]:
    """What may be the content of a permanode."""
    return {
        claim.says.value
        for claim in claims
        if isinstance(claim.says, SetAttribute | AddAttribute)
        and claim.says.attribute == "camliContent"
    }


def _node_rows(table: Table, said: _Claims) -> dict[bytes, bytes | None]:
    """The rows of all nodes there are, and that there are no others."""
    rows: dict[bytes, bytes | None] = dict.fromkeys(map(NODE.key_of, said))
    found: Iterator[Row] = table.scan(NODE.below(min(said))[0][:-1], NODE.below(max(said))[1])
    rows.update((key, value) for key, value in found if key in rows)
    return rows
