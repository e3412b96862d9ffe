"""What follows from other rows: nodes, kept up with the claims about them and with each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from ..blobstore.ref import Ref
from ..schema.claims import AddAttribute, DelAttribute, SetAttribute, SignedClaim, Statement
from ..schema.folding import claim_order
from .batch import Batch
from .claims import ReadsRows, claims_about
from .files import facts_in
from .keys import BLOB, DELETE, EDGE, FILE, HAS, LINK, MEMBER, NODE, date_text
from .nodes import (
    FileTimes,
    Link,
    Node,
    is_linking,
    link_of,
    link_rows,
    node_of,
    node_rows,
    read_node,
    split_links,
)


class Deriver:
    """Brings the rows that follow from others up to date, in the batch that changes those.

    What it makes depends on the other rows alone, not on the order in which they came. Claims
    count whose signer is among `trusted`.
    """

    def __init__(self, batch: Batch, *, trusted: frozenset[Ref]) -> None:
        self._batch = batch
        self._trusted = trusted

    def derive(self, permanode: Ref, news: Sequence[SignedClaim] | None) -> None:
        """Bring up to date what follows from the claims about a permanode; once in a batch.

        `news` are the claims that name it and came with this batch; None if more has changed.
        """
        if news is None or not self._link(permanode, news):
            self._fold(permanode)

    def _before(self, permanode: Ref) -> Node | None:
        """The node of a permanode as it was before the batch; None if there was none."""
        table = self._batch.table
        value = table.get(NODE.key_of(permanode))
        if value is None:
            return None
        node, is_whole = read_node(permanode, value)
        if not is_whole:
            folded = claims_about(table, permanode, self._trusted).fold(permanode)
            node = replace(node, attributes=split_links(folded.attributes)[0])
        return replace(node, links=dict(links_of(table, permanode)))

    def _fold(self, permanode: Ref) -> None:
        """Make the node of all claims there are."""
        batch = self._batch
        before, after = self._before(permanode), None
        blob = batch.get(BLOB.key_of(permanode))
        if blob is not None and BLOB.value_of(blob)[0] == "permanode":
            claims = claims_about(batch, permanode, self._trusted)
            after = node_of(permanode, claims, partial(_file_times, batch))
        had, has = _children(before), _children(after)
        # Before the node is replaced, since it may be its own member.
        for child in had - has:
            batch.delete(_member_keys(permanode, child, _place_of(batch, child)))
        _replace(batch, before, after)
        for child in has - had:
            batch.put_keys(_member_keys(permanode, child, _place_of(batch, child)))

    def _link(self, permanode: Ref, news: Sequence[SignedClaim]) -> bool:
        """Change the links of a node, however many it has; false if the claims say more than that.

        It can be done if they are later than all others. The result is that of folding all.
        """
        batch = self._batch
        value = batch.table.get(NODE.key_of(permanode))
        claims = sorted((c for c in news if c.signer in self._trusted), key=claim_order)
        if value is None or not claims:
            return False
        node, is_whole = read_node(permanode, value)
        if (
            not (is_whole and node.is_listed)
            or node.modified is None
            or claims[0].date.ns <= node.modified.ns
            or any(not is_linking(claim.says, node) for claim in claims)
            or any(True for claim in claims for _ in batch.scan(*DELETE.below(claim.ref)))
        ):
            return False
        for claim in claims:
            _change_links(batch, permanode, claim.says)
        _replace(batch, node, replace(node, modified=claims[-1].date))
        return True


def permanode_of(table: ReadsRows, ref: Ref) -> Ref | None:
    """The permanode that a claim changes, through however many deletes, or that this is."""
    seen = set()
    while ref not in seen:
        seen.add(ref)
        value = table.get(BLOB.key_of(ref))
        if value is None:
            return None
        kind, _, about = BLOB.value_of(value)
        if kind == "permanode":
            return ref
        if about is None:
            return None
        ref = Ref(about)
    return None


def holders_of(table: ReadsRows, content: Ref) -> set[Ref]:
    """The permanodes whose content is this file."""
    found = table.scan(*HAS.below("camliContent", content))
    return {Ref(HAS.parts_of(key)[3]) for key, _ in found}


def links_of(table: ReadsRows, parent: Ref, *attribute: str) -> Iterator[tuple[Link, int]]:
    """What a permanode has as members and under paths, or under one such attribute."""
    for key, value in table.scan(*LINK.below(parent, *attribute)):
        _, name, child = LINK.parts_of(key)
        (count,) = LINK.value_of(value)
        yield Link(name, Ref(child)), count


def _file_times(table: ReadsRows, file: Ref) -> FileTimes:
    value = table.get(FILE.key_of(file))
    return () if value is None else facts_in(value).times


def _replace(batch: Batch, before: Node | None, after: Node | None) -> None:
    """Put a node's rows in the place of those it had, also among its parents' members."""
    old = {} if before is None else dict(node_rows(before))
    new = {} if after is None else dict(node_rows(after))
    batch.delete(old.keys() - new.keys())
    batch.put(row for row in new.items() if old.get(row[0]) != row[1])
    node = before or after
    if node is None or _place(before) == _place(after):
        return
    edges = batch.scan(*EDGE.below(node.permanode))
    for parent in {Ref(EDGE.parts_of(key)[1]) for key, _ in edges}:
        batch.delete(_member_keys(parent, node.permanode, _place(before)))
        batch.put_keys(_member_keys(parent, node.permanode, _place(after)))


def _change_links(batch: Batch, parent: Ref, says: Statement) -> None:
    match says:
        case SetAttribute(_, name, value):
            _unlink(batch, parent, links_of(batch, parent, name))
            _link(batch, parent, name, value)
        case AddAttribute(_, name, value):
            _link(batch, parent, name, value)
        case DelAttribute(_, name, ""):
            _unlink(batch, parent, links_of(batch, parent, name))
        case DelAttribute(_, name, value) if (link := link_of(name, value)) is not None:
            if batch.get(LINK.key_of(parent, *link)) is not None:
                _unlink(batch, parent, [(link, 1)])


def _link(batch: Batch, parent: Ref, name: str, value: str) -> None:
    link = link_of(name, value)
    assert link is not None
    held = batch.get(LINK.key_of(parent, *link))
    count = 0 if held is None else LINK.value_of(held)[0]
    batch.put(link_rows(parent, link, count + 1))
    batch.put_keys(_member_keys(parent, link.child, _place_of(batch, link.child)))


def _unlink(batch: Batch, parent: Ref, links: Iterable[tuple[Link, int]]) -> None:
    for link, count in list(links):
        batch.delete(key for key, _ in link_rows(parent, link, count))
        if not any(True for _ in batch.scan(*EDGE.below(link.child, parent))):
            batch.delete(_member_keys(parent, link.child, _place_of(batch, link.child)))


def _children(node: Node | None) -> frozenset[Ref]:
    if node is None or not node.is_listed:
        return frozenset()
    return frozenset(link.child for link in node.links)


def _place(node: Node | None) -> str | None:
    """Where a node stands in lists by time; None if in none."""
    return None if node is None or node.time is None or not node.is_listed else date_text(node.time)


def _place_of(batch: Batch, permanode: Ref) -> str | None:
    value = batch.get(NODE.key_of(permanode))
    return None if value is None else _place(read_node(permanode, value)[0])


def _member_keys(parent: Ref, child: Ref, place: str | None) -> list[bytes]:
    return [] if place is None else [MEMBER.key_of(parent, place, child)]
