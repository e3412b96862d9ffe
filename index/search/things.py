"""Things: all that the page of one shows, now or as it was at a moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

from ...blobstore.ref import Ref
from ...schema.timestamps import Timestamp
from ..attributes import Attributes, ref_in
from ..keys import CLAIM, LINK, date_of
from ..media.moments import Place
from ..nodes import MEMBER, PATH, Node, split_links
from ..places import place_of
from ..trees import tree_of
from .desk import Desk
from .facts import Fact, facts_of_file, moment_words, size_words
from .histories import Entry, history_of
from .items import Item, Items
from .schemas import size_of
from .surroundings import Reference, Surroundings

MOST_ENTRIES = 200
"""Entries of its history."""

MOST_PATHS = 200
"""Things that it has under names."""

MOST_MEMBERS = 100
"""Things that it had as members."""

MOST_CHARACTERS = 4_000_000
"""Of its attributes."""


class Attribute(NamedTuple):
    """What a thing has under one name."""

    name: str
    values: tuple[str, ...]
    derived: bool
    """Whether nobody has said so, but its content."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing and what is around it."""

    item: Item
    kind: str
    """Its `camliType`; `data` for what is no schema blob."""
    is_deleted: bool
    attributes: list[Attribute]
    """Without its members."""
    members: list[Item] | None
    """What was in it at the moment that is asked for, as it is now; None where none is."""
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
    """The names of those of its lists that are longer than what is told."""


def thing_of(desk: Desk, ref: Ref, *, at: Timestamp | None = None) -> Thing | None:
    """A thing; None if it is not here. What it has, though not what is around it, is as of `at`."""
    items = Items(desk.reader, desk.storage)
    look = _Look(desk, ref, at)
    node = look.node
    item = items.of(ref) if node is None else look.item_of(node, items)
    if item is None:
        return None
    around = Surroundings(desk, item)
    attributes = look.attributes()
    said = {one.name: one.values for one in attributes if not one.derived}
    history, earlier = (
        ([], None) if node is None else history_of(desk.reader, ref, limit=MOST_ENTRIES)
    )
    return Thing(
        item,
        desk.reader.kind(ref) or "data",
        node is not None and node.is_deleted,
        attributes,
        look.members(items),
        history,
        earlier,
        list(look.facts(item)),
        look.place(),
        around.parents(),
        around.folders(),
        [*around.outgoing(said), *around.incoming()],
        around.shares(),
        look.cut + around.cut,
    )


class _Look:
    """A look at one thing itself."""

    def __init__(self, desk: Desk, ref: Ref, at: Timestamp | None) -> None:
        self._reader = desk.reader
        self._storage = desk.storage
        self._ref = ref
        self.cut: list[str] = []
        self._paths: list[tuple[str, Ref]] = []
        self._members: list[Ref] | None = None
        """Those it had then; None where it is looked at as it is now."""
        self.node = desk.reader.node(ref)
        """The permanode as it is, or was; None for what is none."""
        if self.node is not None:
            if at is None:
                self._paths = self._paths_now()
            else:
                self.node, links = self._then(self.node, at)
                self._members = [child for name, child in links if name == MEMBER]
                self._paths = [(name, child) for name, child in links if name != MEMBER]

    def item_of(self, node: Node, items: Items) -> Item:
        """The tile of the permanode, as it is or was."""
        item = items.of_node(node)
        if item.content is not None:
            return item
        count = item.count
        if self._members is not None:
            count = len(self._members) + len(self._paths)
        # What is of a file that is not here is no set that nothing is in yet.
        has_title = node.value("title") and not node.value("camliNodeType")
        if not count and (node.content is not None or not has_title):
            return replace(item, kind="other", count=None, cover=None)
        return replace(item, kind="set", count=count, cover=item.cover if count else None)

    def members(self, items: Items) -> list[Item] | None:
        """What was in it then, so far as it is here; None where it is looked at as it is now."""
        if self._members is None:
            return None
        if len(self._members) > MOST_MEMBERS:
            self.cut.append("members")
        return items.all(self._members[:MOST_MEMBERS])

    def attributes(self) -> list[Attribute]:
        """What it has, but for its members."""
        if self.node is None:
            return []
        said = dict(self.node.attributes)
        for name, child in self._paths[:MOST_PATHS]:
            said[name] = (*said.get(name, ()), child)
        if len(self._paths) > MOST_PATHS:
            self.cut.append("paths")
        found = []
        room = MOST_CHARACTERS
        for name, values in sorted(said.items()):
            room -= len(name) + sum(map(len, values))
            if room < 0:
                # Some of the values could be taken for all there are, and be put in their place.
                self.cut.append("attributes")
                break
            found.append(Attribute(name, values, derived=False))
        derived = sorted(self.node.derived.items())
        return found + [Attribute(name, (value,), derived=True) for name, value in derived]

    def place(self) -> Place | None:
        """Where it is."""
        if self.node is not None:
            return self.node.place
        facts = self._reader.file(self._ref)
        return None if facts is None else facts.place

    def facts(self, item: Item) -> Iterator[Fact]:
        """What is known of it and its content."""
        content = item.content
        facts = None if content is None else self._reader.file(content)
        tree = None if content is None else tree_of(self._reader, content)
        if content is not None and facts is not None:
            yield from facts_of_file(self._storage, content, facts)
        elif tree is not None and tree.total is not None:
            yield Fact("Size", size_words(tree.total.size))
            yield Fact("Files in all", f"{tree.total.files:,}")
        elif self.node is None and (size := size_of(self._storage, self._ref)) is not None:
            yield Fact("Size", size_words(size))
        if item.count is not None:
            yield Fact("Members", f"{item.count:,}")
        first = next(self._reader.scan(*CLAIM.below(self._ref)), None)
        if first is not None:
            date = date_of(CLAIM.parts_of(first[0])[1], is_zone_unknown=False)
            yield Fact("Added", moment_words(date))

    def _paths_now(self) -> list[tuple[str, Ref]]:
        """What it has under paths, and one more than is told."""
        rows = self._reader.scan(LINK.key_of(self._ref, PATH), LINK.below(self._ref)[1])
        parts = (LINK.parts_of(key) for key, _ in islice(rows, MOST_PATHS + 1))
        return [(name, Ref(child)) for _, name, child in parts if name.startswith(PATH)]

    def _then(self, node: Node, at: Timestamp) -> tuple[Node, list[tuple[str, Ref]]]:
        """The permanode as it was, deleted now or not, and what it had as members and by paths."""
        folded = self._reader.claims_about(self._ref).fold(self._ref, at=at)
        attributes, links = split_links(folded.attributes)
        content = ref_in(folded.value("camliContent"))
        facts = None if content is None else self._reader.file(content)
        derived = {} if facts is None else facts.derived
        place = place_of(
            attributes, facts_of=self._reader.file, attributes_of=lambda ref: self._had(ref, at)
        )
        before = replace(
            node,
            attributes=attributes,
            derived={name: text for name, text in derived.items() if name not in attributes},
            place=place,
        )
        return before, sorted(links.elements())

    def _had(self, ref: Ref, at: Timestamp) -> Attributes:
        return self._reader.claims_about(ref).fold(ref, at=at).attributes
