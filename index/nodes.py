"""Nodes: permanodes as they are now, and the rows that tell of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ..blobstore.ref import Ref
from ..schema.claims import AddAttribute, DelAttribute, Delete, SetAttribute, Statement
from ..schema.errors import BadTimestamp
from ..schema.folding import ClaimSet, Folded, Standing
from ..schema.timestamps import Timestamp, parse_time
from .attributes import Attributes, first
from .attributes import ref_in as ref_in
from .keys import EDGE, LINK, NODE, Row, read_moment, written_moment
from .media.moments import Place
from .places import FactsOf, place_of

MAX_ATTRIBUTES = 8 * 1024
"""Characters of attributes a node's row holds; of more they are folded when asked for."""

VALUE_LENGTH = 120
"""Characters of a value that its key holds. Longer ones share a key with what begins alike."""

MEMBER = "camliMember"
PATH = "camliPath:"


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
    attributes: Attributes
    """All attributes but for what is in `links`."""
    links: Mapping[Link, int]
    """What it has as members and under paths, and how many times each."""
    derived: Mapping[str, str]
    """What it has by its content, of names that are not among `attributes`."""
    place: Place | None
    """Where on Earth it is; None if nothing tells, or no search may find it."""
    is_plain: bool
    """Whether describing it takes no look at its claims: both readings of them are the same, and
    its last change is of an attribute, none of them for links."""

    def values(self, attribute: str) -> tuple[str, ...]:
        """The values of an attribute: those claimed, else the one it has by its content."""
        found = self.attributes.get(attribute)
        if found is None and attribute in self.derived:
            return (self.derived[attribute],)
        return found or ()

    def value(self, attribute: str) -> str:
        """The first value of an attribute; empty if it has none."""
        return next(iter(self.values(attribute)), "")

    @property
    def content(self) -> Ref | None:
        """The blob that is its content, if its first `camliContent` is a ref."""
        return ref_in(first(self.attributes, "camliContent"))

    @property
    def time(self) -> Timestamp | None:
        """When it was made or happened, else when it was changed last."""
        return self.modified if self.own_time is None else self.own_time

    @property
    def is_listed(self) -> bool:
        """Whether searches may find it."""
        return not self.is_deleted and self.modified is not None


def node_of(
    permanode: Ref,
    claims: ClaimSet,
    *,
    facts_of: FactsOf,
    attributes_of: Callable[[Ref], Attributes],
) -> Node:
    """The permanode as these claims make it. `attributes_of` are those of another one."""
    folded = claims.fold(permanode)
    attributes, links = split_links(folded.attributes)
    own_time, derived, place = None, {}, None
    # Nobody tells a permanode that is in no list that its file has come, or its venue moved.
    if not folded.is_deleted and folded.modified is not None:
        content = ref_in(first(attributes, "camliContent"))
        facts = None if content is None else facts_of(content)
        if facts is not None:
            derived = {k: v for k, v in facts.derived.items() if k not in attributes}
        own_time = _own_time(folded, facts_of)
        place = place_of(attributes, facts_of=facts_of, attributes_of=attributes_of)
    return Node(
        permanode,
        own_time,
        folded.modified,
        folded.is_deleted,
        attributes,
        links,
        derived,
        place,
        _is_plain(folded),
    )


def split_links(attributes: Attributes) -> tuple[dict[str, tuple[str, ...]], Counter[Link]]:
    """Attributes apart from links."""
    plain: dict[str, tuple[str, ...]] = {}
    links: Counter[Link] = Counter()
    for name, values in attributes.items():
        if is_for_links(name):
            linked = [link for value in values if (link := link_of(name, value)) is not None]
            links.update(linked)
            values = tuple(value for value in values if link_of(name, value) is None)
        if values:
            plain[name] = values
    return plain, links


def link_of(attribute: str, value: str) -> Link | None:
    """The link that a value of an attribute is, or None."""
    if not is_for_links(attribute):
        return None
    child = ref_in(value)
    return None if child is None else Link(attribute, child)


def is_linking(says: Statement, node: Node) -> bool:
    """Whether a claim changes nothing but links of this node."""
    match says:
        case DelAttribute(_, name, ""):
            return is_for_links(name) and name not in node.attributes
        case SetAttribute(_, name, value) | DelAttribute(_, name, value):
            return link_of(name, value) is not None and name not in node.attributes
        case AddAttribute(_, name, value):
            return link_of(name, value) is not None
    return False


def node_row(node: Node) -> Row:
    """The row that tells of a node."""
    return NODE.row(
        node.permanode,
        value=(
            written_moment(node.own_time),
            written_moment(node.modified),
            node.is_deleted,
            None if _is_large(node) else dict(node.attributes),
            dict(node.derived),
            node.place,
            node.is_plain,
        ),
    )


def link_rows(parent: Ref, link: Link, count: int) -> tuple[Row, Row]:
    """The rows of a link, from above and from below."""
    return (
        LINK.row(parent, link.attribute, link.child, value=(count,)),
        EDGE.row(link.child, parent, link.attribute),
    )


def read_node(permanode: Ref, value: bytes) -> tuple[Node, bool]:
    """The node that such a row tells of, without links, and whether its attributes are in it."""
    time, modified, is_deleted, attributes, derived, place, plain = NODE.value_of(value)
    held = attributes if isinstance(attributes, dict) else {}
    node = Node(
        permanode,
        read_moment(time),
        read_moment(modified),
        bool(is_deleted),
        {name: tuple(values) for name, values in held.items()},
        {},
        derived,
        None if place is None else Place(*place),
        bool(plain),
    )
    return node, attributes is not None


def is_for_links(attribute: str) -> bool:
    """Whether the values of an attribute are links, if they are refs."""
    return attribute == MEMBER or attribute.startswith(PATH)


def _is_plain(folded: Folded) -> bool:
    if folded.is_deleted or folded.modified is None:
        return False
    for event in folded.history:
        if event.standing is not Standing.COUNTS:
            continue
        match event.claim.says:
            case SetAttribute(_, name, value) | AddAttribute(_, name, value) if value:
                is_plain = not is_for_links(name)
            case DelAttribute(_, name, ""):
                is_plain = not is_for_links(name)
            case Delete():  # of another claim
                is_plain = True
            case _:
                is_plain = False
        if not is_plain:
            return False
    return all(len(set(values)) == len(values) for values in folded.attributes.values())


def _own_time(folded: Folded, facts_of: FactsOf) -> Timestamp | None:
    """When it was made or happened: in the order of the reference, the first that is known."""
    for name in ("paymentDueDate", "startDate", "dateCreated"):
        if (moment := _moment(folded.value(name))) is not None:
            return moment
    content = _content_claim(folded)
    file = None if content is None else ref_in(content[0])
    facts = None if file is None else facts_of(file)
    if facts is not None and facts.times:
        return facts.times[0]
    for name in ("datePublished", "dateModified"):
        if (moment := _moment(folded.value(name))) is not None:
            return moment
    return None if content is None else content[1]


def _content_claim(folded: Folded) -> tuple[str, Timestamp] | None:
    """The value and date of the claim that set the content, which is what dates a permanode.

    The reference takes any delete of the attribute for the end of it, and no notice of additions.
    """
    found = None
    for event in folded.history:
        if event.standing is not Standing.COUNTS:
            continue
        match event.claim.says:
            case SetAttribute(_, "camliContent", value):
                found = value, event.claim.date
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
