"""Things: all that the page of one shows, now or as it was at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

from ...blobstore.ref import Ref
from ...schema.timestamps import Timestamp
from ..attributes import Attributes, ref_in
from ..keys import BLOB, CLAIM, LINK, REFERS
from ..media.moments import Place
from ..nodes import MEMBER, PATH, Node, split_links
from ..places import place_of
from ..trees import tree_of
from .desk import Desk
from .facts import Fact, facts_of_file, size_words
from .histories import Entry, history_of
from .items import Item, Items, shown_moment
from .schemas import size_of

MOST_AROUND = 100
"""Sets, folders and others around a thing that are told of, of each."""

MOST_ENTRIES = 200
"""Entries of its history."""

MOST_PATHS = 200
"""Names under which it has something."""

MOST_CHARACTERS = 4_000_000
"""Of its attributes."""

_MOST_NAMING = 1000
"""Blobs that name it which are looked at."""

_SHOWN_ELSEWHERE = frozenset((MEMBER, "camliContent"))


class Attribute(NamedTuple):
    """What a thing has under one name."""

    name: str
    values: tuple[str, ...]
    derived: bool
    """Whether nobody has said so, but its content."""


class Reference(NamedTuple):
    """A thing that another one names, or is named by."""

    item: Item
    by: str
    """The attribute."""
    outgoing: bool


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing and what is around it. `cut` are the names of those of its lists that are longer
    than what is told."""

    item: Item
    kind: str
    """Its `camliType`; `data` for what is no schema blob."""
    is_deleted: bool
    attributes: list[Attribute]
    history: list[Entry]
    earlier: str | None
    """What leads to the rest of the history."""
    facts: list[Fact]
    place: Place | None
    parents: list[Item]
    folders: list[Item]
    references: list[Reference]
    shares: list[Ref]
    """The claims that share it, whether they count or not."""
    cut: list[str]


def thing_of(desk: Desk, ref: Ref, *, at: Timestamp | None = None) -> Thing | None:
    """A thing; None if it is not here. What it has, not what is around it, is as of `at`."""
    item = Items(desk.reader, desk.storage).of(ref)
    return None if item is None else _Look(desk, item).thing(at)


class _Look:
    """A look at one thing."""

    def __init__(self, desk: Desk, item: Item) -> None:
        self._reader = desk.reader
        self._storage = desk.storage
        self._items = Items(desk.reader, desk.storage)
        self._item = item
        self._ref = item.ref
        self._cut: list[str] = []

    def thing(self, at: Timestamp | None) -> Thing:
        kind = self._reader.kind(self._ref) or "data"
        node = self._reader.node(self._ref)
        item, attributes = self._item, list[Attribute]()
        place = None
        history, earlier = list[Entry](), None
        if node is not None:
            if at is not None:
                node = self._node_at(node, at)
                item = self._items.of_node(node)
            attributes = list(self._attributes(node))
            place = node.place
            history, earlier = history_of(self._reader, self._ref, limit=MOST_ENTRIES)
        elif (facts := self._reader.file(self._ref)) is not None:
            place = facts.place
        return Thing(
            item,
            kind,
            node is not None and node.is_deleted,
            attributes,
            history,
            earlier,
            list(self._facts(item, node)),
            place,
            self._few("parents", self._parents()),
            self._few("folders", self._reader.folders(item.content or self._ref)),
            [*self._outgoing(attributes), *self._incoming(item)],
            list(self._shares(item)),
            self._cut,
        )

    def _node_at(self, node: Node, at: Timestamp) -> Node:
        """The permanode as it was, whether it is deleted now or not."""
        folded = self._reader.claims_about(self._ref).fold(self._ref, at=at)
        attributes, links = split_links(folded.attributes)
        content = ref_in(folded.value("camliContent"))
        facts = None if content is None else self._reader.file(content)
        derived = {} if facts is None else facts.derived
        return replace(
            node,
            attributes=attributes,
            links=links,
            derived={name: text for name, text in derived.items() if name not in attributes},
            place=place_of(
                attributes, facts_of=self._reader.file, attributes_of=lambda ref: self._at(ref, at)
            ),
        )

    def _at(self, ref: Ref, at: Timestamp) -> Attributes:
        return self._reader.claims_about(ref).fold(ref, at=at).attributes

    def _attributes(self, node: Node) -> Iterator[Attribute]:
        """What it has, but for its members, which are shown as such."""
        room = MOST_CHARACTERS
        said = dict(node.attributes)
        for name, child in self._paths(node):
            said[name] = (*said.get(name, ()), child)
        for name, values in sorted(said.items()):
            room -= len(name) + sum(map(len, values))
            if room < 0:
                # Half of the values could be taken for all there are, and be put in their place.
                self._cut.append("attributes")
                return
            yield Attribute(name, values, derived=False)
        for name, value in sorted(node.derived.items()):
            yield Attribute(name, (value,), derived=True)

    def _paths(self, node: Node) -> list[tuple[str, Ref]]:
        """What it has under paths."""
        if node.links:
            found = [
                (link.attribute, link.child) for link in node.links if link.attribute != MEMBER
            ]
        else:
            start, end = LINK.key_of(self._ref, PATH), LINK.below(self._ref)[1]
            rows = islice(self._reader.scan(start, end), MOST_PATHS + 1)
            parts = [LINK.parts_of(key) for key, _ in rows]
            found = [(name, Ref(child)) for _, name, child in parts if name.startswith(PATH)]
        if len(found) > MOST_PATHS:
            self._cut.append("paths")
        return found[:MOST_PATHS]

    def _facts(self, item: Item, node: Node | None) -> Iterator[Fact]:
        content = item.content
        facts = None if content is None else self._reader.file(content)
        if content is not None and facts is not None:
            yield from facts_of_file(self._storage, content, facts)
        elif content is not None and (tree := tree_of(self._reader, content)) is not None:
            if tree.total is not None:
                yield Fact("Size", size_words(tree.total.size))
                yield Fact("Files in all", f"{tree.total.files:,}")
        elif content is None and (size := size_of(self._storage, self._ref)) and node is None:
            yield Fact("Size", size_words(size))
        if item.count is not None:
            yield Fact("Members", f"{item.count:,}")
        if node is not None:
            first = next(self._reader.scan(*CLAIM.below(self._ref)), None)
            if first is not None:
                yield Fact("Added", _date_words(CLAIM.parts_of(first[0])[1]))

    # Around it

    def _parents(self) -> Iterator[Ref]:
        seen = set[Ref]()
        for ref, _ in self._reader.parents(self._ref):
            if ref not in seen and self._reader.is_deleted(ref) is False:
                seen.add(ref)
                yield ref

    def _few(self, name: str, refs: Iterable[Ref]) -> list[Item]:
        found = list(islice(refs, MOST_AROUND + 1))
        if len(found) > MOST_AROUND:
            self._cut.append(name)
        return self._items.all(found[:MOST_AROUND])

    def _outgoing(self, attributes: Iterable[Attribute]) -> Iterator[Reference]:
        """What its attributes name."""
        named = (
            (attribute.name, ref)
            for attribute in attributes
            if attribute.name not in _SHOWN_ELSEWHERE
            for value in attribute.values
            if (ref := ref_in(value)) is not None
        )
        for name, ref in islice(dict.fromkeys(named), MOST_AROUND):
            if (item := self._items.of(ref)) is not None:
                yield Reference(item, name, outgoing=True)

    def _incoming(self, item: Item) -> Iterator[Reference]:
        """What has it, or its content, under a name, but for sets and folders."""
        own = {self._ref, item.content}
        count = 0
        for permanode in dict.fromkeys(self._claimants()):
            node = self._reader.node(permanode)
            if node is None or not node.is_listed or permanode in own:
                continue
            for name, values in node.attributes.items():
                if self._ref in values:
                    if count == MOST_AROUND:
                        self._cut.append("references")
                        return
                    count += 1
                    yield Reference(self._items.of_node(node), name, outgoing=False)

    def _claimants(self) -> Iterator[Ref]:
        """The permanodes of which something was said with this ref in it."""
        for value in self._naming(self._ref):
            kind, _, about = value
            if kind == "claim" and about is not None:
                yield Ref(about)

    def _naming(self, ref: Ref) -> Iterator[tuple[str, str | None, str | None]]:
        for _, held in self._naming_blobs(ref):
            yield held

    def _naming_blobs(self, ref: Ref) -> Iterator[tuple[Ref, tuple[str, str | None, str | None]]]:
        for key, _ in islice(self._reader.scan(*REFERS.below(ref)), _MOST_NAMING):
            blob = Ref(REFERS.parts_of(key)[1])
            value = self._reader.get(BLOB.key_of(blob))
            if value is not None:
                kind, signer, about = BLOB.value_of(value)
                yield blob, (kind, signer, about)

    def _shares(self, item: Item) -> Iterator[Ref]:
        """Claims that name it and are about nothing: those share it."""
        for ref in dict.fromkeys((self._ref, item.content)):
            for blob, (kind, _, about) in () if ref is None else self._naming_blobs(ref):
                if kind == "claim" and about is None:
                    yield blob


def _date_words(digits: str) -> str:
    from ..keys import date_of

    return shown_moment(date_of(digits, is_zone_unknown=False))[:-1].replace("T", " ")
