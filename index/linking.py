"""Links of permanodes: read, changed one by one, and listed as members by their times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..blobstore.ref import Ref
from ..schema.claims import AddAttribute, DelAttribute, SetAttribute, Statement
from .batch import Batch
from .claims import ReadsRows
from .keys import EDGE, LINK, MEMBER, NODE, date_text
from .nodes import Link, Node, link_of, link_rows, read_node


def links_of(table: ReadsRows, parent: Ref, *attribute: str) -> Iterator[tuple[Link, int]]:
    """What a permanode has as members and under paths, or under one such attribute."""
    for key, value in table.scan(*LINK.below(parent, *attribute)):
        _, name, child = LINK.parts_of(key)
        (count,) = LINK.value_of(value)
        yield Link(name, Ref(child)), count


def change_links(batch: Batch, parent: Ref, says: Statement) -> None:
    """Change the links of a permanode as a claim says that changes nothing else."""
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


def time_of(node: Node | None) -> str | None:
    """Where a node stands in lists by time; None if in none."""
    return None if node is None or node.time is None or not node.is_listed else date_text(node.time)


def time_in(batch: Batch, permanode: Ref) -> str | None:
    """Where a permanode stands so by now."""
    value = batch.get(NODE.key_of(permanode))
    return None if value is None else time_of(read_node(permanode, value)[0])


def member_keys(parent: Ref, child: Ref, time: str | None) -> list[bytes]:
    """The row that lists a member by where it stands; none if it is in no list."""
    return [] if time is None else [MEMBER.key_of(parent, time, child)]


def _link(batch: Batch, parent: Ref, name: str, value: str) -> None:
    link = link_of(name, value)
    assert link is not None
    held = batch.get(LINK.key_of(parent, *link))
    count = 0 if held is None else LINK.value_of(held)[0]
    batch.put(link_rows(parent, link, count + 1))
    batch.put_keys(member_keys(parent, link.child, time_in(batch, link.child)))


def _unlink(batch: Batch, parent: Ref, links: Iterable[tuple[Link, int]]) -> None:
    for link, count in list(links):
        batch.delete(key for key, _ in link_rows(parent, link, count))
        if not any(True for _ in batch.scan(*EDGE.below(link.child, parent))):
            batch.delete(member_keys(parent, link.child, time_in(batch, link.child)))
