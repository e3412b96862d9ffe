"""What pages ask to have said, read from JSON and held against what there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...blobstore.errors import BadRef
from ...blobstore.ref import Ref
from ...index.claims import deletes_of
from ...index.keys import NODE
from ...index.nodes import Node, is_for_links, read_node, ref_in
from ...index.search.desk import Desk
from ...index.search.reader import IndexReader
from ...schema.claims import (
    AddAttribute,
    AttributeChange,
    DelAttribute,
    Delete,
    SetAttribute,
)
from ...schema.folding import ClaimSet
from ...schema.timestamps import Timestamp
from .api import Refused

MOST = 20_000
"""Claims of one request."""

MEMBER = "camliMember"

_CHANGES: Final[Mapping[str, type[AttributeChange]]] = {
    "set": SetAttribute,
    "add": AddAttribute,
    "del": DelAttribute,
}


@dataclass(frozen=True, slots=True)
class Saying:
    """What is to be said, and when what it is about was changed last."""

    says: tuple[AttributeChange | Delete, ...]
    changed: dict[Ref, Timestamp]


@dataclass(frozen=True, slots=True)
class Undoing:
    """What is to be said to undo some claims, and the deletes by which others are undone already:
    for each claim, in order, either."""

    parts: tuple[Delete | Ref, ...]


def read_claims(document: dict[str, Any]) -> list[AttributeChange | Delete]:
    """The body of `POST claims`. Raises `Refused`, which names the claim that makes no sense."""
    found = []
    for number, said in enumerate(_listed(document, "claims")):
        try:
            found.append(_statement(said))
        except Refused as error:
            raise _at(number, error) from None
    return found


def read_refs(document: dict[str, Any], name: str) -> list[Ref]:
    """A list of refs, each once. Raises `Refused`."""
    refs = (read_ref(text, f"{name}[{at}]") for at, text in enumerate(_listed(document, name)))
    return list(dict.fromkeys(refs))


def read_ref(value: object, what: str) -> Ref:
    """A ref. Raises `Refused`."""
    try:
        return Ref.parse(value if isinstance(value, str) else "")
    except BadRef:
        raise Refused(f"{what} is no ref") from None


def read_text(value: object, what: str) -> str:
    """A text that UTF-8 can hold. Raises `Refused`."""
    if not isinstance(value, str):
        raise Refused(f"{what} is no text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Refused(f"{what} has half of a character in it") from None
    return value


def read_pairs(document: dict[str, Any]) -> list[tuple[str, str]]:
    """The attributes of a new permanode. Raises `Refused`."""
    pairs = []
    for at, pair in enumerate(_listed(document, "attributes")):
        if not isinstance(pair, list) or len(pair) != 2:
            raise Refused(f"attributes[{at}] is not [NAME, VALUE]")
        name = _attribute(pair[0], f"the name in attributes[{at}]")
        pairs.append((name, read_text(pair[1], f"the value in attributes[{at}]")))
    return pairs


def first_claims(
    permanode: Ref, pairs: Sequence[tuple[str, str]], members: Sequence[Ref]
) -> Iterator[AttributeChange]:
    """What makes a new permanode have these attributes, with all their values, and members."""
    seen: set[str] = set()
    for name, value in pairs:
        yield (AddAttribute if name in seen else SetAttribute)(permanode, name, value)
        seen.add(name)
    for member in members:
        yield AddAttribute(permanode, MEMBER, member)


def subject(statement: AttributeChange | Delete) -> Ref:
    """What a statement is about."""
    return statement.target if isinstance(statement, Delete) else statement.permanode


def held_against(says: Sequence[AttributeChange | Delete], desk: Desk) -> Saying:
    """What of this is to be said: what is so already, when its turn comes, need not be.

    That is an `add` of a value that is there, a `del` of one that is not, and a delete of a
    permanode that is deleted. Raises `Refused` for what no claim can be about.
    """
    reader = desk.reader
    nodes: dict[Ref, Node] = {}
    values: dict[tuple[Ref, str], _Values] = {}
    left = []
    for number, statement in enumerate(says):
        about = subject(statement)
        try:
            node = nodes.get(about) or _demanded(about, statement, reader)
        except Refused as error:
            raise _at(number, error) from None
        if node is not None:
            nodes[about] = node
        if isinstance(statement, Delete):
            is_news = node is None or not node.is_deleted
        else:
            assert node is not None
            name = statement.attribute
            has = values.setdefault((about, name), _Values(reader, node, name))
            is_news = has.take(statement)
        if is_news:
            left.append(statement)
    changed = {ref: node.modified for ref, node in nodes.items() if node.modified is not None}
    return Saying(tuple(left), changed)


class _Values:
    """The values of one attribute of a permanode while it is being changed."""

    def __init__(self, reader: IndexReader, node: Node, name: str) -> None:
        self._reader, self._node, self._name = reader, node, name
        self._is_known = False
        self._known: dict[str, bool] = {}

    def take(self, change: AttributeChange) -> bool:
        """Change them; whether that changes anything, as far as it is worth looking."""
        match change:
            case SetAttribute(_, _, value):
                self._known, self._is_known = {value: True}, True
            case DelAttribute(_, _, ""):
                self._known, self._is_known = {}, True
            case AddAttribute(_, _, value) | DelAttribute(_, _, value):
                was, now = self._has(value), isinstance(change, AddAttribute)
                self._known[value] = now
                return was != now
        return True

    def _has(self, value: str) -> bool:
        if self._is_known or value in self._known:
            return self._known.get(value, False)
        if value in self._node.attributes.get(self._name, ()):
            return True
        links = is_for_links(self._name) and ref_in(value) is not None
        permanode = self._node.permanode
        return links and self._name in self._reader.links_between(permanode, Ref(value))


def demand_permanodes(refs: Sequence[Ref], desk: Desk) -> None:
    """Raises `Refused` for what is no permanode, or not here."""
    for ref in refs:
        _permanode(ref, desk.reader)


def undoing(refs: Sequence[Ref], desk: Desk) -> Undoing:
    """How claims are undone. Raises `Refused` for what is none, or counts for nothing."""
    reader = desk.reader
    for ref in refs:
        kind = reader.kind(ref)
        if kind is None:
            raise _missing(ref)
        if kind != "claim":
            raise Refused(f"{ref} is a {kind[:40]}; only claims can be undone")
        if reader.signer(ref) not in reader.trusted:
            raise Refused(f"{ref} is by a key that is not trusted here: it counts for nothing")
    standing = standing_deletes(refs, reader)
    return Undoing(tuple(part for ref in refs for part in standing.get(ref) or (Delete(ref),)))


def standing_deletes(targets: Sequence[Ref], reader: IndexReader) -> dict[Ref, list[Ref]]:
    """For each target that is deleted, the deletes that count and are not deleted themselves."""
    if not targets:
        return {}
    deletes = ClaimSet(tuple(deletes_of(reader, targets)), reader.trusted)
    deleted, found = deletes.deleted, dict[Ref, list[Ref]]()
    for claim in deletes.claims:
        if (
            isinstance(claim.says, Delete)
            and claim.signer in deletes.trusted
            and claim.ref not in deleted
        ):
            found.setdefault(claim.says.target, []).append(claim.ref)
    return found


def _listed(document: dict[str, Any], name: str) -> list[Any]:
    value = document.get(name, [])
    if not isinstance(value, list):
        raise Refused(f"{name} is no list")
    if len(value) > MOST:
        raise Refused(f"{name} may be {MOST:,}", remedy="ask in several requests")
    return value


def _statement(said: object) -> AttributeChange | Delete:
    if not isinstance(said, dict):
        raise Refused("it is no object")
    act = said.get("act")
    if act == "delete":
        return Delete(read_ref(said.get("target"), "target"))
    if not isinstance(act, str) or act not in _CHANGES:
        raise Refused("its act is neither set, add, del nor delete")
    permanode = read_ref(said.get("permanode"), "permanode")
    name = _attribute(said.get("attribute"), "attribute")
    value = said.get("value")
    if act == "del" and value is None:
        return DelAttribute(permanode, name)
    text = read_text(value, "value")
    if act == "del" and not text:
        raise Refused(
            "no claim removes the empty value alone", remedy="leave value out to remove all of them"
        )
    return _CHANGES[act](permanode, name, text)


def _attribute(value: object, what: str) -> str:
    name = read_text(value, what)
    if not name:
        raise Refused(f"{what} is empty")
    return name


def _demanded(about: Ref, statement: AttributeChange | Delete, reader: IndexReader) -> Node | None:
    """The permanode that a statement is about; None if it is about a claim."""
    if not isinstance(statement, Delete) or reader.kind(about) == "permanode":
        return _permanode(about, reader)
    kind = reader.kind(about)
    if kind is None:
        raise _missing(about)
    # A claim that says nothing, as far as anybody can read it, has no signer here.
    if kind != "claim" or reader.signer(about) is None:
        raise Refused(f"{about} is a {kind[:40]}; only permanodes and claims can be deleted")
    return None


def _permanode(ref: Ref, reader: IndexReader) -> Node:
    value = reader.get(NODE.key_of(ref))
    if value is None:
        kind = reader.kind(ref)
        raise _missing(ref) if kind is None else Refused(f"{ref} is a {kind[:40]}, no permanode")
    node, is_whole = read_node(ref, value)
    return node if is_whole else reader.node(ref) or node


def _missing(ref: Ref) -> Refused:
    return Refused(f"{ref} is not here", status=404)


def _at(number: int, error: Refused) -> Refused:
    more = {**error.more, "claim": number}
    text = f"claim {number}: {error}"
    return Refused(text, status=error.status, remedy=error.remedy, more=more)
