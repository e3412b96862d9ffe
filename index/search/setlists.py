"""Set lists: all sets there are, those changed last first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from ...blobstore.ref import Ref
from ..keys import HAS, LINK, MODIFIED, date_text
from ..nodes import Node
from ..query.constraints import HIDDEN
from .items import one_line
from .reader import IndexReader
from .tallies import values_of

MOST = 100_000
"""Sets that are listed."""

_MOST_RECENT = 2000
"""Things changed last among which sets are looked for that nothing is in yet."""

_TYPES = ("set", "album")


class Place(NamedTuple):
    """Where a set stands: by its last change, as in keys, and by its ref."""

    modified: str
    ref: Ref


class SetList:
    """All sets, in one state of the index: permanodes without content that have members or paths,
    and those that say that they are sets or, changed not long ago, have a title and no type."""

    def __init__(self, reader: IndexReader) -> None:
        found = [
            (Place(date_text(node.modified), node.permanode), one_line(node.value("title")))
            for node in _sets(reader)
            if node.modified is not None and not node.is_deleted and not is_hidden(node)
        ]
        found.sort()
        self._places = [place for place, _ in found]
        self._titles = [title.casefold() for _, title in found]

    def places(self, match: str, after: Place | None) -> Iterator[Place]:
        """The sets, from behind a place on, whose titles have all these words, or parts of words,
        in them."""
        words = match.casefold().split()
        # Bisecting needs what ascends, so they stand the other way round.
        end = len(self._places) if after is None else bisect_left(self._places, after)
        for at in range(end - 1, -1, -1):
            if all(word in self._titles[at] for word in words):
                yield self._places[at]


def is_hidden(node: Node) -> bool:
    """Whether a permanode says that it is not for lists."""
    return any(node.values(name)[:1] == (value,) for name, value in HIDDEN)


def _sets(reader: IndexReader) -> Iterator[Node]:
    seen = set[Ref]()
    for parent in islice(values_of(reader, LINK, ()), MOST):
        seen.add(Ref(parent))
        node = reader.node(Ref(parent))
        if node is not None and node.content is None:
            yield node
    # What nothing is in yet is no longer known from others once much has changed since.
    empty = (ref for kind in _TYPES for ref in _having(reader, "camliNodeType", kind))
    newest = reader.scan(*MODIFIED.below(), backwards=True)
    typed = set(islice(empty, MOST))
    recent = (Ref(MODIFIED.parts_of(key)[1]) for key, _ in islice(newest, _MOST_RECENT))
    for ref in (*typed, *recent):
        node = None if ref in seen else reader.node(ref)
        seen.add(ref)
        if node is None or node.content is not None:
            continue
        if ref in typed or (node.value("title") and not node.value("camliNodeType")):
            yield node


def _having(reader: IndexReader, attribute: str, value: str) -> Iterator[Ref]:
    for key, _ in reader.scan(*HAS.below(attribute, value)):
        yield Ref(HAS.parts_of(key)[3])
