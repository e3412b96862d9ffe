"""One change of an index: rows put and deleted, and all that follows from them, at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from ..blobstore.ref import Ref
from ..blobstore.table import Table
from ..schema.claims import SignedClaim
from .batch import Batch
from .claims import read_row, trusted_signers
from .deriving import Deriver, News, holders_of, permanode_of
from .keys import BLOB, CLAIM, FILE, REFUSED, UNREAD, Row, RowKind
from .trees import follow

_Keys: TypeAlias = dict[str, list[bytes]]


class Changed(NamedTuple):
    """What was changed."""

    refs: frozenset[Ref]
    """Permanodes that were made anew, and schema blobs whose rows have come or gone."""
    refused: Sequence[Ref]
    """Blobs that were refused."""
    is_more_unread: bool
    """Whether there is more to be read."""


def change(
    table: Table, puts: Sequence[Row], deletes: Sequence[bytes], *, trusted: frozenset[str]
) -> Changed:
    """Put and delete rows of blobs, and bring those up to date that follow from them.

    Claims count of keys whose fingerprints are `trusted`. For one thread at a time. Raises as the
    table does, and then nothing is changed.
    """
    batch = Batch(table)
    coming, going = _by_kind(key for key, _ in puts), _by_kind(deletes)
    came, gone = _refs(coming, BLOB), _refs(going, BLOB)
    to_fold = {permanode_of(batch, ref) for ref in gone}
    batch.put(puts)
    batch.delete(deletes)
    follow(batch, came, gone)
    for file in (*_refs(coming, FILE), *_refs(going, FILE)):
        to_fold |= holders_of(batch, file)
    concerned = defaultdict[Ref | None, set[Ref]](set)
    for ref in came:
        concerned[permanode_of(batch, ref)].add(ref)
    said = _said(batch, coming.get(CLAIM.name, ()))
    news: dict[Ref, News] = {
        permanode: None
        if permanode in to_fold or concerned[permanode] != said[permanode].keys()
        else list(said[permanode].values())
        for permanode in {*to_fold, *concerned}
        if permanode is not None
    }
    derived = Deriver(batch, trusted=trusted_signers(batch, trusted)).derive(news)
    batch.write()
    return Changed(
        frozenset((*derived, *came, *gone)), _refs(coming, REFUSED), UNREAD.name in coming
    )


def _said(batch: Batch, keys: Iterable[bytes]) -> defaultdict[Ref | None, dict[Ref, SignedClaim]]:
    """The claims that come, by the permanode that they name."""
    said = defaultdict[Ref | None, dict[Ref, SignedClaim]](dict)
    for key in keys:
        if (value := batch.get(key)) is not None:
            claim = read_row(key, value)
            said[claim.permanode][claim.ref] = claim
    return said


def _by_kind(keys: Iterable[bytes]) -> _Keys:
    found: _Keys = {}
    for key in keys:
        found.setdefault(key.partition(b"|")[0].decode(), []).append(key)
    return found


def _refs(keys: _Keys, kind: RowKind) -> list[Ref]:
    """The first parts of those keys that are of a kind."""
    return [Ref(kind.parts_of(key)[0]) for key in keys.get(kind.name, ())]
