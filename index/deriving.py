"""What follows from other rows: nodes, kept up with the claims about them and with each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from functools import lru_cache, partial
from typing import NamedTuple, TypeAlias

from ..blobstore.ref import Ref
from ..schema.claims import SignedClaim
from ..schema.folding import ClaimSet, claim_order
from .attributes import Attributes
from .batch import Batch
from .claims import ReadsRows, claims_about
from .files import FileFacts, facts_in, words_in
from .keys import BLOB, DELETE, EDGE, FILE, HAS, NODE, WORDS
from .linking import change_links, links_of, member_keys, time_in, time_of
from .nodes import (
    Node,
    is_linking,
    link_rows,
    node_of,
    node_row,
    read_node,
    split_links,
)
from .places import VENUE, place_of, said_place, venue_of
from .postings import posting_keys, word_keys, words_to_post
from .vocabulary import Vocabulary

News: TypeAlias = Sequence[SignedClaim] | None
"""The claims that name a permanode and came with a batch; None if more than that has changed."""

ClaimsOf: TypeAlias = Callable[[Ref], ClaimSet | None]
AttributesOf: TypeAlias = Callable[[Ref], Attributes]
ParentsOf: TypeAlias = Callable[[Ref], Iterable[Ref]]


_FACTS_KEPT = 1000


class _Change(NamedTuple):
    """A node before a batch and after it; None is none."""

    before: Node | None
    after: Node | None


class _Listed(NamedTuple):
    """A node that searches may find: where it stands in lists by time, and what is its content."""

    node: Node
    time: str
    content: Ref | None


class Deriver:
    """Brings the rows that follow from others up to date, in the batch that changes those.

    What it makes depends on the other rows alone, not on the order in which they came. Claims
    count whose signer is among `trusted`.
    """

    def __init__(
        self,
        batch: Batch,
        *,
        trusted: frozenset[Ref],
        claims_of: ClaimsOf | None = None,
        parents_of: ParentsOf | None = None,
    ) -> None:
        """`claims_of` and `parents_of` tell what claims are about a permanode, and what had it
        before the batch, if somebody has read that already."""
        self._batch = batch
        self._trusted = trusted
        self._claims_of = claims_of or self._read_claims
        self._parents_of = parents_of or self._read_parents
        self._facts_of = lru_cache(_FACTS_KEPT)(partial(_read_facts, batch))
        self._vocabulary = Vocabulary(batch)

    def derive(self, changes: Mapping[Ref, News]) -> set[Ref]:
        """Bring up to date what follows from the claims about these permanodes; once in a batch.

        Returns which permanodes that has changed: these, and check-ins whose venue is elsewhere.
        """
        folded = {
            permanode: _Change(self._before(permanode), self._fold(permanode))
            for permanode, news in changes.items()
            if news is None or not self._link(permanode, news)
        }
        moved = [permanode for permanode, change in folded.items() if _moves_others(change)]

        def attributes_of(permanode: Ref) -> Attributes:
            node = folded[permanode].after if permanode in folded else self._now(permanode)
            return {} if node is None else node.attributes

        for before, after in folded.values():
            # Now that all are folded, check-ins can ask their venues.
            if after is not None and after.is_listed and venue_of(after.attributes) is not None:
                after = self._placed(after, attributes_of)
            self._replace(before, after)
        self._list_members(folded)
        changed = set(changes)
        # Most stores have no check-ins, and to ask for those of each venue costs a scan each time.
        has_checkins = moved and any(True for _ in self._batch.table.scan(*HAS.below(VENUE)))
        for venue in moved if has_checkins else ():
            for checkin in holders_of(self._batch, venue, VENUE) - folded.keys():
                if (node := self._now(checkin)) is not None:
                    placed = self._placed(node, attributes_of)
                    if placed is not node:
                        self._replace(node, placed)
                        changed.add(checkin)
        self._vocabulary.settle()
        return changed

    def _before(self, permanode: Ref) -> Node | None:
        """The node of a permanode as it was before the batch; None if there was none."""
        table = self._batch.table
        node = self._read(table, permanode)
        return None if node is None else replace(node, links=dict(links_of(table, permanode)))

    def _now(self, permanode: Ref) -> Node | None:
        """The node of a permanode as the batch has it by now, without links."""
        return self._read(self._batch, permanode)

    def _read(self, table: ReadsRows, permanode: Ref) -> Node | None:
        value = table.get(NODE.key_of(permanode))
        if value is None:
            return None
        node, is_whole = read_node(permanode, value)
        if not is_whole:
            folded = claims_about(table, permanode, self._trusted).fold(permanode)
            node = replace(node, attributes=split_links(folded.attributes)[0])
        return node

    def _fold(self, permanode: Ref) -> Node | None:
        """The node that all claims there are make, as if no check-in had a venue."""
        claims = self._claims_of(permanode)
        if claims is None:
            return None
        return node_of(permanode, claims, facts_of=self._facts_of, attributes_of=_no_attributes)

    def _read_claims(self, permanode: Ref) -> ClaimSet | None:
        blob = self._batch.get(BLOB.key_of(permanode))
        if blob is None or BLOB.value_of(blob)[0] != "permanode":
            return None
        return claims_about(self._batch, permanode, self._trusted)

    def _read_parents(self, child: Ref) -> set[Ref]:
        return {Ref(EDGE.parts_of(key)[1]) for key, _ in self._batch.scan(*EDGE.below(child))}

    def _placed(self, node: Node, attributes_of: AttributesOf) -> Node:
        """The same node where it is if these are the attributes of its venue."""
        place = place_of(node.attributes, facts_of=self._facts_of, attributes_of=attributes_of)
        return node if place == node.place else replace(node, place=place)

    def _replace(self, before: Node | None, after: Node | None) -> None:
        """Put a node's own rows in the place of those it had."""
        batch = self._batch
        if after is not None:
            batch.put([node_row(after)])
        elif before is not None:
            batch.delete([NODE.key_of(before.permanode)])
        was, now = _listed(before), _listed(after)
        old = set() if was is None else set(posting_keys(was.node, self._facts_before(was.content)))
        new = set() if now is None else set(posting_keys(now.node, self._facts(now.content)))
        if old:
            batch.delete(old - new)
        batch.put_keys(new - old)
        self._replace_links(was, now)
        self._replace_words(was, now)

    def _facts(self, content: Ref | None) -> FileFacts | None:
        return None if content is None else self._facts_of(content)

    def _facts_before(self, content: Ref | None) -> FileFacts | None:
        if content is not None and self._batch.changes(FILE.key_of(content)):
            return _read_facts(self._batch.table, content)
        return self._facts(content)

    def _replace_links(self, before: _Listed | None, after: _Listed | None) -> None:
        old = {} if before is None else before.node.links
        new = {} if after is None else after.node.links
        if before is not None:
            for link in old.keys() - new.keys():
                self._batch.delete(key for key, _ in link_rows(before.node.permanode, link, 0))
        if after is not None:
            for link, count in new.items():
                if old.get(link) != count:
                    self._batch.put(link_rows(after.node.permanode, link, count))

    def _replace_words(self, before: _Listed | None, after: _Listed | None) -> None:
        """Words of long texts are not even looked at while they and the time stay as they are."""
        batch = self._batch
        is_same_time = False
        if before is not None and after is not None and before.time == after.time:
            is_same_time = True
            if self._is_same_text(before, after):
                return
        old, new = _words(before, batch.table), _words(after, batch)
        kept = old & new if is_same_time else frozenset()
        if before is not None:
            batch.delete(word_keys(old - kept, before.time, before.node.permanode))
        if after is not None:
            batch.put_keys(word_keys(new - kept, after.time, after.node.permanode))
        self._vocabulary.lost(old - new)
        self._vocabulary.gained(new - old)

    def _is_same_text(self, before: _Listed, after: _Listed) -> bool:
        """Whether both have the same titles, and contents with the same words."""
        content = after.content
        return (
            before.content == content
            and (content is None or not self._batch.changes(WORDS.key_of(content)))
            and before.node.attributes.get("title") == after.node.attributes.get("title")
        )

    def _list_members(self, folded: Mapping[Ref, _Change]) -> None:
        """Bring up to date at which times parents have their members, once all rows of nodes are
        replaced."""
        batch = self._batch
        for permanode, (before, after) in folded.items():
            had, has = _children(before), _children(after)
            for child in (had ^ has) | (had & has & folded.keys()):
                if child in folded:
                    old, new = map(time_of, folded[child])
                else:
                    old = new = time_in(batch, child)
                if child in had:
                    batch.delete(member_keys(permanode, child, old))
                if child in has:
                    batch.put_keys(member_keys(permanode, child, new))
            self._move(permanode, time_of(before), time_of(after), apart_from=folded.keys())

    def _move(
        self, child: Ref, old: str | None, new: str | None, *, apart_from: Set[Ref] = frozenset()
    ) -> None:
        """Move a member in the lists of what has it."""
        if old == new:
            return
        for parent in self._parents_of(child):
            if parent not in apart_from:
                self._batch.delete(member_keys(parent, child, old))
                self._batch.put_keys(member_keys(parent, child, new))

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
            change_links(batch, permanode, claim.says)
        changed = replace(node, modified=claims[-1].date, is_plain=False)
        self._replace(node, changed)
        self._move(permanode, time_of(node), time_of(changed))
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


def holders_of(table: ReadsRows, value: Ref, attribute: str = "camliContent") -> set[Ref]:
    """The permanodes that have this as their content, or under another attribute."""
    found = table.scan(*HAS.below(attribute, value))
    return {Ref(HAS.parts_of(key)[3]) for key, _ in found}


def _read_facts(table: ReadsRows, file: Ref) -> FileFacts | None:
    value = table.get(FILE.key_of(file))
    return None if value is None else facts_in(value)


def _words(side: _Listed | None, table: ReadsRows) -> set[str]:
    """The words that are posted for a node."""
    if side is None:
        return set()
    words = words_to_post(side.node.attributes.get("title", ()))
    if side.content is not None:
        words.update(words_in(table, side.content))
    return words


def _moves_others(change: _Change) -> bool:
    """Whether a node says that it is elsewhere than before, and so are those who were there."""
    old, new = (said_place(_no_attributes() if n is None else n.attributes) for n in change)
    return old != new


def _no_attributes(_: Ref | None = None) -> Attributes:
    return {}


def _listed(node: Node | None) -> _Listed | None:
    time = time_of(node)
    return None if node is None or time is None else _Listed(node, time, node.content)


def _children(node: Node | None) -> frozenset[Ref]:
    if node is None or not node.is_listed:
        return frozenset()
    return frozenset(link.child for link in node.links)
