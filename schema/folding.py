"""Folding: what all claims about one permanode come to, at a time.

A pure function of a set of claims: neither their order nor repetition matters. The rules are in
README.md, and each has its test.
"""

from __future__ import annotations

import enum
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from ..blobstore.ref import Ref
from .claims import AddAttribute, AttributeChange, DelAttribute, Delete, SetAttribute, SignedClaim
from .timestamps import Timestamp


class Reading(enum.Enum):
    """Perkeep folds attributes in two ways, and both are somebody's contract."""

    SEARCH = "search"
    """A value added twice is there twice; the empty value is a value."""

    DESCRIBE = "describe"
    """A value is there once. Empty values are not added; setting one removes the attribute.
    An attribute whose last value was removed by name stays, with no values."""


class Standing(enum.Enum):
    """Whether a claim counts, and if not, why: the first of these that holds."""

    UNTRUSTED = "untrusted"
    DELETED = "deleted"
    LATER = "later"
    COUNTS = "counts"


@dataclass(frozen=True, slots=True)
class Event:
    """One claim in the history of a permanode."""

    claim: SignedClaim
    standing: Standing


@dataclass(frozen=True, slots=True)
class Folded:
    """What is claimed of a permanode. All that counts is in it; what does not, in `history`."""

    permanode: Ref
    attributes: Mapping[str, tuple[str, ...]]
    """Values by attribute name, in the order in which they were claimed; names in order."""

    is_deleted: bool
    modified: Timestamp | None
    """The latest date of what counts: of changes, and of a delete of the permanode itself."""

    described: Timestamp | None
    """The latest date of the changes of attributes alone, but for those in which the reading sees
    none. Read so, `describe` calls it `modtime`."""

    history: tuple[Event, ...]
    """Every claim about it, and every delete of one of these, by (date, ref)."""

    def value(self, attribute: str) -> str:
        """The first value of an attribute; empty if it has none."""
        return next(iter(self.attributes.get(attribute, ())), "")


class ClaimSet(NamedTuple):
    """Verified claims, and whose of them count: what `fold` needs."""

    claims: tuple[SignedClaim, ...]
    trusted: frozenset[Ref]
    """The signer refs of the owner's key and of the keys the owner trusts."""

    def fold(
        self, permanode: Ref, *, at: Timestamp | None = None, reading: Reading = Reading.SEARCH
    ) -> Folded:
        """What these claims come to; see the function `fold`."""
        return fold(permanode, self.claims, trusted=self.trusted, at=at, reading=reading)

    @property
    def deleted(self) -> frozenset[Ref]:
        """All refs that are deleted; see `deleted_refs`."""
        return deleted_refs(self.claims, trusted=self.trusted)


def fold(
    permanode: Ref,
    claims: Iterable[SignedClaim],
    *,
    trusted: Container[Ref],
    at: Timestamp | None = None,
    reading: Reading = Reading.SEARCH,
) -> Folded:
    """What the claims come to at the moment `at`; None is after all of them, even future ones.

    `claims` are verified claims, in any order, among them those that name the permanode, the
    deletes of it and of these, the deletes of those deletes, and so on. Others do no harm.
    `trusted` holds the signer refs of the owner's key and of the keys the owner trusts: all refs
    of each, since one key may have several.
    """
    known = {claim.ref: claim for claim in claims}
    deleted = deleted_refs(known.values(), trusted=trusted)
    history = tuple(
        Event(claim, _standing(claim, trusted, deleted, at))
        for claim in sorted(_about(permanode, known.values()), key=claim_order)
    )
    counting = [event.claim for event in history if event.standing is Standing.COUNTS]
    changes = [claim for claim in counting if isinstance(claim.says, AttributeChange)]
    touching = [
        claim
        for claim in counting
        if claim.permanode == permanode
        # No delete of a claim touches the permanode, whatever it undoes.
        or (isinstance(claim.says, Delete) and claim.says.target == permanode)
    ]
    attributes, described = _attributes(changes, reading)
    return Folded(
        permanode=permanode,
        attributes=attributes,
        is_deleted=permanode in deleted,
        modified=touching[-1].date if touching else None,
        described=described,
        history=history,
    )


def deleted_refs(claims: Iterable[SignedClaim], *, trusted: Container[Ref]) -> frozenset[Ref]:
    """All refs that are deleted: targets of a trusted delete that is not deleted itself.

    Deletion has no date. Only permanodes and claims can be deleted; what a target is, those know
    who have it: let nobody else ask. Deletes that lead back to themselves, which no hash allows but
    a hostile peer may still pretend, neither delete nor are deleted on that account.
    """
    targets = {
        claim.ref: claim.says.target
        for claim in claims
        if isinstance(claim.says, Delete) and claim.signer in trusted
    }
    # How many deletes of a delete may still turn out to stand.
    open_deletes = dict.fromkeys(targets, 0)
    for target in targets.values():
        if target in open_deletes:
            open_deletes[target] += 1
    deleted: set[Ref] = set()
    standing = [ref for ref, count in open_deletes.items() if not count]
    while standing:
        target = targets[standing.pop()]
        if target in deleted:
            continue
        deleted.add(target)
        # A deleted delete lets go of its own target, once.
        freed = targets.get(target)
        if freed in open_deletes:
            open_deletes[freed] -= 1
            if not open_deletes[freed]:
                standing.append(freed)
    return frozenset(deleted)


def claim_order(claim: SignedClaim) -> tuple[int, Ref]:
    """The order in which claims apply: by date, and at one date by the claim's ref."""
    return claim.date.ns, claim.ref


def _about(permanode: Ref, claims: Iterable[SignedClaim]) -> list[SignedClaim]:
    """The claims that name the permanode, and the deletes of it, of these, of those..."""
    about: list[SignedClaim] = []
    deletes: dict[Ref, list[SignedClaim]] = {}
    for claim in claims:
        if claim.permanode == permanode:
            about.append(claim)
        elif isinstance(claim.says, Delete):
            deletes.setdefault(claim.says.target, []).append(claim)
    about += deletes.pop(permanode, ())
    for claim in about:  # grows while it is walked
        about += deletes.pop(claim.ref, ())
    return about


def _standing(
    claim: SignedClaim, trusted: Container[Ref], deleted: Container[Ref], at: Timestamp | None
) -> Standing:
    if claim.signer not in trusted:
        return Standing.UNTRUSTED
    if claim.ref in deleted:
        return Standing.DELETED
    if at is not None and claim.date.ns > at.ns:
        return Standing.LATER
    return Standing.COUNTS


def _attributes(
    changes: Iterable[SignedClaim], reading: Reading
) -> tuple[Mapping[str, tuple[str, ...]], Timestamp | None]:
    """The values, and the date of the last claim in which this reading sees a change."""
    # Of each attribute the values, and where in its list they are: removing one from a long
    # list must not walk the list.
    attributes: dict[str, dict[str, list[int]]] = {}
    describes = reading is Reading.DESCRIBE
    date = None
    for place, claim in enumerate(changes):
        match claim.says:
            case DelAttribute(_, name, ""):
                attributes.pop(name, None)
            case DelAttribute(_, name, value):
                attributes.get(name, {}).pop(value, None)
            case SetAttribute(_, name, value):
                attributes[name] = {value: [place]}
                if describes and not value:
                    del attributes[name]
                    continue
            case AddAttribute(_, name, value):
                if describes and (not value or value in attributes.get(name, ())):
                    continue
                attributes.setdefault(name, {}).setdefault(value, []).append(place)
        date = claim.date
    held = {
        name: _in_order(values)
        for name, values in sorted(attributes.items())
        if values or describes
    }
    return MappingProxyType(held), date


def _in_order(values: Mapping[str, Iterable[int]]) -> tuple[str, ...]:
    return tuple(value for _, value in sorted((at, v) for v, ats in values.items() for at in ats))
