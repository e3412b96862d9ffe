"""Lookups: what is asked for by one name, value or ref, and found without a search."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from itertools import islice

from ...blobstore.ref import Ref
from ...blobstore.storage import Storage
from ...schema.claims import (
    TYPES,
    AddAttribute,
    DelAttribute,
    Delete,
    Other,
    SetAttribute,
    SignedClaim,
)
from ...schema.folding import Folded, Standing
from ...schema.timestamps import Timestamp
from ..keys import CLAIM, MODIFIED, SAID, date_of, date_text
from ..nodes import MEMBER, PATH, VALUE_LENGTH
from ..rows import BY_VALUE
from .describing import Describer
from .errors import NoFuzzyLookup, NoSuchPermanode, NotIndexedByValue
from .moments import utc_text
from .reader import IndexReader

DEFAULT_LIMIT = 50
MOST = 1000


class Lookups:
    """Answers one question, in one thread, as the reference's document. Raises `TooMuchToRead`.

    A list is None where it would be empty. Where a limit is not 1 to 1000, it is 50. A `signer`
    stands for all refs of the same key, and None for all keys whose claims count. `meta` describes
    what is found, and what that leads to; `"truncated": true` says that it leads to more.
    """

    def __init__(self, reader: IndexReader, storage: Storage) -> None:
        self._reader = reader
        self._describer = Describer(reader, storage)

    def recent(self, *, limit: int = 0, before: Timestamp | None = None) -> dict[str, object]:
        """The permanodes that changed last, or last before a moment, newest first.

        Hidden ones are among them, deleted ones are not, and deleted claims change nothing.
        """
        start, end = MODIFIED.below()
        if before is not None:
            end = MODIFIED.key_of(date_text(before))
        rows = self._reader.scan(start, end, backwards=True)
        found = []
        recent = []
        for key, _ in islice(rows, _limit(limit)):
            date, permanode = MODIFIED.parts_of(key)
            found.append(Ref(permanode))
            modified = utc_text(date_of(date, is_zone_unknown=False))
            owner = self._reader.signer(Ref(permanode))
            recent.append({"blobref": permanode, "modtime": modified, "owner": owner})
        return {"recent": recent or None, **self._describer.around(found)}

    def permanode_attr(
        self,
        *,
        attribute: str,
        value: str = "",
        signer: Ref | None = None,
        limit: int = 0,
        at: Timestamp | None = None,
        is_fuzzy: bool = False,
    ) -> dict[str, object]:
        """The permanodes to which a value was ever given, by the newest claim that did; without a
        value those to which any was, by values.

        Whether they have it still is for the caller to see. Only claims until `at` count. Raises
        `NoFuzzyLookup` without an attribute or if `is_fuzzy`, and `NotIndexedByValue`.
        """
        if is_fuzzy or not attribute:
            raise NoFuzzyLookup
        if attribute not in BY_VALUE:
            raise NotIndexedByValue(attribute)
        signers = self._refs_of(signer)
        values = (value,) if value else self._values(attribute)
        given = (
            ref
            for one in values
            for ref in self._given(attribute, one, signers, at=at, is_prefix=not value)
        )
        found = list(islice(_distinct(given), _limit(limit)))
        items = [{"permanode": ref} for ref in found]
        return {"withAttr": items or None, **self._describer.around(found)}

    def signer_attr_value(
        self, *, signer: Ref | None, attribute: str, value: str
    ) -> dict[str, object]:
        """The permanode to which a value was given last. Raises `NoSuchPermanode`."""
        for permanode in self._given(attribute, value, self._refs_of(signer)):
            return {"permanode": permanode, **self._describer.around((permanode,))}
        raise NoSuchPermanode

    def signer_paths(self, *, signer: Ref | None, target: Ref) -> dict[str, object]:
        """Under which names, in which permanodes, a blob is now because a signer put it there."""
        signers = self._refs_of(signer)
        folded: dict[Ref, Folded] = {}
        paths = []
        bases: dict[Ref, None] = {}
        parents = () if self._reader.is_deleted(target) else self._reader.parents(target)
        for base, attribute in parents:
            if attribute.startswith(PATH):
                if base not in folded:
                    folded[base] = self._reader.claims_about(base).fold(base)
                claim = _putting(folded[base], attribute, target)
                if claim is not None and claim.signer in signers:
                    suffix = attribute.removeprefix(PATH)
                    paths.append({"claimRef": claim.ref, "baseRef": base, "suffix": suffix})
                    bases[base] = None
        return {"paths": paths or None, **self._describer.around(bases)}

    def claims(self, permanode: Ref, *, attribute: str = "") -> dict[str, object]:
        """The claims about a permanode that count, or those about one attribute, oldest first."""
        folded = self._reader.claims_about(permanode).fold(permanode)
        said = (
            _claim_item(event.claim, permanode)
            for event in folded.history
            if event.standing is Standing.COUNTS
        )
        found = [
            item for item in said if item is not None and attribute in ("", item.get("attr", ""))
        ]
        return {"claims": found or None}

    def edges_to(self, ref: Ref) -> dict[str, object]:
        """The permanodes that have a blob as a member now, by ref."""
        parents = (parent for parent, name in self._reader.parents(ref) if name == MEMBER)
        edges = [{"from": parent, "fromType": "permanode"} for parent in _distinct(parents)]
        return {"toRef": ref, "edgesTo": edges or None}

    def files(self, wholes: Iterable[Ref]) -> dict[str, object]:
        """The files that have certain contents, by the ref of all of them as one blob."""
        return {"files": {whole: list(self._reader.files(whole)) or None for whole in wholes}}

    def _refs_of(self, signer: Ref | None) -> frozenset[Ref]:
        return self._reader.trusted if signer is None else self._reader.refs_of_key(signer)

    def _given(
        self,
        attribute: str,
        value: str,
        signers: Container[str],
        *,
        at: Timestamp | None = None,
        is_prefix: bool = False,
    ) -> Iterator[Ref]:
        """The permanodes to which a value was ever given, by the claims that did, newest first.

        With `is_prefix`, one that begins so, if it is as long as keys hold them.
        """
        start, end = SAID.below(attribute, value[:VALUE_LENGTH])
        if at is not None:
            # Behind all claims of that moment.
            end = SAID.below(attribute, value[:VALUE_LENGTH], date_text(at))[1]
        is_sure = is_prefix or len(value) < VALUE_LENGTH
        for key, held in self._reader.scan(start, end, backwards=True):
            _, _, date, claim = SAID.parts_of(key)
            permanode, by = SAID.value_of(held)
            if (
                by in signers
                and (is_sure or self._says(permanode, date, claim, value))
                and self._reader.is_deleted(Ref(permanode)) is False
                and self._reader.counts(Ref(claim))
            ):
                yield Ref(permanode)

    def _says(self, permanode: str, date: str, claim: str, value: str) -> bool:
        """Whether a claim gives just this value, and no other that begins like it."""
        held = self._reader.get(CLAIM.key_of(permanode, date, claim))
        return held is not None and bool(CLAIM.value_of(held)[4] == value)

    def _values(self, attribute: str) -> Iterator[str]:
        """The different values that were ever given to an attribute, as far as keys hold them."""
        start, end = SAID.below(attribute)
        while (row := next(self._reader.scan(start, end), None)) is not None:
            value = SAID.parts_of(row[0])[1]
            yield value
            start = SAID.below(attribute, value)[1]


def _limit(asked: int) -> int:
    return asked if 0 < asked <= MOST else DEFAULT_LIMIT


def _distinct(refs: Iterable[Ref]) -> Iterator[Ref]:
    seen = set()
    for ref in refs:
        if ref not in seen:
            seen.add(ref)
            yield ref


def _putting(folded: Folded, attribute: str, value: Ref) -> SignedClaim | None:
    """The last claim that gave an attribute a value."""
    for event in reversed(folded.history):
        if event.standing is Standing.COUNTS:
            match event.claim.says:
                case SetAttribute(_, name, said) | AddAttribute(_, name, said):
                    if (name, said) == (attribute, value):
                        return event.claim
    return None


def _claim_item(claim: SignedClaim, permanode: Ref) -> dict[str, object] | None:
    """A claim that names a permanode, or deletes it; None for other deletes."""
    item: dict[str, object] = {
        "blobref": claim.ref,
        "signer": claim.signer,
        "permanode": permanode,
        "date": utc_text(claim.date),
    }
    match claim.says:
        case (SetAttribute() | AddAttribute() | DelAttribute()) as change:
            item |= {"type": TYPES[type(change)], "attr": change.attribute}
            return item | ({"value": change.value} if change.value else {})
        case Delete(target):
            return item | {"type": "delete"} if target == permanode else None
        case Other(claim_type):
            return item | {"type": claim_type}
    return None
