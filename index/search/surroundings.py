"""Surroundings: what a thing is in, what it names, what names it, and what shares it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from ...blobstore.ref import Ref
from ..attributes import Attributes, ref_in
from ..keys import BLOB, REFERS
from ..nodes import MEMBER
from .desk import Desk
from .items import Item, Items
from .reader import IndexReader

MOST = 100
"""How many of each kind are told of."""

_MOST_NAMING = 1000
"""Blobs that name a thing which are looked at."""

_SHOWN_ELSEWHERE = frozenset((MEMBER, "camliContent"))


class Reference(NamedTuple):
    """A thing that another one names, or is named by."""

    item: Item
    by: str
    """The attribute."""
    outgoing: bool


class Surroundings:
    """Looks around one thing, for one question. `cut` are the names of lists that are longer than
    what was told of them."""

    def __init__(self, desk: Desk, item: Item) -> None:
        self._reader = desk.reader
        self._items = Items(desk.reader, desk.storage)
        self._ref = item.ref
        self._content = item.content
        self.cut: list[str] = []

    def parents(self) -> list[Item]:
        """The sets it is in."""
        return self._few("parents", parents_of(self._reader, self._ref))

    def folders(self) -> list[Item]:
        """The folders that it, or its content, is in."""
        return self._few("folders", self._reader.folders(self._content or self._ref))

    def outgoing(self, attributes: Attributes) -> Iterator[Reference]:
        """What is named in its attributes, but for members and content."""
        named = (
            (name, ref)
            for name, values in attributes.items()
            if name not in _SHOWN_ELSEWHERE
            for value in values
            if (ref := ref_in(value)) is not None
        )
        for name, ref in islice(dict.fromkeys(named), MOST):
            if (item := self._items.of(ref)) is not None:
                yield Reference(item, name, outgoing=True)

    def incoming(self) -> Iterator[Reference]:
        """Permanodes that have it under a name now, but for those that have it as a member."""
        count = 0
        for permanode in dict.fromkeys(self._claimants()):
            node = self._reader.node(permanode)
            if node is None or not node.is_listed or permanode == self._ref:
                continue
            for name, values in node.attributes.items():
                if self._ref in values:
                    if count == MOST:
                        self.cut.append("references")
                        return
                    count += 1
                    yield Reference(self._items.of_node(node), name, outgoing=False)

    def shares(self) -> list[Ref]:
        """Claims that share it or its content, whether they count or not."""
        return [
            blob
            for ref in dict.fromkeys((self._ref, self._content))
            if ref is not None
            for blob, kind, about in self._naming(ref)
            if kind == "claim" and about is None
        ]

    def _few(self, name: str, refs: Iterable[Ref]) -> list[Item]:
        found = list(islice(refs, MOST + 1))
        if len(found) > MOST:
            self.cut.append(name)
        return self._items.all(found[:MOST])

    def _claimants(self) -> Iterator[Ref]:
        """The permanodes of which something was ever said with this ref in it."""
        for _, kind, about in self._naming(self._ref):
            if kind == "claim" and about is not None:
                yield about

    def _naming(self, ref: Ref) -> Iterator[tuple[Ref, str, Ref | None]]:
        """The blobs that name another, their types, and what those are about that are claims."""
        for key, _ in islice(self._reader.scan(*REFERS.below(ref)), _MOST_NAMING):
            blob = Ref(REFERS.parts_of(key)[1])
            value = self._reader.get(BLOB.key_of(blob))
            if value is not None:
                kind, _, about = BLOB.value_of(value)
                yield blob, kind, None if about is None else Ref(about)


def parents_of(reader: IndexReader, ref: Ref) -> Iterator[Ref]:
    """The permanodes that have this as a member or by path, each once; not those deleted."""
    last = None
    for parent, _ in reader.parents(ref):  # in their order, so the same ones come together
        if parent != last and reader.is_deleted(parent) is False:
            yield parent
        last = parent
