"""Nodes: permanodes as they are now, and the rows that find them by what they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from ..blobstore.errors import BadRef
from ..blobstore.ref import Ref
from ..schema.claims import AddAttribute, DelAttribute, SetAttribute, SignedClaim, Statement
from ..schema.errors import BadTimestamp
from ..schema.folding import ClaimSet, Standing
from ..schema.timestamps import Timestamp, parse_time
from .keys import EDGE, HAS, LINK, MODIFIED, NODE, TIME, Row, date_text, read_moment, written_moment

MAX_ATTRIBUTES = 8 * 1024
"""Characters of attributes a node's row holds; of more they are folded when asked for."""

VALUE_LENGTH = 120
"""Characters of a value that its key holds. Longer ones share a key with what begins alike."""

MEMBER = "camliMember"
PATH = "camliPath:"

FileTimes: TypeAlias = tuple[Timestamp, ...]
"""The times a file is known by: none, one, or the earliest and the latest."""


class Link(NamedTuple):
    """One permanode has another, under an attribute."""

    attribute: str
    child: Ref


@dataclass(frozen=True, slots=True)
class Node:
    """A permanode as all trusted claims make it, at no particular moment."""

    permanode: Ref
    own_time: Timestamp | None
    """When what it stands for was made or happened; None if nothing tells, or it is deleted."""
    modified: Timestamp | None
    """The last change; None if nothing is claimed of it."""
    is_deleted: bool
    attributes: Mapping[str, tuple[str, ...]]
    """All attributes but for what is in `links`."""
    links: Mapping[Link, int]
    """What it has as members and under paths, and how many times each."""

    def value(self, attribute: str) -> str:
        """The first value of an attribute; empty if it has none."""
        return next(iter(self.attributes.get(attribute, ())), "")

    @property
    def time(self) -> Timestamp | None:
        """When it was made or happened, else when it was changed last."""
        return self.modified if self.own_time is None else self.own_time

    @property
    def is_listed(self) -> bool:
        """Whether searches may find it."""
        return not self.is_deleted and self.modified is not None


def node_of(permanode: Ref, claims: ClaimSet, file_times: Callable[[Ref], FileTimes]) -> Node:
    """The permanode as these claims make it. `file_times` are those of a file by its ref."""
    folded = claims.fold(permanode)
    counting = [event.claim for event in folded.history if event.standing is Standing.COUNTS]
    content = _content_claim(counting)
    times: FileTimes = ()
    if content is not None and (file := ref_in(content[0])) is not None:
        times = file_times(file)
    # In the order of the reference: the first that is there is the time.
    moments = (
        *(_moment(folded.value(name)) for name in ("paymentDueDate", "startDate", "dateCreated")),
        *times[:1],
        *(_moment(folded.value(name)) for name in ("datePublished", "dateModified")),
        *times[1:],
        None if content is None else content[1],
    )
    own_time = next((moment for moment in moments if moment is not None), None)
    return Node(
        permanode,
        # Nobody tells a deleted one that its file has come.
        None if folded.is_deleted else own_time,
        folded.modified,
        folded.is_deleted,
        *split_links(folded.attributes),
    )


def split_links(
    attributes: Mapping[str, tuple[str, ...]],
) -> tuple[dict[str, tuple[str, ...]], Counter[Link]]:
    """Attributes apart from links."""
    plain: dict[str, tuple[str, ...]] = {}
    links: Counter[Link] = Counter()
    for name, values in attributes.items():
        linked = [link for value in values if (link := link_of(name, value)) is not None]
        if linked:
            links.update(linked)
            values = tuple(value for value in values if link_of(name, value) is None)
        if values:
            plain[name] = values
    return plain, links


def link_of(attribute: str, value: str) -> Link | None:
    """The link that a value of an attribute is, or None."""
    if not _is_for_links(attribute):
        return None
    child = ref_in(value)
    return None if child is None else Link(attribute, child)


def is_linking(says: Statement, node: Node) -> bool:
    """Whether a claim changes nothing but links of this node."""
    match says:
        case DelAttribute(_, name, ""):
            return _is_for_links(name) and name not in node.attributes
        case SetAttribute(_, name, value) | DelAttribute(_, name, value):
            return link_of(name, value) is not None and name not in node.attributes
        case AddAttribute(_, name, value):
            return link_of(name, value) is not None
    return False


def node_rows(node: Node) -> list[Row]:
    """The rows that are a node's own; just the first if searches may not find it."""
    rows = [
        NODE.row(
            node.permanode,
            value=(
                written_moment(node.own_time),
                written_moment(node.modified),
                node.is_deleted,
                None if _is_large(node) else dict(node.attributes),
            ),
        )
    ]
    if node.is_listed and node.time is not None and node.modified is not None:
        time = date_text(node.time)
        rows.append(TIME.row(time, node.permanode))
        rows.append(MODIFIED.row(date_text(node.modified), node.permanode))
        rows += [
            HAS.row(attribute, value[:VALUE_LENGTH], time, node.permanode)
            for attribute, values in node.attributes.items()
            for value in values
        ]
        rows += [
            row
            for link, count in node.links.items()
            for row in link_rows(node.permanode, link, count)
        ]
    return rows


def link_rows(parent: Ref, link: Link, count: int) -> tuple[Row, Row]:
    """The rows of a link, from above and from below."""
    return (
        LINK.row(parent, link.attribute, link.child, value=(count,)),
        EDGE.row(link.child, parent, link.attribute),
    )


def read_node(permanode: Ref, value: bytes) -> tuple[Node, bool]:
    """The node that such a row tells of, without links, and whether its attributes are in it."""
    time, modified, is_deleted, attributes = NODE.value_of(value)
    held = attributes if isinstance(attributes, dict) else {}
    node = Node(
        permanode,
        read_moment(time),
        read_moment(modified),
        bool(is_deleted),
        {name: tuple(values) for name, values in held.items()},
        {},
    )
    return node, attributes is not None


def ref_in(value: str) -> Ref | None:
    """The ref that a value is, or None."""
    try:
        return Ref.parse(value)
    except BadRef:
        return None


def _is_for_links(attribute: str) -> bool:
    return attribute == MEMBER or attribute.startswith(PATH)


def _content_claim(counting: Iterable[SignedClaim]) -> tuple[str, Timestamp] | None:
    """The value and date of the claim that set the content, which is what dates a permanode.

    The reference takes any delete of the attribute for the end of it, and no notice of additions.
    """
    found = None
    for claim in counting:
        match claim.says:
            case SetAttribute(_, "camliContent", value):
                found = value, claim.date
            case DelAttribute(_, "camliContent", _):
                found = None
    return found


def _moment(text: str) -> Timestamp | None:
    try:
        moment = parse_time(text)
    except BadTimestamp:
        return None
    return None if moment is None or moment.is_any_zero else moment


def _is_large(node: Node) -> bool:
    size = sum(
        len(name) + len(value) for name, values in node.attributes.items() for value in values
    )
    return size > MAX_ATTRIBUTES
