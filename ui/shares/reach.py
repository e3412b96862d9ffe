"""Reach: what a transitive share opens to people, told from below, by what a thing is in."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice

from ...blobstore.ref import Ref
from ...index.keys import CHILD
from ...index.nodes import ref_in
from ...index.query.constraints import Constraint
from ...index.query.errors import BadQuery
from ...index.query.expression import constraint_of
from ...index.query.pages import Place, Sort
from ...index.query.reading import parse_query
from ...index.query.request import SearchQuery
from ...index.search.desk import Desk
from ...index.search.searching import Search
from ...schema.claims import Share
from .lists import List, Lists

MOST_ABOVE = 5_000
"""Folders, sets and things that one thing is in, at most, when these are gone through."""

MOST_BELOW = 500_000
"""Members of folders that are looked at, where a thing is in more."""

_CONTENTS = ("camliContent", "camliContentImage")

_log = logging.getLogger(__name__)


class NothingThere(Exception):
    """What a share does not open; or what is not here, which must look the same."""


class Reach:
    """Tells what a share opens, for one question and in one thread. Raises as `IndexReader` does.

    That is its target, if that is not deleted, or what is in its list or found by its search; and
    what is within that, now: members of sets that are not deleted themselves, their contents,
    whatever is in folders, and so on.
    """

    def __init__(self, desk: Desk, share: Share, lists: Lists) -> None:
        self._desk = desk
        self._reader = desk.reader
        self._share = share
        self._lists = lists

    @property
    def target(self) -> Ref | None:
        """What is shared; None if that is a search."""
        return self._share.target

    @property
    def is_search(self) -> bool:
        return self._share.target is None

    def opens(self, ref: Ref) -> bool:
        """Whether a visitor may see what this names, and have its contents."""
        return self.way(ref) is not None

    def way(self, ref: Ref) -> list[Ref] | None:
        """How to come to a thing from what is shared, both included; None if there is no way."""
        if not self._share.is_transitive or self._is_gone(ref):
            return None
        level = [ref]
        below: dict[Ref, Ref | None] = {ref: None}
        while level:
            if (root := self._root_among(level)) is not None:
                return _down(root, below)
            higher = []
            for one in level:
                for above in self._above(one):
                    if above not in below:
                        below[above] = one
                        higher.append(above)
                    if len(below) > MOST_ABOVE:
                        return self._way_from_above(ref)
            level = higher
        return None

    @property
    def listed(self) -> Sequence[Ref]:
        """The members of the list that is shared, in order; none if it is something else."""
        return self._list.refs

    def search(self, *, limit: int = 0, after: Place | None = None) -> Search:
        """The search that is shared, newest first. Raises `NothingThere` if it makes no sense."""
        try:
            return self._desk.search(replace(self._query, limit=limit, after=after))
        except BadQuery:
            raise NothingThere from None  # what is wrong with it quotes it

    @cached_property
    def _query(self) -> SearchQuery:
        return SearchQuery(constraint=_constraint(self._share), sort=Sort.CREATED_DESC)

    @cached_property
    def _list(self) -> List:
        target = self._share.target
        return List() if target is None else self._lists.at(self._desk, target)

    def _root_among(self, refs: Iterable[Ref]) -> Ref | None:
        """The first of these that is shared itself."""
        target = self._share.target
        if target is None:
            search = self.search()
            return next((ref for ref in refs if search.fits((ref,))), None)
        return next((ref for ref in refs if ref == target or ref in self._list.members), None)

    def _above(self, ref: Ref) -> Iterator[Ref]:
        """What has a thing in it, or as its content; the few before the many."""
        for attribute in _CONTENTS:
            for holder in self._reader.having(attribute, ref):
                node = self._reader.node(holder)
                if node is not None and node.is_listed and ref_in(node.value(attribute)) == ref:
                    yield holder
        for parent, _ in self._reader.parents(ref):
            node = self._reader.node(parent)
            if node is not None and node.is_listed:
                yield parent
        yield from islice(self._reader.folders(ref), MOST_ABOVE + 1)

    def _is_gone(self, ref: Ref) -> bool:
        node = self._reader.node(ref)
        return node is not None and node.is_deleted

    # What is in very many folders, as an empty file may be

    def _way_from_above(self, ref: Ref) -> list[Ref] | None:
        for folder in self._folders():
            if self._reader.get(CHILD.key_of(folder, ref)) is not None:
                return [folder, ref]
        _log.warning("%s is in so many things that it is not known whether it is shared", ref)
        return None

    def _folders(self) -> Iterator[Ref]:
        """The folders that are shared, and all within them, each once, up to a bound."""
        target = self._share.target
        roots = list(self.listed)
        if target is not None and not roots:
            node = self._reader.node(target)
            roots = [target] if node is None or node.content is None else [node.content]
        found = {ref for ref in roots if self._reader.directory(ref) is not None}
        waiting, looked = list(found), 0
        while waiting:
            folder = waiting.pop()
            yield folder
            for child in self._reader.children(folder):
                looked += 1
                if looked > MOST_BELOW:
                    return
                if child not in found and self._reader.directory(child) is not None:
                    found.add(child)
                    waiting.append(child)


def _constraint(share: Share) -> Constraint:
    text = json.dumps(share.search, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return constraint_of(parse_query(text))


def _down(root: Ref, below: dict[Ref, Ref | None]) -> list[Ref]:
    way = []
    at: Ref | None = root
    while at is not None:
        way.append(at)
        at = below[at]
    return way
